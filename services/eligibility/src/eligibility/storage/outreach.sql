-- name: add_notes
-- What was done for villages, and what they live from; what is there already stays.
INSERT INTO village_notes
    (village_key, note_id, kind, effective_on, recorded_at, what, amount, occasion)
SELECT *
FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::date[], $5::timestamptz[], $6::text[], $7::bigint[],
    $8::text[]
)
ON CONFLICT DO NOTHING

-- name: end_agents
-- Perisai agents who are inactive from a day on; the ids of those that were assigned.
UPDATE village_notes n SET ended_on = d.ended_on
FROM unnest($1::text[], $2::uuid[], $3::date[]) AS d (village_key, note_id, ended_on)
WHERE (n.village_key, n.note_id) = (d.village_key, d.note_id) AND n.kind = 'PERISAI'
RETURNING n.note_id

-- name: add_worker_counts
-- Counts of workers; what is there already stays.
INSERT INTO worker_counts
    (village_key, count_id, effective_on, recorded_at, total, pu, bpu, source)
SELECT *
FROM unnest(
    $1::text[], $2::uuid[], $3::date[], $4::timestamptz[], $5::int[], $6::int[], $7::int[],
    $8::text[]
)
ON CONFLICT DO NOTHING

-- name: add_launches
-- Launches in areas; what is there already stays.
INSERT INTO launches
    (launch_id, area_code, effective_on, recorded_at, level, host_office, represented_by, venue)
SELECT *
FROM unnest(
    $1::uuid[], $2::text[], $3::date[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
    $8::text[]
)
ON CONFLICT DO NOTHING

-- name: notes_of
-- A village's notes, newest first; of the statements of one sector only the latest.
SELECT kind, what, amount, occasion, effective_on, ended_on
FROM village_notes n
WHERE village_key = $1 AND NOT (kind = 'POTENTIAL' AND EXISTS (
    SELECT FROM village_notes later
    WHERE later.village_key = n.village_key AND later.kind = n.kind AND later.what = n.what
        AND (later.effective_on, later.recorded_at) > (n.effective_on, n.recorded_at)
))
ORDER BY effective_on DESC, recorded_at DESC, note_id
LIMIT $2

-- name: workers_of
-- The count of a village's workers that holds now.
SELECT effective_on, total, pu, bpu, source
FROM worker_counts
WHERE village_key = $1
ORDER BY effective_on DESC, recorded_at DESC
LIMIT 1

-- name: launches
-- Launches that the caller may see, newest first.
SELECT area_code, effective_on, level, host_office, represented_by, venue
FROM (
    SELECT DISTINCT ON (area_code, effective_on, level) *
    FROM launches
    ORDER BY area_code, effective_on, level, recorded_at DESC
) AS last
ORDER BY effective_on DESC, recorded_at DESC
LIMIT $1
