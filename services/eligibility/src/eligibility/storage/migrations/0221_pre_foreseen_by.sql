--Foreseen: by which release's judging, so that a mended one does not enter what was wrong.
-- depends: 0220_pre_foreseen

-- migrate: apply

ALTER TABLE foreseen ADD COLUMN judged_by text NOT NULL DEFAULT '';

-- migrate: rollback
