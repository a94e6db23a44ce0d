--Reconciling: which published events were withdrawn, and who may see what waits to leave.
-- depends:

-- migrate: apply

-- Records on a topic that a restored producer wrote at sequences which were taken: their facts were
-- published again under `replaced_by`. Append-only; one row an event written between a restore and
-- its repair.
CREATE TABLE withdrawn (
    village_key text NOT NULL,
    topic text NOT NULL,
    sequence bigint NOT NULL,
    id uuid NOT NULL,
    replaced_by bigint NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    PRIMARY KEY (village_key, topic, sequence, id)
);

GRANT SELECT ON withdrawn TO desa_app, desa_work;
-- GET /streams says up to which sequence nothing waits to leave.
GRANT SELECT ON unpublished TO desa_app;

-- migrate: rollback
