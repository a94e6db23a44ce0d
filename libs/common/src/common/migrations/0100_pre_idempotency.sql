--Idempotency keys: which answer a repeated request gets.
-- depends:

-- migrate: apply

-- Claimed first and answered last in the deed's transaction; purged after 7 days.
-- `request` stands for caller and key: who asked, and with which words, is not kept here.
-- json, not jsonb: a replay is the stored text, its keys in the order of the first answer.
CREATE TABLE idempotency (
    request bytea PRIMARY KEY CHECK (octet_length(request) = 16),
    fingerprint bytea NOT NULL,
    status smallint,
    body json,
    positions text[],
    created_at timestamptz NOT NULL,
    CHECK (status BETWEEN 200 AND 299)
) WITH (fillfactor = 80); -- room for the answers of those claimed on the same page
CREATE INDEX idempotency_oldest ON idempotency (created_at);

GRANT SELECT, INSERT, UPDATE ON idempotency TO desa_app;
GRANT SELECT, UPDATE, DELETE ON idempotency TO desa_work;

-- migrate: rollback
