-- name: tail
-- The record of one stream from a sequence on.
SELECT event_id, id, sequence, time, value FROM events
WHERE village_key = $1 AND topic = $2 AND sequence >= $3
ORDER BY sequence

-- name: unqueue
-- Events that will leave under other sequences.
DELETE FROM unpublished WHERE village_key = $1 AND topic = $2 AND sequence = ANY($3::bigint[])

-- name: forget
-- Events whose sequences are another's on the topic.
DELETE FROM events WHERE village_key = $1 AND topic = $2 AND sequence = ANY($3::bigint[])

-- name: adopt
-- Events as they stand on the topic.
INSERT INTO events (event_id, id, village_key, topic, sequence, time, value)
SELECT nextval('event_ids'), a.id, $1, $2, a.sequence, a.time, a.value
FROM unnest($3::uuid[], $4::bigint[], $5::timestamptz[], $6::bytea[]) AS a (id, sequence, time, value)
WHERE pg_current_xact_id() IS NOT NULL
ORDER BY a.sequence

-- name: count_streams
-- One stream's counter and time at what its topic and its record hold; neither goes back.
INSERT INTO streams (village_key, topic, last_sequence, last_time) VALUES ($1, $2, $3, $4)
ON CONFLICT (village_key, topic) DO UPDATE SET last_sequence = greatest(streams.last_sequence, $3),
    last_time = greatest(streams.last_time, $4)

-- name: withdraw
-- Records that consumers are to discard; their facts were published again.
INSERT INTO withdrawn (village_key, topic, sequence, id, replaced_by, withdrawn_at)
SELECT $1, w.topic, w.sequence, w.id, w.replaced_by, $6
FROM unnest($2::text[], $3::bigint[], $4::uuid[], $5::bigint[]) AS w (topic, sequence, id, replaced_by)
ON CONFLICT DO NOTHING
