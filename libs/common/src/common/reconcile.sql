-- name: counters
-- A page of counters, each with the first sequence that still waits to leave.
WITH page AS MATERIALIZED (
    SELECT village_key, topic, last_sequence, last_time
    FROM streams
    WHERE (village_key, topic) > ($1, $2)
    ORDER BY village_key, topic
    LIMIT $3
), waiting AS (
    SELECT village_key, topic, min(sequence) AS first_waiting FROM unpublished GROUP BY village_key, topic
)
SELECT village_key, topic, last_sequence, last_time,
    coalesce(first_waiting - 1, last_sequence) AS published
FROM page LEFT JOIN waiting USING (village_key, topic)
ORDER BY village_key, topic

-- name: summaries
-- A page of counters, each with how many events the record holds of its stream and the highest.
SELECT s.village_key, s.topic, s.last_sequence, e.events, e.highest
FROM (
    SELECT village_key, topic, last_sequence FROM streams
    WHERE (village_key, topic) > ($1, $2)
    ORDER BY village_key, topic
    LIMIT $3
) s
CROSS JOIN LATERAL (
    SELECT count(*) AS events, coalesce(max(sequence), 0) AS highest FROM events
    WHERE village_key = s.village_key AND topic = s.topic
) e
ORDER BY s.village_key, s.topic

-- name: waiting
-- The first sequence of each stream that still waits to leave.
SELECT village_key, topic, min(sequence) AS first_waiting FROM unpublished GROUP BY village_key, topic

-- name: last_sequence
-- One stream's counter at this moment.
SELECT last_sequence FROM streams WHERE village_key = $1 AND topic = $2

-- name: odd_rows
-- Sequences of one stream that the record does not hold exactly once.
SELECT s AS sequence, count(e.sequence) AS rows
FROM generate_series(1, $3::bigint) AS s
LEFT JOIN events e ON e.village_key = $1 AND e.topic = $2 AND e.sequence = s
GROUP BY s
HAVING count(e.sequence) <> 1
ORDER BY s
LIMIT $4

-- name: digests
-- Events and SHA-256 over their ids in order, of stretches of streams, in the order asked.
SELECT d.events, d.digest
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
    AS w (village_key, topic, first, last, n)
CROSS JOIN LATERAL (
    SELECT count(*) AS events, sha256(coalesce(string_agg(uuid_send(id), ''::bytea ORDER BY sequence), '')) AS digest
    FROM events
    WHERE village_key = w.village_key AND topic = w.topic AND sequence BETWEEN w.first AND w.last
) d
ORDER BY w.n

-- name: ids
-- The ids of a stretch of one stream.
SELECT sequence, id FROM events
WHERE village_key = $1 AND topic = $2 AND sequence BETWEEN $3 AND $4
ORDER BY sequence

-- name: waiting_page
-- A page of what waits to leave, in the order of its ids.
SELECT event_id, village_key, topic, sequence FROM unpublished WHERE event_id > $1
ORDER BY event_id LIMIT $2

-- name: queue_again
-- Events that the topic lacks leave again, and how many; ids are new, so that the relay meets them soon.
WITH queued AS (
    INSERT INTO unpublished (event_id, village_key, topic, sequence, time)
    SELECT nextval('event_ids'), village_key, topic, sequence, time
    FROM (
        SELECT e.village_key, e.topic, e.sequence, e.time
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
            AS w (village_key, topic, first, last, n)
        -- Sorted within, so that each stretch goes by index, whatever the planner thinks of the arrays.
        CROSS JOIN LATERAL (
            SELECT village_key, topic, sequence, time FROM events
            WHERE village_key = w.village_key AND topic = w.topic AND sequence BETWEEN w.first AND w.last
            ORDER BY sequence
        ) e
        -- Before the first id is drawn the transaction has its own: the relay's floor rests on it.
        WHERE pg_current_xact_id() IS NOT NULL
        ORDER BY w.n, e.sequence
    ) AS again
    RETURNING 1
)
SELECT count(*) FROM queued

-- name: withdrawn
-- A page of withdrawn records.
SELECT village_key, topic, sequence, id, replaced_by FROM withdrawn
WHERE (village_key, topic, sequence, id) > ($1, $2, $3, $4)
ORDER BY village_key, topic, sequence, id
LIMIT $5

-- name: marks_of
-- A page of marks as they stand, with their counts of what waits and what does wait.
SELECT village_key, sequences, parked, held,
    (SELECT count(*) FROM parked p WHERE p.village_key = m.village_key) AS parked_rows,
    (SELECT count(*) FROM held h WHERE h.village_key = m.village_key) AS held_rows
FROM marks m WHERE village_key > $1
ORDER BY village_key LIMIT $2

-- name: front_parked
-- Why the first parked event of some villages waits.
SELECT DISTINCT ON (village_key) village_key, topic, sequence, reason
FROM parked WHERE village_key = ANY($1::text[])
ORDER BY village_key, parked_id

-- name: skipped
-- Streams with events of types that this release does not know.
SELECT village_key, topic, min(sequence) AS first, count(*) AS events FROM skipped
GROUP BY village_key, topic
ORDER BY village_key, topic

-- name: last_night
-- When reconciling was due the last time it was done.
SELECT max(due_at) FROM emitted WHERE kind = 'reconcile' AND subject = $1

-- name: night_done
-- Done for this night; of earlier nights a month is kept.
WITH forgotten AS (
    DELETE FROM emitted WHERE kind = 'reconcile' AND subject = $1 AND due_at < $2::timestamptz - interval '30 days'
)
INSERT INTO emitted (kind, subject, due_at, emitted_at) VALUES ('reconcile', $1, $2, $3)
ON CONFLICT DO NOTHING

-- name: front_place
-- The first parked event of a village by its place on the topic.
SELECT parked_id, village_key, topic, kafka_partition, kafka_offset
FROM parked WHERE village_key = $1 ORDER BY parked_id LIMIT 1

-- name: discard_record
-- A person's decision that a record has no effect here; its sequence is another event's.
INSERT INTO discards (discard_id, village_key, topic, kafka_partition, kafka_offset, reason, actor, discarded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
