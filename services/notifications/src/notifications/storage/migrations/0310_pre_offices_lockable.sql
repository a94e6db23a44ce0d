--A courier shares the lock of an office: no appointment between looking its holder up and the intent.
-- depends: 0300_pre_notifications

-- migrate: apply

-- A row lock asks for the right to update some column; `lockable` is one that cannot be changed.
ALTER TABLE offices ADD COLUMN lockable boolean NOT NULL GENERATED ALWAYS AS (true) STORED;
GRANT UPDATE (lockable) ON offices TO desa_work;

-- migrate: rollback
