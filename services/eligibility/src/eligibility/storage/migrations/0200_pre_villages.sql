--Villages: the working row, and the ledger of its counts.
-- depends:

-- migrate: apply

-- One row per village. The counters come first and together: an update writes only the bytes
-- between the first and the last that changed. A row without a name is a village whose facts came
-- before its area data; it is not judged and not shown.
CREATE TABLE villages (
    village_key text PRIMARY KEY,
    persons integer NOT NULL DEFAULT 0,
    pu integer NOT NULL DEFAULT 0,
    bpu integer NOT NULL DEFAULT 0,
    in_grace integer NOT NULL DEFAULT 0,
    jht integer NOT NULL DEFAULT 0,
    jkk integer NOT NULL DEFAULT 0,
    jkm integer NOT NULL DEFAULT 0,
    jp integer NOT NULL DEFAULT 0,
    jkp integer NOT NULL DEFAULT 0,
    registered_since date,
    next_count_on date,
    next_judge_on date,
    next_review_at timestamptz,
    failing_since date,
    grace_ends date,
    undecidable_since date,
    flagged boolean NOT NULL DEFAULT false,
    since date,
    last_decision_id uuid,
    rule_set_id text,
    rule_set_version integer,
    rule_set_checksum text,
    eligibility text NOT NULL DEFAULT 'CANNOT_DECIDE',
    stage text NOT NULL DEFAULT 'NONE',
    title text NOT NULL DEFAULT 'NONE',
    standing text NOT NULL DEFAULT 'NONE',
    village_code text,
    name text,
    kind text,
    kecamatan_code text,
    kecamatan_name text,
    regency_code text,
    regency_name text,
    regency_kind text,
    province_code text,
    province_name text,
    time_zone text,
    CHECK (num_nulls(village_code, name, kind, kecamatan_code, kecamatan_name, regency_code,
        regency_name, regency_kind, province_code, province_name, time_zone) IN (0, 11))
) WITH (fillfactor = 70);

-- The counters are in no index, so that a batch of counts updates each row in place (HOT).
CREATE INDEX villages_by_code ON villages (village_code);
CREATE INDEX villages_by_kecamatan ON villages (kecamatan_code, village_key);
CREATE INDEX villages_by_regency ON villages (regency_code, village_key);
CREATE INDEX villages_by_province ON villages (province_code, village_key);
CREATE INDEX villages_by_status ON villages (standing, title, eligibility, stage, village_key);
CREATE INDEX villages_to_review ON villages (next_review_at) WHERE next_review_at IS NOT NULL;

-- Count deltas by the day they hold from and the day (WIB) they became known; they only add up.
CREATE TABLE ledger (
    village_key text NOT NULL,
    effective_on date NOT NULL,
    known_on date NOT NULL,
    persons bigint NOT NULL,
    pu bigint NOT NULL,
    bpu bigint NOT NULL,
    in_grace bigint NOT NULL,
    jht bigint NOT NULL,
    jkk bigint NOT NULL,
    jkm bigint NOT NULL,
    jp bigint NOT NULL,
    jkp bigint NOT NULL,
    PRIMARY KEY (village_key, effective_on, known_on)
) WITH (fillfactor = 90);

-- Up to which moment every fact of the registry has had its effect here.
CREATE TABLE settled (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    settled_at timestamptz NOT NULL
);

-- Whether the caller of this transaction may see a village: set as its first statement; unset
-- means no rows.
CREATE FUNCTION in_sight(village_key text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM unnest(string_to_array(current_setting('desa.areas', true), ' ')) AS area
    WHERE area = '*' OR village_key = area OR starts_with(village_key, area || '.')
);

ALTER TABLE villages ENABLE ROW LEVEL SECURITY;
CREATE POLICY villages_in_sight ON villages TO desa_app USING (in_sight(village_key));
CREATE POLICY villages_all ON villages TO desa_work USING (true);
ALTER TABLE ledger ENABLE ROW LEVEL SECURITY;
CREATE POLICY ledger_in_sight ON ledger TO desa_app USING (in_sight(village_key));
CREATE POLICY ledger_all ON ledger TO desa_work USING (true);

GRANT SELECT, UPDATE ON villages TO desa_app;
GRANT SELECT, INSERT, UPDATE ON villages TO desa_work;
GRANT SELECT ON ledger, settled TO desa_app;
GRANT SELECT, INSERT, UPDATE ON ledger, settled TO desa_work;

-- migrate: rollback
