//! A machine that stops at any moment.
//!
//! Random changes run on a store. At random points the files are taken as a machine that lost its power would have left
//! them: the last change not written, written whole, or torn at any byte, in the journal or (where the change also moved the
//! journal into the database) in the database. A store opened on them must be exactly as before or exactly as after that
//! change: what was answered is there, nothing is there by half, no nonce can be used again, the audit log holds.

use std::path::{Path, PathBuf};

use arknet_protocol::{BlobDigest, JobId, JobState, Reason};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::store::testing::{ADMISSION, Bench, DEVICE, NOON};
use crate::store::{
    AcceptError, Accepted, End, Fence, Output, Retention, Sealing, Store, UnixMillis, connection,
    migrations,
};

/// One change, by number, with something to choose by.
#[derive(Clone, Copy, Debug)]
struct Step {
    change: u8,
    choice: u8,
    /// Where the change is torn, as a share of what it wrote; `None`: no crash here.
    tear: Option<(bool, u16)>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tear = proptest::option::weighted(0.3, (any::<bool>(), any::<u16>()));
    let step = (0..10_u8, any::<u8>(), tear).prop_map(|(change, choice, tear)| Step {
        change,
        choice,
        tear,
    });
    proptest::collection::vec(step, 1..40)
}

fn cases() -> u32 {
    let cases = std::env::var("ARKNET_FUZZ_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(32)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_answered_survives_and_nothing_else_does_by_half(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(steps));
    }
}

/// The files of a database at one moment.
#[derive(Clone, PartialEq)]
struct Files {
    database: Vec<u8>,
    journal: Vec<u8>,
}

impl Files {
    fn read(path: &Path) -> Self {
        Self {
            database: std::fs::read(path).unwrap(),
            journal: std::fs::read(journal(path)).unwrap_or_default(),
        }
    }

    fn write(&self, path: &Path) {
        std::fs::write(path, &self.database).unwrap();
        std::fs::write(journal(path), &self.journal).unwrap();
    }
}

fn journal(path: &Path) -> PathBuf {
    path.with_file_name("node.db-wal")
}

/// What is on the disk when writing `after` over `before` stops after a share of the bytes that differ.
fn torn(before: &[u8], after: &[u8], share: u16) -> Vec<u8> {
    let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let at = same + (after.len() - same) * usize::from(share) / usize::from(u16::MAX);
    let mut torn = after[..at].to_vec();
    torn.extend(before.get(at..).unwrap_or_default());
    torn
}

/// Everything that a store says.
#[derive(Debug, PartialEq)]
struct Contents(Vec<String>);

fn contents(path: &Path) -> Contents {
    let connection = Connection::open(path).unwrap();
    let healthy: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(healthy, "ok");
    let mut lines = Vec::new();
    for table in [
        "jobs",
        "nonces",
        "events",
        "leaves",
        "job_inputs",
        "job_outputs",
        "blob_owners",
        "stored",
        "usage",
        "audit",
        "clock",
    ] {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
            .unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> = (0..columns)
                .map(|column| format!("{:?}", row.get_ref(column).unwrap()))
                .collect();
            lines.push(format!("{table}: {}", values.join(", ")));
        }
    }
    Contents(lines)
}

/// Opens the bench's store so that its journal is moved into the database often.
async fn open(bench: &mut Bench) {
    let path = bench.path();
    let mut connection = connection::open_writer(&path).unwrap();
    connection
        .pragma_update(None, "wal_autocheckpoint", 12)
        .unwrap();
    migrations::migrate(&mut connection).unwrap();
    let store = Store::with_connection(&path, bench.node.public(), connection).unwrap();
    let first = std::mem::replace(&mut bench.store, store);
    first.close().await;
}

async fn run(steps: Vec<Step>) {
    let mut bench = Bench::new().await;
    open(&mut bench).await;
    // Stored once and for all, so that each step below is one change.
    bench.sealing(b"output").await;
    bench.give_blob(&bench.client, b"receipt").await;
    let mut now = NOON;
    let mut accepted: Vec<(u8, JobId)> = Vec::new();
    for step in steps {
        let path = bench.path();
        let before = Files::read(&path);
        let known = accepted.len();
        change(&bench, step, &mut now, &mut accepted).await;
        let Some((in_database, share)) = step.tear else {
            continue;
        };
        let after = Files::read(&path);
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("node.db");
        let outcomes = [&before, &after].map(|files| {
            files.write(&copy);
            let contents = contents(&copy);
            std::fs::remove_file(journal(&copy)).ok();
            contents
        });
        let left = match in_database {
            // The journal was synced before the first byte of it went to the database.
            true => Files {
                database: torn(&before.database, &after.database, share),
                journal: after.journal.clone(),
            },
            false => Files {
                database: before.database.clone(),
                journal: torn(&before.journal, &after.journal, share),
            },
        };
        left.write(&copy);
        let found = contents(&copy);
        assert!(
            outcomes.contains(&found),
            "neither before nor after: {found:?}\n{outcomes:?}"
        );
        // What was answered before this change is there, and so is this one where all of it was written.
        left.write(&copy);
        let survived = if found == outcomes[1] {
            accepted.len()
        } else {
            known
        };
        check(&bench, &copy, now, &accepted[..survived]).await;
    }
    bench.store.verify_audit(None).await.unwrap();
}

/// Opens what a crash left, as a node would: nothing is lost, and no nonce can be used again.
async fn check(bench: &Bench, path: &Path, now: UnixMillis, accepted: &[(u8, JobId)]) {
    let store = Store::open(path, bench.node.public()).unwrap();
    store.recover(now).await.unwrap();
    store.verify_audit(None).await.unwrap();
    assert!(
        store
            .leaves(0..u64::MAX)
            .await
            .unwrap()
            .iter()
            .map(|leaf| leaf.number)
            .eq(0..store.leaf_count().await.unwrap())
    );
    for (nonce, job) in accepted {
        let summary = store
            .job(*job)
            .await
            .unwrap()
            .expect("an accepted job is lost")
            .summary;
        assert!(
            summary.state == JobState::Queued || summary.state.is_final() || summary.leaf.is_some()
        );
        let again = store
            .accept(
                now,
                bench.sign(bench.request(*nonce)),
                bench.token,
                ADMISSION,
            )
            .await;
        assert!(
            matches!(again, Ok(Accepted::Existing(id)) if id == *job),
            "{again:?}"
        );
        let mut other = bench.request(*nonce);
        other.workgroups = [9, 9, 9];
        let other = store
            .accept(now, bench.sign(other), bench.token, ADMISSION)
            .await;
        assert!(
            matches!(
                other,
                Err(AcceptError::NonceUsed { .. } | AcceptError::Expired { .. })
            ),
            "{other:?}"
        );
    }
    store.close().await;
}

/// Makes one change, whatever is possible. That some are refused is part of it.
async fn change(bench: &Bench, step: Step, now: &mut UnixMillis, accepted: &mut Vec<(u8, JobId)>) {
    let store = &bench.store;
    let job = accepted
        .get(usize::from(step.choice) % accepted.len().max(1))
        .map(|(_, job)| *job);
    let summary = match job {
        Some(job) => store.job(job).await.unwrap().map(|job| job.summary),
        None => None,
    };
    let end = End {
        reason: Some(Reason::ProviderFailed),
        detail: Some("by the test".to_owned()),
        device_millis: u64::from(step.choice),
    };
    let Some(summary) = summary.filter(|_| step.change > 2) else {
        let nonce = u8::try_from(accepted.len()).unwrap();
        if let Ok(Accepted::Created(job)) = bench.accept_at(*now, bench.request(nonce)).await {
            accepted.push((nonce, job));
        }
        return;
    };
    let fence = Fence {
        job: summary.id,
        attempt: summary.attempt,
        state: summary.state,
    };
    let attempt = summary.attempt;
    // Refusals change nothing, which is what is checked.
    match step.change {
        3 => drop(
            store
                .claim(*now, fence.job, attempt, DEVICE, ADMISSION.quotas)
                .await,
        ),
        4 => drop(store.advance(*now, fence, JobState::Verifying).await),
        5 => {
            let output = Output {
                name: "data".to_owned(),
                digest: BlobDigest::of(b"output"),
            };
            let sealing = Sealing {
                leaf: vec![step.choice],
                draft: BlobDigest::of(b"draft"),
                outputs: vec![output],
                device_millis: 5,
            };
            drop(store.seal(*now, fence.job, attempt, sealing).await);
        }
        6 => {
            let receipt = BlobDigest::of(b"receipt");
            drop(store.finish(*now, fence.job, attempt, receipt).await);
        }
        7 => drop(store.requeue(*now, fence, end, *now).await),
        8 => drop(store.cancel(*now, fence.job, None).await),
        _ => {
            // Sometimes back.
            *now = now.plus((i64::from(step.choice) - 60) * 20_000);
            let retention = Retention {
                queued: 7_200_000,
                finished: i64::MAX,
                usage_days: 30,
            };
            store.expire(*now, retention).await.unwrap();
        }
    }
}
