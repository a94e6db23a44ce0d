-- name: add_sosialisasi
-- A sosialisasi that was held.
INSERT INTO sosialisasi
    (sosialisasi_id, village_key, held_on, organiser, attendance, occasion, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: sosialisasi_of_village
-- What was held in a village, newest first.
SELECT sosialisasi_id, held_on, organiser, attendance, occasion FROM sosialisasi
WHERE village_key = $1 ORDER BY held_on DESC, sosialisasi_id LIMIT $2

-- name: add_potential
-- What workers live from, as stated.
INSERT INTO potentials (potential_id, village_key, noted_on, sector, businesses, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: potentials_of_village
-- What was stated of a village, newest first.
SELECT potential_id, noted_on, sector, businesses FROM potentials
WHERE village_key = $1 ORDER BY noted_on DESC, recorded_at DESC LIMIT $2

-- name: add_aid
-- Aid that was granted.
INSERT INTO aid (aid_id, village_key, granted_on, kind, amount_rupiah, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: aid_of_village
-- What a village was given, newest first.
SELECT aid_id, granted_on, kind, amount_rupiah FROM aid
WHERE village_key = $1 ORDER BY granted_on DESC, recorded_at DESC LIMIT $2

-- name: add_agent
-- An agent who begins.
INSERT INTO perisai_agents (agent_id, village_key, assigned_on, recorded_at)
VALUES ($1, $2, $3, $4)

-- name: agent
-- One agent's assignment.
SELECT agent_id, village_key, assigned_on, inactive_from FROM perisai_agents WHERE agent_id = $1

-- name: end_agent
-- An agent who ends.
UPDATE perisai_agents SET inactive_from = $2 WHERE agent_id = $1

-- name: agents_of_village
-- A village's agents, newest first.
SELECT agent_id, assigned_on, inactive_from FROM perisai_agents
WHERE village_key = $1 ORDER BY assigned_on DESC, recorded_at DESC LIMIT $2

-- name: add_worker_count
-- A count of workers.
INSERT INTO worker_counts
    (count_id, village_key, counted_on, total, pu, bpu, source, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: worker_counts_of_village
-- All counts of a village's workers; of one day the first in this order holds.
SELECT count_id, counted_on, total, pu, bpu, source FROM worker_counts
WHERE village_key = $1 ORDER BY counted_on DESC, recorded_at DESC LIMIT $2

-- name: add_launch
-- A launch that was held.
INSERT INTO launches
    (launch_id, area_code, held_on, level, host_office, represented_by, venue, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: launches_of_area
-- Launches held in an area, newest first.
SELECT launch_id, held_on, level, host_office, represented_by, venue FROM launches
WHERE area_code = $1 ORDER BY held_on DESC, recorded_at DESC LIMIT $2
