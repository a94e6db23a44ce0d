-- name: claim
-- Take the key; waits for a transaction that holds it and yields no row when that one commits.
INSERT INTO idempotency (request, fingerprint, created_at)
VALUES ($1, $2, $3)
ON CONFLICT (request) DO NOTHING
RETURNING true

-- name: stored
-- What was answered to the request that took the key.
SELECT fingerprint, status, body, positions
FROM idempotency
WHERE request = $1

-- name: store
-- Keep the answer with the key, in the deed's transaction.
UPDATE idempotency SET status = $2, body = $3, positions = $4, created_at = $6
WHERE request = $1 AND fingerprint = $5
RETURNING true

-- name: purge
-- One batch of keys nobody will repeat any more; SKIP LOCKED for schedulers side by side.
WITH old AS (
    SELECT request FROM idempotency
    WHERE created_at < $1 ORDER BY created_at LIMIT $2
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM idempotency i USING old WHERE i.request = old.request
    RETURNING 1
)
SELECT count(*) FROM gone
