-- name: village_to_plan_for
-- Where the village of a ceremony is, for its events.
SELECT village_code, regency_kind, time_zone, closed_on FROM villages WHERE village_key = $1

-- name: plan_ceremony
-- A ceremony as it was planned first.
INSERT INTO ceremonies (ceremony_id, village_key, kind, planned_for, begins_at, venue, host)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: ceremony_village
-- The village of a ceremony that the caller may see.
SELECT village_key FROM ceremonies WHERE ceremony_id = $1

-- name: ceremony
-- A ceremony as it is planned now; its village's lock is held.
SELECT kind, planned_for, begins_at, venue, host FROM ceremonies WHERE ceremony_id = $1

-- name: move_ceremony
-- Another day or hour.
UPDATE ceremonies SET planned_for = $2, begins_at = $3, moved = true WHERE ceremony_id = $1

-- name: note_ceremony_deed
-- Who planned or moved it, and to when.
INSERT INTO ceremony_deeds (
    ceremony_id, recorded_at, village_key, planned_for, begins_at, actor_issuer, actor_subject
)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: ceremonies_ahead
-- Ceremonies from a day on in the caller's areas, the next one first.
SELECT c.ceremony_id, c.village_key, v.village_code, v.name, v.kind AS village_kind, c.kind,
    c.planned_for, c.begins_at, c.venue, c.host, c.moved
FROM ceremonies c
JOIN villages v USING (village_key)
WHERE c.planned_for >= $1
ORDER BY c.planned_for, c.begins_at NULLS LAST, c.village_key
LIMIT $2

-- name: ceremonies_past
-- Ceremonies between two days whose act is not recorded, the latest first.
SELECT c.ceremony_id, c.village_key, v.village_code, v.name, v.kind AS village_kind, c.kind,
    c.planned_for, c.begins_at, c.venue, c.host, c.moved
FROM ceremonies c
JOIN villages v USING (village_key)
WHERE c.planned_for >= $1 AND c.planned_for < $2 AND v.closed_on IS NULL
    AND NOT EXISTS (
        SELECT FROM acts a
        WHERE a.village_key = c.village_key AND a.act = c.kind
            AND (
                a.effective_on >= c.planned_for
                -- Its letter may be of an earlier day.
                OR a.recorded_at >= (
                    SELECT min(d.recorded_at) FROM ceremony_deeds d
                    WHERE d.ceremony_id = c.ceremony_id
                )
            )
    )
ORDER BY c.planned_for DESC, c.village_key, c.ceremony_id
LIMIT $3

-- name: ceremonies_of
-- All ceremonies of a village, the latest first.
SELECT c.ceremony_id, c.village_key, v.village_code, v.name, v.kind AS village_kind, c.kind,
    c.planned_for, c.begins_at, c.venue, c.host, c.moved
FROM ceremonies c
JOIN villages v USING (village_key)
WHERE c.village_key = $1
ORDER BY c.planned_for DESC, c.ceremony_id
LIMIT $2
