//! Time as the store sees it: given by the caller, and never going back.
//!
//! A wall clock may jump. Forward is harmless here: requests and jobs expire too early. Back is not: what had expired
//! would be alive again. So every change takes the time from its caller and works with the highest that any change ever
//! had, which is kept in the database. That a nonce cannot be used twice does not even depend on this: see
//! [`super::accept`].

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::tx::Tx;
use super::{Store, StoreError};

/// Milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The system's clock. Only the outermost layer asks it; everything else is told.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        }))
    }

    /// The time that a request gives in seconds.
    pub fn from_seconds(seconds: u64) -> Self {
        Self(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX))
    }

    /// In whole seconds.
    pub fn seconds(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    /// That much later.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this, zero where it is not earlier.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// The day, for usage: days since 1970, UTC.
    pub(crate) fn day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    /// Hours since 1970.
    pub(crate) fn hour(self) -> i64 {
        self.0.div_euclid(3_600_000)
    }
}

impl ToSql for UnixMillis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for UnixMillis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

/// The guarded clock at `now`: the highest time seen, which `now` may raise.
pub(super) fn guard(
    connection: &rusqlite::Connection,
    now: UnixMillis,
) -> Result<UnixMillis, StoreError> {
    let highest: UnixMillis = connection
        .prepare_cached("SELECT highest FROM clock")?
        .query_row([], |row| row.get(0))?;
    if now > highest {
        connection
            .prepare_cached("UPDATE clock SET highest = ?1")?
            .execute([now])?;
    }
    Ok(now.max(highest))
}

/// Makes a database that was restored at `now` refuse every request that was valid before. A client's clock may be ahead
/// by what an acceptance forgives. Gives the time from which requests are taken.
pub(crate) fn refuse_earlier_requests(
    connection: &rusqlite::Connection,
    now: UnixMillis,
) -> Result<UnixMillis, StoreError> {
    let highest = guard(connection, now)?;
    let from = highest.plus(super::accept::SKEW_MILLIS);
    connection.execute(
        "UPDATE clock SET requests_from = max(requests_from, ?1)",
        [from],
    )?;
    Ok(from)
}

impl Store {
    /// How far the clock is behind the highest time that the store has seen, in milliseconds. While this is more than
    /// zero, time stands still for the store. `arknet doctor` and `/ready` report it.
    pub async fn clock_behind(&self, now: UnixMillis) -> Result<u64, StoreError> {
        self.read(move |connection| {
            let highest: UnixMillis =
                connection.query_row("SELECT highest FROM clock", [], |row| row.get(0))?;
            Ok(highest.since(now))
        })
        .await
    }

    /// Sets the guarded clock to `now`, by an operator's order after the system's clock had been wrong for a while. No
    /// nonce becomes usable again by this; jobs that expired stay expired.
    pub async fn reset_clock(&self, now: UnixMillis) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let before = tx.now();
            tx.audit(
                "operator",
                "clock-reset",
                "",
                &format!("from {} to {}", before.0, now.0),
            )?;
            tx.run("UPDATE clock SET highest = ?1", [now])?;
            Ok(())
        })
        .await
    }
}
