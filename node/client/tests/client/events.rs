//! The event stream across broken connections.

use arknet_protocol::api::JobEvent;
use arknet_protocol::{Code, JobId, JobState, Phase, Problem};

use crate::server::{Reply, Server};

const JOB: JobId = JobId([7; 16]);

fn event(sequence: u64, state: JobState) -> JobEvent {
    JobEvent {
        sequence,
        job: JOB,
        at_ms: 0,
        state,
        attempt: 1,
        phase: Some(Phase::Executing),
        percent: Some(50),
        reason: None,
        detail: None,
    }
}

fn json(event: &JobEvent) -> String {
    serde_json::to_string(event).unwrap()
}

fn stream(events: &[JobEvent]) -> Reply {
    let mut text = String::from(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n: hello\n\n",
    );
    for event in events {
        text.push_str(&format!(
            "id: {}\ndata: {}\n\n",
            event.sequence,
            json(event)
        ));
    }
    Reply::raw(text)
}

#[tokio::test]
async fn each_event_comes_once_whatever_happens_to_the_connection() {
    let server = Server::start(|number, _| match number {
        0 => stream(&[event(3, JobState::Queued), event(5, JobState::Executing)]).then(
            // Progress has no id, and the number of the change before it.
            &format!(
                "event: progress\ndata: {}\n\n",
                json(&event(5, JobState::Executing))
            ),
        ),
        1 => Reply::hang_up(),
        2 => Reply::problem(&Problem::new(Code::Unavailable, "it restarts")),
        // Half an event, which is none.
        3 => Reply::raw("HTTP/1.1 200 OK\r\n\r\nid: 6\ndata: {\"seq"),
        _ => stream(&[
            event(5, JobState::Executing),
            JobEvent {
                job: JobId([8; 16]),
                ..event(6, JobState::Done)
            },
            event(9, JobState::Done),
        ]),
    })
    .await;
    let mut events = server.client().events(JOB, None);
    let mut seen = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        seen.push((event.sequence, event.state));
    }
    assert_eq!(
        seen,
        [
            (3, JobState::Queued),
            (5, JobState::Executing),
            (5, JobState::Executing),
            (9, JobState::Done)
        ]
    );
    assert_eq!(events.next().await.unwrap(), None);
    let asked = server.asked();
    let last: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("last-event-id"))
        .collect();
    assert_eq!(last, [None, Some("5"), Some("5"), Some("5"), Some("5")]);
}

#[tokio::test]
async fn a_stream_of_something_else_is_refused() {
    let server = Server::start(|_, _| {
        Reply::raw("HTTP/1.1 200 OK\r\n\r\nid: 1\ndata: {\"not\": \"an event\"}\n\n")
    })
    .await;
    let error = server.client().events(JOB, None).next().await.unwrap_err();
    assert!(error.to_string().contains("makes no sense"), "{error}");
    assert_eq!(server.asked().len(), 1);
}
