--Ceremonies, heads of villages and the year's first message: what the further alerts need.
-- depends: 0310_pre_offices_lockable

-- migrate: apply

-- The event's place in its stream: of several alerts of one kind the latest speaks. 0 for those
-- that were made before: they precede all others.
ALTER TABLE alerts
    ADD COLUMN sequence bigint NOT NULL DEFAULT 0,
    ADD COLUMN ceremony_id uuid;

-- KEY: the address cannot be opened with the directory's key that the courier has.
ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_waits_for_check,
    ADD CONSTRAINT deliveries_waits_for_check
        CHECK (waits_for IN ('HOLDER', 'ADDRESS', 'VILLAGE', 'KEY'));

-- As last planned; told_by is the event that said so. Purged with the alerts.
CREATE TABLE ceremonies (
    ceremony_id uuid PRIMARY KEY,
    village_key text NOT NULL,
    told_by uuid NOT NULL UNIQUE,
    kind text NOT NULL,
    planned_for date NOT NULL,
    begins_at text,
    venue text NOT NULL,
    host text NOT NULL
);
CREATE INDEX ceremonies_by_day ON ceremonies (planned_for);

-- The latest term of each village's head, from registry.officials: no person. One row a village.
CREATE TABLE heads (
    village_key text PRIMARY KEY,
    term_id uuid NOT NULL,
    post_kind text NOT NULL CHECK (post_kind IN ('KEPALA_DESA', 'LURAH')),
    acting boolean NOT NULL,
    begins date NOT NULL,
    ends date,
    coverage jsonb NOT NULL
);

-- Which message is an office's first of a calendar year: it says what the programmes are.
CREATE TABLE introductions (
    office_id bigint NOT NULL REFERENCES offices,
    year smallint NOT NULL,
    delivery_id uuid NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    PRIMARY KEY (office_id, year)
);
CREATE INDEX introductions_by_delivery ON introductions (delivery_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON ceremonies TO desa_work;
GRANT SELECT, INSERT, UPDATE ON heads, introductions TO desa_work;

-- migrate: rollback
