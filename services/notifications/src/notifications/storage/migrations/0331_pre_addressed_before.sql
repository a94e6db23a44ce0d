--Decisions that an earlier release addressed, by rules of its own.
-- depends: 0330_pre_closed_villages

-- migrate: apply

-- Up to which event of eligibility.certifications. What its rules did not tell is not missing from
-- the ledger; else the nightly comparison would name it for five years. A later release that adds a
-- kind of alert sets these anew.
CREATE TABLE addressed_before (
    village_key text PRIMARY KEY,
    sequence bigint NOT NULL
);
INSERT INTO addressed_before (village_key, sequence)
SELECT village_key, sequences[2] FROM marks WHERE sequences[2] > 0;

GRANT SELECT ON addressed_before TO desa_work;

-- migrate: rollback
