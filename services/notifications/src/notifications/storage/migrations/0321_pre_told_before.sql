--What an office was told of a village before and after a message, found by its place.
-- depends: 0320_pre_more_alerts

-- migrate: apply

CREATE INDEX alerts_told ON alerts (village_key, office_id, sequence);

-- migrate: rollback
