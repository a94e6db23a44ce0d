--The checksum of each applied migration file, so that one edited later is named at start.
-- depends: 0006_pre_what_waits

-- migrate: apply

ALTER TABLE _pogo_migration ADD COLUMN checksum text;

-- migrate: rollback
