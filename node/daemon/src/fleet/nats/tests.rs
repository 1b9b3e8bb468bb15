use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::server::Server;
use super::*;

const STREAM: &str = "TEST";

async fn queue(config: &NatsConfig) -> Queue {
    let queue = Queue::new(connect(config, "test").await.unwrap());
    eventually(async || {
        queue.ensure_stream(STREAM, "test.*".to_owned()).await?;
        let patience = Duration::from_secs(2);
        queue
            .ensure_consumer(STREAM, "a", "test.a".to_owned(), patience)
            .await
    })
    .await;
    queue
}

/// Tries again for half a minute: a server that was just started needs a moment.
async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Result<T, QueueError>) -> T {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(30), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn next(queue: &Queue) -> Option<Taken> {
    eventually(async || queue.take(STREAM, "a").await).await
}

#[tokio::test]
async fn what_is_not_finished_comes_again_and_what_is_sent_twice_comes_once() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let queue = queue(&server.config()).await;
    for payload in ["one", "one"] {
        queue
            .send("test.a".to_owned(), "1", payload.into())
            .await
            .unwrap();
    }
    let first = next(&queue).await.unwrap();
    assert_eq!(
        (first.payload(), first.subject()),
        (b"one".as_slice(), "test.a")
    );
    drop(first);
    // Not before the consumer's patience is over.
    let again = match next(&queue).await {
        Some(again) => again,
        None => next(&queue).await.unwrap(),
    };
    assert_eq!(again.payload(), b"one");
    again.finish().await.unwrap();
    assert!(next(&queue).await.is_none());
    assert!(next(&queue).await.is_none());
}

#[tokio::test]
async fn what_was_taken_back_does_not_come() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let queue = queue(&server.config()).await;
    let number = queue
        .send("test.a".to_owned(), "1", b"one".to_vec())
        .await
        .unwrap();
    queue.unsend(STREAM, number).await.unwrap();
    assert!(next(&queue).await.is_none());
}

#[tokio::test]
async fn messages_outlive_the_server() {
    let Some(mut server) = Server::start(&[]) else {
        return;
    };
    let queue = queue(&server.config()).await;
    queue
        .send("test.a".to_owned(), "1", b"one".to_vec())
        .await
        .unwrap();
    server.stop();
    let refused = queue.send("test.a".to_owned(), "2", b"two".to_vec()).await;
    assert!(refused.is_err(), "nobody has stored it");
    server.resume();
    let first = next(&queue).await.unwrap();
    assert_eq!(first.payload(), b"one");
    first.finish().await.unwrap();
}

#[tokio::test]
async fn a_token_is_asked_for_and_its_file_is_private() {
    let Some(server) = Server::start(&["--auth", "secret"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "secret\n").unwrap();
    let config = NatsConfig {
        auth: Auth::Token(file.clone()),
        ..server.config()
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = connect(&config, "test").await.unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let queue = queue(&config).await;
    queue
        .send("test.a".to_owned(), "1", b"one".to_vec())
        .await
        .unwrap();

    let stranger = Queue::new(connect(&server.config(), "test").await.unwrap());
    let refused = stranger.send("test.a".to_owned(), "2", b"x".to_vec()).await;
    assert!(refused.is_err());
}
