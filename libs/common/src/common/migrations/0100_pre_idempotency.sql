--Idempotency keys: which answer a repeated request gets.
-- depends:

-- migrate: apply

-- Claimed first and answered last in the deed's transaction; purged after 7 days.
-- json, not jsonb: a replay is the stored text, its keys in the order of the first answer.
CREATE TABLE idempotency (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    body json,
    positions text[],
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, key),
    CHECK (status BETWEEN 200 AND 299)
);
CREATE INDEX idempotency_oldest ON idempotency (created_at);

GRANT SELECT, INSERT, UPDATE ON idempotency TO desa_app;
GRANT SELECT, UPDATE, DELETE ON idempotency TO desa_work;

-- migrate: rollback
