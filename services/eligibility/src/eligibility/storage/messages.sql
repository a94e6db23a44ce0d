-- name: keep_messages
-- What notifications told, each event once; those whose place another event has are returned.
WITH told AS (
    SELECT *
    FROM unnest(
        $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[], $6::uuid[], $7::uuid[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::int[]
    ) AS d (
        village_key, sequence, event_id, type, told_at, delivery_id, decision_id, alert_kind,
        office_kind, office_area, state, attempts
    )
), kept AS (
    INSERT INTO messages AS m SELECT * FROM told
    ON CONFLICT (village_key, sequence) DO UPDATE SET
        delivery_id = excluded.delivery_id,
        decision_id = excluded.decision_id,
        alert_kind = excluded.alert_kind,
        office_kind = excluded.office_kind,
        office_area = excluded.office_area,
        state = excluded.state,
        attempts = excluded.attempts
    -- Told by a type that an earlier release did not know.
    WHERE m.event_id = excluded.event_id AND m.delivery_id IS NULL
        AND excluded.delivery_id IS NOT NULL
)
SELECT t.event_id
FROM told t
JOIN messages m USING (village_key, sequence)
WHERE m.event_id <> t.event_id

-- name: messages_of
-- Each message about a village as it stands now, the last told first.
SELECT *
FROM (
    SELECT DISTINCT ON (delivery_id)
        delivery_id, decision_id, alert_kind, office_kind, office_area, state, told_at, sequence
    FROM messages
    WHERE village_key = $1 AND delivery_id IS NOT NULL
    ORDER BY delivery_id, sequence DESC
) latest
ORDER BY sequence DESC
LIMIT $2

-- name: messages_about
-- The messages that some entries of the log made, each as it stands now.
SELECT DISTINCT ON (delivery_id) delivery_id, decision_id, alert_kind, office_kind, office_area,
    state, told_at
FROM messages
WHERE village_key = $1 AND decision_id = ANY($2::uuid[])
ORDER BY delivery_id, sequence DESC

-- name: kept_page
-- How far each stream is here without a gap, and its last place; a page in order of key.
WITH page AS (
    SELECT DISTINCT village_key FROM messages WHERE village_key > $1 ORDER BY village_key LIMIT $2
)
SELECT village_key, count(*) FILTER (WHERE sequence = n) AS passed, max(sequence) AS last
FROM (
    SELECT village_key, sequence,
        row_number() OVER (PARTITION BY village_key ORDER BY sequence) AS n
    FROM messages JOIN page USING (village_key)
) numbered
GROUP BY village_key
ORDER BY village_key
