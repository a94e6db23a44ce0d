-- name: streams_of
-- Streams whose subject begins with a code, and how many of their events have not left.
SELECT s.village_key AS subject, s.topic, s.last_sequence, s.last_time,
    coalesce(u.waiting, 0) AS waiting
FROM streams s
LEFT JOIN (
    SELECT village_key, topic, count(*) AS waiting FROM unpublished GROUP BY village_key, topic
) AS u USING (village_key, topic)
WHERE starts_with(s.village_key, $1)
ORDER BY s.village_key, s.topic
LIMIT $2
