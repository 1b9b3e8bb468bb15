//! The operator's listener: what it shows, what it changes, and who it does not talk to.

use arknet_protocol::api::{JobList, JobView};
use arknet_protocol::{Code, JobState, KeyPair, Reason, Scopes, Token};
use serde_json::{Value, json};

use crate::node::{Client, Knobs, Node, device, start};
use crate::wire::{self, Answer};

async fn get(node: &Node, path: &str) -> Answer {
    wire::call(node.admin, "GET", path, &[], b"").await
}

async fn post(node: &Node, path: &str, body: &Value) -> Answer {
    let json = [("Content-Type", "application/json")];
    wire::call(node.admin, "POST", path, &json, body.to_string().as_bytes()).await
}

#[tokio::test]
async fn health_and_metrics() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    node.accepted(&client).await;
    assert_eq!(get(&node, "/live").await.status, 200);
    let ready: Value = get(&node, "/ready").await.json(200);
    assert_eq!(ready["ready"], json!(true));
    let metrics = get(&node, "/metrics").await;
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let text = String::from_utf8(metrics.body).unwrap();
    for line in [
        "arknet_jobs{state=\"queued\"} 1",
        "arknet_jobs_accepted_total 1",
        "arknet_accepting 1",
        "arknet_device_state{device=\"cpu0\",state=\"idle\"} 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    // What is live need not be ready.
    node.hands
        .accepting
        .store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(get(&node, "/live").await.status, 200);
    let ready: Value = get(&node, "/ready").await.json(503);
    assert_eq!(ready["ready"], json!(false));
    node.end().await;
}

#[tokio::test]
async fn pages_of_other_origins_are_kept_out() {
    let node = start(Knobs::default()).await;
    // By another name, as after a change of DNS.
    for host in [
        "node.example",
        "node.example:7118",
        "127.0.0.1.node.example",
    ] {
        let call =
            format!("GET /admin/v1/tokens HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        wire::parse(&wire::exchange(node.admin, call.as_bytes()).await).problem(Code::BadRequest);
    }
    // A form or a script may send these without asking, and is refused.
    let key = KeyPair::from_seed([2; 32]).unwrap().public();
    let order = json!({ "client": key.to_string(), "scopes": ["jobs:read"] }).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let headers = [("Content-Type", kind), ("Origin", "https://evil.example")];
        let answer = wire::call(
            node.admin,
            "POST",
            "/admin/v1/tokens",
            &headers,
            order.as_bytes(),
        )
        .await;
        answer.problem(Code::UnsupportedMediaType);
    }
    let bare = wire::call(
        node.admin,
        "POST",
        &format!("/admin/v1/clients/{key}/release"),
        &[],
        b"",
    )
    .await;
    bare.problem(Code::UnsupportedMediaType);
    // And nobody is told that it may.
    let headers = [
        ("Origin", "https://evil.example"),
        ("Access-Control-Request-Method", "POST"),
    ];
    let asked = wire::call(node.admin, "OPTIONS", "/admin/v1/tokens", &headers, b"").await;
    assert_ne!(asked.status, 200);
    assert_eq!(asked.header("access-control-allow-origin"), None);
    let tokens: Value = get(&node, "/admin/v1/tokens").await.json(200);
    assert_eq!(tokens, json!([]));
    node.end().await;
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() {
    let node = start(Knobs::default()).await;
    let key = KeyPair::from_seed([2; 32]).unwrap();
    let order = json!({ "client": key.public().to_string(), "scopes": ["jobs:read"], "label": "ci", "days": 7 });
    let created: Value = post(&node, "/admin/v1/tokens", &order).await.json(201);
    let token: Token = created["token"].as_str().unwrap().parse().unwrap();
    let client = Client { key, token };
    node.get(&client, "/v1/jobs").await.json::<JobList>(200);
    let listed = get(&node, "/admin/v1/tokens").await;
    let secret = &client.token.reveal()[21..];
    assert!(!String::from_utf8_lossy(&listed.body).contains(secret));
    let listed: Value = listed.json(200);
    assert_eq!(listed[0]["label"], "ci");
    let path = format!("/admin/v1/tokens/{}/revoke", client.token.id());
    assert_eq!(post(&node, &path, &json!({})).await.status, 204);
    node.get(&client, "/v1/jobs")
        .await
        .problem(Code::Unauthorized);
    post(&node, &path, &json!({})).await.problem(Code::NotFound);
    let strange = json!({ "client": client.key.public().to_string(), "scopes": ["all"] });
    post(&node, "/admin/v1/tokens", &strange)
        .await
        .problem(Code::BadRequest);
    node.end().await;
}

#[tokio::test]
async fn the_operator_sees_and_ends_every_job() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let id = node.accepted(&client).await;
    let list: JobList = get(&node, "/admin/v1/jobs").await.json(200);
    assert_eq!(list.jobs[0].id, id);
    let request = get(&node, &format!("/admin/v1/jobs/{id}/request")).await;
    assert_eq!(arknet_protocol::RequestDigest::of(&request.body).job(), id);
    get(&node, &format!("/admin/v1/jobs/{id}/receipt"))
        .await
        .problem(Code::NotReady);
    let path = format!("/admin/v1/jobs/{id}/cancel");
    let view: JobView = post(&node, &path, &json!({})).await.json(200);
    assert_eq!(
        (view.state, view.reason),
        (JobState::Cancelled, Some(Reason::ByOperator))
    );
    node.end().await;
}

#[tokio::test]
async fn clients_are_shut_out_and_let_in() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let path = format!("/admin/v1/clients/{}", client.key.public());
    let order = json!({ "reason": "it floods", "hours": 2 });
    assert_eq!(
        post(&node, &format!("{path}/quarantine"), &order)
            .await
            .status,
        204
    );
    node.upload(&client, b"blob")
        .await
        .problem(Code::Quarantined);
    let clients: Value = get(&node, "/admin/v1/clients").await.json(200);
    assert_eq!(clients[0]["standing"], "quarantined");
    assert_eq!(clients[0]["reason"], "it floods");
    assert_eq!(
        post(&node, &format!("{path}/release"), &json!({}))
            .await
            .status,
        204
    );
    assert_eq!(node.upload(&client, b"blob").await.status, 201);
    let quotas = json!({ "bytes": 5 });
    assert_eq!(
        post(&node, &format!("{path}/quotas"), &quotas).await.status,
        204
    );
    node.upload(&client, b"more")
        .await
        .problem(Code::QuotaExceeded);
    let audit: Value = get(&node, "/admin/v1/audit?limit=2").await.json(200);
    assert_eq!(audit[0]["action"], "client-quotas");
    assert_eq!(audit[1]["action"], "client-good");
    node.end().await;
}

#[tokio::test]
async fn devices_are_taken_out_and_put_back() {
    let node = start(Knobs::default()).await;
    let path = format!("/admin/v1/devices/{}", device());
    let order = json!({ "reason": "new driver" });
    assert_eq!(
        post(&node, &format!("{path}/drain"), &order).await.status,
        204
    );
    assert_eq!(
        post(&node, &format!("{path}/undrain"), &json!({}))
            .await
            .status,
        204
    );
    let other = format!("/admin/v1/devices/{}/drain", "0".repeat(64));
    post(&node, &other, &order).await.problem(Code::NotFound);
    node.end().await;
}
