//! Event streams: from the beginning, from the middle, across a gap, and not too many of them.

use std::time::Duration;

use arknet_node::store::{Progress, UnixMillis};
use arknet_protocol::api::JobEvent;
use arknet_protocol::{Code, JobId, JobState, Phase};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::node::{Client, Knobs, Node, start};
use crate::wire;

/// An open stream.
struct Stream {
    socket: TcpStream,
    text: String,
}

/// An event with its id.
#[derive(Debug)]
struct Received {
    id: Option<u64>,
    kind: String,
    event: JobEvent,
}

async fn follow(node: &Node, client: &Client, job: JobId, last: Option<u64>) -> Stream {
    let bearer = client.bearer();
    let last = last.map(|last| last.to_string());
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(last.as_deref().map(|last| ("Last-Event-ID", last)));
    let call = wire::request("GET", &format!("/v1/jobs/{job}/events"), &headers, b"");
    let mut socket = TcpStream::connect(node.public).await.unwrap();
    socket.write_all(&call).await.unwrap();
    Stream {
        socket,
        text: String::new(),
    }
}

impl Stream {
    /// The next event; `None` where the stream ends.
    async fn next(&mut self) -> Option<Received> {
        loop {
            if let Some(received) = self.take() {
                return Some(received);
            }
            let mut bytes = [0; 4096];
            let read = tokio::time::timeout(Duration::from_secs(20), self.socket.read(&mut bytes));
            let read = read.await.expect("no event came").unwrap_or(0);
            if read == 0 {
                return None;
            }
            self.text
                .push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }

    /// The first event among what came. Each one comes in a chunk of its own.
    fn take(&mut self) -> Option<Received> {
        let start = self.text.find("event: ")?;
        let length = self.text[start..].find("\n\n")?;
        let block = self.text[start..start + length].to_owned();
        let before = self.text[..start].to_owned();
        self.text.drain(..start + length + 2);
        let field = |name: &str| {
            let lines = before.lines().rev().take(2).chain(block.lines());
            lines
                .filter_map(|line| line.strip_prefix(name))
                .last()
                .map(str::to_owned)
        };
        Some(Received {
            id: block
                .lines()
                .find_map(|line| line.strip_prefix("id: "))
                .map(|id| id.parse().unwrap()),
            kind: field("event: ")?,
            event: serde_json::from_str(&field("data: ")?).unwrap(),
        })
    }
}

#[tokio::test]
async fn a_job_is_followed_to_its_end() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let job = node.accepted(&client).await;
    let mut stream = follow(&node, &client, job, None).await;
    let first = stream.next().await.unwrap();
    assert_eq!(
        (first.event.state, first.kind.as_str()),
        (JobState::Queued, "state")
    );
    assert_eq!(first.id, Some(first.event.sequence));
    node.finish(&client, job, b"four").await;
    let mut ids = vec![first.id.unwrap()];
    let mut states = Vec::new();
    while let Some(received) = stream.next().await {
        ids.push(received.id.unwrap());
        states.push(received.event.state);
    }
    assert_eq!(
        states,
        [JobState::Executing, JobState::Verifying, JobState::Done]
    );
    assert!(ids.is_sorted());

    // Who was away reads what was missed, and no more.
    let mut late = follow(&node, &client, job, Some(ids[1])).await;
    let mut missed = Vec::new();
    while let Some(received) = late.next().await {
        missed.push(received.event.state);
    }
    assert_eq!(missed, [JobState::Verifying, JobState::Done]);
    // Who has seen the end is told nothing twice.
    let mut done = follow(&node, &client, job, ids.last().copied()).await;
    assert!(done.next().await.is_none());
    node.end().await;
}

#[tokio::test]
async fn progress_is_told_without_an_id() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let job = node.accepted(&client).await;
    let mut stream = follow(&node, &client, job, None).await;
    stream.next().await.unwrap();
    node.claim(job, 1).await;
    stream.next().await.unwrap();
    let progress = Progress {
        attempt: 1,
        phase: Phase::Executing,
        percent: 40,
    };
    node.store.report_progress(job, progress);
    let received = stream.next().await.unwrap();
    assert_eq!((received.kind.as_str(), received.id), ("progress", None));
    assert_eq!(received.event.percent, Some(40));
    // Who comes later is told at once.
    let mut late = follow(&node, &client, job, None).await;
    let mut percents = Vec::new();
    for _ in 0..3 {
        percents.push(late.next().await.unwrap().event.percent);
    }
    assert_eq!(percents, [None, None, Some(40)]);
    node.end().await;
}

#[tokio::test]
async fn a_slow_reader_misses_nothing() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let job = node.accepted(&client).await;
    let mut stream = follow(&node, &client, job, None).await;
    stream.next().await.unwrap();
    // More news than are kept for those who are behind.
    let progress = Progress {
        attempt: 1,
        phase: Phase::Executing,
        percent: 1,
    };
    for _ in 0..10_000 {
        node.store.report_progress(JobId([9; 16]), progress);
    }
    let id = client.key.public();
    node.store
        .cancel(UnixMillis::now(), job, Some(id))
        .await
        .unwrap();
    let mut last = None;
    while let Some(received) = stream.next().await {
        last = Some(received.event.state);
    }
    assert_eq!(last, Some(JobState::Cancelled));
    node.end().await;
}

#[tokio::test]
async fn streams_are_bounded_and_places_come_back() {
    let node = start(Knobs {
        streams_per_client: 2,
        ..Knobs::default()
    })
    .await;
    let client = node.ready_client(2).await;
    let job = node.accepted(&client).await;
    let path = format!("/v1/jobs/{job}/events");
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = follow(&node, &client, job, None).await;
        stream.next().await.unwrap();
        streams.push(stream);
    }
    node.get(&client, &path).await.problem(Code::RateLimited);
    streams.clear();
    let mut again = None;
    for _ in 0..100 {
        let mut stream = follow(&node, &client, job, None).await;
        if stream.next().await.is_some() {
            again = Some(stream);
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(again.is_some(), "a place is not given back");
    for wrong in ["x", "-1", "1.5"] {
        let bearer = client.bearer();
        let headers = [("Authorization", bearer.as_str()), ("Last-Event-ID", wrong)];
        wire::call(node.public, "GET", &path, &headers, b"")
            .await
            .problem(Code::BadRequest);
    }
    // A node that ends lets nobody wait.
    node.end().await;
    assert!(again.unwrap().next().await.is_none());
}
