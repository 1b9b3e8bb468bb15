//! What was decided about a client: its standing, and quotas of its own.

use std::fmt;
use std::str::FromStr;

use arknet_protocol::PublicKey;
use rusqlite::Connection;

use super::column::{col, count, get, int};
use super::quota::{self, Quotas};
use super::time::UnixMillis;
use super::tx::{self, Tx};
use super::{Store, StoreError};

/// How a client is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// As configured.
    #[default]
    Good,
    /// At a fraction of the configured rates.
    Throttled,
    /// It may not submit.
    Quarantined,
}

impl Standing {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Throttled => "throttled",
            Self::Quarantined => "quarantined",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Standing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Good, Self::Throttled, Self::Quarantined]
            .into_iter()
            .find(|standing| standing.as_str() == text)
            .ok_or_else(|| format!("no standing of a client is called `{text}`"))
    }
}

/// Quotas of one client instead of the configured ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaOverrides {
    /// Instead of [`Quotas::running`].
    pub running: Option<u64>,
    /// Instead of [`Quotas::queued`].
    pub queued: Option<u64>,
    /// Instead of [`Quotas::bytes`].
    pub bytes: Option<u64>,
    /// Instead of [`Quotas::device_seconds`].
    pub device_seconds: Option<u64>,
}

/// What was decided about a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientRecord {
    /// How it is treated.
    pub standing: Standing,
    /// Why, for the client and the operator.
    pub reason: String,
    /// Until when, where it ends by itself.
    pub until: Option<UnixMillis>,
    /// Its own quotas.
    pub quotas: QuotaOverrides,
}

impl ClientRecord {
    /// How the client is treated at `now`.
    pub fn standing_at(&self, now: UnixMillis) -> Standing {
        match self.until {
            Some(until) if until <= now => Standing::Good,
            _ => self.standing,
        }
    }
}

/// A client with what it has, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOverview {
    /// Its key.
    pub client: PublicKey,
    /// What was decided about it.
    pub record: ClientRecord,
    /// Its limits.
    pub limits: Quotas,
    /// Jobs on devices.
    pub running: u64,
    /// Jobs that wait.
    pub queued: u64,
    /// Bytes charged to it.
    pub bytes: u64,
    /// Milliseconds on devices today.
    pub device_millis_today: u64,
}

/// What was decided about `client`, nothing where nothing was.
pub(super) fn find(
    connection: &Connection,
    client: &PublicKey,
) -> Result<ClientRecord, StoreError> {
    let record = tx::one(
        connection,
        "SELECT standing, standing_reason, standing_until, max_running, max_queued, max_bytes, max_device_millis_day
         FROM clients WHERE client = ?1",
        [col(client)],
        |row| {
            let standing: String = row.get(0)?;
            let limit = |index| -> rusqlite::Result<Option<u64>> {
                let value: Option<i64> = row.get(index)?;
                Ok(value.map(|value| u64::try_from(value).unwrap_or(0)))
            };
            Ok(ClientRecord {
                standing: standing.parse().map_err(|error: String| {
                    rusqlite::Error::FromSqlConversionFailure(
                        0,
                        rusqlite::types::Type::Text,
                        error.into(),
                    )
                })?,
                reason: row.get(1)?,
                until: row.get(2)?,
                quotas: QuotaOverrides {
                    running: limit(3)?,
                    queued: limit(4)?,
                    bytes: limit(5)?,
                    device_seconds: limit(6)?.map(|millis| millis / 1000),
                },
            })
        },
    )?;
    Ok(record.unwrap_or_default())
}

impl Store {
    /// What was decided about a client.
    pub async fn client(&self, client: PublicKey) -> Result<ClientRecord, StoreError> {
        self.read(move |connection| find(connection, &client)).await
    }

    /// Decides how a client is treated; `actor` is `operator` or `node`.
    pub async fn set_standing(
        &self,
        now: UnixMillis,
        client: PublicKey,
        standing: Standing,
        reason: String,
        until: Option<UnixMillis>,
        actor: &'static str,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            tx.run(
                "INSERT INTO clients (client, standing, standing_reason, standing_until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET standing = excluded.standing,
                    standing_reason = excluded.standing_reason, standing_until = excluded.standing_until",
                (col(&client), standing.as_str(), &reason, until),
            )?;
            let action = format!("client-{standing}");
            tx.audit(actor, &action, &client.to_string(), &reason)
        })
        .await
    }

    /// Gives a client quotas of its own.
    pub async fn set_quotas(
        &self,
        now: UnixMillis,
        client: PublicKey,
        quotas: QuotaOverrides,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let limit = |value: Option<u64>| value.map(int);
            tx.run(
                "INSERT INTO clients (client, standing, standing_reason, max_running, max_queued, max_bytes,
                    max_device_millis_day) VALUES (?1, 'good', '', ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET max_running = excluded.max_running, max_queued = excluded.max_queued,
                    max_bytes = excluded.max_bytes, max_device_millis_day = excluded.max_device_millis_day",
                (
                    col(&client),
                    limit(quotas.running),
                    limit(quotas.queued),
                    limit(quotas.bytes),
                    limit(quotas.device_seconds.map(|seconds| seconds.saturating_mul(1000))),
                ),
            )?;
            tx.audit("operator", "client-quotas", &client.to_string(), &format!("{quotas:?}"))
        })
        .await
    }

    /// Every client that has a token, a job or a decision, with what it has; at most `limit`.
    pub async fn clients(
        &self,
        now: UnixMillis,
        configured: Quotas,
        limit: u32,
    ) -> Result<Vec<ClientOverview>, StoreError> {
        self.read(move |connection| {
            let keys: Vec<PublicKey> = tx::all(
                connection,
                "SELECT client FROM clients UNION SELECT client FROM tokens UNION SELECT client FROM usage
                 UNION SELECT client FROM jobs WHERE finished_at IS NULL LIMIT ?1",
                [limit],
                |row| get(row, 0),
            )?;
            keys.into_iter()
                .map(|client| {
                    let used = quota::used(connection, &client, now)?;
                    Ok(ClientOverview {
                        record: find(connection, &client)?,
                        limits: quota::limits(connection, &client, &configured)?,
                        running: used.running,
                        queued: used.queued,
                        bytes: used.bytes(),
                        device_millis_today: used.device_millis,
                        client,
                    })
                })
                .collect()
        })
        .await
    }

    /// Milliseconds on devices and finished jobs of a client by day (days since 1970, UTC), newest first.
    pub async fn usage(
        &self,
        client: PublicKey,
        days: u32,
    ) -> Result<Vec<(i64, u64, u64)>, StoreError> {
        self.read(move |connection| {
            tx::all(
                connection,
                "SELECT day, device_millis, jobs FROM usage WHERE client = ?1 ORDER BY day DESC LIMIT ?2",
                (col(&client), days),
                |row| Ok((row.get(0)?, count(row, 1)?, count(row, 2)?)),
            )
        })
        .await
    }
}
