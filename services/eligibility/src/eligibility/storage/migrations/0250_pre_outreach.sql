--Outreach, counts of workers and launches: what pages show besides the status.
-- depends: 0240_pre_messages

-- migrate: apply

-- One row a sosialisasi, potential, aid or Perisai agent; `what` is its organiser, sector or kind,
-- `amount` the attendance, businesses or rupiah. It decides nothing: what decides is in `facts`.
CREATE TABLE village_notes (
    village_key text NOT NULL,
    note_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('SOSIALISASI', 'POTENTIAL', 'AID', 'PERISAI')),
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    what text,
    amount bigint,
    occasion text,
    ended_on date,
    PRIMARY KEY (village_key, note_id)
);

-- Every statement; of one day the one recorded last holds.
CREATE TABLE worker_counts (
    village_key text NOT NULL,
    count_id uuid NOT NULL,
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    total integer NOT NULL,
    pu integer NOT NULL,
    bpu integer NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (village_key, effective_on, recorded_at)
);

-- Of two statements of one area, day and level the one recorded last holds.
CREATE TABLE launches (
    launch_id uuid PRIMARY KEY,
    area_code text NOT NULL,
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    level text NOT NULL,
    host_office text NOT NULL,
    represented_by text,
    venue text NOT NULL
);
CREATE INDEX launches_by_day ON launches (effective_on);

ALTER TABLE village_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY village_notes_in_sight ON village_notes TO desa_app USING (in_sight(village_key));
CREATE POLICY village_notes_all ON village_notes TO desa_work USING (true);
ALTER TABLE worker_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_counts_in_sight ON worker_counts TO desa_app USING (in_sight(village_key));
CREATE POLICY worker_counts_all ON worker_counts TO desa_work USING (true);
-- The launches in one's own areas, and those of the regency and province that they lie in.
ALTER TABLE launches ENABLE ROW LEVEL SECURITY;
CREATE POLICY launches_in_sight ON launches TO desa_app USING (
    in_sight(area_code)
    OR strpos(' ' || current_setting('desa.areas', true), ' ' || area_code || '.') > 0
);
CREATE POLICY launches_all ON launches TO desa_work USING (true);

GRANT SELECT ON village_notes, worker_counts, launches TO desa_app;
GRANT SELECT, INSERT ON village_notes, worker_counts, launches TO desa_work;
GRANT UPDATE (ended_on) ON village_notes TO desa_work;

-- migrate: rollback
