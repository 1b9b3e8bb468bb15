//! Writes down what the guard decides and counts: standings at once, the ledger once a minute.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::guard::{Change, Guard};
use crate::store::{Store, UnixMillis};

/// How often time passes for the guard.
const BEAT: Duration = Duration::from_secs(10);
/// Beats between two entries of the ledger.
const BEATS_A_MINUTE: u32 = 6;

/// Writes a standing down, without keeping the call waiting that changed it. Until it is written the client is treated as
/// before.
pub fn write_down(store: Store, change: Change, now: UnixMillis) {
    let Change {
        client,
        standing,
        reason,
        until,
    } = change;
    tracing::warn!(%client, %standing, reason, "the standing of a client changes");
    tokio::spawn(async move {
        let written = store
            .set_standing(now, client, standing, reason, until, "node")
            .await;
        if let Err(error) = written {
            tracing::error!(%error, %client, "the standing of a client cannot be written");
        }
    });
}

/// Lets time pass for the guard and writes its ledger, until `stop`; the last of it then.
pub async fn keep(guard: Arc<Guard>, store: Store, stop: CancellationToken) {
    let mut beats = 0_u32;
    loop {
        let stopped = tokio::time::timeout(BEAT, stop.cancelled()).await.is_ok();
        let now = UnixMillis::now();
        for change in guard.pass(now) {
            write_down(store.clone(), change, now);
        }
        beats = beats.wrapping_add(1);
        if stopped || beats.is_multiple_of(BEATS_A_MINUTE) {
            write_ledger(&guard, &store, now).await;
        }
        if stopped {
            return;
        }
    }
}

async fn write_ledger(guard: &Guard, store: &Store, now: UnixMillis) {
    for entry in guard.take_ledger() {
        let actor = entry
            .party
            .map_or_else(|| "others".to_owned(), |party| party.to_string());
        let code = entry
            .code
            .map_or("several", |code| code.as_str())
            .to_owned();
        let detail = format!("{} times: {}", entry.count, entry.detail);
        if let Err(error) = store.audit(now, actor, "refused", code, detail).await {
            tracing::error!(%error, "the audit log cannot be written");
            return;
        }
    }
}
