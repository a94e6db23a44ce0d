-- name: see
-- The areas whose rows this transaction sees; its first statement.
SELECT set_config('desa.areas', $1, true)

-- name: lock_villages
-- Villages in key order: every deed's lock, taken before sequences are drawn.
SELECT village_key FROM villages WHERE village_key = ANY($1::text[])
ORDER BY village_key FOR NO KEY UPDATE

-- name: village_key
-- The village that has this code now, or else had it once, and what it was merged into; of several
-- that had it, one that is not closed.
SELECT village_key, merged_into
FROM (
    SELECT village_key, merged_into, 0 AS past FROM villages WHERE village_code = $1
    UNION ALL
    SELECT village_key, merged_into, 1
    FROM former_codes f
    JOIN villages USING (village_key)
    WHERE f.village_code = $1
) AS found
ORDER BY past, merged_into IS NOT NULL, village_key
LIMIT 1

-- name: villages
-- Villages in their places, by key.
SELECT v.village_key, v.village_code, v.name, v.kind,
    k.kecamatan_code, k.name AS kecamatan_name,
    r.regency_code, r.name AS regency_name, r.kind AS regency_kind,
    p.province_code, p.name AS province_name, p.time_zone, v.merged_into
FROM villages v
JOIN kecamatan k USING (kecamatan_code)
JOIN regencies r USING (regency_code)
JOIN provinces p USING (province_code)
WHERE v.village_key = ANY($1::text[])

-- name: find_villages
-- Villages by name within a regency and kecamatan, each given as a code, a name or not at all.
SELECT v.village_key
FROM villages v
JOIN kecamatan k USING (kecamatan_code)
JOIN regencies r USING (regency_code)
WHERE v.search_name = ANY($1::text[])
    AND ($2::text IS NULL OR k.kecamatan_code = $2)
    AND ($3::text[] IS NULL OR k.search_name = ANY($3::text[]))
    AND ($4::text IS NULL OR r.regency_code = $4)
    AND ($5::text IS NULL OR r.search_name = $5
        OR (r.search_name = $6 AND r.kind = ANY($7::text[])))
ORDER BY v.village_key
LIMIT $8

-- name: note_edition
-- An edition that is loaded.
INSERT INTO editions (name, effective_on) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING

-- name: present_edition
-- The latest edition that is loaded.
SELECT name, effective_on FROM editions ORDER BY effective_on DESC, name DESC LIMIT 1

-- name: open_villages
-- All villages of today in their places.
SELECT v.village_key, v.village_code, v.name, v.kind,
    k.kecamatan_code, k.name AS kecamatan_name,
    r.regency_code, r.name AS regency_name, r.kind AS regency_kind,
    p.province_code, p.name AS province_name, p.time_zone, v.merged_into
FROM villages v
JOIN kecamatan k USING (kecamatan_code)
JOIN regencies r USING (regency_code)
JOIN provinces p USING (province_code)
WHERE v.closed_on IS NULL

-- name: former_codes
-- Codes that villages had before, and the codes of those that are closed.
SELECT village_code, village_key FROM former_codes
UNION
SELECT village_code, village_key FROM villages WHERE closed_on IS NOT NULL

-- name: rename_provinces
-- Names of an edition, where they are others.
UPDATE provinces p SET name = d.name
FROM unnest($1::text[], $2::text[]) AS d (code, name)
WHERE p.province_code = d.code AND p.name <> d.name

-- name: rename_regencies
-- Kinds and names of an edition, where they are others.
UPDATE regencies r SET kind = d.kind, name = d.name, search_name = d.search_name
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS d (code, kind, name, search_name)
WHERE r.regency_code = d.code AND (r.kind, r.name) <> (d.kind, d.name)

-- name: rename_kecamatan
-- Names of an edition, where they are others.
UPDATE kecamatan k SET name = d.name, search_name = d.search_name
FROM unnest($1::text[], $2::text[], $3::text[]) AS d (code, name, search_name)
WHERE k.kecamatan_code = d.code AND k.name <> d.name

-- name: free_codes
-- Villages that get another code leave theirs first: two may take each other's.
WITH former AS (
    INSERT INTO former_codes (village_code, village_key)
    SELECT village_code, village_key FROM villages WHERE village_key = ANY($1::text[])
    ON CONFLICT DO NOTHING
)
UPDATE villages SET village_code = '-' || village_key WHERE village_key = ANY($1::text[])

-- name: change_villages
-- Villages as an edition has them.
UPDATE villages v SET
    village_code = d.village_code, kecamatan_code = d.kecamatan_code, kind = d.kind,
    name = d.name, search_name = d.search_name
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS d (village_key, village_code, kecamatan_code, kind, name, search_name)
WHERE v.village_key = d.village_key

-- name: split_villages
-- Which village each of these was part of; those that have it already stay.
UPDATE villages v SET split_from = d.split_from
FROM unnest($1::text[], $2::text[]) AS d (village_key, split_from)
WHERE v.village_key = d.village_key AND v.split_from IS NULL
RETURNING v.village_key

-- name: close_villages
-- Villages that are part of another one from a day on; those that are closed already stay.
UPDATE villages v SET merged_into = d.merged_into, closed_on = $3
FROM unnest($1::text[], $2::text[]) AS d (village_key, merged_into)
WHERE v.village_key = d.village_key AND v.closed_on IS NULL
RETURNING v.village_key

-- name: known_villages
-- Which of these villages are known already.
SELECT village_key FROM villages WHERE village_key = ANY($1::text[])

-- name: lock_area_load
-- Two loads at once would copy the same rows: the second waits for the first one's transaction.
SELECT pg_advisory_xact_lock(1634887009)

-- name: add_provinces
-- Provinces that are not known.
INSERT INTO provinces (province_code, name, time_zone)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING

-- name: add_regencies
-- Regencies that are not known.
INSERT INTO regencies (regency_code, province_code, kind, name, search_name)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT DO NOTHING

-- name: add_kecamatan
-- Kecamatan that are not known.
INSERT INTO kecamatan (kecamatan_code, regency_code, name, search_name)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING

-- name: count_areas
-- How many areas of each level are known.
SELECT (SELECT count(*) FROM provinces) AS provinces,
    (SELECT count(*) FROM regencies) AS regencies,
    (SELECT count(*) FROM kecamatan) AS kecamatan,
    (SELECT count(*) FROM villages WHERE closed_on IS NULL) AS villages

-- name: add_participant
-- A participant not known by this NIK; no row when another transaction, waited for, has added it.
INSERT INTO participants
    (participant_id, nik_hash, wrapped_key, nik_sealed, name_sealed, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (nik_hash) DO NOTHING
RETURNING participant_id, participant_no, name_sealed IS NOT NULL AS named

-- name: lock_participant_by_nik
-- The participant of a NIK, locked: deeds about a person go one after the other.
SELECT participant_id, participant_no, wrapped_key, name_sealed IS NOT NULL AS named
FROM participants WHERE nik_hash = $1 FOR NO KEY UPDATE

-- name: lock_participant
-- A participant, locked.
SELECT participant_id, participant_no FROM participants WHERE participant_id = $1
FOR NO KEY UPDATE

-- name: lock_participant_of_enrollment
-- The participant whose enrollment this is, locked.
SELECT participant_id, participant_no FROM participants
WHERE participant_id = (SELECT participant_id FROM enrollments WHERE enrollment_id = $1)
FOR NO KEY UPDATE

-- name: name_participant
-- The name of a participant who had none.
UPDATE participants SET name_sealed = $2 WHERE participant_id = $1

-- name: participant
-- A participant as sealed, with the memberships' count.
SELECT participant_id, wrapped_key, nik_sealed, name_sealed, recorded_at
FROM participants WHERE participant_id = $1

-- name: enrollment
-- An enrollment as it stands after its last act.
SELECT enrollment_id, participant_id, village_key, segment, programmes, status, version,
    last_change_on
FROM enrollments WHERE enrollment_id = $1

-- name: unended_enrollments
-- A participant's enrollments that have not ended.
SELECT enrollment_id, participant_id, village_key, segment, programmes, status, version,
    last_change_on
FROM enrollments WHERE participant_id = $1 AND open

-- name: enrollments_of_village
-- A page of a village's enrollments, by key.
SELECT enrollment_id, participant_id, village_key, segment, programmes, status, version,
    last_change_on
FROM enrollments WHERE village_key = $1 AND enrollment_id > $2
ORDER BY enrollment_id LIMIT $3

-- name: add_enrollment
-- A recorded enrollment.
INSERT INTO enrollments (enrollment_id, participant_id, village_key, segment, programmes, status,
    version, last_change_on, kpj_sealed, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: change_enrollment
-- An enrollment after an act.
UPDATE enrollments SET village_key = $2, status = $3, version = $4, last_change_on = $5
WHERE enrollment_id = $1

-- name: spans
-- All spans of a participant, wherever they are.
SELECT s.enrollment_id, s.number, s.village_key, s.segment, s.status, s.programmes,
    s.starts_on, s.ends_on
FROM enrollments e JOIN enrollment_spans s USING (enrollment_id)
WHERE e.participant_id = $1
ORDER BY s.starts_on, s.enrollment_id, s.number

-- name: spans_of_participants
-- All spans of several participants, for the coverage of the holders of a village's posts.
SELECT e.participant_id, s.enrollment_id, s.number, s.village_key, s.segment, s.status,
    s.programmes, s.starts_on, s.ends_on
FROM enrollments e JOIN enrollment_spans s USING (enrollment_id)
WHERE e.participant_id = ANY($1::uuid[])

-- name: add_span
-- A span that an act opens.
INSERT INTO enrollment_spans (enrollment_id, number, participant_no, village_key, segment, status,
    programmes, starts_on, ends_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: close_span
-- A span that an act closes.
UPDATE enrollment_spans SET ends_on = $3 WHERE enrollment_id = $1 AND number = $2

-- name: segment_rules
-- All rows, few and changed by migrations only.
SELECT segment, valid_from, required, allowed, min_age, max_age, source FROM segment_rules

-- name: add_posts
-- Posts that the village does not have yet.
INSERT INTO posts (post_id, village_key, kind, ordinal)
SELECT post_id, $1, kind, ordinal
FROM unnest($2::uuid[], $3::text[], $4::smallint[]) AS post (post_id, kind, ordinal)
ON CONFLICT (village_key, kind, ordinal) DO NOTHING

-- name: posts_of_village
-- Every post that the village ever had.
SELECT post_id, post_no, village_key, kind, ordinal FROM posts WHERE village_key = $1

-- name: post
-- One post.
SELECT post_id, post_no, village_key, kind, ordinal FROM posts WHERE post_id = $1

-- name: add_decree
-- A decree and its list.
WITH decree AS (
    INSERT INTO decrees (decree_id, village_key, number, effective_on, recorded_at)
    VALUES ($1, $2, $3, $4, $5)
)
INSERT INTO decree_posts (decree_id, post_id) SELECT $1, unnest($6::uuid[])

-- name: decree_on
-- The decree whose list is in force on a day: the latest, and of one day the last recorded.
SELECT decree_id, number, effective_on FROM decrees
WHERE village_key = $1 AND effective_on <= $2
ORDER BY effective_on DESC, recorded_at DESC LIMIT 1

-- name: posts_on
-- The posts of a decree with their holders on a day; never a name.
SELECT p.post_id, p.kind, p.ordinal, t.term_id, t.participant_id, t.acting, t.starts_on, t.ends_on
FROM decree_posts d
JOIN posts p USING (post_id)
LEFT JOIN terms t ON t.post_no = p.post_no AND t.starts_on <= $2
    AND (t.ends_on IS NULL OR $2 < t.ends_on)
WHERE d.decree_id = $1

-- name: terms_of_post
-- All terms on a post.
SELECT t.term_id, t.participant_id, t.acting, t.starts_on, t.ends_on,
    p.post_id, p.post_no, p.village_key, p.kind, p.ordinal
FROM terms t JOIN posts p USING (post_no) WHERE t.post_no = $1

-- name: terms_of_participant
-- All terms of a participant, in every village.
SELECT t.term_id, t.participant_id, t.acting, t.starts_on, t.ends_on,
    p.post_id, p.post_no, p.village_key, p.kind, p.ordinal
FROM terms t JOIN posts p USING (post_no) WHERE t.participant_id = $1

-- name: term
-- One term.
SELECT t.term_id, t.participant_id, t.acting, t.starts_on, t.ends_on,
    p.post_id, p.post_no, p.village_key, p.kind, p.ordinal
FROM terms t JOIN posts p USING (post_no) WHERE t.term_id = $1

-- name: add_term
-- A term that begins.
INSERT INTO terms (term_id, post_no, participant_id, acting, starts_on, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: end_term
-- A term that ends.
UPDATE terms SET ends_on = $2 WHERE term_id = $1

-- name: lock_areas
-- Provinces and regencies: the lock of a deed about one of them.
WITH province AS (
    SELECT province_code FROM provinces WHERE province_code = ANY($1::text[]) FOR NO KEY UPDATE
), regency AS (
    SELECT regency_code FROM regencies WHERE regency_code = ANY($1::text[]) FOR NO KEY UPDATE
)
SELECT province_code AS village_key FROM province
UNION ALL SELECT regency_code FROM regency

-- name: area
-- A province or a regency; a province has no kind.
SELECT province_code AS area_code, NULL AS kind, time_zone FROM provinces WHERE province_code = $1
UNION ALL
SELECT regency_code, kind, time_zone FROM regencies JOIN provinces USING (province_code)
WHERE regency_code = $1

-- name: add_act
-- Who did it.
INSERT INTO acts (deed, subject_id, village_key, effective_on, issuer, actor, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: add_area_act
-- Who did it, in a province or regency.
INSERT INTO acts (deed, subject_id, area_code, effective_on, issuer, actor, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
