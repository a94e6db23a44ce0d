--Closed villages: merged into another, no longer counted.
-- depends: 0321_pre_told_before

-- migrate: apply

ALTER TABLE villages ADD COLUMN closed_on date;

-- migrate: rollback
