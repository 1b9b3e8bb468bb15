//! The one thread that changes the database.
//!
//! Changes are closures. The thread takes all that wait, runs each in a savepoint of one transaction, commits once, and
//! only then answers: what was answered is on the disk, and a thousand clients share the price of a sync. A change that
//! fails is rolled back alone. Where the transaction itself fails (disk full, an error of the disk), none of its changes
//! has happened and each caller is told so.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error::StoreError;
use super::events::{Event, Feed};
use super::time::{self, UnixMillis};
use super::tx::Tx;

/// Changes that may wait. More callers wait for room.
const WAITING: usize = 1024;
/// Changes that one commit may hold.
const BATCH: usize = 128;

/// The way to the thread. The thread ends when it is told to, or when the last of these is gone.
#[derive(Clone)]
pub(super) struct Writer {
    messages: mpsc::Sender<Message>,
}

enum Message {
    Change(Box<dyn Change>),
    /// Nothing after this happens.
    Close,
}

/// Starts the thread.
pub(super) fn start(
    connection: Connection,
    feed: Feed,
) -> std::io::Result<(Writer, JoinHandle<()>)> {
    let (messages, waiting) = mpsc::channel(WAITING);
    let thread = std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || run(connection, waiting, &feed))?;
    Ok((Writer { messages }, thread))
}

impl Writer {
    /// Runs `change` in a transaction. It has happened, durably, exactly if this gives `Ok`; an `Err` other than
    /// [`StoreError::Closed`] means that it has not.
    pub(super) async fn write<T, E, F>(&self, now: UnixMillis, change: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let change = Pending {
            now,
            change: Some(change),
            result: None,
            events: Vec::new(),
            answer,
        };
        self.messages
            .send(Message::Change(Box::new(change)))
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Tells the thread to end after what waits now.
    pub(super) async fn close(&self) {
        // Where nobody listens it has ended.
        let _ = self.messages.send(Message::Close).await;
    }
}

trait Change: Send {
    /// Makes the change, within a savepoint. Whether it is to stay.
    fn make(&mut self, connection: &Connection) -> bool;
    /// Answers the caller: with its own result, or that the transaction failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>, feed: &Feed);
}

struct Pending<T, E, F> {
    now: UnixMillis,
    change: Option<F>,
    result: Option<Result<T, E>>,
    events: Vec<Event>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Change for Pending<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn make(&mut self, connection: &Connection) -> bool {
        let Some(change) = self.change.take() else {
            return false;
        };
        let now = self.now;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let now = time::guard(connection, now)?;
            let mut tx = Tx::new(connection, now);
            let value = change(&mut tx)?;
            Ok::<_, E>((value, tx.into_events()))
        }));
        let result = match outcome {
            Ok(Ok((value, events))) => {
                self.events = events;
                Ok(value)
            }
            Ok(Err(error)) => Err(error),
            Err(panic) => Err(StoreError::Panicked(panic_text(&*panic)).into()),
        };
        let stays = result.is_ok();
        self.result = Some(result);
        stays
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>, feed: &Feed) {
        let result = match (committed, self.result) {
            // A change that failed by itself keeps its own error.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(Ok(value))) => {
                for event in self.events {
                    feed.tell(event);
                }
                Ok(value)
            }
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Closed.into()),
        };
        // The caller may have gone; the change has happened all the same.
        let _ = self.answer.send(result);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic".to_owned())
}

fn run(connection: Connection, mut waiting: mpsc::Receiver<Message>, feed: &Feed) {
    let mut messages = Vec::with_capacity(BATCH);
    let mut open = true;
    while open && waiting.blocking_recv_many(&mut messages, BATCH) > 0 {
        let mut batch = Vec::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Change(change) if open => batch.push(change),
                // Its caller is told that the store is closed when it is dropped.
                Message::Change(_) => {}
                Message::Close => open = false,
            }
        }
        let outcome = transact(&connection, &mut batch);
        for change in batch {
            let committed = match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(error.repeat()),
            };
            change.answer(committed, feed);
        }
    }
    // Closing moves the journal into the database where it can; where not, the next start does.
    let _ = connection.close();
}

fn transact(connection: &Connection, batch: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    let outcome = changes(connection, batch);
    if outcome.is_err() && !connection.is_autocommit() {
        // SQLite has often rolled back by itself; where this fails too, the next BEGIN fails and says why.
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

fn changes(connection: &Connection, batch: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
    let run = |sql| {
        connection
            .execute_batch(sql)
            .map_err(|source| StoreError::from_sqlite("committing", source))
    };
    run("BEGIN IMMEDIATE")?;
    for change in batch {
        run("SAVEPOINT change")?;
        let stays = change.make(connection);
        // On a full disk and on errors of the disk SQLite may end the transaction by itself, and with it the changes
        // that came before this one.
        if connection.is_autocommit() {
            return Err(StoreError::RolledBack);
        }
        if !stays {
            run("ROLLBACK TO change")?;
        }
        run("RELEASE change")?;
    }
    run("COMMIT")
}
