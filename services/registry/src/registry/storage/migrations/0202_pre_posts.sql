--Posts of the village governments, terms on them, and what was done to inform people.
-- depends: 0201_pre_people

-- migrate: apply

CREATE TABLE posts (
    post_id uuid PRIMARY KEY,
    post_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    kind text NOT NULL,
    ordinal smallint NOT NULL CHECK (ordinal BETWEEN 1 AND 999),
    UNIQUE (village_key, kind, ordinal)
);

-- A decree names the whole list of posts from a day on; kept, because a list holds for its days.
CREATE TABLE decrees (
    decree_id uuid PRIMARY KEY,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    number text,
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX decrees_of_village ON decrees (village_key, effective_on DESC, recorded_at DESC);
CREATE TABLE decree_posts (
    decree_id uuid NOT NULL REFERENCES decrees,
    post_id uuid NOT NULL REFERENCES posts,
    PRIMARY KEY (decree_id, post_id)
);

CREATE TABLE terms (
    term_id uuid PRIMARY KEY,
    post_no bigint NOT NULL REFERENCES posts (post_no),
    participant_id uuid NOT NULL REFERENCES participants,
    acting boolean NOT NULL,
    starts_on date NOT NULL,
    ends_on date CHECK (ends_on >= starts_on),
    recorded_at timestamptz NOT NULL,
    CONSTRAINT one_holder_per_post EXCLUDE USING gist (
        int8range(post_no, post_no, '[]') WITH &&,
        daterange(starts_on, ends_on) WITH &&
    )
);
CREATE INDEX terms_of_participant ON terms (participant_id);
CREATE INDEX terms_of_post ON terms (post_no);

CREATE TABLE sosialisasi (
    sosialisasi_id uuid PRIMARY KEY,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    held_on date NOT NULL,
    organiser text NOT NULL,
    attendance integer CHECK (attendance BETWEEN 0 AND 1000000),
    recorded_at timestamptz NOT NULL
);
CREATE INDEX sosialisasi_of_village ON sosialisasi (village_key, held_on DESC);

ALTER TABLE terms ENABLE ROW LEVEL SECURITY;
CREATE POLICY terms_in_sight ON terms USING (
    in_sight((SELECT village_key FROM posts WHERE posts.post_no = terms.post_no))
);
CREATE POLICY participants_in_sight ON participants USING (
    '*' = ANY (string_to_array(current_setting('desa.areas', true), ' '))
    OR EXISTS (SELECT FROM enrollments e WHERE e.participant_id = participants.participant_id)
    OR EXISTS (SELECT FROM terms t WHERE t.participant_id = participants.participant_id)
);

GRANT SELECT, INSERT ON posts, decrees, decree_posts, terms, sosialisasi TO desa_app;
GRANT UPDATE (ends_on) ON terms TO desa_app;

-- migrate: rollback
