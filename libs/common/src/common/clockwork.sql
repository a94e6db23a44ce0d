-- name: published
-- How many events this service has recorded for each topic.
SELECT topic, sum(last_sequence)::bigint AS events FROM streams GROUP BY topic

-- name: heard
-- How many events of each input (its place from 1) have had their effect here.
SELECT place::integer, sum(sequence)::bigint AS events
FROM marks, unnest(sequences) WITH ORDINALITY AS s (sequence, place)
GROUP BY place

-- name: move
-- Business time only goes forward: a smaller offset changes nothing.
UPDATE clock SET moved_by = greatest(moved_by, $1) RETURNING moved_by
