-- name: standings
-- Villages, standings and memberships of each area of a level; the slots are of closed lists. First
-- by rank, so that over the whole country a row costs two sums and no comparison of a name.
SELECT
    g.code,
    any_value(g.name) AS name,
    any_value(g.regency_kind) AS regency_kind,
    any_value(g.regency_code) AS regency_code,
    any_value(g.regency_name) AS regency_name,
    any_value(g.province_code) AS province_code,
    any_value(g.province_name) AS province_name,
    sum(g.villages)::int AS villages,
    sum(g.kelurahan)::int AS kelurahan,
    coalesce(sum(g.villages) FILTER (WHERE g.board_rank IN (1, 6)), 0)::int AS titled,
    coalesce(sum(g.villages) FILTER (WHERE g.board_rank = 1), 0)::int AS at_risk,
    coalesce(sum(g.villages) FILTER (WHERE g.board_rank IN (2, 3)), 0)::int AS halted,
    coalesce(sum(g.villages) FILTER (WHERE g.board_rank = 4), 0)::int AS eligible,
    coalesce(sum(g.nearly) FILTER (WHERE g.board_rank = 5), 0)::int AS nearly,
    coalesce(sum(g.villages) FILTER (WHERE g.board_rank = 5), 0)::int AS under_way,
    sum(g.persons)::bigint AS persons,
    sum(g.counted)::int AS counted,
    sum(g.counted_persons)::bigint AS counted_persons,
    sum(g.workers)::bigint AS workers,
    min(g.first_on) AS first_on,
    max(g.last_on) AS last_on
FROM (
    SELECT
        v./* code */ AS code,
        v.board_rank,
        any_value(v./* name */) AS name,
        any_value(v.regency_kind) AS regency_kind,
        any_value(v.regency_code) AS regency_code,
        any_value(v.regency_name) AS regency_name,
        any_value(v.province_code) AS province_code,
        any_value(v.province_name) AS province_name,
        count(*) AS villages,
        count(*) FILTER (WHERE v.kind = 'KELURAHAN') AS kelurahan,
        count(*) FILTER (WHERE v.lacking <= $1) AS nearly,
        sum(v.persons) AS persons,
        count(v.workers) AS counted,
        sum(v.persons) FILTER (WHERE v.workers IS NOT NULL) AS counted_persons,
        sum(v.workers) AS workers,
        min(v.workers_on) AS first_on,
        max(v.workers_on) AS last_on
    FROM /* villages */
    GROUP BY v./* code */, v.board_rank
) AS g
GROUP BY g.code
ORDER BY g.code

-- name: board_villages
-- A page of villages, the worst standing first, then the nearest to the title.
SELECT
    v.village_key, v.village_code, v.name, v.kind, v.kecamatan_code, v.kecamatan_name,
    v.regency_code, v.regency_name, v.regency_kind, v.province_code, v.province_name, v.time_zone,
    v.eligibility, v.stage, v.title, v.standing, v.since, v.grace_ends, v.persons, v.board_rank,
    v.lacking, coalesce(v.lacking, 32767) AS missing, v.workers, v.workers_on
FROM /* villages */
    AND (v.board_rank, coalesce(v.lacking, 32767), v.village_key) > ($1, $2, $3)
ORDER BY v.board_rank, coalesce(v.lacking, 32767), v.village_key
LIMIT $4

-- name: at_risk_soonest
-- The villages at risk whose grace ends first.
SELECT
    v.village_key, v.village_code, v.name, v.kind, v.kecamatan_name, v.regency_name,
    v.regency_kind, v.failing_since, v.grace_ends, v.opened_on
FROM /* villages */
    AND v.board_rank = 1
ORDER BY v.grace_ends NULLS LAST, v.village_key
LIMIT $1

-- name: suspended_longest
-- The suspended villages, the longest first; since their act, or as they stand where it is not here.
SELECT
    v.village_key, v.village_code, v.name, v.kind, v.kecamatan_name, v.regency_name,
    v.regency_kind, coalesce(
        (
            SELECT max(a.effective_on) FROM acts a
            WHERE a.village_key = v.village_key AND a.act = 'PENANGGUHAN'
        ),
        v.since
    ) AS suspended_on
FROM /* villages */
    AND v.board_rank = 2
ORDER BY suspended_on NULLS LAST, v.village_key
LIMIT $1

-- name: settled_at
-- Up to when every fact of the registry has had its effect.
SELECT settled_at FROM settled
