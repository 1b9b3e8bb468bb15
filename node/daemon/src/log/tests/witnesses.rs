//! Witnesses, honest, slow, absent and hostile.

use std::time::Instant;

use arknet_tlog::{Head, Policy, Refusal, Witness};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::web::serve;
use super::*;

/// A witness of one log over HTTP.
struct Server {
    witness: Witness,
    head: Mutex<Option<Head>>,
}

async fn add_checkpoint(State(server): State<Arc<Server>>, body: Bytes) -> Response {
    let mut head = server.head.lock().unwrap();
    match server.witness.cosign(&body, |_| *head, 1_700_000_000) {
        Ok((checkpoint, cosignature)) => {
            *head = Some(Head::from(&checkpoint));
            format!("{cosignature}\n").into_response()
        }
        Err(Refusal::Stale { seen }) => (StatusCode::CONFLICT, format!("{seen}\n")).into_response(),
        Err(refusal) => (
            StatusCode::from_u16(refusal.status()).unwrap(),
            refusal.to_string(),
        )
            .into_response(),
    }
}

async fn honest(node: &Node, seed: u8) -> (Arc<Server>, WitnessConfig) {
    let witness = Witness::new(witness_key(seed), vec![node.config().key.public().clone()]);
    let server = Arc::new(Server {
        witness,
        head: Mutex::default(),
    });
    let router = Router::new()
        .route("/w/add-checkpoint", post(add_checkpoint))
        .with_state(server.clone());
    let url = format!("{}/w/", serve(router).await);
    (
        server,
        WitnessConfig {
            key: witness_key(seed).public().clone(),
            url,
        },
    )
}

/// A witness that answers everything with the same.
async fn answering(seed: u8, status: u16, body: &'static str) -> WitnessConfig {
    let answer = move || async move { (StatusCode::from_u16(status).unwrap(), body) };
    let url = serve(Router::new().route("/add-checkpoint", post(answer))).await;
    WitnessConfig {
        key: witness_key(seed).public().clone(),
        url,
    }
}

fn needing(node: &Node, needed: usize) -> Policy {
    let keys = node
        .witnesses
        .iter()
        .map(|witness| witness.key.clone())
        .collect();
    node.policy().with_witnesses(keys, needed).unwrap()
}

#[tokio::test]
async fn witnesses_cosign_what_only_grows() {
    let mut node = Node::new();
    let (first, config) = honest(&node, 1).await;
    node.witnesses.push(config);
    node.witnesses.push(honest(&node, 2).await.1);
    let log = node.open().await.unwrap();
    for _ in 0..3 {
        node.append(200);
        log.publish().await.unwrap();
        let trusted = needing(&node, 2).check(&log.served().note).unwrap();
        assert_eq!(trusted.cosigned.len(), 2);
        let proof = log.include(5).await.unwrap();
        proof
            .verify(arknet_tlog::Hash::of_entry(&entry(5)), &needing(&node, 2))
            .unwrap();
    }
    assert_eq!(first.head.lock().unwrap().unwrap().size, 600);
    assert!(
        log.status()
            .witnesses
            .iter()
            .all(|witness| witness.cosigned == Some(600))
    );
    // A node that starts again does not know what the witnesses saw; they say.
    drop(log);
    node.append(1);
    let log = node.open().await.unwrap();
    log.publish().await.unwrap();
    needing(&node, 2).check(&log.served().note).unwrap();
    node.audit();
}

#[tokio::test]
async fn a_witness_that_comes_late_is_caught_up() {
    let mut node = Node::new();
    drop(node.open().await.unwrap());
    node.append(300);
    drop(node.open().await.unwrap());
    node.witnesses.push(honest(&node, 1).await.1);
    let log = node.open().await.unwrap();
    assert!(log.served().note.signatures().len() == 1);
    // Nothing is new but a witness.
    log.publish().await.unwrap();
    needing(&node, 1)
        .open(&std::fs::read(node.path("log/checkpoint")).unwrap())
        .unwrap();
}

#[tokio::test]
async fn bad_witnesses_hold_nothing_up() {
    let mut node = Node::new();
    node.witnesses.push(honest(&node, 1).await.1);
    // Nobody there, an error, nonsense, another's signature, a size that never was, and no end.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    node.witnesses.push(WitnessConfig {
        key: witness_key(2).public().clone(),
        url,
    });
    node.witnesses
        .push(answering(3, 500, "out of \u{1b}[31morder").await);
    node.witnesses
        .push(answering(4, 200, "\u{2014} witness.example/4 AAAAAAAAAAAA\n").await);
    node.witnesses.push(answering(5, 409, "many\n").await);
    node.witnesses
        .push(answering(6, 200, Box::leak("x".repeat(1 << 20).into_boxed_str())).await);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    node.witnesses.push(WitnessConfig {
        key: witness_key(7).public().clone(),
        url,
    });
    let log = node.open().await.unwrap();
    node.append(3);
    let start = Instant::now();
    log.publish().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(
        needing(&node, 1)
            .check(&log.served().note)
            .unwrap()
            .cosigned
            .len(),
        1
    );
    assert_eq!(
        log.served().note.signatures().len(),
        2,
        "nothing that does not hold is served"
    );
    let status = log.status();
    for (witness, said) in status.witnesses.iter().zip([
        "",
        "refused",
        "500",
        "no cosignature",
        "409",
        "bytes",
        "timed out",
    ]) {
        let error = witness.error.clone().unwrap_or_default();
        assert!(
            error.contains(said) && error.is_empty() == said.is_empty(),
            "{}: {error}",
            witness.name
        );
        assert!(!error.contains('\u{1b}'));
    }
    // They are left alone for a while.
    node.append(1);
    let start = Instant::now();
    log.publish().await.unwrap();
    assert!(
        start.elapsed() < Duration::from_millis(400),
        "{:?}",
        start.elapsed()
    );
    node.audit();
}

#[tokio::test]
async fn a_witness_that_saw_more_keeps_the_node_from_forking_its_log() {
    let mut node = Node::new();
    let (server, config) = honest(&node, 1).await;
    node.witnesses.push(config);
    let log = node.open().await.unwrap();
    node.append(20);
    log.publish().await.unwrap();
    drop(log);
    // Everything is restored from a backup, the record too.
    node.leaves.0.lock().unwrap().truncate(5);
    for name in ["keys/log.signed", "log"] {
        let path = node.path(name);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap()
        } else {
            std::fs::remove_file(path).unwrap()
        }
    }
    let five = SecretKey::parse(
        std::fs::read_to_string(node.path("keys/log.key"))
            .unwrap()
            .trim_end(),
    )
    .unwrap();
    let mut tree = arknet_tlog::Frontier::new();
    (0..5).for_each(|i| tree.append(arknet_tlog::Hash::of_entry(&entry(i)), |_, _| ()));
    let text = arknet_tlog::Checkpoint::new("node.example/log", 5, tree.root()).to_string();
    std::fs::write(node.path("keys/log.signed"), five.sign(text).to_string()).unwrap();
    let error = node.open().await.err().unwrap();
    assert!(
        matches!(
            error,
            LogError::WitnessAhead {
                seen: 20,
                known: 5,
                ..
            }
        ),
        "{error}"
    );
    // A fork that gets past the node does not get past the witness.
    let witnesses = std::mem::take(&mut node.witnesses);
    node.append(30);
    node.leaves.0.lock().unwrap()[10] = entry(1000);
    drop(node.open().await.unwrap());
    node.witnesses = witnesses;
    let log = node.open().await.unwrap();
    log.publish().await.unwrap();
    let status = &log.status().witnesses[0];
    assert!(status.error.as_ref().unwrap().contains("422"), "{status:?}");
    assert_eq!(server.head.lock().unwrap().unwrap().size, 20);
}

#[tokio::test]
async fn witnesses_that_make_no_sense_are_refused() {
    let mut node = Node::new();
    let config = WitnessConfig {
        key: witness_key(1).public().clone(),
        url: "ftp://witness.example".to_owned(),
    };
    node.witnesses.push(config.clone());
    let refused = async |node: &Node| node.open().await.err().unwrap();
    assert!(matches!(
        refused(&node).await,
        LogError::Witnesses(WitnessError::BadUrl { .. })
    ));
    node.witnesses = vec![
        WitnessConfig {
            url: "https://witness.example".to_owned(),
            ..config.clone()
        };
        2
    ];
    assert!(matches!(
        refused(&node).await,
        LogError::Witnesses(WitnessError::Keys(_))
    ));
    node.witnesses = vec![config; 17];
    assert!(matches!(
        refused(&node).await,
        LogError::Witnesses(WitnessError::TooMany { got: 17 })
    ));
}
