-- name: criteria_before
-- Why the latest decisions of villages are as they are.
SELECT village_key, facts FROM certifications WHERE village_key = ANY($1::text[])

-- name: heads_of
-- The latest terms of villages' heads.
SELECT village_key, term_id, post_kind, acting, begins, ends, coverage
FROM heads
WHERE village_key = ANY($1::text[])

-- name: note_heads
-- The latest terms as heard now.
INSERT INTO heads (village_key, term_id, post_kind, acting, begins, ends, coverage)
SELECT village_key, term_id, post_kind, acting, begins, ends, coverage::jsonb
FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::boolean[], $5::date[], $6::date[], $7::text[]
) AS h (village_key, term_id, post_kind, acting, begins, ends, coverage)
ON CONFLICT (village_key) DO UPDATE SET
    term_id = excluded.term_id, post_kind = excluded.post_kind, acting = excluded.acting,
    begins = excluded.begins, ends = excluded.ends, coverage = excluded.coverage

-- name: note_ceremonies
-- Ceremonies as planned or moved last.
INSERT INTO ceremonies (
    ceremony_id, village_key, told_by, kind, planned_for, begins_at, venue, host
)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[]
)
ON CONFLICT (ceremony_id) DO UPDATE SET
    told_by = excluded.told_by, planned_for = excluded.planned_for,
    begins_at = excluded.begins_at, venue = excluded.venue, host = excluded.host

-- name: introduce
-- Of messages to be sent, those that are their office's first of the year; two couriers wait here.
INSERT INTO introductions (office_id, year, delivery_id)
SELECT DISTINCT ON (u.office_id, u.year) u.office_id, u.year, u.delivery_id
FROM unnest($1::uuid[], $2::bigint[], $3::smallint[])
    WITH ORDINALITY AS u (delivery_id, office_id, year, place)
WHERE NOT EXISTS (
    SELECT FROM introductions i
    JOIN deliveries d USING (delivery_id)
    WHERE i.office_id = u.office_id AND i.year = u.year
        AND d.state NOT IN ('failed', 'suppressed')
)
ORDER BY u.office_id, u.year, u.place
ON CONFLICT (office_id, year) DO UPDATE SET delivery_id = excluded.delivery_id
WHERE EXISTS (
    SELECT FROM deliveries d
    WHERE d.delivery_id = introductions.delivery_id AND d.state IN ('failed', 'suppressed')
)

-- name: introductions_of
-- Which of these messages introduce.
SELECT delivery_id FROM introductions WHERE delivery_id = ANY($1::uuid[])

-- name: wake_sealed
-- Messages whose address could not be opened are looked at again.
UPDATE deliveries SET waits_for = NULL, changed_at = $1
WHERE delivery_id IN (
    SELECT delivery_id FROM deliveries WHERE waits_for = 'KEY' FOR UPDATE SKIP LOCKED
)

-- name: count_sealed
-- How many messages wait because their address cannot be opened.
SELECT count(*) FROM deliveries WHERE waits_for = 'KEY'

-- name: purge_ceremonies
-- Ceremonies of long ago.
DELETE FROM ceremonies WHERE planned_for < $1
