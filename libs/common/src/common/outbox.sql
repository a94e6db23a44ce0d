-- name: last_of_villages
-- Counters of the villages' streams in this service; the caller holds the villages' locks.
SELECT village_key, topic, last_sequence, last_time
FROM streams
WHERE village_key = ANY($1::text[])

-- name: append
-- Events, their queue entries and the counters, in one statement; ids are drawn in the given order.
WITH draft AS MATERIALIZED (
    SELECT nextval('event_ids') AS event_id, d.*
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::bytea[])
        AS d (id, village_key, topic, sequence, time, value)
    -- Before the first id is drawn the transaction has its own: the relay's floor rests on it.
    WHERE pg_current_xact_id() IS NOT NULL
), recorded AS (
    INSERT INTO events (event_id, id, village_key, topic, sequence, time, value)
    SELECT event_id, id, village_key, topic, sequence, time, value FROM draft
), queued AS (
    INSERT INTO unpublished (event_id, village_key, topic, sequence, time)
    SELECT event_id, village_key, topic, sequence, time FROM draft
), counted AS (
    SELECT village_key, topic, max(sequence) AS last_sequence, max(time) AS last_time
    FROM draft
    GROUP BY village_key, topic
), advanced AS ( -- updated, not upserted: ON CONFLICT DO UPDATE logs a lock for each counter
    UPDATE streams s SET last_sequence = c.last_sequence, last_time = c.last_time
    FROM counted c WHERE s.village_key = c.village_key AND s.topic = c.topic
    RETURNING s.village_key, s.topic
)
INSERT INTO streams (village_key, topic, last_sequence, last_time)
SELECT village_key, topic, last_sequence, last_time
FROM counted c
WHERE NOT EXISTS (
    SELECT FROM advanced a WHERE a.village_key = c.village_key AND a.topic = c.topic
)

-- name: front
-- The front of the queue with its bytes, oldest first; never "later than the last seen".
-- Up to $2 nothing can appear any more; the villages $3 have to wait.
SELECT u.event_id, u.village_key, u.topic, e.value
FROM unpublished u
JOIN events e USING (village_key, topic, sequence)
WHERE u.event_id > $2 AND u.village_key <> ALL($3::text[])
ORDER BY u.event_id
LIMIT $1

-- name: after
-- What stands behind `$4`, and how many rows stand up to it: only a hint for reading ahead.
SELECT u.event_id, u.village_key, u.topic, e.value,
    (
        SELECT count(*) FROM unpublished
        WHERE event_id > $2 AND event_id <= $4 AND village_key <> ALL($3::text[])
    ) AS behind
FROM unpublished u
JOIN events e USING (village_key, topic, sequence)
WHERE u.event_id > $4 AND u.village_key <> ALL($3::text[])
ORDER BY u.event_id
LIMIT $1

-- name: published
-- The broker has acknowledged these; the id of the transaction that deletes them.
WITH gone AS (DELETE FROM unpublished WHERE event_id = ANY($1::bigint[]))
SELECT pg_current_xact_id()::text::bigint

-- name: running
-- All transactions with a smaller id have ended, in every database of the cluster.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint

-- name: oldest_time
-- The earliest time among the events that have not left.
SELECT min(time) FROM unpublished

-- name: queue
-- How long the oldest event has waited to leave, and how many wait (counted up to a bound).
SELECT (SELECT time FROM unpublished ORDER BY event_id LIMIT 1) AS oldest,
    (SELECT count(*) FROM (SELECT FROM unpublished LIMIT 100000) AS page) AS waiting

-- name: stored
-- The bytes of one event, for repair and replay.
SELECT id, value, time FROM events WHERE village_key = $1 AND topic = $2 AND sequence = $3

-- name: counters
-- The counters of all streams after a key, for reconciliation.
SELECT village_key, topic, last_sequence, last_time
FROM streams
WHERE (village_key, topic) > ($1, $2)
ORDER BY village_key, topic
LIMIT $3
