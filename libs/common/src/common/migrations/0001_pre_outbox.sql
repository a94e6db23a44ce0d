--The outbox: the record of what was published, its counters and the queue of what is yet to leave.
-- depends:

-- migrate: apply

-- CACHE 1: ids of one village follow the order of the village's lock.
CREATE SEQUENCE event_ids AS bigint CACHE 1;

CREATE TABLE events (
    event_id bigint NOT NULL,
    id uuid NOT NULL,
    village_key text NOT NULL,
    topic text NOT NULL,
    sequence bigint NOT NULL,
    time timestamptz NOT NULL,
    value bytea NOT NULL CHECK (octet_length(value) <= 262144),
    UNIQUE (village_key, topic, sequence)
) PARTITION BY HASH (village_key);

CREATE TABLE events_00 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE events_01 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE events_02 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE events_03 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE events_04 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE events_05 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE events_06 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE events_07 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE events_08 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE events_09 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE events_10 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE events_11 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE events_12 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE events_13 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE events_14 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE events_15 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 15);

CREATE TABLE streams (
    village_key text NOT NULL,
    topic text NOT NULL,
    last_sequence bigint NOT NULL,
    last_time timestamptz NOT NULL,
    PRIMARY KEY (village_key, topic)
) WITH (fillfactor = 70);

CREATE TABLE unpublished (
    event_id bigint PRIMARY KEY,
    village_key text NOT NULL,
    topic text NOT NULL,
    sequence bigint NOT NULL,
    time timestamptz NOT NULL
) WITH (
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0
);

GRANT USAGE ON SEQUENCE event_ids TO desa_app, desa_work;
GRANT SELECT, INSERT ON events TO desa_app, desa_work;
GRANT SELECT, INSERT, UPDATE ON streams TO desa_app, desa_work;
GRANT INSERT ON unpublished TO desa_app;
GRANT SELECT, INSERT, DELETE ON unpublished TO desa_work;

-- migrate: rollback
