--The decision log: what we told whom and when; append-only.
-- depends:

-- migrate: apply

CREATE TABLE decisions (
    decision_id uuid PRIMARY KEY,
    village_key text NOT NULL,
    decided_at timestamptz NOT NULL,
    effective_on date NOT NULL,
    previous_decision_id uuid,
    previous json NOT NULL,
    current json NOT NULL,
    reasons json NOT NULL,
    rule_set_id text,
    rule_set_version integer,
    rule_set_checksum text,
    failing_since date,
    grace_ends date,
    undecidable_since date,
    flagged boolean NOT NULL,
    inputs uuid[] NOT NULL CHECK (cardinality(inputs) <= 1000),
    newest_input_time timestamptz NOT NULL,
    origin text NOT NULL,
    batch_id uuid
);

-- Two decisions of one village never follow the same one: the log is a chain.
CREATE UNIQUE INDEX decisions_chain ON decisions (village_key, previous_decision_id)
    NULLS NOT DISTINCT;
CREATE INDEX decisions_by_village ON decisions (village_key, decided_at, decision_id);

ALTER TABLE decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY decisions_in_sight ON decisions TO desa_app USING (in_sight(village_key));
CREATE POLICY decisions_all ON decisions TO desa_work USING (true);

GRANT SELECT, INSERT ON decisions TO desa_app, desa_work;

-- migrate: rollback
