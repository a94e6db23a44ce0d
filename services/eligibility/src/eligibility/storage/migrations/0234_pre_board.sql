--Board: in which order villages are looked at, and row security that is quick over all of them.
-- depends: 0230_pre_sessions

-- migrate: apply

-- `lacking`: how many posts and other things the reasons last told name as missing; NULL where that
-- cannot be said. `board_rank`: at risk, suspended, revoked, eligible without a title, on the way,
-- titled in good standing, nothing begun.
ALTER TABLE villages
    ADD COLUMN lacking integer CHECK (lacking >= 0),
    ADD COLUMN board_rank smallint NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN standing = 'TERANCAM' THEN 1
            WHEN standing = 'DITANGGUHKAN' THEN 2
            WHEN standing = 'DICABUT' THEN 3
            WHEN title IN ('DITETAPKAN', 'DIRESMIKAN') THEN 6
            WHEN eligibility = 'ELIGIBLE' THEN 4
            WHEN stage <> 'NONE' OR title <> 'NONE' THEN 5
            ELSE 7
        END
    ) STORED;

UPDATE villages v SET lacking = (
    SELECT coalesce(sum(
        CASE
            WHEN json_array_length(r->'missing') = 0 THEN 1
            ELSE (
                SELECT sum((m->>'vacant')::int + (m->>'not_covered')::int)
                FROM json_array_elements(r->'missing') AS m
            )
        END
    ), 0)
    FROM json_array_elements(d.reasons) AS r
    WHERE r->>'met' = 'false'
)
FROM decisions d
WHERE d.decision_id = v.last_decision_id AND v.eligibility <> 'CANNOT_DECIDE';

CREATE INDEX villages_by_board
    ON villages (board_rank, coalesce(lacking, 32767), village_key) WHERE name IS NOT NULL;
-- Villages by the beginning of their key, in whatever collation the database was made.
CREATE INDEX villages_by_key_prefix ON villages (village_key COLLATE "C");

-- As before, but without a query inside, so that the planner puts it into each policy in place of a
-- call; and with comparisons of which it expects that many rows pass. `*` is decided first.
CREATE OR REPLACE FUNCTION in_sight(village_key text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN strpos(' ' || current_setting('desa.areas', true) || ' ', ' * ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || left(village_key, 2) || ' ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || left(village_key, 5) || ' ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || left(village_key, 8) || ' ') > 0
    OR strpos(' ' || current_setting('desa.areas', true) || ' ', ' ' || village_key || ' ') > 0;

-- migrate: rollback
