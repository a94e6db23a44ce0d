--Feed: what happened lately, found by the time that its id begins with.
-- depends: 0234_pre_board

-- migrate: apply

-- Decisions are found by their own key: a UUIDv7.
CREATE INDEX facts_sosialisasi ON facts (id) WHERE type = 'sosialisasi_held';

-- migrate: rollback
