-- name: ensure
-- A marks row for each village heard of for the first time.
INSERT INTO marks (village_key, sequences, times)
SELECT k, array_fill(0::bigint, ARRAY[$2::int]), array_fill(NULL::timestamptz, ARRAY[$2::int])
FROM unnest($1::text[]) AS k
ORDER BY k
ON CONFLICT DO NOTHING

-- name: lock
-- Lock the villages and read their marks; the arrays' order is that of the service's inputs.
SELECT village_key, sequences, times, parked, held + discards AS held
FROM marks
WHERE village_key = ANY($1::text[])
ORDER BY village_key
FOR NO KEY UPDATE

-- name: lock_only
-- The consumer's village lock, for deeds of the service's own API.
SELECT village_key FROM marks WHERE village_key = ANY($1::text[]) ORDER BY village_key
FOR NO KEY UPDATE

-- name: marks
-- The marks of some villages, without a lock.
SELECT village_key, sequences, times, parked, held FROM marks WHERE village_key = ANY($1::text[])

-- name: marks_page
-- The marks of all villages after a key, for reconciliation.
SELECT village_key, sequences, times, parked, held FROM marks WHERE village_key > $1
ORDER BY village_key LIMIT $2

-- name: advance_one
-- One input's marks moved; columns come as array literals, whose encoding costs a quarter.
UPDATE marks m
SET sequences[$2] = v.sequence, times[$2] = v.time
FROM unnest($1::text::text[], $3::text::bigint[], $4::text::timestamptz[])
    AS v (village_key, sequence, time)
WHERE m.village_key = v.village_key

-- name: waits
-- How many events of each village are parked and held.
UPDATE marks m
SET parked = m.parked + v.parked, held = m.held + v.held
FROM unnest($1::text[], $2::int[], $3::int[]) AS v (village_key, parked, held)
WHERE m.village_key = v.village_key

-- name: held_of
-- The held events of some villages.
SELECT village_key, topic, sequence, kafka_partition, kafka_offset, value, sealing
FROM held WHERE village_key = ANY($1::text[])
ORDER BY village_key, topic, sequence

-- name: hold
-- Hold an event; one that came twice is held once.
INSERT INTO held (village_key, topic, sequence, kafka_partition, kafka_offset, value, held_at, sealing)
SELECT h.*, $7, 1 FROM unnest($1::text[], $2::text[], $3::bigint[], $4::int[], $5::bigint[], $6::bytea[])
    AS h (village_key, topic, sequence, kafka_partition, kafka_offset, value)
ON CONFLICT DO NOTHING
RETURNING village_key

-- name: unhold
-- Held events that have followed.
DELETE FROM held USING unnest($1::text[], $2::text[], $3::bigint[]) AS d (village_key, topic, sequence)
WHERE (held.village_key, held.topic, held.sequence) = (d.village_key, d.topic, d.sequence)

-- name: park
-- Park an event; one delivered again is parked once.
INSERT INTO parked (village_key, topic, kafka_partition, kafka_offset, sequence, reason, detail, value, parked_at, sealing)
SELECT village_key, topic, kafka_partition, kafka_offset, sequence, reason, detail, value, $9, 1
FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bytea[])
    WITH ORDINALITY
    AS p (village_key, topic, kafka_partition, kafka_offset, sequence, reason, detail, value, n)
ORDER BY n
ON CONFLICT DO NOTHING
RETURNING village_key

-- name: settled_records
-- Which of some records a person has settled.
SELECT s.topic, s.kafka_partition, s.kafka_offset
FROM settled_records s
JOIN unnest($1::text[], $2::int[], $3::bigint[]) AS b (topic, kafka_partition, kafka_offset)
    USING (topic, kafka_partition, kafka_offset)

-- name: settle_record
-- A parked record was repaired or discarded: should it come again, it is passed over.
INSERT INTO settled_records (topic, kafka_partition, kafka_offset, settled_at)
VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: skip
-- Keep an event of an unknown type for the release that will know it.
INSERT INTO skipped (village_key, topic, sequence, type, kafka_partition, kafka_offset, value, skipped_at, sealing)
SELECT s.*, $8, 1
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::int[], $6::bigint[], $7::bytea[])
    AS s (village_key, topic, sequence, type, kafka_partition, kafka_offset, value)
ON CONFLICT DO NOTHING

-- name: set_aside
-- Keep a record without a usable key.
INSERT INTO unroutable (topic, kafka_partition, kafka_offset, reason, value, received_at, sealing)
SELECT u.*, $6, 1 FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::bytea[])
    AS u (topic, kafka_partition, kafka_offset, reason, value)
ON CONFLICT DO NOTHING

-- name: park_in_turn
-- Until this transaction ends, no other one parks; its villages' locks are held already.
SELECT pg_advisory_xact_lock($1)

-- name: parked_lately
-- Villages parked since a moment by class of error; those behind another are no error of their own.
SELECT DISTINCT reason, village_key FROM parked
WHERE parked_at > $1 AND reason <> 'BEHIND_PARKED'

-- name: allow_parking
-- A person lets villages be parked for a while, however many.
INSERT INTO parking_allowed (until) VALUES ($1)
ON CONFLICT (only_row) DO UPDATE SET until = excluded.until

-- name: parking_allowed
-- Until when a person has allowed it.
SELECT until FROM parking_allowed

-- name: stopped
-- Why consuming is stopped, if it is.
SELECT reason, stopped_at FROM consuming_stopped

-- name: stop
-- Stop consuming until a person resumes.
INSERT INTO consuming_stopped (reason, stopped_at) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: resume
-- A person resumes.
DELETE FROM consuming_stopped RETURNING reason

-- name: holding
-- How many villages hold events, of how many that this service has heard of (an estimate).
SELECT (SELECT count(DISTINCT village_key) FROM held) AS holding,
    (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'marks'::regclass) AS known

-- name: waiting
-- What waits in this service, for its gauges and alarms.
SELECT (SELECT count(*) FROM held) AS held,
    (SELECT min(held_at) FROM held) AS oldest_held,
    (SELECT count(DISTINCT village_key) FROM parked) AS parked_villages,
    (SELECT count(*) FROM parked) AS parked,
    (SELECT count(*) FROM unroutable) AS unroutable,
    (SELECT count(*) FROM skipped) AS skipped

-- name: parked_villages
-- The parked villages with the first reason of each.
SELECT DISTINCT ON (p.village_key) p.village_key, p.parked_id, p.topic, p.sequence, p.reason, p.detail,
    p.attempts, p.parked_at, m.parked
FROM parked p JOIN marks m USING (village_key)
ORDER BY p.village_key, p.parked_id
LIMIT $1

-- name: parked_front
-- The first parked event of a village.
SELECT parked_id, village_key, topic, kafka_partition, kafka_offset, sequence, reason, detail, attempts, value, sealing
FROM parked WHERE village_key = $1 ORDER BY parked_id LIMIT 1

-- name: parked_named
-- One parked event, by its id or by its place in the stream.
SELECT parked_id, village_key, topic, kafka_partition, kafka_offset, sequence, reason, detail, attempts, value, sealing
FROM parked
WHERE village_key = $1 AND (parked_id = $2 OR ($2 IS NULL AND topic = $3 AND sequence = $4))
ORDER BY parked_id LIMIT 1

-- name: unpark
-- Take one event out of the parked list.
DELETE FROM parked WHERE parked_id = $1

-- name: failed_again
-- A retry that failed.
UPDATE parked SET attempts = attempts + 1, reason = $2, detail = $3 WHERE parked_id = $1

-- name: discard
-- A person's decision that an event has no effect here.
INSERT INTO discards (discard_id, village_key, topic, sequence, time, kafka_partition, kafka_offset, reason, actor, discarded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: discarded
-- What persons have discarded of some villages; a copy that comes later than the decision is none of it.
SELECT village_key, topic, sequence, coalesce(time, discarded_at) AS until
FROM discards WHERE village_key = ANY($1::text[]) AND sequence IS NOT NULL
ORDER BY discarded_at

-- name: discard_ahead
-- A village waits for an event that has been discarded before its turn.
UPDATE marks SET discards = discards + 1 WHERE village_key = $1

-- name: discards_left
-- How many discarded events of each village are still to come.
UPDATE marks m SET discards = v.discards
FROM unnest($1::text[], $2::int[]) AS v (village_key, discards)
WHERE m.village_key = v.village_key

-- name: skipped_kinds
-- What is skipped, by type and by why it was not folded.
SELECT type, type = ANY($1::text[]) AS known, reason, count(*) AS number, min(skipped_at) AS since
FROM skipped GROUP BY type, reason ORDER BY type, reason

-- name: skipped_page
-- The next skipped events of known types, in the order of their streams.
SELECT village_key, topic, sequence
FROM skipped
WHERE (village_key, topic, sequence) > ($2, $3, $4) AND type = ANY($1::text[]) AND reason IS NULL
ORDER BY village_key, topic, sequence
LIMIT $5

-- name: skipped_rows
-- Those still there once their villages are locked, and how many of each stream came after.
SELECT s.village_key, s.topic, s.sequence, s.kafka_partition, s.kafka_offset, s.value, s.sealing,
    (SELECT count(*) FROM skipped l
     WHERE l.village_key = s.village_key AND l.topic = s.topic AND l.sequence > s.sequence) AS later
FROM skipped s
WHERE (s.village_key, s.topic, s.sequence) > ($2, $3, $4)
    AND (s.village_key, s.topic, s.sequence) <= ($5, $6, $7)
    AND s.type = ANY($1::text[]) AND s.reason IS NULL
ORDER BY s.village_key, s.topic, s.sequence

-- name: refolded
-- Skipped events that have had their effect.
DELETE FROM skipped USING unnest($1::text[], $2::text[], $3::bigint[]) AS d (village_key, topic, sequence)
WHERE (skipped.village_key, skipped.topic, skipped.sequence) = (d.village_key, d.topic, d.sequence)

-- name: refold_refused
-- A skipped event that cannot have its effect stays, with its reason.
UPDATE skipped SET reason = $4, attempts = attempts + 1
WHERE (village_key, topic, sequence) = ($1, $2, $3)

-- name: refold_again
-- What was refused is tried again by this release.
UPDATE skipped SET reason = NULL WHERE reason IS NOT NULL AND type = ANY($1::text[])

-- name: refold_waiting
-- Skipped events of known types: those that wait, and those that were refused.
SELECT count(*) FILTER (WHERE reason IS NULL) AS waiting, count(reason) AS failed
FROM skipped WHERE type = ANY($1::text[])
