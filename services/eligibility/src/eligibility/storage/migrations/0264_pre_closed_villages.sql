--Closed villages: merged into another; codes that villages had before; whence one was split.
-- depends: 0261_pre_ceremonies

-- migrate: apply

ALTER TABLE villages
    ADD COLUMN split_from text,
    ADD COLUMN merged_into text,
    ADD COLUMN closed_on date,
    ADD CHECK ((merged_into IS NULL) = (closed_on IS NULL));

CREATE TABLE former_codes (
    village_code text NOT NULL,
    village_key text NOT NULL,
    PRIMARY KEY (village_code, village_key)
);
ALTER TABLE former_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY former_codes_in_sight ON former_codes TO desa_app USING (in_sight(village_key));
CREATE POLICY former_codes_all ON former_codes TO desa_work USING (true);

-- Which editions of the area data villages were told from; the latest is named on every page.
CREATE TABLE editions (
    name text PRIMARY KEY,
    effective_on date NOT NULL
);

GRANT SELECT ON former_codes, editions TO desa_app;
GRANT SELECT, INSERT ON former_codes, editions TO desa_work;

-- migrate: rollback
