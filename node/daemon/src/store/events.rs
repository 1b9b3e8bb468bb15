//! What happened to jobs, in order, for those who follow them.
//!
//! Changes of state are rows, written with the change itself: a client that was away reads what it missed by number. They
//! are also told to listeners once they are committed. The percentage within a phase changes often and matters only now:
//! it is told, kept in memory, and never written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arknet_protocol::{Fingerprint, JobId, JobState, Phase, PublicKey, Reason};
use rusqlite::Row;
use tokio::sync::broadcast;

use super::column::{col, col_opt, count, get, get_opt, int};
use super::time::UnixMillis;
use super::tx::{self, Tx};
use super::{Store, StoreError};

/// Events that a slow listener may be behind before it has to catch up from the database.
const BEHIND: usize = 4096;
/// Events that one query gives.
const PAGE: u32 = 1000;

/// A change of a job's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place among all events of the node. Grows.
    pub number: u64,
    /// The job.
    pub job: JobId,
    /// Its client.
    pub client: PublicKey,
    /// When.
    pub at: UnixMillis,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The state that was entered.
    pub state: JobState,
    /// The device of the attempt, where there is one.
    pub device: Option<Fingerprint>,
    /// Why, where the job ended without a result.
    pub reason: Option<Reason>,
    /// More about why, for people.
    pub detail: Option<String>,
}

/// How far a phase of a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The attempt.
    pub attempt: u32,
    /// The phase.
    pub phase: Phase,
    /// 0 to 100.
    pub percent: u8,
}

/// What listeners are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A job changed its state.
    Event(Event),
    /// A job came further.
    Progress {
        /// The job.
        job: JobId,
        /// Where it is.
        progress: Progress,
    },
}

/// Tells listeners.
#[derive(Clone)]
pub(super) struct Feed {
    news: broadcast::Sender<News>,
    progress: Arc<Mutex<HashMap<JobId, Progress>>>,
}

impl Feed {
    pub(super) fn new() -> Self {
        Self {
            news: broadcast::Sender::new(BEHIND),
            progress: Arc::default(),
        }
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, event: Event) {
        if event.state == JobState::Queued || event.state.is_final() {
            self.progress().remove(&event.job);
        }
        // Nobody may be listening.
        let _ = self.news.send(News::Event(event));
    }
}

/// Writes an event and has it told after the commit.
pub(super) fn append(tx: &mut Tx<'_>, event: Event) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO events (job, at, attempt, state, device, reason, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            col(&event.job),
            event.at,
            event.attempt,
            col(&event.state),
            col_opt(event.device.as_ref()),
            col_opt(event.reason.as_ref()),
            &event.detail,
        ),
    )?;
    let number = u64::try_from(tx.connection().last_insert_rowid()).unwrap_or(0);
    tx.announce(Event { number, ..event });
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        number: count(row, 0)?,
        job: get(row, 1)?,
        client: get(row, 2)?,
        at: row.get(3)?,
        attempt: row.get(4)?,
        state: get(row, 5)?,
        device: get_opt(row, 6)?,
        reason: get_opt(row, 7)?,
        detail: row.get(8)?,
    })
}

impl Store {
    /// Listens to everything that happens from now on. A listener that is told it lags reads [`Store::events`].
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.feed.news.subscribe()
    }

    /// The events of a job after the one numbered `after` (0: all), oldest first; at most a thousand.
    pub async fn events(&self, job: JobId, after: u64) -> Result<Vec<Event>, StoreError> {
        self.read(move |connection| {
            tx::all(
                connection,
                "SELECT e.number, e.job, j.client, e.at, e.attempt, e.state, e.device, e.reason, e.detail
                 FROM events e JOIN jobs j ON j.id = e.job
                 WHERE e.job = ?1 AND e.number > ?2 ORDER BY e.number LIMIT ?3",
                (col(&job), int(after), PAGE),
                read,
            )
        })
        .await
    }

    /// Says how far a job is. Kept in memory only.
    pub fn report_progress(&self, job: JobId, progress: Progress) {
        self.feed.progress().insert(job, progress);
        // Nobody may be listening.
        let _ = self.feed.news.send(News::Progress { job, progress });
    }

    /// How far a job is, where it has said so since it was taken up.
    pub fn progress(&self, job: JobId) -> Option<Progress> {
        self.feed.progress().get(&job).copied()
    }
}
