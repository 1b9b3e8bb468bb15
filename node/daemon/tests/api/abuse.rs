//! What becomes of those who keep at it: noted, slowed down, shut out.

use std::sync::Arc;

use arknet_node::abuse;
use arknet_node::store::{Standing, UnixMillis};
use arknet_protocol::{Code, Scopes, Signature};
use tokio_util::sync::CancellationToken;

use crate::node::{Knobs, Node, start};
use crate::wire;

/// Writes down what the guard has counted, as the node does every minute and at its end.
async fn write_ledger(node: &Node) {
    let stop = CancellationToken::new();
    stop.cancel();
    abuse::keep(Arc::clone(&node.guard), node.store.clone(), stop).await;
}

#[tokio::test]
async fn refusals_are_audited_as_sums() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let before = node.store.audit_entries(None, 1000).await.unwrap().len();
    for _ in 0..50 {
        wire::call(node.public, "GET", "/v1/jobs", &[], b"")
            .await
            .problem(Code::Unauthorized);
    }
    let mut request = node.request(&client);
    request.audience = client.key.public();
    for _ in 0..3 {
        node.submit(&client, request.clone())
            .await
            .problem(Code::WrongAudience);
    }
    write_ledger(&node).await;
    let entries = node.store.audit_entries(None, 1000).await.unwrap();
    assert_eq!(entries.len() - before, 2);
    let unauthorized = entries
        .iter()
        .find(|entry| entry.subject == "unauthorized")
        .unwrap();
    assert_eq!(unauthorized.actor, "127.0.0.1");
    assert!(
        unauthorized.detail.starts_with("50 times"),
        "{}",
        unauthorized.detail
    );
    let audience = entries
        .iter()
        .find(|entry| entry.subject == "wrong-audience")
        .unwrap();
    assert_eq!(audience.actor, client.key.public().to_string());
    node.store.verify_audit(None).await.unwrap();
    node.end().await;
}

#[tokio::test]
async fn who_keeps_forging_is_slowed_down_and_then_shut_out() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let honest = node.ready_client(3).await;
    let body = node.request(&client).to_body();
    let forged = Signature([7; 64]).to_string();
    let mut codes = Vec::new();
    for _ in 0..400 {
        let answer = node.send(&client, &forged, &body).await;
        let problem: arknet_protocol::Problem = serde_json::from_slice(&answer.body).unwrap();
        if codes.last() != Some(&problem.code) {
            codes.push(problem.code);
        }
        if problem.code == Code::Quarantined {
            assert!(
                problem.detail.contains("signatures that do not hold"),
                "{}",
                problem.detail
            );
            break;
        }
    }
    assert_eq!(codes.first(), Some(&Code::BadSignature));
    assert_eq!(codes.last(), Some(&Code::Quarantined));
    let record = node.store.client(client.key.public()).await.unwrap();
    assert_eq!(record.standing_at(UnixMillis::now()), Standing::Quarantined);
    assert!(record.until.is_some());
    // Nobody else is held to account for it, from the same address or not.
    node.accepted(&honest).await;
    node.end().await;
}

#[tokio::test]
async fn nobody_can_have_another_client_shut_out() {
    let node = start(Knobs::default()).await;
    let victim = node.ready_client(2).await;
    let attacker = node.client(3, Scopes::all()).await;
    let (bearer, key) = (attacker.bearer(), victim.key.public().to_string());
    let signature = Signature([7; 64]).to_string();
    let body = node.request(&victim).to_body();
    for token in [bearer.as_str(), "Bearer ark_0000000000000000_0"] {
        let headers = [
            ("Authorization", token),
            ("Content-Type", "application/json"),
            ("Arknet-Key", key.as_str()),
            ("Arknet-Signature", &signature),
        ];
        for _ in 0..100 {
            let answer = wire::call(node.public, "POST", "/v1/jobs", &headers, &body).await;
            assert!((400..500).contains(&answer.status));
        }
    }
    let now = UnixMillis::now();
    let suspects = node.guard.suspects(now);
    assert!(
        suspects
            .iter()
            .all(|suspect| suspect.client != victim.key.public())
    );
    node.accepted(&victim).await;
    node.end().await;
}
