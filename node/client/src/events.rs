//! What happens to a job, as it happens, across broken connections.

use std::collections::VecDeque;

use arknet_protocol::JobId;
use arknet_protocol::api::JobEvent;
use reqwest::header::ACCEPT;
use reqwest::{Method, Response};

use crate::backoff::Backoff;
use crate::client::Client;
use crate::error::ClientError;
use crate::fetch;
use crate::sse::Parser;

const WHAT: &str = "the event stream";

/// The events of a job, each change of state once and in order. A broken stream is opened again after the last event that came.
#[derive(Debug)]
pub struct Events {
    client: Client,
    job: JobId,
    last: Option<u64>,
    open: Option<(Response, Parser)>,
    ready: VecDeque<Came>,
    backoff: Backoff,
    ended: bool,
}

/// What came on the stream.
#[derive(Debug)]
enum Came {
    /// A change of state, which has an id: one that was sent before the connection broke may come again.
    Change(JobEvent),
    /// Where the job is now, without an id: what was missed of this does not matter.
    Progress(JobEvent),
}

impl Events {
    pub(crate) fn new(client: Client, job: JobId, last: Option<u64>) -> Self {
        Self {
            backoff: client.backoff(),
            client,
            job,
            last,
            open: None,
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// The next event, or nothing after the one with which the job ended.
    ///
    /// Nothing is lost where the future is dropped before it is done.
    pub async fn next(&mut self) -> Result<Option<JobEvent>, ClientError> {
        loop {
            match self.ready.pop_front() {
                Some(Came::Change(event)) => {
                    self.ended = event.state.is_final();
                    return Ok(Some(event));
                }
                Some(Came::Progress(event)) => return Ok(Some(event)),
                None => {}
            }
            if self.ended {
                return Ok(None);
            }
            if let Err(error) = self.read().await {
                self.open = None;
                self.backoff.wait(error).await?;
            }
        }
    }

    /// Reads until there are events.
    async fn read(&mut self) -> Result<(), ClientError> {
        if self.open.is_none() {
            self.open = Some((self.connect().await?, Parser::default()));
        }
        while let Some((response, parser)) = &mut self.open {
            let piece = response
                .chunk()
                .await
                .map_err(|error| ClientError::of_transport(&error, "the node", WHAT))?;
            let Some(piece) = piece else {
                return Err(ClientError::Broken {
                    what: WHAT.to_owned(),
                    reason: "the node closed it before the job ended".to_owned(),
                });
            };
            let messages = parser.take(&piece).map_err(|error| answer(&error))?;
            for message in messages {
                let event: JobEvent =
                    serde_json::from_str(&message.data).map_err(|error| answer(&error))?;
                if event.job != self.job {
                    continue;
                }
                let is_new = self.last.is_none_or(|last| event.sequence > last);
                if message.id.is_none() {
                    self.ready.push_back(Came::Progress(event));
                } else if is_new {
                    self.last = Some(event.sequence);
                    self.ready.push_back(Came::Change(event));
                }
            }
            if !self.ready.is_empty() {
                self.backoff.succeeded();
                return Ok(());
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Response, ClientError> {
        let url = self
            .client
            .url(&["v1", "jobs", &self.job.to_string(), "events"]);
        let mut request = self
            .client
            .request(Method::GET, url)
            .header(ACCEPT, "text/event-stream");
        if let Some(last) = self.last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        fetch::send(request, self.client.address(), WHAT).await
    }
}

fn answer(error: &dyn std::error::Error) -> ClientError {
    ClientError::Answer {
        what: WHAT.to_owned(),
        reason: error.to_string(),
    }
}
