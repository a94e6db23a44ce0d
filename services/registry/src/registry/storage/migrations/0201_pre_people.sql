--Participants, their memberships, and the log of acts.
-- depends: 0200_pre_areas

-- migrate: apply

-- Whether the caller of this transaction may see a village: set as its first statement, and unset
-- means no rows. Deeds check the caller's areas themselves and then see the whole country, because
-- a participant's coverage comes from every village.
CREATE FUNCTION in_sight(village_key text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM unnest(string_to_array(current_setting('desa.areas', true), ' ')) AS area
    WHERE area = '*' OR village_key = area OR starts_with(village_key, area || '.')
);

-- The NIK is found by its HMAC and kept, like the name, under a key of the participant's own, which
-- the master key wraps: to erase a person is to destroy that key. Kept as long as the membership.
CREATE TABLE participants (
    participant_id uuid PRIMARY KEY,
    participant_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    nik_hash bytea NOT NULL UNIQUE CHECK (octet_length(nik_hash) = 16),
    wrapped_key bytea NOT NULL,
    nik_sealed bytea NOT NULL,
    name_sealed bytea,
    recorded_at timestamptz NOT NULL
);

CREATE TABLE enrollments (
    enrollment_id uuid PRIMARY KEY,
    participant_id uuid NOT NULL REFERENCES participants,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    segment text NOT NULL CHECK (segment IN ('PU', 'BPU')),
    programmes text[] NOT NULL,
    status text NOT NULL
        CHECK (status IN ('PENDING_PAYMENT', 'AKTIF', 'MENUNGGAK', 'NONAKTIF', 'KELUAR')),
    version integer NOT NULL CHECK (version >= 1),
    last_change_on date NOT NULL,
    kpj_sealed bytea,
    recorded_at timestamptz NOT NULL,
    open boolean GENERATED ALWAYS AS (NULLIF(status <> 'KELUAR', false)) STORED
) WITH (fillfactor = 80); -- room for the next status on the same page
-- Ended ones are NULL in it, and NULLs are distinct; so it also finds all of a participant's. A
-- column, not a condition on the status: no index is touched when a status changes to an open one.
CREATE UNIQUE INDEX one_open_membership_per_segment
    ON enrollments (participant_id, segment, open);
CREATE INDEX enrollments_of_village ON enrollments (village_key, enrollment_id);

-- On which days a membership holds, where, and in what; two of one segment never overlap.
-- The range over the number replaces an extension that plain Postgres does not have.
CREATE TABLE enrollment_spans (
    enrollment_id uuid NOT NULL REFERENCES enrollments,
    number integer NOT NULL CHECK (number >= 1),
    participant_no bigint NOT NULL REFERENCES participants (participant_no),
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    segment text NOT NULL CHECK (segment IN ('PU', 'BPU')),
    status text NOT NULL CHECK (status IN ('AKTIF', 'MENUNGGAK')),
    programmes text[] NOT NULL,
    starts_on date NOT NULL,
    ends_on date CHECK (ends_on >= starts_on),
    PRIMARY KEY (enrollment_id, number),
    CONSTRAINT one_active_membership_pu EXCLUDE USING gist (
        int8range(participant_no, participant_no, '[]') WITH &&,
        daterange(starts_on, ends_on) WITH &&
    ) WHERE (segment = 'PU'),
    CONSTRAINT one_active_membership_bpu EXCLUDE USING gist (
        int8range(participant_no, participant_no, '[]') WITH &&,
        daterange(starts_on, ends_on) WITH &&
    ) WHERE (segment = 'BPU')
);

-- What a segment asks of a membership, by the day of its registration.
CREATE TABLE segment_rules (
    segment text NOT NULL CHECK (segment IN ('PU', 'BPU')),
    valid_from date NOT NULL,
    required text[] NOT NULL,
    allowed text[] NOT NULL,
    min_age smallint,
    max_age smallint,
    source text NOT NULL,
    PRIMARY KEY (segment, valid_from)
);
INSERT INTO segment_rules VALUES
    ('PU', '1977-01-01', '{JKK,JKM}', '{JHT,JKK,JKM,JP,JKP}', NULL, NULL, 'Perpres 109/2013'),
    ('BPU', '1977-01-01', '{JKK,JKM}', '{JHT,JKK,JKM}', 18, 56, 'Permenaker 1/2016'),
    ('BPU', '2021-04-01', '{JKK,JKM}', '{JHT,JKK,JKM}', 18, 65, 'Permenaker 5/2021');

-- Who did what, for ever: the answer to "who recorded this".
CREATE TABLE acts (
    act_no bigint GENERATED ALWAYS AS IDENTITY,
    deed text NOT NULL,
    subject_id uuid NOT NULL,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    effective_on date NOT NULL,
    issuer text NOT NULL,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (subject_id, act_no)
);

ALTER TABLE participants ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrollments ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrollment_spans ENABLE ROW LEVEL SECURITY;
CREATE POLICY enrollments_in_sight ON enrollments USING (in_sight(village_key));
CREATE POLICY enrollment_spans_in_sight ON enrollment_spans USING (in_sight(village_key));

GRANT SELECT, INSERT ON participants, enrollments, enrollment_spans TO desa_app;
GRANT UPDATE (name_sealed) ON participants TO desa_app;
GRANT UPDATE (village_key, status, version, last_change_on) ON enrollments TO desa_app;
GRANT UPDATE (ends_on) ON enrollment_spans TO desa_app;
GRANT SELECT ON segment_rules TO desa_app;
GRANT INSERT ON acts TO desa_app;

-- migrate: rollback
