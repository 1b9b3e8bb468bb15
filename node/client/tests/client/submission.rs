//! Submitting: signed, authorised, and the same bytes after a broken connection.

use std::collections::BTreeMap;

use arknet_protocol::api::JobView;
use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, Code, JobKind, JobRequest, JobState, KeyPair,
    Limits, Nonce, Options, Problem, SignedRequest, WorkloadRequest,
};

use crate::server::{Reply, Server};

pub(crate) fn request() -> SignedRequest {
    let key = KeyPair::generate().unwrap();
    let request = JobRequest {
        version: JobRequest::VERSION,
        audience: KeyPair::generate().unwrap().public(),
        client: key.public(),
        nonce: Nonce::random().unwrap(),
        not_before: 1_000,
        expires: 2_000,
        kind: JobKind::Run,
        preset: None,
        workload: WorkloadRequest {
            wgsl: BlobDigest::of(b"kernel"),
            entry: "main".parse().unwrap(),
            constants: BTreeMap::new(),
        },
        workgroups: [1, 1, 1],
        limits: Limits {
            steps: 1,
            memory: 64,
            time_ms: 1000,
        },
        buffers: vec![BufferRequest {
            name: "data".parse().unwrap(),
            contents: BufferContents::Size(64),
        }],
        options: Options::default(),
    };
    SignedRequest::sign(request, &key).unwrap()
}

pub(crate) fn view(request: &SignedRequest, state: JobState) -> JobView {
    JobView {
        id: request.job(),
        request: request.digest(),
        client: request.request().client,
        kind: JobKind::Run,
        state,
        percent: None,
        attempt: 1,
        priority: 5,
        deadline: None,
        device: None,
        reason: None,
        detail: None,
        timeline: Vec::new(),
        outputs: Vec::new(),
        receipt: None,
        log_index: None,
    }
}

#[tokio::test]
async fn a_broken_connection_is_followed_by_the_same_bytes() {
    let request = request();
    let job = view(&request, JobState::Queued);
    let answer = job.clone();
    let server = Server::start(move |number, _| match number {
        0 => Reply::hang_up(),
        // The node has it, and the answer was lost.
        1 => Reply::raw("HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{\"id\""),
        _ => Reply::json(200, &answer),
    })
    .await;
    let submitted = server.client().submit(&request).await.unwrap();
    assert_eq!(submitted.job, job);
    assert!(!submitted.created);
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    for asked in &asked {
        assert_eq!(asked.line, "POST /v1/jobs HTTP/1.1");
        assert_eq!(asked.body, request.body());
        let key = asked.header("arknet-key").unwrap().parse().unwrap();
        let signature = asked.header("arknet-signature").unwrap().parse().unwrap();
        let seen = SignedRequest::verify(key, signature, asked.body.clone()).unwrap();
        assert_eq!(seen.job(), request.job());
        assert!(
            asked
                .header("authorization")
                .unwrap()
                .starts_with("Bearer ark_")
        );
    }
}

#[tokio::test]
async fn a_node_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let request = request();
    let server = Server::start(|number, _| {
        Reply::problem(&match number {
            0 => Problem::new(Code::RateLimited, "slowly"),
            _ => Problem::new(Code::NonceUsed, "the nonce was used"),
        })
    })
    .await;
    let error = server.client().submit(&request).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::NonceUsed));
    assert!(error.to_string().contains("the nonce was used"), "{error}");
    assert_eq!(server.asked().len(), 2);
}
