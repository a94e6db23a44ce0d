--Areas: provinces, regencies, kecamatan and villages with their codes, names and kinds.
-- depends:

-- migrate: apply

CREATE TABLE provinces (
    province_code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    time_zone text NOT NULL CHECK (time_zone IN ('WIB', 'WITA', 'WIT'))
);

-- Names are without the kind; search_name is the name without case, spaces and punctuation.
CREATE TABLE regencies (
    regency_code text COLLATE "C" PRIMARY KEY,
    province_code text COLLATE "C" NOT NULL REFERENCES provinces,
    kind text NOT NULL CHECK (kind IN ('KABUPATEN', 'KOTA', 'KABUPATEN_ADM', 'KOTA_ADM')),
    name text NOT NULL,
    search_name text COLLATE "C" NOT NULL
);
CREATE INDEX regencies_by_name ON regencies (search_name);

CREATE TABLE kecamatan (
    kecamatan_code text COLLATE "C" PRIMARY KEY,
    regency_code text COLLATE "C" NOT NULL REFERENCES regencies,
    name text NOT NULL,
    search_name text COLLATE "C" NOT NULL
);
CREATE INDEX kecamatan_by_name ON kecamatan (search_name);

-- village_key is the code under which the village first became known; it never changes.
-- A row lock asks for the right to update some column; `lockable` is one that cannot be changed.
CREATE TABLE villages (
    village_key text COLLATE "C" PRIMARY KEY,
    village_code text COLLATE "C" NOT NULL UNIQUE,
    kecamatan_code text COLLATE "C" NOT NULL REFERENCES kecamatan,
    kind text NOT NULL CHECK (kind IN ('DESA', 'KELURAHAN', 'DESA_ADAT')),
    name text NOT NULL,
    search_name text COLLATE "C" NOT NULL,
    lockable boolean NOT NULL GENERATED ALWAYS AS (true) STORED
);
CREATE INDEX villages_by_name ON villages (search_name, kecamatan_code);

GRANT SELECT ON provinces, regencies, kecamatan, villages TO desa_app, desa_work;
GRANT INSERT ON provinces, regencies, kecamatan TO desa_work;
GRANT INSERT (village_key, village_code, kecamatan_code, kind, name, search_name) ON villages
    TO desa_work;
GRANT UPDATE (lockable) ON villages TO desa_app, desa_work;

-- migrate: rollback
