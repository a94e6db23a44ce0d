-- name: happened_since
-- What was told and held between two moments, the newest first; ids begin with their time (UUIDv7).
-- One from a clock far ahead waits for its time: it would stand before all others until then.
SELECT h.*, v.village_code, v.name, v.kind, v.kecamatan_name, v.regency_kind, v.regency_name,
    v.time_zone
FROM (
    (
        SELECT d.decision_id AS id, d.village_key, d.decided_at AS at, d.entry, d.previous,
            d.current, d.effective_on, d.reasons
        FROM decisions d
        WHERE d.decision_id > $1 AND d.decision_id < $3
        ORDER BY d.decision_id DESC
        LIMIT $2
    )
    UNION ALL
    (
        SELECT f.id, f.village_key, f.recorded_at, 'SOSIALISASI', NULL, NULL, f.effective_on, NULL
        FROM facts f
        WHERE f.type = 'sosialisasi_held' AND f.id > $1 AND f.id < $3
        ORDER BY f.id DESC
        LIMIT $2
    )
) AS h
JOIN villages v USING (village_key)
ORDER BY h.id DESC
LIMIT $2

-- name: happened_in_areas
-- The newest of some areas, each village's own newest first: a quiet area among loud ones has no
-- entry for long stretches of all that happened.
SELECT h.*, v.village_code, v.name, v.kind, v.kecamatan_name, v.regency_kind, v.regency_name,
    v.time_zone
FROM unnest($1::text[], $2::text[]) AS span (first, behind)
CROSS JOIN LATERAL (
    SELECT * FROM villages
    WHERE village_key COLLATE "C" >= span.first AND village_key COLLATE "C" < span.behind
    OFFSET 0
) AS v
CROSS JOIN LATERAL (
    (
        SELECT d.decision_id AS id, d.decided_at AS at, d.entry, d.previous, d.current,
            d.effective_on, d.reasons
        FROM decisions d
        WHERE d.village_key = v.village_key AND d.decision_id < $4
        ORDER BY d.decided_at DESC, d.decision_id DESC
        LIMIT $3
    )
    UNION ALL
    (
        SELECT f.id, f.recorded_at, 'SOSIALISASI', NULL, NULL, f.effective_on, NULL
        FROM facts f
        WHERE f.village_key = v.village_key AND f.type = 'sosialisasi_held' AND f.id < $4
        ORDER BY f.id DESC
        LIMIT $3
    )
) AS h
ORDER BY h.id DESC
LIMIT $3
