//! One change to the database, from its beginning to its commit.

use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::events::Event;
use super::time::UnixMillis;
use super::{StoreError, audit};

/// What a change sees: the database within a transaction, the guarded time, and what to tell once it is committed.
pub(crate) struct Tx<'a> {
    connection: &'a Connection,
    now: UnixMillis,
    events: Vec<Event>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a Connection, now: UnixMillis) -> Self {
        Self {
            connection,
            now,
            events: Vec::new(),
        }
    }

    /// The time of this change. Later than or the same as that of every change before.
    pub(crate) fn now(&self) -> UnixMillis {
        self.now
    }

    /// The database, for queries.
    pub(crate) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub(crate) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// The one row of a query, where there is one.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        one(self.connection, sql, params, read)
    }

    /// All rows of a query.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        all(self.connection, sql, params, read)
    }

    /// Adds to the audit log what this change does.
    pub(crate) fn audit(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        audit::append(self, actor, action, subject, detail)
    }

    /// Tells `event` to those who listen, after the commit.
    pub(super) fn announce(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }
}

/// The one row of a query, where there is one.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    Ok(connection
        .prepare_cached(sql)?
        .query_row(params, read)
        .optional()?)
}

/// All rows of a query.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| read(row))?;
    rows.collect::<Result<_, _>>().map_err(StoreError::from)
}
