--Sessions of people on the pages.
-- depends: 0221_pre_foreseen_by

-- migrate: apply

-- The browser has a random id, the row only its SHA-256; what the issuer gave is sealed and bound
-- to the row. Of no village, and found by its hash alone: no row security.
CREATE TABLE sessions (
    session_hash bytea PRIMARY KEY CHECK (length(session_hash) = 32),
    sealed bytea NOT NULL CHECK (length(sealed) <= 65536),
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    refreshing_until timestamptz
);

GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO desa_app;
GRANT SELECT, UPDATE, DELETE ON sessions TO desa_work;

-- migrate: rollback
