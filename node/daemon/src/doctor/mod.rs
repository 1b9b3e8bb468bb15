//! `arknet doctor`: everything that a node stands on, looked at once, with what to do about each fault.
//!
//! Nothing is changed, and nothing of the node needs to run. A check that cannot be made because another failed is left out:
//! the first fault is the one to mend.

mod clock;
mod database;
mod devices;
mod finding;
mod folder;
mod keys;
mod log;
mod memory;
mod nats;
mod ports;
mod service;
mod tls;
mod validity;

use std::path::Path;

use crate::config::Config;
use crate::store::{DataLock, LockError, UnixMillis};

pub use finding::{Finding, Report, Verdict};

/// Examines the node that the configuration in the file `path` is of.
pub async fn examine(path: &Path) -> Report {
    let mut report = Report::default();
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = match Config::load(path, variables) {
        Ok(config) => config,
        Err(error) => {
            report.add([Finding::bad(
                "config",
                error,
                "correct it; `arknet node init` in an empty folder writes one with every key explained",
            )]);
            return report;
        }
    };
    report.add([Finding::good(
        "config",
        format!("{} is understood", path.display()),
    )]);
    let now = UnixMillis::now();
    let data = &config.node.data;
    report.add(folder::check(data));
    let runs = runs(data);
    let (finding, node) = keys::node(&config.keys().join("node.key"));
    report.add([finding]);
    let (finding, log_key) = keys::log(&config.keys().join("log.key"));
    report.add([finding]);
    if let Some(node) = node {
        let checked = database::check(&data.join("node.db"), node, now).await;
        report.add(checked.findings);
        if let (Some(store), Some(key)) = (&checked.store, &log_key) {
            let files = [
                config.keys().join("log.signed"),
                data.join("log/checkpoint"),
            ];
            let files = [files[0].as_path(), &files[1]];
            report.add([log::check(files, key, store).await]);
        }
        if let Some(store) = checked.store {
            store.close().await;
        }
    }
    report.add([
        ports::check("port", config.http.listen, runs),
        ports::check("admin port", config.http.admin, runs),
    ]);
    if let (Some(certificate), Some(key)) = (&config.http.tls_certificate, &config.http.tls_key) {
        let seconds = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
        report.add(tls::check(certificate, key, seconds));
    }
    report.add(config.fleet.nats.iter().map(|url| nats::check(url)));
    report.add(devices::check());
    report.add(memory::check());
    let socket = std::env::var("NOTIFY_SOCKET").ok();
    report.add([service::check(socket.as_deref())]);
    report
}

/// Whether a node runs on this folder. A folder without a lock never had one.
fn runs(data: &Path) -> bool {
    data.join("lock").exists() && matches!(DataLock::take(data), Err(LockError::Taken(_)))
}
