--Editions of the area data: which are loaded, former codes, and villages that were merged.
-- depends: 0220_pre_fewer_indexes

-- migrate: apply

CREATE TABLE editions (
    name text PRIMARY KEY,
    effective_on date NOT NULL
);

-- Codes that villages had before; a code that another village has now is that one's.
CREATE TABLE former_codes (
    village_code text COLLATE "C" NOT NULL,
    village_key text COLLATE "C" NOT NULL REFERENCES villages,
    PRIMARY KEY (village_code, village_key)
);

ALTER TABLE villages
    ADD COLUMN split_from text COLLATE "C" REFERENCES villages,
    ADD COLUMN merged_into text COLLATE "C" REFERENCES villages,
    ADD COLUMN closed_on date,
    ADD CHECK ((merged_into IS NULL) = (closed_on IS NULL));

GRANT SELECT ON editions, former_codes TO desa_app, desa_work;
GRANT INSERT ON editions, former_codes TO desa_work;
GRANT UPDATE (name) ON provinces TO desa_work;
GRANT UPDATE (kind, name, search_name) ON regencies TO desa_work;
GRANT UPDATE (name, search_name) ON kecamatan TO desa_work;
GRANT UPDATE (village_code, kecamatan_code, kind, name, search_name, split_from, merged_into,
    closed_on) ON villages TO desa_work;

-- migrate: rollback
