--Coverage: the count of workers that holds now, in the village's own row.
-- depends: 0264_pre_closed_villages

-- migrate: apply

-- So that the board sums workers in the same pass as all else.
ALTER TABLE villages ADD COLUMN workers integer, ADD COLUMN workers_on date;

-- Whoever adds a count holds the village's lock, as for any other change of its row.
CREATE FUNCTION note_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE villages v SET workers = latest.total, workers_on = latest.effective_on
    FROM (
        SELECT DISTINCT ON (c.village_key) c.village_key, c.total, c.effective_on
        FROM worker_counts c
        WHERE c.village_key IN (SELECT village_key FROM added)
        ORDER BY c.village_key, c.effective_on DESC, c.recorded_at DESC
    ) AS latest
    WHERE v.village_key = latest.village_key;
    RETURN NULL;
END
$$;
CREATE TRIGGER worker_counts_noted AFTER INSERT ON worker_counts
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_workers();

UPDATE villages v SET workers = latest.total, workers_on = latest.effective_on
FROM (
    SELECT DISTINCT ON (c.village_key) c.village_key, c.total, c.effective_on
    FROM worker_counts c
    ORDER BY c.village_key, c.effective_on DESC, c.recorded_at DESC
) AS latest
WHERE v.village_key = latest.village_key;

-- The country is told apart by the cheapest comparison there is; all else as before.
CREATE OR REPLACE FUNCTION in_sight(village_key text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('desa.areas', true) = '*'
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' * ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || left(village_key, 2) || ' ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || left(village_key, 5) || ' ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || left(village_key, 8) || ' ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || village_key || ' ') > 0;

-- migrate: rollback
