//! What a client may have at a time: checked in the transaction that gives it, so that no two can both be the last.

use arknet_protocol::PublicKey;
use rusqlite::Connection;

use super::column::{col, count};
use super::time::UnixMillis;
use super::{StoreError, clients, tx};

/// The limits of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Jobs on devices at a time.
    pub running: u64,
    /// Jobs that wait.
    pub queued: u64,
    /// Bytes of blobs: what is stored, what is being uploaded, and what unfinished jobs may write.
    pub bytes: u64,
    /// Seconds on devices in a day, UTC.
    pub device_seconds: u64,
}

/// One of the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// [`Quotas::running`].
    Running,
    /// [`Quotas::queued`].
    Queued,
    /// [`Quotas::bytes`].
    Bytes,
    /// [`Quotas::device_seconds`].
    DeviceSeconds,
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Running => "running jobs",
            Self::Queued => "queued jobs",
            Self::Bytes => "stored bytes",
            Self::DeviceSeconds => "device-seconds a day",
        })
    }
}

/// What a client has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) running: u64,
    pub(super) queued: u64,
    pub(super) stored: u64,
    pub(super) reserved: u64,
    pub(super) device_millis: u64,
}

impl Used {
    /// All bytes that are charged.
    pub(super) fn bytes(&self) -> u64 {
        self.stored.saturating_add(self.reserved)
    }
}

/// What `client` has on the day of `now`.
pub(super) fn used(
    connection: &Connection,
    client: &PublicKey,
    now: UnixMillis,
) -> Result<Used, StoreError> {
    let used = tx::one(
        connection,
        "SELECT
            (SELECT count(*) FROM jobs
                WHERE client = ?1 AND finished_at IS NULL AND state <> 'queued'),
            (SELECT count(*) FROM jobs
                WHERE client = ?1 AND finished_at IS NULL AND state = 'queued'),
            coalesce((SELECT bytes FROM stored WHERE client = ?1), 0),
            coalesce((SELECT sum(bytes) FROM uploads WHERE client = ?1), 0)
                + coalesce((SELECT sum(reserved_bytes) FROM jobs
                    WHERE client = ?1 AND finished_at IS NULL AND leaf IS NULL), 0),
            coalesce((SELECT device_millis FROM usage WHERE client = ?1 AND day = ?2), 0)",
        (col(client), now.day()),
        |row| {
            Ok(Used {
                running: count(row, 0)?,
                queued: count(row, 1)?,
                stored: count(row, 2)?,
                reserved: count(row, 3)?,
                device_millis: count(row, 4)?,
            })
        },
    )?;
    Ok(used.unwrap_or_default())
}

/// The limits of `client`: the configured ones, or what the operator gave it.
pub(super) fn limits(
    connection: &Connection,
    client: &PublicKey,
    configured: &Quotas,
) -> Result<Quotas, StoreError> {
    let overrides = clients::find(connection, client)?.quotas;
    Ok(Quotas {
        running: overrides.running.unwrap_or(configured.running),
        queued: overrides.queued.unwrap_or(configured.queued),
        bytes: overrides.bytes.unwrap_or(configured.bytes),
        device_seconds: overrides
            .device_seconds
            .unwrap_or(configured.device_seconds),
    })
}

/// Seconds until the next day, UTC, when device-seconds are counted anew.
pub(super) fn until_tomorrow(now: UnixMillis) -> u64 {
    let tomorrow = UnixMillis((now.day() + 1).saturating_mul(86_400_000));
    tomorrow.since(now).div_ceil(1000)
}

/// Adds time on a device to a client's day.
pub(super) fn charge(
    tx: &tx::Tx<'_>,
    client: &PublicKey,
    device_millis: u64,
    jobs: u32,
) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO usage (client, day, device_millis, jobs) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET device_millis = device_millis + excluded.device_millis, jobs = jobs + excluded.jobs",
        (
            col(client),
            tx.now().day(),
            super::column::int(device_millis),
            jobs,
        ),
    )?;
    Ok(())
}
