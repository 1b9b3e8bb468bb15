//! Messages that wait in NATS until their receiver has dealt with them.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, PullConsumer, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, AckKind, Context};
use async_nats::{Client, HeaderMap};
use futures_util::StreamExt;
use tokio::time::timeout;

/// How long NATS may take to answer. What it has not confirmed by then is taken for not sent.
const ANSWERING: Duration = Duration::from_secs(10);
/// How long one request for a message waits in NATS. A server that starts anew forgets such requests, so they are short.
const ASKING: Duration = Duration::from_secs(2);
/// No message is of use for longer: jobs expire before.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of a stream. The node sends no more than a few messages ahead of what workers take.
const MAX_STREAM_BYTES: i64 = 256 << 20;
/// Bytes of a message.
const MAX_MESSAGE_BYTES: i32 = 512 << 10;
/// How often a message is given out whose receiver dies of it.
const MAX_DELIVERIES: i64 = 5;

/// What NATS refused or did not answer.
#[derive(Debug, thiserror::Error)]
#[error("NATS: {doing} failed: {reason}")]
pub struct QueueError {
    /// What was tried.
    pub doing: &'static str,
    /// What came of it.
    pub reason: String,
}

fn failed<E: std::fmt::Display>(doing: &'static str) -> impl Fn(E) -> QueueError {
    move |error| QueueError {
        doing,
        reason: error.to_string(),
    }
}

/// The queues of a NATS server.
#[derive(Clone, Debug)]
pub struct Queue {
    context: Context,
}

/// A message that was taken from a queue. It comes again unless it is finished, or kept by [`Taken::reply`] acknowledgements.
#[derive(Debug)]
pub struct Taken {
    message: jetstream::Message,
}

impl Queue {
    /// The queues reached by a connection.
    pub fn new(client: Client) -> Self {
        let mut context = jetstream::new(client);
        context.set_timeout(ANSWERING);
        Self { context }
    }

    /// Makes a stream where it is not there, in which each message waits on disk for its one receiver.
    pub async fn ensure_stream(&self, name: &str, subjects: String) -> Result<(), QueueError> {
        let config = Config {
            name: name.to_owned(),
            subjects: vec![subjects],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::File,
            // Whoever sends must hear that there is no room; what waits is not thrown away for it.
            discard: DiscardPolicy::New,
            max_age: MAX_AGE,
            max_bytes: MAX_STREAM_BYTES,
            max_message_size: MAX_MESSAGE_BYTES,
            num_replicas: 1,
            ..Config::default()
        };
        let made = self.context.get_or_create_stream(config).await;
        made.map(drop).map_err(failed("making a stream"))
    }

    /// Makes a consumer where it is not there.
    pub async fn ensure_consumer(
        &self,
        stream: &str,
        name: &str,
        subject: String,
        patience: Duration,
    ) -> Result<(), QueueError> {
        let config = pull::Config {
            durable_name: Some(name.to_owned()),
            filter_subject: subject,
            ack_policy: AckPolicy::Explicit,
            ack_wait: patience,
            max_deliver: MAX_DELIVERIES,
            ..pull::Config::default()
        };
        let made: Result<Consumer<pull::Config>, _> =
            self.context.create_consumer_on_stream(config, stream).await;
        made.map(drop).map_err(failed("making a consumer"))
    }

    /// Sends a message and waits until NATS has stored it. Sent again under the same `id` within two minutes, it is stored
    /// once. Returns its number in the stream.
    pub async fn send(
        &self,
        subject: String,
        id: &str,
        payload: Vec<u8>,
    ) -> Result<u64, QueueError> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id);
        let sending = async {
            let stored = self
                .context
                .publish_with_headers(subject, headers, payload.into())
                .await
                .map_err(failed("sending"))?;
            stored.await.map_err(failed("sending"))
        };
        match timeout(ANSWERING, sending).await {
            Ok(stored) => stored.map(|stored| stored.sequence),
            Err(elapsed) => Err(failed("sending")(elapsed)),
        }
    }

    /// Takes back a message that nobody needs any more.
    pub async fn unsend(&self, stream: &str, number: u64) -> Result<(), QueueError> {
        let stream = self
            .context
            .get_stream_no_info(stream)
            .await
            .map_err(failed("taking a message back"))?;
        let gone = stream.delete_message(number).await;
        gone.map(drop).map_err(failed("taking a message back"))
    }

    /// The next message, or none if there is none for a while.
    pub async fn take(&self, stream: &str, consumer: &str) -> Result<Option<Taken>, QueueError> {
        let doing = "asking for a message";
        let consumer: PullConsumer = timeout(
            ANSWERING,
            self.context.get_consumer_from_stream(consumer, stream),
        )
        .await
        .map_err(failed(doing))?
        .map_err(failed(doing))?;
        let mut batch = consumer
            .batch()
            .max_messages(1)
            .expires(ASKING)
            .messages()
            .await
            .map_err(failed(doing))?;
        match batch.next().await {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(Taken { message })),
            Some(Err(error)) => Err(failed(doing)(error)),
        }
    }
}

impl Taken {
    /// The bytes.
    pub fn payload(&self) -> &[u8] {
        &self.message.payload
    }

    /// The subject that it was sent to.
    pub fn subject(&self) -> &str {
        &self.message.subject
    }

    /// Where the acknowledgement that it is being worked on goes.
    pub fn reply(&self) -> Option<async_nats::Subject> {
        self.message.reply.clone()
    }

    /// It is dealt with and must not come again. Should NATS not hear this, it comes again, and its ticket is closed then.
    pub async fn finish(&self) -> Result<(), QueueError> {
        self.message.ack().await.map_err(failed("acknowledging"))
    }

    /// It makes no sense and must not come again.
    pub async fn discard(&self) -> Result<(), QueueError> {
        let told = self.message.ack_with(AckKind::Term).await;
        told.map_err(failed("acknowledging"))
    }
}
