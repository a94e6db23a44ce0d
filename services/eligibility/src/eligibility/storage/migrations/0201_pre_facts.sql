--Facts and rule sets: what the fold is a function of; append-only.
-- depends:

-- migrate: apply

-- Every fact but ordinary enrollment events, of which only those stand here that made the village
-- known to the programme earlier than the ones before.
CREATE TABLE facts (
    village_key text NOT NULL,
    id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    effective_on date NOT NULL,
    origin text NOT NULL,
    type text NOT NULL,
    data json NOT NULL,
    PRIMARY KEY (village_key, id)
);

-- The acts of persons: who signed what, and who entered it. The fact of each stands in `facts`
-- under the same id; what is here besides is never published.
CREATE TABLE acts (
    act_id uuid PRIMARY KEY,
    village_key text NOT NULL,
    act text NOT NULL,
    number text NOT NULL,
    effective_on date NOT NULL,
    signing_office text NOT NULL,
    reason text,
    actor_issuer text NOT NULL,
    actor_subject text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX acts_by_village ON acts (village_key, recorded_at);

CREATE TABLE rule_sets (
    rule_set_id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    village_kind text NOT NULL,
    regency_code text,
    valid_from date NOT NULL,
    recorded_at timestamptz NOT NULL,
    checksum text NOT NULL,
    body json NOT NULL,
    PRIMARY KEY (rule_set_id, version)
);
CREATE INDEX rule_sets_by_regency ON rule_sets (regency_code);

ALTER TABLE facts ENABLE ROW LEVEL SECURITY;
CREATE POLICY facts_in_sight ON facts TO desa_app USING (in_sight(village_key));
CREATE POLICY facts_all ON facts TO desa_work USING (true);
ALTER TABLE acts ENABLE ROW LEVEL SECURITY;
CREATE POLICY acts_in_sight ON acts TO desa_app USING (in_sight(village_key));
CREATE POLICY acts_all ON acts TO desa_work USING (true);

GRANT SELECT, INSERT ON facts, acts TO desa_app;
GRANT SELECT, INSERT ON facts, rule_sets TO desa_work;
GRANT SELECT ON rule_sets TO desa_app;
GRANT SELECT ON acts TO desa_work;

-- migrate: rollback
