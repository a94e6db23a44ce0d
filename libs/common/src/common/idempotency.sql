-- name: claim
-- Take the key; waits for a transaction that holds it and yields no row when that one commits.
INSERT INTO idempotency (caller, key, fingerprint, created_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (caller, key) DO NOTHING
RETURNING true

-- name: stored
-- What was answered to the request that took the key.
SELECT fingerprint, status, body, positions
FROM idempotency
WHERE caller = $1 AND key = $2

-- name: store
-- Keep the answer with the key, in the deed's transaction.
UPDATE idempotency SET status = $3, body = $4, positions = $5, created_at = $7
WHERE caller = $1 AND key = $2 AND fingerprint = $6
RETURNING true

-- name: purge
-- One batch of keys nobody will repeat any more; SKIP LOCKED for schedulers side by side.
WITH old AS (
    SELECT caller, key FROM idempotency
    WHERE created_at < $1 ORDER BY created_at LIMIT $2
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM idempotency i USING old WHERE i.caller = old.caller AND i.key = old.key
    RETURNING 1
)
SELECT count(*) FROM gone
