--The inbox: what each village's streams have had their effect of, and what waits.
-- depends:

-- migrate: apply

-- The consumer's row and lock of a village; the position in the arrays is the index of the input topic.
CREATE TABLE marks (
    village_key text PRIMARY KEY,
    sequences bigint[] NOT NULL,
    times timestamptz[] NOT NULL,
    parked integer NOT NULL DEFAULT 0,
    held integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- Arrived before the event in front of it; drains by itself when that one comes.
CREATE TABLE held (
    village_key text NOT NULL,
    topic text NOT NULL,
    sequence bigint NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    value bytea NOT NULL,
    held_at timestamptz NOT NULL,
    PRIMARY KEY (village_key, topic, sequence)
);
CREATE INDEX held_oldest ON held (held_at);

-- Could not have its effect: the village waits here, in order, until a person retries or discards.
CREATE TABLE parked (
    parked_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    village_key text NOT NULL,
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    sequence bigint,
    reason text NOT NULL,
    detail text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    value bytea,
    parked_at timestamptz NOT NULL,
    UNIQUE (topic, kafka_partition, kafka_offset)
);
CREATE INDEX parked_by_village ON parked (village_key, parked_id);
CREATE INDEX parked_recent ON parked (parked_at);

-- Broken records that were repaired or discarded; a redelivery of one is passed over.
CREATE TABLE settled_records (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    settled_at timestamptz NOT NULL,
    PRIMARY KEY (topic, kafka_partition, kafka_offset)
);

-- Of a type that this release does not know: passed over, kept to be folded after an upgrade.
CREATE TABLE skipped (
    village_key text NOT NULL,
    topic text NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    value bytea NOT NULL,
    skipped_at timestamptz NOT NULL,
    PRIMARY KEY (village_key, topic, sequence)
);

-- Without a usable key: belongs to no village.
CREATE TABLE unroutable (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    reason text NOT NULL,
    value bytea,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (topic, kafka_partition, kafka_offset)
);

-- A person's decision that an event has no effect here; append-only, a rebuild obeys it.
CREATE TABLE discards (
    discard_id uuid PRIMARY KEY,
    village_key text NOT NULL,
    topic text NOT NULL,
    sequence bigint,
    time timestamptz,
    kafka_partition integer,
    kafka_offset bigint,
    reason text NOT NULL,
    actor text NOT NULL,
    discarded_at timestamptz NOT NULL
);
CREATE INDEX discards_by_stream ON discards (village_key, topic, sequence);

-- One row while consuming is stopped for a systemic failure; deleted by `parked resume`.
CREATE TABLE consuming_stopped (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    reason text NOT NULL,
    stopped_at timestamptz NOT NULL
);

-- Until when a person has allowed single villages to be parked, however many there are.
CREATE TABLE parking_allowed (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    until timestamptz NOT NULL
);

-- Once only: what the scheduler has emitted.
CREATE TABLE emitted (
    kind text NOT NULL,
    subject text NOT NULL,
    due_at timestamptz NOT NULL,
    emitted_at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject, due_at)
);

-- The stored offset of business time; it only grows.
CREATE TABLE clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    moved_by interval NOT NULL DEFAULT '0'
);
INSERT INTO clock DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE ON marks TO desa_app, desa_work;
GRANT SELECT, INSERT, UPDATE, DELETE ON held, parked TO desa_work;
GRANT SELECT ON held, parked, discards, consuming_stopped, skipped, unroutable TO desa_app;
GRANT SELECT, INSERT ON skipped, unroutable, discards, settled_records TO desa_work;
GRANT SELECT, INSERT, DELETE ON consuming_stopped TO desa_work;
GRANT SELECT, INSERT, UPDATE ON parking_allowed TO desa_work;
-- A process compares what its database has with what its release brings.
GRANT SELECT ON _pogo_migration TO desa_app, desa_work;
GRANT SELECT, INSERT, DELETE ON emitted TO desa_work;
GRANT SELECT ON clock TO desa_app, desa_work;
GRANT UPDATE ON clock TO desa_work;

-- migrate: rollback
