--The counts of what waits are never below zero: a release that counts wrongly fails and is seen.
-- depends: 0007_pre_checksums

-- migrate: apply

-- From here on no count can change until this is committed, so that those below zero can be mended.
ALTER TABLE marks ADD CONSTRAINT marks_count_what_waits CHECK (parked >= 0 AND held >= 0) NOT VALID;

UPDATE marks m SET
    parked = (SELECT count(*) FROM parked p WHERE p.village_key = m.village_key),
    held = (SELECT count(*) FROM held h WHERE h.village_key = m.village_key)
WHERE parked < 0 OR held < 0;

ALTER TABLE marks VALIDATE CONSTRAINT marks_count_what_waits;

-- migrate: rollback
