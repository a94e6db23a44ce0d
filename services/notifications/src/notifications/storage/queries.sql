-- name: note_villages
-- Names and places as last heard.
INSERT INTO villages (
    village_key, village_code, name, kind, kecamatan_code, kecamatan_name,
    regency_code, regency_name, regency_kind, time_zone
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[]
)
ON CONFLICT (village_key) DO UPDATE SET
    village_code = excluded.village_code, name = excluded.name, kind = excluded.kind,
    kecamatan_code = excluded.kecamatan_code, kecamatan_name = excluded.kecamatan_name,
    regency_code = excluded.regency_code, regency_name = excluded.regency_name,
    regency_kind = excluded.regency_kind, time_zone = excluded.time_zone

-- name: close_villages
-- Villages that are part of another one; each was heard of before, in the same stream.
UPDATE villages v SET closed_on = d.closed_on
FROM unnest($1::text[], $2::date[]) AS d (village_key, closed_on)
WHERE v.village_key = d.village_key

-- name: note_certifications
-- The four fields as last decided, and why.
INSERT INTO certifications (
    village_key, decision_id, eligibility, stage, title, standing, facts
)
SELECT village_key, decision_id, eligibility, stage, title, standing, facts::jsonb
FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]
) AS c (village_key, decision_id, eligibility, stage, title, standing, facts)
ON CONFLICT (village_key) DO UPDATE SET
    decision_id = excluded.decision_id, eligibility = excluded.eligibility,
    stage = excluded.stage, title = excluded.title, standing = excluded.standing,
    facts = excluded.facts

-- name: note_offices
-- Offices first heard of, in an order that two writers share.
INSERT INTO offices (kind, area_code)
SELECT kind, area_code FROM unnest($1::text[], $2::text[]) AS o (kind, area_code)
ORDER BY area_code, kind
ON CONFLICT (area_code, kind) DO NOTHING

-- name: note_alerts
-- Alerts and one delivery for each; those already there make nothing.
WITH heard AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::date[], $10::uuid[], $11::timestamptz[], $12::text[], $14::bigint[],
        $15::uuid[]
    ) AS h (
        alert_id, decision_id, office_kind, office_area, kind, village_key, village_code,
        origin, effective_on, delivery_id, due_at, suppressed, sequence, ceremony_id
    )
), alerted AS (
    INSERT INTO alerts (
        alert_id, decision_id, office_id, kind, village_key, village_code, origin,
        effective_on, heard_at, sequence, ceremony_id
    )
    SELECT h.alert_id, h.decision_id, o.office_id, h.kind, h.village_key, h.village_code,
        h.origin, h.effective_on, $13::timestamptz, h.sequence, h.ceremony_id
    FROM heard h
    JOIN offices o ON o.kind = h.office_kind AND o.area_code = h.office_area
    ON CONFLICT (decision_id, office_id, kind) DO NOTHING
    RETURNING alert_id, office_id
)
INSERT INTO deliveries (
    delivery_id, bundle_id, alert_id, office_id, channel, state, reason, due_at, changed_at
)
SELECT h.delivery_id, a.alert_id, a.alert_id, a.office_id, 'EMAIL',
    CASE WHEN h.suppressed IS NULL THEN 'waiting' ELSE 'suppressed' END,
    h.suppressed, h.due_at, $13
FROM alerted a
JOIN heard h USING (alert_id)
RETURNING delivery_id

-- name: alerts_page
-- A page of the ledger, to be compared with the decisions.
SELECT a.alert_id, a.decision_id, a.kind, o.kind AS office_kind, o.area_code, a.village_key, a.heard_at
FROM alerts a JOIN offices o USING (office_id)
WHERE a.alert_id > $1
ORDER BY a.alert_id
LIMIT $2

-- name: addressed_before
-- Up to which decision of each village an earlier release addressed alerts.
SELECT village_key, sequence FROM addressed_before

-- name: discarded_of_topic
-- Events of one topic that a person has passed over.
SELECT village_key, sequence FROM discards WHERE topic = $1 AND sequence IS NOT NULL

-- name: claim_due
-- Due deliveries, locked, those of other couriers passed over; their offices keep their holders.
WITH due AS MATERIALIZED (
    SELECT delivery_id, office_id FROM deliveries
    WHERE state = 'waiting' AND waits_for IS NULL AND retry_at IS NULL AND due_at <= $1
    ORDER BY due_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
SELECT due.delivery_id
FROM due
JOIN offices o USING (office_id)
ORDER BY o.office_id
FOR SHARE OF o

-- name: known_of_due
-- All that is known now of deliveries that are claimed (OFFSET 0: by the alert, not by the state).
SELECT d.delivery_id, d.office_id, d.attempts, d.failures, d.channel,
    a.alert_id, a.decision_id, a.kind AS alert_kind, a.village_key, a.effective_on,
    o.kind AS office_kind, o.area_code, local.today,
    v.village_code, v.name, v.kind AS village_kind, v.kecamatan_name,
    v.regency_code, v.regency_name, v.regency_kind, v.time_zone,
    c.eligibility, c.stage, c.title, c.standing, c.facts,
    e.ceremony_id, e.kind AS ceremony_kind, e.planned_for, e.begins_at, e.venue, e.host,
    t.term_id, t.post_kind, t.acting, t.begins, t.ends, t.coverage,
    told.kind AS told_kind, told.effective_on AS told_on,
    EXISTS (
        SELECT FROM alerts n
        CROSS JOIN LATERAL (
            SELECT state FROM deliveries WHERE alert_id = n.alert_id OFFSET 0
        ) m
        WHERE n.village_key = a.village_key AND n.office_id = a.office_id AND n.kind = a.kind
            AND n.ceremony_id IS NOT DISTINCT FROM a.ceremony_id AND n.sequence > a.sequence
            AND m.state NOT IN ('suppressed', 'failed')
    ) AS said_again,
    h.holder_id, k.address, r.template
FROM deliveries d
JOIN alerts a USING (alert_id)
JOIN offices o ON o.office_id = d.office_id
LEFT JOIN certifications c ON c.village_key = a.village_key
LEFT JOIN villages v ON v.village_key = a.village_key
LEFT JOIN ceremonies e ON e.told_by = a.decision_id
LEFT JOIN heads t ON t.village_key = a.village_key AND t.term_id = a.decision_id
CROSS JOIN LATERAL (
    SELECT CASE v.time_zone WHEN 'WIT' THEN $4::date WHEN 'WITA' THEN $3::date ELSE $2::date END
) AS local (today)
LEFT JOIN LATERAL (
    SELECT b.kind, b.effective_on
    FROM alerts b
    CROSS JOIN LATERAL (SELECT state FROM deliveries WHERE alert_id = b.alert_id OFFSET 0) p
    WHERE a.kind IN ('CEREMONY_INVITE', 'STATUS_RESTORED')
        AND b.village_key = a.village_key AND b.office_id = a.office_id AND b.sequence < a.sequence
        AND p.state IN ('sent', 'unknown', 'sending')
        AND CASE a.kind
            WHEN 'CEREMONY_INVITE' THEN b.ceremony_id = a.ceremony_id
            ELSE b.kind IN ('STATUS_AT_RISK', 'STATUS_LOST', 'STATUS_RESTORED')
        END
    ORDER BY b.sequence DESC, b.heard_at DESC
    LIMIT 1
) told ON true
LEFT JOIN LATERAL (
    SELECT holder_id FROM holders WHERE office_id = d.office_id AND term @> local.today
) h ON true
LEFT JOIN LATERAL (
    SELECT address FROM contacts
    WHERE holder_id = h.holder_id AND channel = d.channel AND valid_from <= local.today
    ORDER BY valid_from DESC
    LIMIT 1
) k ON true
LEFT JOIN attempts r ON r.delivery_id = d.delivery_id AND r.attempt = d.attempts
WHERE d.delivery_id = ANY($1::uuid[])
ORDER BY d.due_at, d.delivery_id

-- name: count_titles
-- How many villages of today of each kind the regencies have, and how many of all are a Desa Sadar.
SELECT v.regency_code, v.kind, count(*) AS villages,
    count(*) FILTER (WHERE c.title IN ('DITETAPKAN', 'DIRESMIKAN')) AS titled
FROM villages v
LEFT JOIN certifications c USING (village_key)
WHERE v.regency_code = ANY($1::text[]) AND v.closed_on IS NULL
GROUP BY v.regency_code, v.kind

-- name: begin_attempts
-- The intent: from here until the outcome is recorded, a crash leaves `unknown`.
WITH begun AS (
    UPDATE deliveries d
    SET state = 'sending', reason = NULL, attempts = u.attempt, claimed_by = $5,
        claimed_until = statement_timestamp() + $6::interval, changed_at = $7
    FROM unnest($1::uuid[], $2::integer[]) AS u (delivery_id, attempt)
    WHERE d.delivery_id = u.delivery_id
)
INSERT INTO attempts (delivery_id, attempt, holder_id, template, body_sha256, begun_at)
SELECT u.delivery_id, u.attempt, u.holder_id, u.template, u.body_sha256, $7
FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $8::bytea[])
    AS u (delivery_id, attempt, holder_id, template, body_sha256)

-- name: note_lacks
-- These are due but cannot go: each says what it waits for.
UPDATE deliveries d
SET waits_for = u.waits_for, changed_at = $3
FROM unnest($1::uuid[], $2::text[]) AS u (delivery_id, waits_for)
WHERE d.delivery_id = u.delivery_id

-- name: conclude
-- Waiting deliveries that end without an attempt; the caller holds the villages' locks.
UPDATE deliveries
SET state = $4, reason = $2, waits_for = NULL, retry_at = NULL, changed_at = $3
WHERE delivery_id = ANY($1::uuid[]) AND state = 'waiting'
RETURNING delivery_id

-- name: end_attempt
-- How attempt $2 ended, and the state after it if it is the last and the state before is among $7.
WITH ended AS (
    UPDATE attempts
    SET ended_at = $8, outcome = $9, detail = $4
    WHERE delivery_id = $1 AND attempt = $2
)
UPDATE deliveries
SET state = $3, reason = $4, retry_at = statement_timestamp() + $5::interval, failures = $6,
    claimed_by = NULL, claimed_until = NULL, waits_for = NULL, changed_at = $8
WHERE delivery_id = $1 AND attempts = $2 AND state = ANY($7::text[])
RETURNING delivery_id

-- name: expired
-- Deliveries whose courier has not recorded an outcome within its lease.
SELECT d.delivery_id, a.village_key
FROM deliveries d
JOIN alerts a USING (alert_id)
WHERE d.state = 'sending' AND d.claimed_until < statement_timestamp()
ORDER BY d.claimed_until
LIMIT $1

-- name: expire
-- Their outcome is unknown; the caller holds the villages' locks.
WITH lost AS (
    UPDATE deliveries
    SET state = 'unknown', reason = 'COURIER_LOST', claimed_by = NULL, claimed_until = NULL,
        changed_at = $2
    WHERE delivery_id = ANY($1::uuid[])
        AND state = 'sending' AND claimed_until < statement_timestamp()
    RETURNING delivery_id, attempts
), closed AS (
    UPDATE attempts t
    SET ended_at = $2, outcome = 'unknown', detail = 'COURIER_LOST'
    FROM lost
    WHERE t.delivery_id = lost.delivery_id AND t.attempt = lost.attempts
)
SELECT delivery_id FROM lost

-- name: wake_retries
-- The pause of these is over.
UPDATE deliveries SET retry_at = NULL
WHERE delivery_id IN (
    SELECT delivery_id FROM deliveries
    WHERE retry_at <= statement_timestamp()
    FOR UPDATE SKIP LOCKED
)

-- name: wake_lacking
-- What these waited for is there now.
UPDATE deliveries SET waits_for = NULL, changed_at = $1
WHERE delivery_id IN (
    SELECT d.delivery_id
    FROM deliveries d
    JOIN alerts a USING (alert_id)
    JOIN villages v USING (village_key)
    CROSS JOIN LATERAL (
        SELECT CASE v.time_zone
            WHEN 'WIT' THEN $4::date WHEN 'WITA' THEN $3::date ELSE $2::date END
    ) AS local (today)
    WHERE d.waits_for = 'VILLAGE'
        OR (d.waits_for IN ('HOLDER', 'ADDRESS') AND EXISTS (
            SELECT FROM holders h
            WHERE h.office_id = d.office_id AND h.term @> local.today
                AND (d.waits_for = 'HOLDER' OR (
                    SELECT k.address FROM contacts k
                    WHERE k.holder_id = h.holder_id AND k.channel = d.channel
                        AND k.valid_from <= local.today
                    ORDER BY k.valid_from DESC
                    LIMIT 1
                ) IS NOT NULL)
        ))
    FOR UPDATE OF d SKIP LOCKED
)

-- name: settled_facts
-- What `DeliverySettled` says of deliveries, with the village's civil date.
SELECT d.delivery_id, a.decision_id, a.kind AS alert_kind, a.village_key, a.village_code,
    o.kind AS office_kind, o.area_code, d.state, d.attempts,
    CASE v.time_zone WHEN 'WIT' THEN $4::date WHEN 'WITA' THEN $3::date ELSE $2::date END AS today
FROM deliveries d
JOIN alerts a USING (alert_id)
JOIN offices o ON o.office_id = d.office_id
LEFT JOIN villages v ON v.village_key = a.village_key
WHERE d.delivery_id = ANY($1::uuid[])
ORDER BY d.delivery_id

-- name: tally
-- Deliveries by state.
SELECT state, count(*) AS deliveries FROM deliveries GROUP BY state

-- name: tally_lacks
-- Deliveries by what they wait for.
SELECT waits_for, count(*) AS deliveries FROM deliveries
WHERE waits_for IS NOT NULL GROUP BY waits_for

-- name: oldest_due
-- Since when the oldest due delivery has been waiting for a courier.
SELECT min(due_at) FROM deliveries
WHERE state = 'waiting' AND waits_for IS NULL AND retry_at IS NULL AND due_at <= $1

-- name: purge_alerts
-- Alerts heard before $1 whose delivery is at rest; deliveries, attempts and acts go with them.
DELETE FROM alerts WHERE alert_id IN (
    SELECT a.alert_id FROM alerts a
    WHERE a.heard_at < $1 AND NOT EXISTS (
        SELECT FROM deliveries d
        WHERE d.alert_id = a.alert_id AND d.state IN ('waiting', 'sending', 'unknown')
    )
    ORDER BY a.heard_at
    LIMIT $2
)

-- name: purge_holders
-- Holders whose term ended before $1 and who are named by no attempt that is still kept.
DELETE FROM holders h
WHERE upper(h.term) < $1
    AND NOT EXISTS (SELECT FROM attempts t WHERE t.holder_id = h.holder_id)

-- name: lock_offices
-- Offices locked in one order: two appointments to one office wait for each other.
SELECT o.office_id, o.kind, o.area_code
FROM offices o
JOIN unnest($1::text[], $2::text[]) AS u (kind, area_code) USING (kind, area_code)
ORDER BY o.office_id
FOR NO KEY UPDATE OF o

-- name: terms_of_offices
-- All terms of these offices.
SELECT office_id, holder_id, lower(term) AS begins, upper(term) AS ends
FROM holders
WHERE office_id = ANY($1::bigint[])
ORDER BY office_id, lower(term)

-- name: end_terms
-- The last day of these holders is the day before $2.
UPDATE holders h
SET term = daterange(lower(h.term), u.ends)
FROM unnest($1::uuid[], $2::date[]) AS u (holder_id, ends)
WHERE h.holder_id = u.holder_id

-- name: add_holders
-- New terms; overlapping ones are refused by the table itself.
INSERT INTO holders (holder_id, office_id, name, acting, term, recorded_at, recorded_by)
SELECT u.holder_id, u.office_id, u.name, u.acting, daterange(u.begins, u.ends), $7, $8
FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::boolean[], $5::date[], $6::date[])
    AS u (holder_id, office_id, name, acting, begins, ends)

-- name: set_contacts
-- Addresses from a day on; the same day again corrects it.
INSERT INTO contacts (holder_id, channel, valid_from, address, recorded_at, recorded_by)
SELECT u.holder_id, $2, u.valid_from, u.address, $5, $6
FROM unnest($1::uuid[], $3::date[], $4::bytea[]) AS u (holder_id, valid_from, address)
ON CONFLICT (holder_id, channel, valid_from) DO UPDATE SET
    address = excluded.address, recorded_at = excluded.recorded_at,
    recorded_by = excluded.recorded_by

-- name: wake_offices
-- The directory of these offices changed: what waited for it is looked at again.
UPDATE deliveries SET waits_for = NULL, changed_at = $2
WHERE waits_for IN ('HOLDER', 'ADDRESS', 'KEY') AND office_id = ANY($1::bigint[])

-- name: offices_in_area
-- Offices of an area and of the areas inside it, with the holder of the day.
SELECT o.office_id, o.kind, o.area_code, h.holder_id, h.acting,
    lower(h.term) AS begins, upper(h.term) AS ends, h.name,
    (SELECT count(*) FROM deliveries d WHERE d.office_id = o.office_id AND d.waits_for IS NOT NULL)
        AS waiting
FROM offices o
LEFT JOIN LATERAL (
    SELECT time_zone FROM villages WHERE regency_code = left(o.area_code, 5) LIMIT 1
) v ON true
LEFT JOIN holders h ON h.office_id = o.office_id
    AND h.term @> CASE v.time_zone WHEN 'WIT' THEN $4::date WHEN 'WITA' THEN $3::date ELSE $2::date END
WHERE o.area_code LIKE $1 || '%' AND (o.area_code, o.kind) > ($5, $6)
ORDER BY o.area_code, o.kind
LIMIT $7

-- name: office_terms
-- The holders of one office, the latest first, each with the addresses it had.
SELECT h.holder_id, h.name, h.acting, lower(h.term) AS begins, upper(h.term) AS ends,
    array_agg(k.valid_from ORDER BY k.valid_from) FILTER (WHERE k.holder_id IS NOT NULL) AS since,
    array_agg(k.address ORDER BY k.valid_from) FILTER (WHERE k.holder_id IS NOT NULL) AS addresses
FROM holders h
JOIN offices o USING (office_id)
LEFT JOIN contacts k ON k.holder_id = h.holder_id
WHERE o.kind = $1 AND o.area_code = $2
GROUP BY h.holder_id
ORDER BY lower(h.term) DESC
LIMIT 100

-- name: holder
-- One holder's term, its office locked.
SELECT h.holder_id, h.office_id, lower(h.term) AS begins, upper(h.term) AS ends
FROM holders h
JOIN offices o USING (office_id)
WHERE h.holder_id = $1 AND o.kind = $2 AND o.area_code = $3
FOR NO KEY UPDATE OF o

-- name: deliveries
-- Deliveries to the offices of an area by state, the latest change first.
SELECT d.delivery_id, d.state, d.reason, d.waits_for, d.due_at, d.retry_at, d.attempts,
    d.channel, d.changed_at, a.decision_id, a.kind AS alert_kind, a.village_key, a.village_code,
    o.kind AS office_kind, o.area_code
FROM deliveries d
JOIN alerts a USING (alert_id)
JOIN offices o ON o.office_id = d.office_id
WHERE o.area_code LIKE $1 || '%'
    AND ($2::text IS NULL OR d.state = $2)
    AND (d.changed_at, d.delivery_id) < ($3, $4)
ORDER BY d.changed_at DESC, d.delivery_id DESC
LIMIT $5

-- name: delivery
-- One delivery.
SELECT d.delivery_id, d.state, d.reason, d.waits_for, d.due_at, d.retry_at, d.attempts,
    d.channel, d.changed_at, a.decision_id, a.kind AS alert_kind, a.village_key, a.village_code,
    o.kind AS office_kind, o.area_code
FROM deliveries d
JOIN alerts a USING (alert_id)
JOIN offices o ON o.office_id = d.office_id
WHERE d.delivery_id = $1

-- name: attempts
-- The attempts of one delivery.
SELECT attempt, holder_id, template, body_sha256, begun_at, ended_at, outcome, detail
FROM attempts WHERE delivery_id = $1 ORDER BY attempt

-- name: acts
-- What persons decided on one delivery.
SELECT act, actor, note, acted_at FROM delivery_acts WHERE delivery_id = $1 ORDER BY acted_at

-- name: change_by_person
-- A person's decision on a delivery that is still in the state it was decided on.
WITH changed AS (
    UPDATE deliveries
    SET state = $3, reason = $4, failures = 0, waits_for = NULL, retry_at = NULL,
        due_at = least(due_at, $9), changed_at = $9
    WHERE delivery_id = $1 AND state = $2
    RETURNING delivery_id
)
INSERT INTO delivery_acts (act_id, delivery_id, act, actor, note, acted_at)
SELECT $5, delivery_id, $6, $7, $8, $9 FROM changed
RETURNING delivery_id

-- name: due_and_next
-- How many messages are due at a moment or on their way, and when the next one after it is.
SELECT
    (
        SELECT count(*) FROM deliveries
        WHERE state = 'sending' OR (state = 'waiting' AND waits_for IS NULL AND due_at <= $1)
    ) AS due,
    (
        SELECT min(due_at) FROM deliveries
        WHERE state = 'waiting' AND waits_for IS NULL AND due_at > $1
    ) AS next_due
