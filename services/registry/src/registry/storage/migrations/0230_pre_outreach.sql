--Outreach: potentials, aid, Perisai agents, counts of workers; launches in provinces and regencies.
-- depends: 0220_pre_fewer_indexes

-- migrate: apply

ALTER TABLE sosialisasi ADD COLUMN occasion text;

-- Nothing here is about a person: like posts and sosialisasi these are read without row security.
CREATE TABLE potentials (
    potential_id uuid PRIMARY KEY,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    noted_on date NOT NULL,
    sector text NOT NULL,
    businesses integer CHECK (businesses BETWEEN 0 AND 1000000),
    recorded_at timestamptz NOT NULL
);
CREATE INDEX potentials_of_village ON potentials (village_key, noted_on DESC);

CREATE TABLE aid (
    aid_id uuid PRIMARY KEY,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    granted_on date NOT NULL,
    kind text NOT NULL,
    amount_rupiah bigint CHECK (amount_rupiah BETWEEN 0 AND 1000000000000000),
    recorded_at timestamptz NOT NULL
);
CREATE INDEX aid_of_village ON aid (village_key, granted_on DESC);

-- An assignment of somebody to a village; who it is, is not kept.
CREATE TABLE perisai_agents (
    agent_id uuid PRIMARY KEY,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    assigned_on date NOT NULL,
    inactive_from date CHECK (inactive_from >= assigned_on),
    recorded_at timestamptz NOT NULL
);
CREATE INDEX perisai_agents_of_village ON perisai_agents (village_key, assigned_on DESC);

-- Of two counts for one day the one recorded later holds; both are kept.
CREATE TABLE worker_counts (
    count_id uuid PRIMARY KEY,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    counted_on date NOT NULL,
    total integer NOT NULL,
    pu integer NOT NULL CHECK (pu >= 0),
    bpu integer NOT NULL CHECK (bpu >= 0),
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CHECK (pu + bpu <= total)
);
CREATE INDEX worker_counts_of_village
    ON worker_counts (village_key, counted_on DESC, recorded_at DESC);

-- `area_code` is a province or a regency.
CREATE TABLE launches (
    launch_id uuid PRIMARY KEY,
    area_code text COLLATE "C" NOT NULL,
    held_on date NOT NULL,
    level text NOT NULL,
    host_office text NOT NULL,
    represented_by text,
    venue text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX launches_of_area ON launches (area_code, held_on DESC);

-- The row of a province or regency is the lock of its streams, as a village's is of the village's.
ALTER TABLE provinces ADD COLUMN lockable boolean NOT NULL GENERATED ALWAYS AS (true) STORED;
ALTER TABLE regencies ADD COLUMN lockable boolean NOT NULL GENERATED ALWAYS AS (true) STORED;

-- An act is about a village or about an area; the rows there are all name their village.
ALTER TABLE acts ALTER COLUMN village_key DROP NOT NULL;
ALTER TABLE acts ADD COLUMN area_code text COLLATE "C";
ALTER TABLE acts ADD CONSTRAINT acts_subject CHECK (num_nonnulls(village_key, area_code) = 1)
    NOT VALID;

GRANT SELECT, INSERT ON potentials, aid, perisai_agents, worker_counts, launches TO desa_app;
GRANT UPDATE (inactive_from) ON perisai_agents TO desa_app;
GRANT UPDATE (lockable) ON provinces, regencies TO desa_app, desa_work;

-- migrate: rollback
