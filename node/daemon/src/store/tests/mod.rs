//! The store from outside, and what is in its file.

mod accepting;
mod crash;
mod disk;
mod lifecycle;
mod records;
mod time;
mod upgrade;

use rusqlite::Connection;

use super::testing::Bench;

/// The number that a query gives on the bench's file.
fn number(bench: &Bench, sql: &str) -> i64 {
    let connection = Connection::open(bench.path()).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}
