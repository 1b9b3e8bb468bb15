//! Answers that a client must not take, and calls that it must not make.

use arknet_client::{Client, ClientError, Settings};
use arknet_protocol::{JobId, Token};

use crate::server::{Reply, Server};

const JOB: JobId = JobId([7; 16]);

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Server::start(|_, _| Reply::json(200, &"secret")).await;
    let location = target.address.clone();
    let server = Server::start(move |_, _| {
        Reply::raw(format!(
            "HTTP/1.1 307 Elsewhere\r\nlocation: {location}/v1/node\r\ncontent-length: 0\r\n\r\n"
        ))
    })
    .await;
    let error = server.client().node().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Foreign { status: 307, .. }),
        "{error}"
    );
    assert!(target.asked().is_empty());
}

#[tokio::test]
async fn answers_are_bounded_announced_or_not() {
    let server = Server::start(|number, _| match number {
        0 => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n"),
        _ => Reply::raw(["HTTP/1.1 200 OK\r\n\r\n", &"x".repeat(2 << 20)].concat()),
    })
    .await;
    for _ in 0..2 {
        let error = server.client().receipt(JOB, 1 << 20).await.unwrap_err();
        assert!(matches!(error, ClientError::TooLarge { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_node_is_said_to_be_none() {
    let server = Server::start(|number, _| match number {
        0 => Reply::with(404, "text/html", b"<h1>Not found</h1>"),
        1 => Reply::with(200, "text/html", b"<h1>Welcome</h1>"),
        // A problem whose status is another than the answer's.
        _ => Reply::with(
            500,
            "application/problem+json",
            br#"{"type":"x","title":"x","status":404,"detail":"x","code":"not-found"}"#,
        ),
    })
    .await;
    let error = server.client().node().await.unwrap_err().to_string();
    assert!(error.contains("is the address right?"), "{error}");
    let error = server.client().node().await.unwrap_err().to_string();
    assert!(error.contains("makes no sense"), "{error}");
    let error = server.client().node().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Foreign { status: 500, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_problem_that_is_newer_than_the_client_is_understood() {
    let server = Server::start(|_, _| {
        Reply::with(
            451,
            "application/problem+json",
            br#"{"type":"x","title":"x","status":451,"detail":"a judge says so","code":"by-law"}"#,
        )
    })
    .await;
    let error = server.client().node().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the node refuses: a judge says so (by-law, status 451)"
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(address.parse().unwrap(), None, Settings::default()).unwrap();
    let error = client.node().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&address), "{error}");
}

#[test]
fn tokens_do_not_travel_in_the_open() {
    let token = Token::generate().unwrap();
    let plain = |settings| {
        Client::new(
            "http://node.example.com".parse().unwrap(),
            Some(&token),
            settings,
        )
    };
    let error = plain(Settings::default()).unwrap_err().to_string();
    assert!(
        error.contains("https") && error.contains("ssh -L"),
        "{error}"
    );
    plain(Settings {
        allow_plain: true,
        ..Settings::default()
    })
    .unwrap();
}

#[test]
fn a_token_is_not_in_what_is_printed() {
    let token = Token::generate().unwrap();
    let client = Client::new(
        "http://localhost:1".parse().unwrap(),
        Some(&token),
        Settings::default(),
    )
    .unwrap();
    let text = token.reveal();
    assert!(!format!("{client:?}").contains(&text[21..]));
}
