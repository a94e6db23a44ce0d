-- name: acts_of
-- The acts of persons on a village's title, the latest first; never who entered them.
SELECT act, number, effective_on, signing_office, recorded_at
FROM acts
WHERE village_key = $1
ORDER BY effective_on DESC, recorded_at DESC
LIMIT $2

-- name: log_page
-- A page of the decision log without what only machines read, newest first.
SELECT decision_id, decided_at, effective_on, previous, current, reasons, entry,
    withdrawn_because
FROM decisions
WHERE village_key = $1
    AND ($2::timestamptz IS NULL OR (decided_at, decision_id) < ($2, $3))
ORDER BY decided_at DESC, decision_id DESC
LIMIT $4
