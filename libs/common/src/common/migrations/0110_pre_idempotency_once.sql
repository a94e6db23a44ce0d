--Idempotency keys are written once, with their answer: the claim is a lock and no row.
-- depends: 0100_pre_idempotency

-- migrate: apply

-- Status, body and positions in one compressed piece; rows of before keep theirs in the columns.
-- 16 bytes of fingerprint are an HMAC; 32 are the plain hash of before.
ALTER TABLE idempotency ADD COLUMN answer bytea;

-- migrate: rollback
