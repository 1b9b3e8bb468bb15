//! Jobs on their way: submitted, listed, shown, cancelled, retried, fetched.

use arknet_protocol::api::{JobList, JobView, Lineage, NodeInfo, OutputView};
use arknet_protocol::{
    BlobDigest, BufferContents, Code, JobState, Reason, Scope, Scopes, SignedRequest,
};

use crate::node::{Knobs, device, start};
use crate::wire;

#[tokio::test]
async fn a_node_says_what_it_is_without_a_token() {
    let node = start(Knobs::default()).await;
    let info: NodeInfo = wire::call(node.public, "GET", "/v1/node", &[], b"")
        .await
        .json(200);
    assert_eq!(info.node, node.key.public());
    assert!(info.accepting);
    assert_eq!(info.devices[0].fingerprint, device());
    assert_eq!(info.limits.blob_bytes, 8 << 20);
    node.end().await;
}

#[tokio::test]
async fn a_job_goes_all_the_way() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let request = node.request(&client);
    let signed = SignedRequest::sign(request.clone(), &client.key).unwrap();
    let answer = node.submit(&client, request.clone()).await;
    let view: JobView = answer.json(201);
    assert_eq!(view.id, signed.job());
    assert_eq!(view.request, signed.digest());
    assert_eq!((view.state, view.attempt), (JobState::Queued, 1));
    assert_eq!(
        answer.header("location"),
        Some(format!("/v1/jobs/{}", view.id).as_str())
    );
    // The same bytes again are the same job.
    let again: JobView = node.submit(&client, request).await.json(200);
    assert_eq!(again.id, view.id);

    let path = format!("/v1/jobs/{}", view.id);
    node.get(&client, &format!("{path}/receipt"))
        .await
        .problem(Code::NotReady);
    node.get(&client, &format!("{path}/outputs"))
        .await
        .problem(Code::NotReady);
    node.finish(&client, view.id, b"twelve bytes").await;

    let done: JobView = node.get(&client, &path).await.json(200);
    assert_eq!(done.state, JobState::Done);
    assert_eq!(done.log_index, Some(0));
    let states: Vec<JobState> = done.timeline.iter().map(|change| change.state).collect();
    let expected = [
        JobState::Queued,
        JobState::Executing,
        JobState::Verifying,
        JobState::Done,
    ];
    assert_eq!(states, expected);
    assert_eq!(done.device.as_deref(), Some("cpu0"));

    let outputs: Vec<OutputView> = node
        .get(&client, &format!("{path}/outputs"))
        .await
        .json(200);
    assert_eq!(outputs, done.outputs);
    assert_eq!(outputs[0].digest, BlobDigest::of(b"twelve bytes"));
    let output = node.get(&client, &format!("{path}/outputs/out")).await;
    assert_eq!(
        (output.status, output.body.as_slice()),
        (200, &b"twelve bytes"[..])
    );
    assert_eq!(
        output.header("arknet-digest"),
        Some(outputs[0].digest.to_string().as_str())
    );
    node.get(&client, &format!("{path}/outputs/other"))
        .await
        .problem(Code::NotFound);
    let receipt = node.get(&client, &format!("{path}/receipt")).await;
    assert_eq!(receipt.body, format!("receipt of {}", view.id).into_bytes());
    node.end().await;
}

#[tokio::test]
async fn lists_have_pages_and_filters_and_only_the_clients_own_jobs() {
    let node = start(Knobs::default()).await;
    let (client, other) = (node.ready_client(2).await, node.ready_client(3).await);
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(node.accepted(&client).await);
    }
    node.accepted(&other).await;
    node.finish(&client, ids[2], b"four").await;
    ids.reverse();

    let first: JobList = node.get(&client, "/v1/jobs?limit=3").await.json(200);
    let cursor = first.next.clone().unwrap();
    let second: JobList = node
        .get(&client, &format!("/v1/jobs?limit=3&cursor={cursor}"))
        .await
        .json(200);
    assert_eq!(second.next, None);
    let listed: Vec<_> = first
        .jobs
        .iter()
        .chain(&second.jobs)
        .map(|job| job.id)
        .collect();
    assert_eq!(listed, ids);
    let done: JobList = node.get(&client, "/v1/jobs?state=done").await.json(200);
    assert_eq!(done.jobs.len(), 1);
    for wrong in [
        "limit=0",
        "limit=101",
        "limit=x",
        "state=running",
        "cursor=x",
        "order=asc",
        "limit=1&limit=2",
    ] {
        node.get(&client, &format!("/v1/jobs?{wrong}"))
            .await
            .problem(Code::BadRequest);
    }
    node.end().await;
}

#[tokio::test]
async fn a_job_is_cancelled_and_asked_for_again() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let id = node.accepted(&client).await;
    let path = format!("/v1/jobs/{id}");
    node.post(&client, &format!("{path}/retry"))
        .await
        .problem(Code::WrongState);
    let view: JobView = node
        .post(&client, &format!("{path}/cancel"))
        .await
        .json(200);
    assert_eq!(
        (view.state, view.reason),
        (JobState::Cancelled, Some(Reason::ByClient))
    );
    node.post(&client, &format!("{path}/cancel"))
        .await
        .problem(Code::WrongState);
    node.get(&client, &format!("{path}/receipt"))
        .await
        .problem(Code::NotFound);
    let view: JobView = node.post(&client, &format!("{path}/retry")).await.json(200);
    assert_eq!((view.state, view.attempt), (JobState::Queued, 2));
    node.end().await;
}

#[tokio::test]
async fn what_is_another_clients_is_not_there() {
    let node = start(Knobs::default()).await;
    let (client, other) = (
        node.ready_client(2).await,
        node.client(3, Scopes::all()).await,
    );
    let id = node.accepted(&client).await;
    node.finish(&client, id, b"four").await;
    for path in [
        "",
        "/events",
        "/outputs",
        "/outputs/out",
        "/receipt",
        "/lineage",
    ] {
        node.get(&other, &format!("/v1/jobs/{id}{path}"))
            .await
            .problem(Code::NotFound);
    }
    for path in ["/cancel", "/retry"] {
        node.post(&other, &format!("/v1/jobs/{id}{path}"))
            .await
            .problem(Code::NotFound);
    }
    // To know a digest is not to have the bytes.
    let output = format!("/v1/blobs/{}", BlobDigest::of(b"four"));
    assert_eq!(node.get(&client, &output).await.body, b"four");
    node.get(&other, &output).await.problem(Code::NotFound);
    let missing = node
        .submit(&other, node.request(&other))
        .await
        .problem(Code::MissingBlobs);
    assert_eq!(missing.missing.len(), 1);
    node.end().await;
}

#[tokio::test]
async fn an_output_that_became_an_input_is_an_edge() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let parent = node.accepted(&client).await;
    node.finish(&client, parent, b"eight by").await;
    let mut request = node.request(&client);
    request.buffers[0].contents = BufferContents::Input(BlobDigest::of(b"eight by"));
    let child: JobView = node.submit(&client, request).await.json(201);
    for id in [parent, child.id] {
        let lineage: Lineage = node
            .get(&client, &format!("/v1/jobs/{id}/lineage"))
            .await
            .json(200);
        assert_eq!(lineage.jobs.len(), 2);
        let edge = &lineage.edges[0];
        assert_eq!((edge.from, edge.to), (parent, child.id));
        assert_eq!(edge.digest, BlobDigest::of(b"eight by"));
        assert!(!lineage.truncated);
    }
    node.end().await;
}

#[tokio::test]
async fn each_call_needs_its_scope() {
    let node = start(Knobs::default()).await;
    let client = node.ready_client(2).await;
    let id = node.accepted(&client).await;
    let job = format!("/v1/jobs/{id}");
    let blob = format!("/v1/blobs/{}", BlobDigest::of(b""));
    let calls = [
        ("GET", "/v1/jobs".to_owned(), Scope::JobsRead),
        ("GET", job.clone(), Scope::JobsRead),
        ("GET", format!("{job}/events"), Scope::JobsRead),
        ("GET", format!("{job}/outputs"), Scope::JobsRead),
        ("GET", format!("{job}/outputs/out"), Scope::JobsRead),
        ("GET", format!("{job}/receipt"), Scope::JobsRead),
        ("GET", format!("{job}/lineage"), Scope::JobsRead),
        ("GET", blob.clone(), Scope::JobsRead),
        ("PUT", blob, Scope::BlobsWrite),
        ("POST", "/v1/jobs".to_owned(), Scope::JobsSubmit),
        ("POST", format!("{job}/retry"), Scope::JobsSubmit),
        ("POST", format!("{job}/cancel"), Scope::JobsCancel),
    ];
    for (method, path, scope) in calls {
        let weak = node
            .token(&client.key, crate::node::without(scope), None)
            .await;
        let bearer = format!("Bearer {}", weak.reveal());
        let headers = [("Authorization", bearer.as_str())];
        let answer = wire::call(node.public, method, &path, &headers, b"").await;
        let problem = answer.problem(Code::WrongScope);
        assert!(
            problem.detail.contains(scope.as_str()),
            "{method} {path}: {}",
            problem.detail
        );
        let nobody = wire::call(node.public, method, &path, &[], b"").await;
        nobody.problem(Code::Unauthorized);
        assert!(nobody.header("www-authenticate").is_some());
    }
    node.end().await;
}
