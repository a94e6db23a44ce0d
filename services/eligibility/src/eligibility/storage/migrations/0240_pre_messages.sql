--Messages: how each message to an office ended, as notifications told it; append-only.
-- depends: 0221_pre_foreseen_by

-- migrate: apply

-- One row an event of `notifications.deliveries`: its place in the stream is its key, so a copy adds
-- nothing and a hole can be seen. It decides nothing. Of a type that a later release will know only
-- the place stands here. No address, no person.
CREATE TABLE messages (
    village_key text NOT NULL,
    sequence bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    told_at timestamptz NOT NULL,
    delivery_id uuid,
    decision_id uuid,
    alert_kind text,
    office_kind text,
    office_area text,
    state text,
    attempts integer,
    PRIMARY KEY (village_key, sequence)
);

ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY messages_in_sight ON messages TO desa_app USING (in_sight(village_key));
CREATE POLICY messages_all ON messages TO desa_work USING (true);

GRANT SELECT ON messages TO desa_app;
GRANT SELECT, INSERT, UPDATE ON messages TO desa_work;

-- migrate: rollback
