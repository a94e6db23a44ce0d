--Ceremonies: what offices are invited to; no part of the decision log.
-- depends: 0260_pre_proposals

-- migrate: apply

-- One row per ceremony, as it is planned now.
CREATE TABLE ceremonies (
    ceremony_id uuid PRIMARY KEY,
    village_key text NOT NULL,
    kind text NOT NULL,
    planned_for date NOT NULL,
    begins_at text,
    venue text NOT NULL,
    host text NOT NULL,
    moved boolean NOT NULL DEFAULT false
);
CREATE INDEX ceremonies_by_village ON ceremonies (village_key, planned_for);
CREATE INDEX ceremonies_by_day ON ceremonies (planned_for, village_key);

-- Who planned and moved it, and to which day; append-only.
CREATE TABLE ceremony_deeds (
    ceremony_id uuid NOT NULL REFERENCES ceremonies,
    recorded_at timestamptz NOT NULL,
    village_key text NOT NULL,
    planned_for date NOT NULL,
    begins_at text,
    actor_issuer text NOT NULL,
    actor_subject text NOT NULL,
    PRIMARY KEY (ceremony_id, recorded_at)
);

ALTER TABLE ceremonies ENABLE ROW LEVEL SECURITY;
CREATE POLICY ceremonies_in_sight ON ceremonies TO desa_app USING (in_sight(village_key));
CREATE POLICY ceremonies_all ON ceremonies TO desa_work USING (true);
ALTER TABLE ceremony_deeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY ceremony_deeds_in_sight ON ceremony_deeds TO desa_app USING (in_sight(village_key));
CREATE POLICY ceremony_deeds_all ON ceremony_deeds TO desa_work USING (true);

GRANT SELECT, INSERT, UPDATE ON ceremonies TO desa_app;
GRANT SELECT, INSERT ON ceremony_deeds TO desa_app;
GRANT SELECT ON ceremonies, ceremony_deeds TO desa_work;

-- migrate: rollback
