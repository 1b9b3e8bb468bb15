//! The database: of this node, of a version that this program knows, undamaged.

use std::path::Path;

use arknet_protocol::PublicKey;
use rusqlite::{Connection, OpenFlags};

use super::clock;
use super::finding::{Finding, Verdict};
use crate::store::{NEWEST_VERSION, Store, StoreError, UnixMillis};

const CHECK: &str = "database";
const RESTORE: &str =
    "stop the node and restore a backup: `arknet restore`; docs/operations.md says how";
/// Faults that are named; more would not help anybody.
const NAMED: usize = 3;

/// What became of it.
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    /// The store, where all is well with it.
    pub(super) store: Option<Store>,
}

/// Checks the database of `node` in the file `path`, and the clock against it. Nothing is written.
pub(super) async fn check(path: &Path, node: PublicKey, now: UnixMillis) -> Checked {
    let unusable = |finding| Checked {
        findings: vec![finding, clock::check(now.seconds(), None)],
        store: None,
    };
    if !path.exists() {
        return unusable(Finding::good(
            CHECK,
            format!("{} is made when the node first starts", path.display()),
        ));
    }
    let file = path.to_owned();
    let intact = tokio::task::spawn_blocking(move || intact(&file)).await;
    let finding = match intact {
        Ok(finding) => finding,
        Err(error) => Finding::bad(CHECK, error, "run doctor again"),
    };
    // A damaged one is left alone, and an older one would be upgraded by opening it.
    if finding.verdict != Verdict::Good {
        return unusable(finding);
    }
    match Store::open(path, node) {
        Ok(store) => {
            let behind = store.clock_behind(now).await.ok();
            let mut findings = vec![finding, audit(&store).await];
            findings.push(clock::check(now.seconds(), behind));
            Checked {
                findings,
                store: Some(store),
            }
        }
        Err(error) => unusable(Finding::bad(CHECK, &error, fix(&error))),
    }
}

fn fix(error: &StoreError) -> &'static str {
    match error {
        StoreError::TooNew { .. } => "use the newer arknet that wrote it",
        _ => RESTORE,
    }
}

fn intact(path: &Path) -> Finding {
    let read = || -> rusqlite::Result<(u32, Vec<String>)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let mut faults = Vec::new();
        connection.pragma_query(None, "integrity_check", |row| {
            let line: String = row.get(0)?;
            if line != "ok" && faults.len() < NAMED {
                faults.push(line);
            }
            Ok(())
        })?;
        Ok((version, faults))
    };
    let newest = NEWEST_VERSION;
    match read() {
        Err(error) => Finding::bad(CHECK, format!("{}: {error}", path.display()), RESTORE),
        Ok((_, faults)) if !faults.is_empty() => Finding::bad(
            CHECK,
            format!("{} is damaged: {}", path.display(), faults.join("; ")),
            RESTORE,
        ),
        Ok((version, _)) if version > newest => Finding::bad(
            CHECK,
            format!(
                "{} is of version {version}, and this program knows {newest}",
                path.display()
            ),
            "use the newer arknet that wrote it",
        ),
        Ok((version, _)) if version < newest => Finding::warning(
            CHECK,
            format!("{} is of version {version}", path.display()),
            format!("the next start upgrades it to version {newest}; make a backup before"),
        ),
        Ok((version, _)) => {
            Finding::good(CHECK, format!("it is undamaged and of version {version}"))
        }
    }
}

async fn audit(store: &Store) -> Finding {
    match store.verify_audit(None).await {
        Ok(entries) => Finding::good("audit log", format!("its {entries} entries form one chain")),
        Err(error) => Finding::bad(
            "audit log",
            error,
            "somebody changed the database, or it is damaged: compare it with a backup",
        ),
    }
}
