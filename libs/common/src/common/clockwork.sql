-- name: one_moment
-- What was heard and what was published for it are seen together, or neither.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ

-- name: published
-- How many events this service has recorded for each topic.
SELECT topic, sum(last_sequence)::bigint AS events FROM streams GROUP BY topic

-- name: move
-- Business time only goes forward: a smaller offset changes nothing.
UPDATE clock SET moved_by = greatest(moved_by, $1) RETURNING moved_by
