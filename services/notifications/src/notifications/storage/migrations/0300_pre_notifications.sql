--Villages as heard, the directory of offices, and the ledger of alerts, deliveries and attempts.
-- depends:

-- migrate: apply

-- Names and places, from registry.villages. One row a village: bounded by the country.
CREATE TABLE villages (
    village_key text PRIMARY KEY,
    village_code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    kecamatan_code text NOT NULL,
    kecamatan_name text NOT NULL,
    regency_code text NOT NULL,
    regency_name text NOT NULL,
    regency_kind text NOT NULL,
    time_zone text NOT NULL CHECK (time_zone IN ('WIB', 'WITA', 'WIT'))
);
CREATE INDEX villages_by_regency ON villages (regency_code);

-- The latest decision, from eligibility.certifications: its four fields, and what a message says
-- of it. One row a village.
CREATE TABLE certifications (
    village_key text PRIMARY KEY,
    decision_id uuid NOT NULL,
    eligibility text NOT NULL,
    stage text NOT NULL,
    title text NOT NULL,
    standing text NOT NULL,
    facts jsonb NOT NULL
) WITH (fillfactor = 70);

-- office_id serves the exclusion below; outside, an office is its kind and area.
CREATE TABLE offices (
    office_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('BUPATI', 'WALI_KOTA', 'CAMAT')),
    area_code text NOT NULL,
    UNIQUE (area_code, kind)
);

CREATE TABLE holders (
    holder_id uuid PRIMARY KEY,
    office_id bigint NOT NULL REFERENCES offices,
    name bytea NOT NULL,
    acting boolean NOT NULL,
    term daterange NOT NULL CHECK (NOT isempty(term) AND NOT lower_inf(term)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT terms_do_not_overlap
        EXCLUDE USING gist (int8range(office_id, office_id, '[]') WITH &&, term WITH &&)
);
CREATE INDEX holders_by_office ON holders (office_id);

-- The entry with the latest valid_from that has come holds; an address of NULL ends it.
CREATE TABLE contacts (
    holder_id uuid NOT NULL REFERENCES holders ON DELETE CASCADE,
    channel text NOT NULL CHECK (channel IN ('EMAIL')),
    valid_from date NOT NULL,
    address bytea,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (holder_id, channel, valid_from)
);

CREATE TABLE alerts (
    alert_id uuid PRIMARY KEY,
    decision_id uuid NOT NULL,
    office_id bigint NOT NULL REFERENCES offices,
    kind text NOT NULL,
    village_key text NOT NULL,
    village_code text NOT NULL,
    origin text NOT NULL,
    effective_on date NOT NULL,
    heard_at timestamptz NOT NULL,
    UNIQUE (decision_id, office_id, kind)
);
CREATE INDEX alerts_by_village ON alerts (village_key);
CREATE INDEX alerts_by_age ON alerts (heard_at);

CREATE TABLE deliveries (
    delivery_id uuid PRIMARY KEY,
    bundle_id uuid NOT NULL,
    alert_id uuid NOT NULL REFERENCES alerts ON DELETE CASCADE,
    office_id bigint NOT NULL REFERENCES offices,
    channel text NOT NULL,
    state text NOT NULL
        CHECK (state IN ('waiting', 'sending', 'sent', 'unknown', 'failed', 'suppressed')),
    reason text,
    due_at timestamptz NOT NULL,
    waits_for text CHECK (waits_for IN ('HOLDER', 'ADDRESS', 'VILLAGE')),
    retry_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    claimed_by uuid,
    claimed_until timestamptz,
    changed_at timestamptz NOT NULL,
    UNIQUE (bundle_id, office_id, channel),
    CHECK (state = 'waiting' OR (waits_for IS NULL AND retry_at IS NULL)),
    CHECK ((state = 'sending') = (claimed_until IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX deliveries_due ON deliveries (due_at)
    WHERE state = 'waiting' AND waits_for IS NULL AND retry_at IS NULL;
CREATE INDEX deliveries_retry ON deliveries (retry_at) WHERE retry_at IS NOT NULL;
CREATE INDEX deliveries_lacking ON deliveries (waits_for, office_id) WHERE waits_for IS NOT NULL;
CREATE INDEX deliveries_sending ON deliveries (claimed_until) WHERE state = 'sending';
CREATE INDEX deliveries_by_office ON deliveries (office_id, changed_at);
CREATE INDEX deliveries_by_state ON deliveries (state, changed_at, delivery_id);
CREATE INDEX deliveries_by_change ON deliveries (changed_at, delivery_id);
CREATE INDEX deliveries_by_alert ON deliveries (alert_id);

-- What was about to be sent, to whom, and how it ended: written before the call, closed after it.
CREATE TABLE attempts (
    delivery_id uuid NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    attempt integer NOT NULL,
    holder_id uuid NOT NULL,
    template text NOT NULL,
    body_sha256 bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('sent', 'not_sent', 'unknown')),
    detail text,
    PRIMARY KEY (delivery_id, attempt)
);
CREATE INDEX attempts_by_holder ON attempts (holder_id);

-- Decisions of persons on deliveries; append-only.
CREATE TABLE delivery_acts (
    act_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    act text NOT NULL CHECK (act IN ('RETRY', 'GIVE_UP')),
    actor text NOT NULL,
    note text NOT NULL,
    acted_at timestamptz NOT NULL
);
CREATE INDEX delivery_acts_by_delivery ON delivery_acts (delivery_id, acted_at);

GRANT SELECT ON villages, certifications, alerts, attempts TO desa_app;
GRANT SELECT, INSERT, UPDATE ON offices, holders, contacts TO desa_app;
GRANT SELECT, UPDATE ON deliveries TO desa_app;
GRANT SELECT, INSERT ON delivery_acts TO desa_app;

GRANT SELECT, INSERT, UPDATE ON villages, certifications TO desa_work;
GRANT SELECT, INSERT ON offices TO desa_work;
GRANT SELECT, DELETE ON holders, contacts TO desa_work;
GRANT SELECT, INSERT, DELETE ON alerts TO desa_work;
GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries, attempts TO desa_work;
GRANT SELECT, DELETE ON delivery_acts TO desa_work;

-- migrate: rollback
