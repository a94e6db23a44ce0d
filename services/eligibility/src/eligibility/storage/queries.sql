-- name: places
-- What counting needs of the villages of a batch.
SELECT village_key, time_zone, registered_since
FROM villages
WHERE village_key = ANY($1::text[])

-- name: know_villages
-- Area data of new villages and of villages that changed; the status is not touched.
INSERT INTO villages AS v (
    village_key, village_code, name, kind, kecamatan_code, kecamatan_name, regency_code,
    regency_name, regency_kind, province_code, province_name, time_zone
)
SELECT *
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[]
)
ON CONFLICT (village_key) DO UPDATE SET
    village_code = excluded.village_code,
    name = excluded.name,
    kind = excluded.kind,
    kecamatan_code = excluded.kecamatan_code,
    kecamatan_name = excluded.kecamatan_name,
    regency_code = excluded.regency_code,
    regency_name = excluded.regency_name,
    regency_kind = excluded.regency_kind,
    province_code = excluded.province_code,
    province_name = excluded.province_name,
    time_zone = excluded.time_zone

-- name: note_former_codes
-- Codes that villages had before.
INSERT INTO former_codes (village_code, village_key)
SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING

-- name: note_splits
-- Of which village these were part.
UPDATE villages v SET split_from = d.split_from
FROM unnest($1::text[], $2::text[]) AS d (village_key, split_from)
WHERE v.village_key = d.village_key

-- name: close_villages
-- Villages that became part of another.
UPDATE villages v SET merged_into = d.merged_into, closed_on = d.closed_on
FROM unnest($1::text[], $2::text[], $3::date[]) AS d (village_key, merged_into, closed_on)
WHERE v.village_key = d.village_key

-- name: note_editions
-- Editions of the area data that villages were told from.
INSERT INTO editions (name, effective_on)
SELECT * FROM unnest($1::text[], $2::date[]) ON CONFLICT DO NOTHING

-- name: present_edition
-- The latest edition that some village was told from.
SELECT name FROM editions ORDER BY effective_on DESC, name DESC LIMIT 1

-- name: expect_villages
-- Rows for villages whose facts came before their area data.
INSERT INTO villages (village_key) SELECT unnest($1::text[])

-- name: add_counts
-- A batch of count deltas: the ledger by day, and the sums of what is due to the working rows.
WITH entry AS (
    INSERT INTO ledger AS l (
        village_key, effective_on, known_on,
        persons, pu, bpu, in_grace, jht, jkk, jkm, jp, jkp
    )
    SELECT *
    FROM unnest(
        $1::text[], $2::text::date[], $3::text::date[],
        $4::text::bigint[], $5::text::bigint[], $6::text::bigint[], $7::text::bigint[],
        $8::text::bigint[], $9::text::bigint[], $10::text::bigint[], $11::text::bigint[],
        $12::text::bigint[]
    )
    ON CONFLICT (village_key, effective_on, known_on) DO UPDATE SET
        persons = l.persons + excluded.persons,
        pu = l.pu + excluded.pu,
        bpu = l.bpu + excluded.bpu,
        in_grace = l.in_grace + excluded.in_grace,
        jht = l.jht + excluded.jht,
        jkk = l.jkk + excluded.jkk,
        jkm = l.jkm + excluded.jkm,
        jp = l.jp + excluded.jp,
        jkp = l.jkp + excluded.jkp
)
UPDATE villages v SET
    persons = v.persons + d.persons,
    pu = v.pu + d.pu,
    bpu = v.bpu + d.bpu,
    in_grace = v.in_grace + d.in_grace,
    jht = v.jht + d.jht,
    jkk = v.jkk + d.jkk,
    jkm = v.jkm + d.jkm,
    jp = v.jp + d.jp,
    jkp = v.jkp + d.jkp,
    registered_since = LEAST(v.registered_since, d.registered_since),
    next_count_on = LEAST(v.next_count_on, d.next_count_on),
    next_review_at = LEAST(v.next_review_at, d.next_review_at)
FROM unnest(
    $13::text[],
    $14::text::bigint[], $15::text::bigint[], $16::text::bigint[], $17::text::bigint[],
    $18::text::bigint[], $19::text::bigint[], $20::text::bigint[], $21::text::bigint[],
    $22::text::bigint[],
    $23::text::date[], $24::text::date[], $25::timestamptz[]
) AS d (
    village_key, persons, pu, bpu, in_grace, jht, jkk, jkm, jp, jkp,
    registered_since, next_count_on, next_review_at
)
WHERE v.village_key = d.village_key

-- name: recount
-- Counts anew from the ledger, as of each village's local day, and the next day that changes them.
UPDATE villages v SET
    persons = c.persons,
    pu = c.pu,
    bpu = c.bpu,
    in_grace = c.in_grace,
    jht = c.jht,
    jkk = c.jkk,
    jkm = c.jkm,
    jp = c.jp,
    jkp = c.jkp,
    next_count_on = c.next_count_on
FROM (
    SELECT
        d.village_key,
        coalesce(sum(l.persons) FILTER (WHERE l.effective_on <= d.today), 0) AS persons,
        coalesce(sum(l.pu) FILTER (WHERE l.effective_on <= d.today), 0) AS pu,
        coalesce(sum(l.bpu) FILTER (WHERE l.effective_on <= d.today), 0) AS bpu,
        coalesce(sum(l.in_grace) FILTER (WHERE l.effective_on <= d.today), 0) AS in_grace,
        coalesce(sum(l.jht) FILTER (WHERE l.effective_on <= d.today), 0) AS jht,
        coalesce(sum(l.jkk) FILTER (WHERE l.effective_on <= d.today), 0) AS jkk,
        coalesce(sum(l.jkm) FILTER (WHERE l.effective_on <= d.today), 0) AS jkm,
        coalesce(sum(l.jp) FILTER (WHERE l.effective_on <= d.today), 0) AS jp,
        coalesce(sum(l.jkp) FILTER (WHERE l.effective_on <= d.today), 0) AS jkp,
        min(l.effective_on) FILTER (WHERE l.effective_on > d.today) AS next_count_on
    FROM unnest($1::text[], $2::date[]) AS d (village_key, today)
    LEFT JOIN ledger l USING (village_key)
    GROUP BY d.village_key
) c
WHERE v.village_key = c.village_key

-- name: working_rows
-- What deciding needs of the villages touched, and the reasons last told; their locks are held.
SELECT
    v.village_key, v.village_code, v.time_zone, v.next_count_on, v.next_judge_on,
    v.next_review_at, v.eligibility, v.stage, v.title, v.standing, v.since, v.failing_since,
    v.grace_ends, v.undecidable_since, v.flagged, v.rule_set_id, v.rule_set_version,
    v.rule_set_checksum, v.last_decision_id, v.announced_on, v.propose_on, v.proposal_id,
    v.opened_on, v.closed_on, d.reasons
FROM villages v
LEFT JOIN decisions d ON d.decision_id = v.last_decision_id
WHERE v.village_key = ANY($1::text[]) AND v.name IS NOT NULL

-- name: add_facts
-- Facts for the fold; one that is there already stays as it is.
INSERT INTO facts (village_key, id, recorded_at, effective_on, origin, type, data)
SELECT village_key, id, recorded_at, effective_on, origin, type, data::json
FROM unnest(
    $1::text[], $2::uuid[], $3::timestamptz[], $4::date[], $5::text[], $6::text[], $7::text[]
) AS d (village_key, id, recorded_at, effective_on, origin, type, data)
ON CONFLICT (village_key, id) DO NOTHING

-- name: facts_of
-- All facts of some villages.
SELECT village_key, origin, type, data
FROM facts
WHERE village_key = ANY($1::text[])

-- name: write_decisions
-- New entries of the log.
INSERT INTO decisions (
    decision_id, village_key, decided_at, effective_on, previous_decision_id, previous, current,
    reasons, rule_set_id, rule_set_version, rule_set_checksum, failing_since, grace_ends,
    undecidable_since, flagged, inputs, newest_input_time, origin, batch_id, entry, proposal_id,
    announced_on, opened_on, withdrawn_because
)
SELECT
    decision_id, village_key, decided_at, effective_on, previous_decision_id, previous::json,
    current::json, reasons::json, rule_set_id, rule_set_version, rule_set_checksum, failing_since,
    grace_ends, undecidable_since, flagged, inputs::uuid[], newest_input_time, origin, batch_id,
    entry, proposal_id, announced_on, opened_on, withdrawn_because
FROM unnest(
    $1::uuid[], $2::text[], $3::timestamptz[], $4::date[], $5::uuid[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::int[], $11::text[], $12::date[], $13::date[], $14::date[],
    $15::boolean[], $16::text[], $17::timestamptz[], $18::text[], $19::uuid[], $20::text[],
    $21::uuid[], $22::date[], $23::date[], $24::text[]
) AS d (
    decision_id, village_key, decided_at, effective_on, previous_decision_id, previous, current,
    reasons, rule_set_id, rule_set_version, rule_set_checksum, failing_since, grace_ends,
    undecidable_since, flagged, inputs, newest_input_time, origin, batch_id, entry, proposal_id,
    announced_on, opened_on, withdrawn_because
)

-- name: write_statuses
-- The last interval of each village judged, cached in its working row.
UPDATE villages v SET
    eligibility = d.eligibility,
    stage = d.stage,
    title = d.title,
    standing = d.standing,
    since = d.since,
    failing_since = d.failing_since,
    grace_ends = d.grace_ends,
    undecidable_since = d.undecidable_since,
    flagged = d.flagged,
    rule_set_id = d.rule_set_id,
    rule_set_version = d.rule_set_version,
    rule_set_checksum = d.rule_set_checksum,
    last_decision_id = d.last_decision_id,
    next_judge_on = d.next_judge_on,
    next_review_at = d.next_review_at,
    announced_on = d.announced_on,
    propose_on = d.propose_on,
    proposal_id = d.proposal_id,
    opened_on = d.opened_on,
    lacking = d.lacking
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::date[],
    $9::date[], $10::boolean[], $11::text[], $12::int[], $13::text[], $14::uuid[],
    $15::date[], $16::timestamptz[], $17::date[], $18::date[], $19::uuid[], $20::date[], $21::int[]
) AS d (
    village_key, eligibility, stage, title, standing, since, failing_since, grace_ends,
    undecidable_since, flagged, rule_set_id, rule_set_version, rule_set_checksum,
    last_decision_id, next_judge_on, next_review_at, announced_on, propose_on, proposal_id,
    opened_on, lacking
)
WHERE v.village_key = d.village_key

-- name: wake
-- When to look again at villages of which only the counts changed.
UPDATE villages v SET next_review_at = d.next_review_at
FROM unnest($1::text[], $2::timestamptz[]) AS d (village_key, next_review_at)
WHERE v.village_key = d.village_key

-- name: lock_due
-- Lock villages whose review is due, oldest first; those that a replica or a batch holds are left.
-- What is due is read again under the locks (still_due): the rows read here may be older.
SELECT v.village_key
FROM villages v
JOIN marks m USING (village_key)
WHERE v.next_review_at <= $1 AND m.parked = 0
ORDER BY v.next_review_at
LIMIT $2
FOR NO KEY UPDATE OF m SKIP LOCKED

-- name: lock_unforeseen
-- Lock villages to be judged soon of which nothing that holds is foreseen; held ones are left.
SELECT v.village_key
FROM villages v
JOIN marks m USING (village_key)
WHERE v.next_review_at <= $1 AND v.next_judge_on <= ($1 AT TIME ZONE 'Asia/Jayapura')::date
    AND m.parked = 0
    AND NOT EXISTS (
        SELECT FROM foreseen f
        WHERE f.village_key = v.village_key AND f.judged_by = $3 AND f.rule_sets = $4
    )
ORDER BY v.next_review_at
LIMIT $2
FOR NO KEY UPDATE OF m SKIP LOCKED

-- name: foresee
-- What villages will be on the day on which they are to be judged next.
INSERT INTO foreseen (village_key, judge_on, rule_sets, judged, judged_by)
SELECT village_key, judge_on, rule_sets, judged::json, $5
FROM unnest($1::text[], $2::date[], $3::int[], $4::text[])
    AS d (village_key, judge_on, rule_sets, judged)
ON CONFLICT (village_key) DO UPDATE SET
    judge_on = excluded.judge_on, rule_sets = excluded.rule_sets, judged = excluded.judged,
    judged_by = excluded.judged_by

-- name: foreseen_of
-- What this release has foreseen of some villages.
SELECT village_key, judge_on, rule_sets, judged
FROM foreseen
WHERE village_key = ANY($1::text[]) AND judged_by = $2

-- name: forget_foreseen
-- These villages are judged now.
DELETE FROM foreseen WHERE village_key = ANY($1::text[])

-- name: due_villages
-- Villages whose review is due, oldest first; read without locks, so only candidates. A village
-- with a parked event waits: its status is stale and raises nothing.
SELECT v.village_key
FROM villages v
JOIN marks m USING (village_key)
WHERE v.next_review_at <= $1 AND m.parked = 0
ORDER BY v.next_review_at
LIMIT $2

-- name: still_due
-- Which of the locked villages are due and not parked, re-read under the lock.
SELECT v.village_key, v.next_review_at
FROM villages v
JOIN marks m USING (village_key)
WHERE v.village_key = ANY($1::text[]) AND v.next_review_at <= $2 AND m.parked = 0

-- name: put_off
-- Look again later at a village that is due and whose review failed.
UPDATE villages SET next_review_at = $3 WHERE village_key = $1 AND next_review_at <= $2

-- name: purge_emitted
-- Due moments so long past that none of them can come again.
DELETE FROM emitted WHERE ctid = ANY(ARRAY(SELECT ctid FROM emitted WHERE due_at < $1 LIMIT $2))

-- name: see
-- Whose villages this transaction may read: area codes, `*` is the country.
SELECT set_config('desa.areas', $1, true)

-- name: in_sight
-- Whether a village, known or not, lies in the areas of this transaction.
SELECT in_sight($1)

-- name: emit_once
-- The due moments that were not emitted before; a second emission finds nothing.
INSERT INTO emitted (kind, subject, due_at, emitted_at)
SELECT 'review', d.subject, d.due_at, $3
FROM unnest($1::text[], $2::timestamptz[]) AS d (subject, due_at)
ON CONFLICT (kind, subject, due_at) DO NOTHING

-- name: add_act
-- A person's act, with who entered it.
INSERT INTO acts (
    act_id, village_key, act, number, effective_on, signing_office, reason, actor_issuer,
    actor_subject, recorded_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: add_rule_set
-- A rule set; one that is there already stays as it is.
INSERT INTO rule_sets (
    rule_set_id, version, village_kind, regency_code, valid_from, recorded_at, checksum, body
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json)
ON CONFLICT (rule_set_id, version) DO NOTHING

-- name: rule_sets_for
-- The rule sets that can hold in some regencies: theirs and the country's.
SELECT rule_set_id, version, recorded_at, body
FROM rule_sets
WHERE regency_code IS NULL OR regency_code = ANY($1::text[])

-- name: rule_sets_number
-- How many rule sets there are: they are only ever added, so it tells whether any is new.
SELECT count(*)::int FROM rule_sets

-- name: rule_sets_after
-- All rule sets, a page in order of id and version.
SELECT rule_set_id, version, village_kind, regency_code, valid_from, recorded_at, checksum, body
FROM rule_sets
WHERE (rule_set_id, version) > ($1, $2)
ORDER BY rule_set_id, version
LIMIT $3

-- name: key_of
-- The key of a village by its code of today, else by one that it had before.
SELECT village_key
FROM villages
WHERE name IS NOT NULL AND (
    village_code = $1 OR village_key = $1
    OR village_key = ANY(ARRAY(SELECT village_key FROM former_codes WHERE village_code = $1))
)
ORDER BY village_code = $1 DESC, village_key = $1 DESC
LIMIT 1

-- name: village_by_code
-- One village by its code of today, else by one that it had before; with what waits.
SELECT v.*, m.times, m.parked, m.held,
    (SELECT min(p.parked_at) FROM parked p WHERE p.village_key = v.village_key) AS stale_since,
    (SELECT settled_at FROM settled) AS settled_at
FROM villages v
LEFT JOIN marks m USING (village_key)
WHERE v.name IS NOT NULL AND (
    v.village_code = $1 OR v.village_key = $1
    OR v.village_key = ANY(ARRAY(SELECT village_key FROM former_codes WHERE village_code = $1))
)
ORDER BY v.village_code = $1 DESC, v.village_key = $1 DESC
LIMIT 1

-- name: list_villages
-- A page of the villages of today in order of key; the filters are clauses of a closed list.
SELECT v.*, m.times, m.parked, m.held,
    (SELECT min(p.parked_at) FROM parked p WHERE p.village_key = v.village_key AND m.parked > 0)
        AS stale_since,
    (SELECT settled_at FROM settled) AS settled_at
FROM villages v
LEFT JOIN marks m USING (village_key)
WHERE v.village_key > $1 AND v.name IS NOT NULL AND v.closed_on IS NULL /* filters */
ORDER BY v.village_key
LIMIT $2

-- name: counts_on
-- A village's counts on a day, as known at the end of a day.
SELECT
    coalesce(sum(persons), 0)::bigint AS persons,
    coalesce(sum(pu), 0)::bigint AS pu,
    coalesce(sum(bpu), 0)::bigint AS bpu,
    coalesce(sum(in_grace), 0)::bigint AS in_grace,
    coalesce(sum(jht), 0)::bigint AS jht,
    coalesce(sum(jkk), 0)::bigint AS jkk,
    coalesce(sum(jkm), 0)::bigint AS jkm,
    coalesce(sum(jp), 0)::bigint AS jp,
    coalesce(sum(jkp), 0)::bigint AS jkp
FROM ledger
WHERE village_key = $1 AND effective_on <= $2 AND known_on <= $3

-- name: decisions_of
-- A page of a village's decision log, newest first.
SELECT *
FROM decisions
WHERE village_key = $1
    AND ($2::timestamptz IS NULL OR (decided_at, decision_id) < ($2, $3))
ORDER BY decided_at DESC, decision_id DESC
LIMIT $4

-- name: proposal_at
-- The last entry about a proposal that the log of a village had at a moment.
SELECT entry, proposal_id, opened_on, failing_since, grace_ends, announced_on
FROM decisions
WHERE village_key = $1 AND decided_at < $2 AND proposal_id IS NOT NULL
ORDER BY decided_at DESC
LIMIT 1

-- name: marks_of
-- How far a village's inputs have had their effect.
SELECT sequences, parked FROM marks WHERE village_key = $1

-- name: marks_after
-- A page of all marks, for reconciliation.
SELECT village_key, sequences, parked, held
FROM marks
WHERE village_key > $1
ORDER BY village_key
LIMIT $2

-- name: settle
-- The registry's facts up to this moment have had their effect; it only moves forward.
INSERT INTO settled (settled_at) VALUES ($1)
ON CONFLICT (only_row) DO UPDATE SET settled_at = excluded.settled_at
WHERE settled.settled_at < excluded.settled_at

-- name: due_and_next
-- How many reviews are due at a moment, and when the next one after it is.
SELECT
    (
        SELECT count(*) FROM villages v JOIN marks m USING (village_key)
        WHERE v.next_review_at <= $1 AND m.parked = 0
    ) AS due,
    (SELECT min(next_review_at) FROM villages WHERE next_review_at > $1) AS next_due
