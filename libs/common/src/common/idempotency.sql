-- name: claim
-- Wait for a transaction that has claimed the key; held to the end of this one, and no row.
SELECT pg_advisory_xact_lock($1, $2)

-- name: stored
-- What was answered to the request that took the key.
SELECT fingerprint, answer, status, body, positions
FROM idempotency
WHERE request = $1

-- name: store
-- Keep the answer with the key, in the deed's transaction; a key is never taken twice.
INSERT INTO idempotency (request, fingerprint, answer, created_at)
VALUES ($1, $2, $3, $4)

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
