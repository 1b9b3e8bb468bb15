//! The thread that says that a worker is alive.
//!
//! It has a runtime and a connection of its own: whatever the worker computes, waits for or uploads, heartbeats go out and
//! the node's answers are heard.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arknet_protocol::KeyPair;
use async_nats::Client;
use async_nats::connection::State;
use futures_util::StreamExt;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::pulse::Pulse;
use crate::fleet::message::{Ends, Heartbeat, Orders, VERSION, WorkerDevice, open, seal};
use crate::fleet::nats::{Names, NatsConfig, connect};

/// Heartbeats that something has caused are this far apart at least.
const APART: Duration = Duration::from_millis(50);
/// How long the last heartbeat may take.
const LAST: Duration = Duration::from_secs(2);
/// What NATS takes for "it is being worked on".
const PROGRESS: &str = "+WPI";

/// What heartbeats say that does not change.
pub(super) struct Identity {
    pub(super) key: Arc<KeyPair>,
    pub(super) ends: Ends,
    pub(super) device: WorkerDevice,
}

/// The thread. It ends when this is dropped.
pub(super) struct Heart {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

impl Heart {
    /// Starts to beat.
    pub(super) fn start(nats: NatsConfig, identity: Identity, pulse: Pulse) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    match connect(&nats, "arknet worker heartbeat").await {
                        Ok(client) => beat(&client, &identity, &pulse, stopped).await,
                        Err(error) => warn!(%error, "the worker cannot say that it is alive"),
                    }
                });
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Beats once more and ends.
    pub(super) async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It ends within `LAST`. A panic in it has been printed.
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

async fn beat(
    client: &Client,
    identity: &Identity,
    pulse: &Pulse,
    mut stopped: oneshot::Receiver<()>,
) {
    let names = Names::of(&identity.ends.node);
    let mut orders = loop {
        match client.subscribe(names.orders(&identity.ends.worker)).await {
            Ok(orders) => break orders,
            Err(error) => warn!(%error, "the node cannot be heard"),
        }
        sleep(APART).await;
    };
    loop {
        let due = send(client, identity, pulse).await;
        let sent = Instant::now();
        loop {
            let rest = due.saturating_sub(sent.elapsed());
            tokio::select! {
                biased;
                _ = &mut stopped => {
                    let last = async {
                        send(client, identity, pulse).await;
                        client.flush().await
                    };
                    // Without it the node learns by the lease.
                    let _ = timeout(LAST, last).await;
                    return;
                }
                message = orders.next() => match message {
                    Some(message) => match open::<Orders>(&message.payload, &identity.ends) {
                        Ok(orders) => pulse.hear(&orders),
                        Err(error) => warn!(%error, "a message of the node is dropped"),
                    },
                    // The connection is closed for good, which only this function does.
                    None => return,
                },
                () = pulse.changed() => {
                    sleep(APART).await;
                    break;
                }
                () = sleep(rest) => break,
            }
        }
    }
}

/// Sends a heartbeat and returns when the next is due. Without a connection there is no point in it: heartbeats of the
/// past would stand in line.
async fn send(client: &Client, identity: &Identity, pulse: &Pulse) -> Duration {
    let beat = pulse.beat(Instant::now(), now_ms());
    if client.connection_state() == State::Connected {
        let heartbeat = Heartbeat {
            version: VERSION,
            node: identity.ends.node,
            worker: identity.ends.worker,
            sent_ms: beat.sent_ms,
            state: beat.state,
            device: identity.device.clone(),
            held: beat.held,
        };
        let subject = Names::of(&identity.ends.node).heartbeat(&identity.ends.worker);
        let sealed = seal(&heartbeat, &identity.key);
        let mut sent = client.publish(subject, sealed.into()).await;
        for reply in beat.replies {
            sent = sent.and(client.publish(reply, PROGRESS.into()).await);
        }
        if let Err(error) = sent {
            warn!(%error, "a heartbeat is not sent");
        }
    }
    beat.next
}
