//! Databases of earlier versions.

use arknet_protocol::{JobId, JobState, KeyPair, Reason};
use rusqlite::Connection;

use crate::store::testing::{ADMISSION, NOON};
use crate::store::{Store, StoreError, migrations};

/// A database of version 1 as `sqlite3 .dump` prints it: a job that is done, one that failed, one that was running and one
/// that waits in its second attempt.
const VERSION_1: &str = include_str!("version-1.sql");
/// The node that it is of.
const NODE: &str = "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

#[tokio::test]
async fn a_database_of_version_1_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(VERSION_1)
        .unwrap();
    let node = NODE.parse().unwrap();
    let store = Store::open(&path, node).unwrap();
    let id = |number: u8| JobId([number; 16]);

    let done = store.job(id(1)).await.unwrap().unwrap();
    assert_eq!(
        (done.summary.state, done.summary.leaf),
        (JobState::Done, Some(0))
    );
    assert_eq!(done.outputs.len(), 1);
    let states = async |number| {
        let events = store.events(id(number), 0).await.unwrap();
        events
            .iter()
            .map(|event| (event.state, event.attempt, event.reason))
            .collect::<Vec<_>>()
    };
    let accepted = (JobState::Queued, 1, None);
    assert_eq!(states(1).await, [accepted, (JobState::Done, 1, None)]);
    assert_eq!(
        states(2).await,
        [accepted, (JobState::Failed, 2, Some(Reason::Trapped))]
    );
    assert_eq!(states(3).await, [accepted, (JobState::Proving, 1, None)]);
    assert_eq!(states(4).await, [accepted, (JobState::Queued, 2, None)]);
    assert_eq!(store.verify_audit(None).await.unwrap(), 2);

    // And it is a database to work with.
    assert_eq!(store.recover(NOON).await.unwrap().requeued, [id(3)]);
    assert_eq!(states(3).await.len(), 3);
    let queue = store.queue(NOON, ADMISSION.quotas, 10).await.unwrap();
    assert_eq!(
        queue.iter().map(|it| it.job.id).collect::<Vec<_>>(),
        [id(3), id(4)]
    );
    store.close().await;

    // A second time nothing happens.
    let store = Store::open(&path, node).unwrap();
    assert_eq!(store.events(id(1), 0).await.unwrap().len(), 2);
}

#[test]
fn a_database_of_the_future_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "user_version", migrations::NEWEST + 1)
        .unwrap();
    drop(connection);
    let node = KeyPair::from_seed([1; 32]).unwrap().public();
    let error = Store::open(&path, node).err().unwrap();
    assert!(
        matches!(error, StoreError::TooNew { found, .. } if found == migrations::NEWEST + 1),
        "{error}"
    );
    let tables: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 0);
}

#[test]
fn an_upgrade_that_fails_leaves_the_version_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = Connection::open(folder.path().join("node.db")).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    // Something is in the way of the second half of the step.
    connection
        .execute_batch("CREATE TABLE device_hours (x)")
        .unwrap();
    assert!(migrations::migrate(&mut connection).is_err());
    assert_eq!(migrations::version(&connection).unwrap(), 1);
    let events: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE name = 'events'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(events, 0);
    connection.execute_batch("DROP TABLE device_hours").unwrap();
    assert_eq!(migrations::migrate(&mut connection).unwrap(), 1);
    assert_eq!(
        migrations::version(&connection).unwrap(),
        migrations::NEWEST
    );
}
