-- Version 1. A version that was ever released is never edited: a change is a new version.
--
-- Keys, digests and ids are BLOBs of their exact length. Times are milliseconds since 1970 as this node's guarded
-- clock says (table `clock`). States, kinds and reasons are text, so that the file can be read without the program.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row. `highest` never falls but by an operator's order; `nonces_forgotten` never falls at all: a request that
-- expires at or before it is refused, since its nonce may have been used and forgotten.
CREATE TABLE clock (
    id               INTEGER PRIMARY KEY CHECK (id = 0),
    highest          INTEGER NOT NULL,
    nonces_forgotten INTEGER NOT NULL
) STRICT;
INSERT INTO clock VALUES (0, 0, 0);

CREATE TABLE tokens (
    id         BLOB PRIMARY KEY,
    client     BLOB NOT NULL CHECK (length(client) = 32),
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes     TEXT NOT NULL,
    label      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_client ON tokens (client);

-- What the operator or the node itself decided about a client. A client without a row has the configured quotas.
CREATE TABLE clients (
    client                BLOB PRIMARY KEY CHECK (length(client) = 32),
    standing              TEXT NOT NULL CHECK (standing IN ('good', 'throttled', 'quarantined')),
    standing_reason       TEXT NOT NULL,
    standing_until        INTEGER,
    max_running           INTEGER CHECK (max_running >= 0),
    max_queued            INTEGER CHECK (max_queued >= 0),
    max_bytes             INTEGER CHECK (max_bytes >= 0),
    max_device_millis_day INTEGER CHECK (max_device_millis_day >= 0)
) STRICT, WITHOUT ROWID;

-- The entries of the transparency log. `number` has no gaps.
CREATE TABLE leaves (
    number INTEGER PRIMARY KEY CHECK (number >= 0),
    bytes  BLOB NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    request_digest BLOB NOT NULL UNIQUE CHECK (length(request_digest) = 32),
    client         BLOB NOT NULL CHECK (length(client) = 32),
    token          BLOB NOT NULL,
    body           BLOB NOT NULL,
    signature      BLOB NOT NULL CHECK (length(signature) = 64),
    kind           TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN
                       ('queued', 'executing', 'proving', 'verifying', 'done', 'failed', 'cancelled', 'expired')),
    attempt        INTEGER NOT NULL CHECK (attempt >= 1),
    -- Attempts that ended because the node itself did, since the client last asked for the job.
    crashes        INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),
    reason         TEXT,
    detail         TEXT,
    priority       INTEGER NOT NULL,
    device_pin     BLOB CHECK (length(device_pin) = 32),
    device         BLOB CHECK (length(device) = 32),
    deadline       INTEGER,
    eligible_at    INTEGER NOT NULL,
    accepted_at    INTEGER NOT NULL,
    state_since    INTEGER NOT NULL,
    started_at     INTEGER,
    finished_at    INTEGER,
    device_millis  INTEGER NOT NULL DEFAULT 0 CHECK (device_millis >= 0),
    -- What its outputs may take, charged to its client until they are there.
    reserved_bytes INTEGER NOT NULL CHECK (reserved_bytes >= 0),
    leaf           INTEGER UNIQUE REFERENCES leaves (number),
    draft          BLOB CHECK (length(draft) = 32),
    receipt        BLOB CHECK (length(receipt) = 32),
    CHECK ((state IN ('done', 'failed', 'cancelled', 'expired')) = (finished_at IS NOT NULL)),
    CHECK (state <> 'done' OR (leaf IS NOT NULL AND receipt IS NOT NULL)),
    CHECK (leaf IS NULL OR state IN ('verifying', 'done')),
    CHECK ((leaf IS NULL) = (draft IS NULL))
) STRICT;
CREATE INDEX jobs_by_client ON jobs (client, number);
CREATE INDEX jobs_by_state ON jobs (state, number);
CREATE INDEX jobs_open ON jobs (client) WHERE finished_at IS NULL;
CREATE INDEX jobs_by_receipt ON jobs (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX jobs_by_draft ON jobs (draft) WHERE draft IS NOT NULL;
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE nonces (
    client  BLOB NOT NULL CHECK (length(client) = 32),
    nonce   BLOB NOT NULL CHECK (length(nonce) = 16),
    request BLOB NOT NULL CHECK (length(request) = 32),
    expires INTEGER NOT NULL,
    PRIMARY KEY (client, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_by_expiry ON nonces (expires);

CREATE TABLE blobs (
    digest     BLOB PRIMARY KEY CHECK (length(digest) = 32),
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    stored_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who has shown to know a blob's bytes, or was given them as the output of a job: who may read it, use it, and is charged.
CREATE TABLE blob_owners (
    client BLOB NOT NULL CHECK (length(client) = 32),
    digest BLOB NOT NULL REFERENCES blobs (digest),
    since  INTEGER NOT NULL,
    PRIMARY KEY (client, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_owners_by_digest ON blob_owners (digest);

-- Bytes of all blobs of a client, kept by the triggers so that a quota is one look-up.
CREATE TABLE stored (
    client BLOB PRIMARY KEY CHECK (length(client) = 32),
    bytes  INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER blob_owned AFTER INSERT ON blob_owners BEGIN
    INSERT INTO stored VALUES (new.client, (SELECT bytes FROM blobs WHERE digest = new.digest))
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER blob_disowned AFTER DELETE ON blob_owners BEGIN
    UPDATE stored SET bytes = bytes - (SELECT bytes FROM blobs WHERE digest = old.digest) WHERE client = old.client;
END;

-- Blobs on their way in. `durable` bytes of the partial file have been synced.
CREATE TABLE uploads (
    client     BLOB NOT NULL CHECK (length(client) = 32),
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    durable    INTEGER NOT NULL CHECK (durable BETWEEN 0 AND bytes),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (client, digest)
) STRICT, WITHOUT ROWID;

-- What a job reads: its kernel (name '') and the initial contents of its buffers.
CREATE TABLE job_inputs (
    job    BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    digest BLOB NOT NULL REFERENCES blobs (digest),
    PRIMARY KEY (job, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_inputs_by_digest ON job_inputs (digest);

CREATE TABLE job_outputs (
    job    BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    digest BLOB NOT NULL REFERENCES blobs (digest),
    PRIMARY KEY (job, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_outputs_by_digest ON job_outputs (digest);

-- `child` reads as `input` what `parent` wrote as `output`.
CREATE TABLE lineage (
    child  BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    input  TEXT NOT NULL,
    parent BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    output TEXT NOT NULL,
    PRIMARY KEY (child, input, parent, output)
) STRICT, WITHOUT ROWID;
CREATE INDEX lineage_by_parent ON lineage (parent);

CREATE TABLE usage (
    client        BLOB NOT NULL CHECK (length(client) = 32),
    day           INTEGER NOT NULL,
    device_millis INTEGER NOT NULL CHECK (device_millis >= 0),
    jobs          INTEGER NOT NULL CHECK (jobs >= 0),
    PRIMARY KEY (client, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32),
    name        TEXT NOT NULL,
    failures    INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    drained_at  INTEGER,
    reason      TEXT,
    seen_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rates (
    device  BLOB NOT NULL REFERENCES devices (fingerprint) ON DELETE CASCADE,
    measure TEXT NOT NULL,
    value   REAL NOT NULL,
    samples INTEGER NOT NULL CHECK (samples > 0),
    PRIMARY KEY (device, measure)
) STRICT, WITHOUT ROWID;

-- A chain: each hash covers the one before. `number` has no gaps.
CREATE TABLE audit (
    number  INTEGER PRIMARY KEY CHECK (number >= 0),
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
