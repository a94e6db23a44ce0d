-- name: add
-- A session that begins: only the hash of its id, and sealed tokens.
INSERT INTO sessions (session_hash, sealed, began_at, seen_at, ends_at)
VALUES ($1, $2, $3, $3, $4)

-- name: find
-- A session that is still good: seen not too long ago, and not yet at its end.
SELECT sealed, seen_at FROM sessions
WHERE session_hash = $1 AND seen_at > $2 AND ends_at > $3

-- name: seen
-- Somebody looked at a page.
UPDATE sessions SET seen_at = $2 WHERE session_hash = $1

-- name: claim_refresh
-- Leave the fetching of new tokens to one request; no row: another one has it, or has done it.
UPDATE sessions SET refreshing_until = $3
WHERE session_hash = $1 AND (refreshing_until IS NULL OR refreshing_until <= $2) AND sealed = $4
RETURNING true

-- name: replace
-- The new tokens of a session.
UPDATE sessions SET sealed = $2, refreshing_until = NULL WHERE session_hash = $1

-- name: remove
-- A session that was ended.
DELETE FROM sessions WHERE session_hash = $1

-- name: purge
-- One batch of sessions that nobody can go on with; SKIP LOCKED for schedulers side by side.
WITH old AS (
    SELECT session_hash FROM sessions
    WHERE seen_at <= $1 OR ends_at <= $2 LIMIT $3
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM sessions s USING old WHERE s.session_hash = old.session_hash
    RETURNING 1
)
SELECT count(*) FROM gone
