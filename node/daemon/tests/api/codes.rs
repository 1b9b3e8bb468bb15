//! Every code that a caller can be told, provoked.

use std::sync::atomic::Ordering;
use std::time::Duration;

use arknet_node::http::ConnectionLimits;
use arknet_node::store::{Quotas, Standing, UnixMillis};
use arknet_protocol::api::JobView;
use arknet_protocol::{
    BlobDigest, Code, Domain, Fingerprint, JobRequest, KeyPair, Scopes, Signature, SignedRequest,
};
use serde_json::{Value, json};

use crate::node::{Client, Knobs, Node, rate, start};
use crate::wire;

/// Signs a body as it is, whatever it says.
fn sign(client: &Client, body: &[u8]) -> String {
    client.key.sign(Domain::Request, body).to_string()
}

/// The answer to a body that its client signed.
async fn send(node: &Node, client: &Client, body: &[u8]) -> wire::Answer {
    node.send(client, &sign(client, body), body).await
}

fn changed(request: &JobRequest, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::to_value(request).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

#[tokio::test]
async fn requests_that_are_none() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let request = node.request(&client);
    let text = String::from_utf8(request.to_body()).unwrap();
    let twice = text.replacen("\"version\":1", "\"version\":1,\"version\":1", 1);
    let wrong = [
        b"".to_vec(),
        b"{}".to_vec(),
        b"[1]".to_vec(),
        vec![0xff; 100],
        vec![b'['; 60_000],
        twice.into_bytes(),
        changed(&request, |value| value["extra"] = json!(1)),
        changed(&request, |value| value["version"] = json!(2)),
        changed(&request, |value| value["workgroups"] = json!([0, 1, 1])),
        changed(&request, |value| value["expires"] = json!(1)),
    ];
    for body in wrong {
        send(&node, &client, &body)
            .await
            .problem(Code::InvalidRequest);
    }
    node.end().await;
}

#[tokio::test]
async fn signatures_are_over_the_very_bytes() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let body = node.request(&client).to_body();
    let signature = sign(&client, &body);
    // The same content, printed in another order: what a proxy that parses would send on.
    let value: Value = serde_json::from_slice(&body).unwrap();
    let reordered = serde_json::to_vec(&value).unwrap();
    assert_ne!(reordered, body);
    node.send(&client, &signature, &reordered)
        .await
        .problem(Code::BadSignature);
    let spaced = [&body[..], b" "].concat();
    node.send(&client, &signature, &spaced)
        .await
        .problem(Code::BadSignature);
    let zero = Signature([0; 64]).to_string();
    node.send(&client, &zero, &body)
        .await
        .problem(Code::BadSignature);
    // A signature of the same bytes for another purpose.
    let other = client.key.sign(Domain::Attestation, &body).to_string();
    node.send(&client, &other, &body)
        .await
        .problem(Code::BadSignature);
    // Of a request that names another client.
    let stranger = KeyPair::from_seed([9; 32]).unwrap().public();
    let named = changed(&node.request(&client), |value| {
        value["client"] = json!(stranger.to_string())
    });
    send(&node, &client, &named)
        .await
        .problem(Code::BadSignature);
    // None of it was used up: the request itself is still good.
    node.send(&client, &signature, &body)
        .await
        .json::<JobView>(201);
    node.end().await;
}

#[tokio::test]
async fn a_request_is_for_one_node_one_client_one_time_and_once() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let other = node.ready_client(3).await;

    let mut request = node.request(&client);
    request.audience = KeyPair::from_seed([9; 32]).unwrap().public();
    node.submit(&client, request)
        .await
        .problem(Code::WrongAudience);

    // The token of one client with the request of another.
    let signed = SignedRequest::sign(node.request(&other), &other.key).unwrap();
    let headers = [
        ("Authorization", client.bearer()),
        ("Content-Type", "application/json".to_owned()),
        ("Arknet-Key", other.key.public().to_string()),
        ("Arknet-Signature", signed.signature().to_string()),
    ];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let answer = wire::call(node.public, "POST", "/v1/jobs", &headers, signed.body()).await;
    answer.problem(Code::WrongClient);

    let mut request = node.request(&client);
    let now = UnixMillis::now().seconds();
    (request.not_before, request.expires) = (now - 100, now - 10);
    node.submit(&client, request)
        .await
        .problem(Code::RequestExpired);
    let mut request = node.request(&client);
    (request.not_before, request.expires) = (now + 1000, now + 1100);
    let problem = node
        .submit(&client, request)
        .await
        .problem(Code::NotYetValid);
    assert!(problem.retry_after.is_some_and(|seconds| seconds > 900));

    let mut request = node.request(&client);
    node.submit(&client, request.clone())
        .await
        .json::<JobView>(201);
    request.limits.steps += 1;
    node.submit(&client, request).await.problem(Code::NonceUsed);
    node.end().await;
}

#[tokio::test]
async fn limits_of_the_node_and_of_its_devices() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let mut request = node.request(&client);
    request.limits.memory = 17 << 20;
    node.submit(&client, request)
        .await
        .problem(Code::OverNodeLimit);
    let mut request = node.request(&client);
    request.limits.time_ms = 60_001;
    node.submit(&client, request)
        .await
        .problem(Code::OverNodeLimit);
    let mut request = node.request(&client);
    request.options.device = Some(Fingerprint([7; 32]));
    node.submit(&client, request)
        .await
        .problem(Code::NoSuchDevice);
    let mut request = node.request(&client);
    request.options.deadline = Some(1);
    node.submit(&client, request)
        .await
        .problem(Code::DeadlineUnmeetable);

    let request = node.request(&client);
    node.submit(&client, request.clone())
        .await
        .json::<JobView>(201);
    node.hands.accepting.store(false, Ordering::Relaxed);
    node.submit(&client, node.request(&client))
        .await
        .problem(Code::Unavailable);
    // What was accepted before is still known.
    node.submit(&client, request).await.json::<JobView>(200);
    node.end().await;
}

#[tokio::test]
async fn quotas_and_the_queue() {
    let knobs = Knobs {
        quotas: Quotas {
            queued: 2,
            bytes: 10_000,
            ..Knobs::default().quotas
        },
        max_queue: 3,
        ..Knobs::default()
    };
    let node = start(knobs).await;
    let (client, other) = (node.ready_client(2).await, node.ready_client(3).await);
    node.accepted(&client).await;
    node.accepted(&client).await;
    let problem = node
        .submit(&client, node.request(&client))
        .await
        .problem(Code::QuotaExceeded);
    assert!(problem.detail.contains("queued jobs"), "{}", problem.detail);
    node.accepted(&other).await;
    // A job is refused for all where as many wait as may.
    let problem = node
        .submit(&other, node.request(&other))
        .await
        .problem(Code::Unavailable);
    assert!(problem.retry_after.is_some());
    let third = node.client(4, Scopes::all()).await;
    let problem = node
        .upload(&third, &[7; 10_001])
        .await
        .problem(Code::QuotaExceeded);
    assert!(problem.detail.contains("bytes"), "{}", problem.detail);
    node.end().await;
}

#[tokio::test]
async fn tokens_that_are_of_no_use() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let path = "/v1/jobs";
    node.get(&client, path).await.json::<Value>(200);
    let past = UnixMillis(1000);
    let expired = node.token(&client.key, Scopes::all(), Some(past)).await;
    let expired = Client {
        key: KeyPair::from_seed([2; 32]).unwrap(),
        token: expired,
    };
    node.get(&expired, path).await.problem(Code::Unauthorized);
    let id = client.token.id();
    assert!(
        node.store
            .revoke_token(UnixMillis::now(), id)
            .await
            .unwrap()
    );
    let problem = node.get(&client, path).await.problem(Code::Unauthorized);
    assert!(problem.detail.contains("revoked"), "{}", problem.detail);
    // The right id with a wrong secret is told apart from an unknown id by nothing.
    let text = client.token.reveal();
    let guess = format!("{}{}", &text[..21], "0".repeat(64));
    let unknown = format!("ark_{}_{}", "0".repeat(16), "0".repeat(64));
    let mut details = Vec::new();
    for token in [guess, unknown] {
        let bearer = format!("Bearer {token}");
        let answer = wire::call(node.public, "GET", path, &[("Authorization", &bearer)], b"").await;
        details.push(answer.problem(Code::Unauthorized).detail);
    }
    assert_eq!(details[0], details[1]);
    node.end().await;
}

#[tokio::test]
async fn a_quarantined_client_sees_what_it_has_and_adds_nothing() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let id = node.accepted(&client).await;
    let key = client.key.public();
    let until = UnixMillis::now().plus(5_000_000);
    let reason = "it floods".to_owned();
    node.store
        .set_standing(
            UnixMillis::now(),
            key,
            Standing::Quarantined,
            reason,
            Some(until),
            "operator",
        )
        .await
        .unwrap();
    let problem = node
        .submit(&client, node.request(&client))
        .await
        .problem(Code::Quarantined);
    assert!(problem.detail.contains("it floods"), "{}", problem.detail);
    assert!(problem.retry_after.is_some_and(|seconds| seconds > 4000));
    node.upload(&client, b"more")
        .await
        .problem(Code::Quarantined);
    node.get(&client, &format!("/v1/jobs/{id}"))
        .await
        .json::<JobView>(200);
    node.post(&client, &format!("/v1/jobs/{id}/cancel"))
        .await
        .json::<JobView>(200);
    node.post(&client, &format!("/v1/jobs/{id}/retry"))
        .await
        .problem(Code::Quarantined);
    node.end().await;
}

#[tokio::test]
async fn rates_of_addresses_and_of_clients() {
    let node = start(Knobs {
        client: rate(1, 5),
        ..Knobs::default()
    })
    .await;
    let client = node.client(2, Scopes::all()).await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = node.get(&client, "/v1/jobs").await;
        if answer.status != 200 {
            refused = Some(answer.problem(Code::RateLimited));
            break;
        }
    }
    assert!(refused.unwrap().detail.contains("this client"));
    let reason = "a test".to_owned();
    let now = UnixMillis::now();
    node.store
        .set_standing(
            now,
            client.key.public(),
            Standing::Throttled,
            reason,
            None,
            "operator",
        )
        .await
        .unwrap();
    let mut refused = None;
    for _ in 0..20 {
        let answer = node.get(&client, "/v1/jobs").await;
        if answer.status != 200 {
            refused = Some(answer.problem(Code::Throttled));
            break;
        }
    }
    assert!(refused.unwrap().detail.contains("throttled: a test"));
    node.end().await;

    let node = start(Knobs {
        address: rate(1, 5),
        ..Knobs::default()
    })
    .await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = wire::call(node.public, "GET", "/v1/node", &[], b"").await;
        if answer.status != 200 {
            refused = Some(answer.problem(Code::RateLimited));
            break;
        }
    }
    assert!(refused.unwrap().detail.contains("this address"));
    // The operator is not among those who are counted.
    assert_eq!(
        wire::call(node.admin, "GET", "/live", &[], b"")
            .await
            .status,
        200
    );
    node.end().await;
}

#[tokio::test]
async fn calls_that_make_no_sense() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let bearer = client.bearer();
    let auth = ("Authorization", bearer.as_str());
    let call = |method: &'static str, path: &'static str, headers: Vec<(&'static str, String)>| {
        let (bearer, address) = (bearer.clone(), node.public);
        async move {
            let mut all = vec![("Authorization", bearer.as_str())];
            all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            wire::call(address, method, path, &all, b"").await
        }
    };
    call("GET", "/v2/jobs", vec![])
        .await
        .problem(Code::NotFound);
    let answer = call("DELETE", "/v1/jobs", vec![]).await;
    answer.problem(Code::MethodNotAllowed);
    assert_eq!(answer.header("allow"), Some("GET,HEAD,POST"));
    call("GET", "/v1/jobs/00", vec![])
        .await
        .problem(Code::BadRequest);
    call("GET", "/v1/jobs/%ff", vec![])
        .await
        .problem(Code::BadRequest);
    let long = vec![("X-Long", "x".repeat(20_000))];
    call("GET", "/v1/node", long)
        .await
        .problem(Code::HeadersTooLarge);
    for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
        let packed = vec![("Content-Encoding", encoding.to_owned())];
        call("POST", "/v1/jobs", packed)
            .await
            .problem(Code::UnsupportedMediaType);
    }
    let plain = vec![("Content-Type", "text/plain".to_owned())];
    call("POST", "/v1/jobs", plain)
        .await
        .problem(Code::UnsupportedMediaType);

    // Headers that must be there once.
    let body = node.request(&client).to_body();
    let key = client.key.public().to_string();
    let signature = sign(&client, &body);
    let json = ("Content-Type", "application/json");
    for headers in [
        vec![auth, json, ("Arknet-Key", key.as_str())],
        vec![auth, json, ("Arknet-Signature", signature.as_str())],
        vec![
            auth,
            json,
            ("Arknet-Key", "ed25519:00"),
            ("Arknet-Signature", &signature),
        ],
        vec![
            auth,
            json,
            ("Arknet-Key", &key),
            ("Arknet-Key", &key),
            ("Arknet-Signature", &signature),
        ],
    ] {
        let answer = wire::call(node.public, "POST", "/v1/jobs", &headers, &body).await;
        answer.problem(Code::BadRequest);
    }
    let large = vec![b' '; JobRequest::MAX_BYTES + 1];
    send(&node, &client, &large).await.problem(Code::TooLarge);
    node.end().await;
}

#[tokio::test]
async fn a_mistake_in_a_handler_is_one_answer_and_not_the_end() {
    let node = start(Knobs::default()).await;
    let problem = wire::call(node.public, "GET", "/panic", &[], b"")
        .await
        .problem(Code::Internal);
    assert!(
        !problem.detail.contains("mistake in a handler"),
        "{}",
        problem.detail
    );
    assert_eq!(
        wire::call(node.public, "GET", "/v1/node", &[], b"")
            .await
            .status,
        200
    );
    node.end().await;
}

#[tokio::test]
async fn a_full_disk_and_wrong_bytes() {
    let node = start(Knobs {
        min_free: u64::MAX,
        ..Knobs::default()
    })
    .await;
    let client = node.client(2, Scopes::all()).await;
    node.upload(&client, b"bytes")
        .await
        .problem(Code::StorageFull);
    node.end().await;

    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let headers = [
        ("Authorization", client.bearer()),
        ("Content-Type", "application/octet-stream".to_owned()),
    ];
    let path = format!("/v1/blobs/{}", BlobDigest::of(b"right"));
    node.put(&path, &headers, b"wrong")
        .await
        .problem(Code::DigestMismatch);
    node.put(&path, &headers, b"right").await.json::<Value>(201);
    node.end().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_waited_for_only_so_long() {
    let pace = arknet_node::http::Pace {
        stall: Duration::from_millis(300),
        grace: Duration::from_millis(300),
        least_rate: 1000,
    };
    let node = start(Knobs {
        pace,
        connections: ConnectionLimits::default(),
        ..Knobs::default()
    })
    .await;
    let client = node.client(2, Scopes::all()).await;
    let (bearer, key) = (client.bearer(), client.key.public().to_string());
    let signature = Signature([1; 64]).to_string();
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("Arknet-Key", &key),
        ("Arknet-Signature", &signature),
        ("Content-Length", "1000"),
    ];
    let answer = wire::call(node.public, "POST", "/v1/jobs", &headers, b"{").await;
    answer.problem(Code::RequestTimeout);
    node.end().await;
}
