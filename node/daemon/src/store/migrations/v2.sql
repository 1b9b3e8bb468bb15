-- Version 2: the history of a job, not only its last state, so that clients can follow it and catch up; attempts with
-- their devices; what devices did over time.

CREATE TABLE events (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    job     BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    state   TEXT NOT NULL,
    device  BLOB CHECK (length(device) = 32),
    reason  TEXT,
    detail  TEXT
) STRICT;
CREATE INDEX events_by_job ON events (job, number);

-- What is known of jobs that came before: that they were accepted, and what became of them last.
INSERT INTO events (job, at, attempt, state)
    SELECT id, accepted_at, 1, 'queued' FROM jobs ORDER BY number;
INSERT INTO events (job, at, attempt, state, device, reason, detail)
    SELECT id, state_since, attempt, state, device, reason, detail FROM jobs
    WHERE state <> 'queued' OR attempt > 1 ORDER BY state_since, number;

CREATE TABLE device_hours (
    device      BLOB NOT NULL REFERENCES devices (fingerprint) ON DELETE CASCADE,
    hour        INTEGER NOT NULL,
    jobs        INTEGER NOT NULL CHECK (jobs >= 0),
    failures    INTEGER NOT NULL CHECK (failures >= 0),
    busy_millis INTEGER NOT NULL CHECK (busy_millis >= 0),
    PRIMARY KEY (device, hour)
) STRICT, WITHOUT ROWID;

-- A request that was valid before this time is refused: it may have been accepted after the backup that this database was
-- restored from.
ALTER TABLE clock ADD COLUMN requests_from INTEGER NOT NULL DEFAULT 0;
