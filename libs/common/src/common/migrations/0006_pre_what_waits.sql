--What waits: sealed and bound to its place, decided ahead of its turn, folded after an upgrade.
-- depends: 0002_pre_inbox

-- migrate: apply

-- `sealing` 0: as the first release wrote it (parked sealed without a place, the others in the clear).
-- 1: sealed and bound to table, topic, partition and offset.
ALTER TABLE parked ADD COLUMN sealing smallint NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN sealing smallint NOT NULL DEFAULT 0;
ALTER TABLE unroutable ADD COLUMN sealing smallint NOT NULL DEFAULT 0;

-- A refold that failed says why; the row stays.
ALTER TABLE skipped
    ADD COLUMN sealing smallint NOT NULL DEFAULT 0,
    ADD COLUMN kafka_partition integer,
    ADD COLUMN kafka_offset bigint,
    ADD COLUMN reason text,
    ADD COLUMN attempts integer NOT NULL DEFAULT 0;

-- Decisions of persons about events whose turn has not come.
ALTER TABLE marks ADD COLUMN discards integer NOT NULL DEFAULT 0;
UPDATE marks m SET discards = d.number
FROM (SELECT village_key, count(*) AS number FROM discards WHERE sequence IS NOT NULL GROUP BY 1) AS d
WHERE m.village_key = d.village_key;

-- Those that failed themselves: what waits behind them is asked by nobody by its age.
DROP INDEX parked_recent;
CREATE INDEX parked_lately ON parked (parked_at) WHERE reason <> 'BEHIND_PARKED';

GRANT UPDATE, DELETE ON skipped TO desa_work;

-- migrate: rollback
