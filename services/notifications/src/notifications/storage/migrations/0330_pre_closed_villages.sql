--Closed villages: merged into another, no longer counted.
-- depends: 0320_pre_more_alerts

-- migrate: apply

ALTER TABLE villages ADD COLUMN closed_on date;

-- migrate: rollback
