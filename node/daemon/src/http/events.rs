//! A job's events as they happen: server-sent events, which a client that was cut off goes on reading where it stopped.
//!
//! Changes of state come from the database, each with its number as the event's id; a stream begins after the
//! `Last-Event-ID` of its caller, or with the first. Progress has no number of its own: it is of now, and what was missed of
//! it does not matter. A stream ends after the event that ends the job.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use arknet_protocol::api::JobEvent;
use arknet_protocol::{Code, JobId, Scope};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};

use super::api::Api;
use super::caller::Caller;
use super::path::JobPath;
use super::problem::Refusal;
use super::streams::Place;
use super::{openapi, view};
use crate::metrics::Open;
use crate::store::News;

/// A comment is sent where nothing else was for this long, so that both sides learn of a broken connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client waits before it connects again.
const RECONNECT: Duration = Duration::from_secs(2);

/// What the fields of an event hold, for the description.
pub(super) struct EventMessage;

impl utoipa::PartialSchema for EventMessage {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        ObjectBuilder::new()
            .property(
                "event",
                text()
                    .enum_values(Some(["state", "progress"]))
                    .description(Some("`progress` events have a `percent` and no id")),
            )
            .property("id", text().pattern(Some("^[0-9]+$")))
            .property("retry", ObjectBuilder::new().schema_type(Type::Integer))
            .property(
                "data",
                text()
                    .content_media_type("application/json")
                    .description(Some("A `JobEvent`")),
            )
            .required("event")
            .required("data")
            .into()
    }
}

impl utoipa::ToSchema for EventMessage {}

/// Follows a job. Each event's data is a `JobEvent`.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/events", tag = "jobs",
    params(
        ("id" = JobId, Path, description = "The job"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that was received"),
    ),
    responses(
        (status = 200, description = "Events until the job ends", body = EventMessage, content_type = "text/event-stream"),
        openapi::Following,
    ),
)]
pub(super) async fn follow(
    State(api): State<Api>,
    caller: Caller,
    JobPath(id): JobPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsRead)?;
    let after = last_event(&headers)?;
    let client = caller.client();
    // Listening begins before the first look at the database, so that nothing falls in between.
    let news = api.store().listen();
    view::find(&api, id, Some(client)).await?;
    let place = api.streams().open(client).ok_or_else(|| {
        let most = api.streams().per_client();
        let mut refusal = Refusal::new(
            Code::RateLimited,
            format_args!("a client may have {most} event streams at a time, and the node has a bound on all of them"),
        );
        refusal.0.retry_after = Some(5);
        refusal
    })?;
    let follower = Follower {
        job: id,
        sequence: after,
        ready: VecDeque::new(),
        behind: true,
        ended: false,
        news,
        _place: place,
        _counted: api.metrics().follows(),
        api,
    };
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(messages(follower))
        .keep_alive(heartbeat)
        .into_response())
}

fn last_event(headers: &HeaderMap) -> Result<u64, Refusal> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(0);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| {
        Refusal::new(
            Code::BadRequest,
            "`Last-Event-ID` must be the id of an event",
        )
    })
}

/// A client on its way through the events of a job.
struct Follower {
    api: Api,
    job: JobId,
    /// The number of the last event that was sent.
    sequence: u64,
    ready: VecDeque<JobEvent>,
    /// Whether the database may have events that were not sent.
    behind: bool,
    ended: bool,
    news: Receiver<News>,
    _place: Place,
    _counted: Open,
}

fn messages(follower: Follower) -> impl Stream<Item = Result<Message, Infallible>> + Send {
    stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        let message = Message::default().retry(RECONNECT);
        let message = match event.percent {
            // A number would make its client skip the event that has it.
            Some(_) => message.event("progress"),
            None => message.event("state").id(event.sequence.to_string()),
        };
        // A job's event always has a JSON form.
        let message = message.json_data(&event).ok()?;
        Some((Ok(message), follower))
    })
}

impl Follower {
    async fn next(&mut self) -> Option<JobEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                if event.percent.is_none() {
                    self.sequence = event.sequence;
                    self.ended = event.state.is_final();
                }
                return Some(event);
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            if self.ended {
                return None;
            }
            let news = tokio::select! {
                () = self.api.stop().cancelled() => return None,
                news = self.news.recv() => news,
            };
            match news {
                Ok(News::Event(event)) if event.job == self.job && event.number > self.sequence => {
                    self.ready.push_back(view::event(event));
                }
                Ok(News::Progress { job, progress }) if job == self.job => {
                    let event = view::progress(job, self.sequence, progress);
                    self.ready.push_back(event);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Reads what the database has. Ends the stream where it cannot be read: the client asks again.
    async fn catch_up(&mut self) -> Option<()> {
        // The job before its events: a job that had ended by then has no event that is not among them.
        let job = self.api.store().job(self.job).await.ok()??;
        let events = self
            .api
            .store()
            .events(self.job, self.sequence)
            .await
            .ok()?;
        self.behind = !events.is_empty();
        if events.is_empty() {
            self.ended = job.summary.state.is_final();
            let progress = self.api.store().progress(self.job);
            let now = progress.map(|progress| view::progress(self.job, self.sequence, progress));
            self.ready
                .extend(now.filter(|event| event.state == job.summary.state));
        }
        self.ready.extend(events.into_iter().map(view::event));
        Some(())
    }
}
