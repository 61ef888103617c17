-- The tables of the first release; the names are those of Tables(). This file never changes: a later revision does.
CREATE TABLE slotcalc_resources (
    resource_key INTEGER NOT NULL,
    tenant TEXT DEFAULT '' NOT NULL,
    resource_id TEXT NOT NULL,
    revision BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (resource_key),
    UNIQUE (tenant, resource_id)
);

CREATE TABLE slotcalc_slots (
    slot_key INTEGER NOT NULL,
    resource_key BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    capacity BIGINT DEFAULT '1' NOT NULL CHECK (capacity >= 1),
    slot_id TEXT,
    PRIMARY KEY (slot_key),
    CHECK (start_at < end_at),
    FOREIGN KEY(resource_key) REFERENCES slotcalc_resources (resource_key)
);

CREATE INDEX slotcalc_slots_by_start ON slotcalc_slots (resource_key, start_at);

CREATE INDEX slotcalc_slots_by_end ON slotcalc_slots (resource_key, end_at);

CREATE TABLE slotcalc_bookings (
    booking_key INTEGER NOT NULL,
    resource_key BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    booking_id TEXT NOT NULL,
    status TEXT DEFAULT 'CONFIRMED' NOT NULL CHECK (status IN ('TENTATIVE', 'CONFIRMED', 'CANCELLED')),
    seats BIGINT DEFAULT '1' NOT NULL CHECK (seats >= 1),
    "exclusive" BOOLEAN DEFAULT 1 NOT NULL,
    PRIMARY KEY (booking_key),
    UNIQUE (resource_key, booking_id),
    CHECK (start_at < end_at),
    FOREIGN KEY(resource_key) REFERENCES slotcalc_resources (resource_key)
);

CREATE INDEX slotcalc_bookings_by_start ON slotcalc_bookings (resource_key, start_at);

CREATE INDEX slotcalc_bookings_by_end ON slotcalc_bookings (resource_key, end_at);

CREATE TRIGGER slotcalc_bookings_insert_one_at_a_time BEFORE INSERT ON slotcalc_bookings
WHEN NEW.exclusive AND NEW.status <> 'CANCELLED'
BEGIN
    SELECT RAISE(ABORT, 'slotcalc_bookings_one_at_a_time')
    FROM slotcalc_bookings AS there
    WHERE there.resource_key = NEW.resource_key
    AND there.booking_id <> NEW.booking_id
    AND there.exclusive
    AND there.status <> 'CANCELLED'
    AND there.end_at > NEW.start_at
    AND +there.start_at < NEW.end_at;
END;

CREATE TRIGGER slotcalc_bookings_update_one_at_a_time BEFORE UPDATE ON slotcalc_bookings
WHEN NEW.exclusive AND NEW.status <> 'CANCELLED'
BEGIN
    SELECT RAISE(ABORT, 'slotcalc_bookings_one_at_a_time')
    FROM slotcalc_bookings AS there
    WHERE there.resource_key = NEW.resource_key
    AND there.booking_id <> NEW.booking_id
    AND there.exclusive
    AND there.status <> 'CANCELLED'
    AND there.end_at > NEW.start_at
    AND +there.start_at < NEW.end_at;
END;

CREATE TABLE slotcalc_requests (
    resource_key BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (resource_key, request_id),
    FOREIGN KEY(resource_key) REFERENCES slotcalc_resources (resource_key)
);

CREATE TABLE slotcalc_batches (
    tenant TEXT DEFAULT '' NOT NULL,
    batch_key BLOB NOT NULL,
    resource_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    change_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    notes TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (tenant, batch_key)
);

CREATE INDEX slotcalc_batches_by_actor ON slotcalc_batches (tenant, changed_by, changed_at, resource_id, revision);

CREATE INDEX slotcalc_batches_by_place ON slotcalc_batches (tenant, resource_id, revision);

CREATE INDEX slotcalc_batches_by_reason ON slotcalc_batches (tenant, reason, changed_at, resource_id, revision);

CREATE INDEX slotcalc_batches_by_time ON slotcalc_batches (tenant, changed_at, resource_id, revision);

CREATE TABLE slotcalc_events (
    event_key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant TEXT DEFAULT '' NOT NULL,
    event_id TEXT NOT NULL,
    batch_key BLOB NOT NULL,
    ordinal BIGINT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('ADDED', 'REMOVED')),
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    slot_id TEXT,
    label TEXT NOT NULL,
    CHECK (start_at < end_at),
    UNIQUE (tenant, event_id),
    FOREIGN KEY(tenant, batch_key) REFERENCES slotcalc_batches (tenant, batch_key) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX slotcalc_events_by_batch ON slotcalc_events (batch_key, tenant);

CREATE INDEX slotcalc_events_by_feed ON slotcalc_events (tenant, event_key);

CREATE TABLE slotcalc_baselines (
    tenant TEXT DEFAULT '' NOT NULL,
    resource_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    slots TEXT NOT NULL,
    digest TEXT NOT NULL,
    changed_at BIGINT,
    PRIMARY KEY (tenant, resource_id)
);

CREATE TABLE slotcalc_outbox (
    outbox_key INTEGER NOT NULL,
    tenant TEXT DEFAULT '' NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (outbox_key)
);

CREATE INDEX slotcalc_outbox_by_tenant ON slotcalc_outbox (tenant);
