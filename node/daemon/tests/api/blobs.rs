//! Blobs: sent whole and in parts, fetched whole and in parts, and what is refused.

use arknet_protocol::api::BlobStatus;
use arknet_protocol::{BlobDigest, Code, Scopes};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::node::{Client, Knobs, Node, start};
use crate::wire::{self, Answer};

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 % 251) as u8).collect()
}

/// Sends `part` of a blob of `length` bytes from `offset` on.
async fn part(
    node: &Node,
    client: &Client,
    digest: BlobDigest,
    offset: usize,
    length: usize,
    part: &[u8],
) -> Answer {
    let headers = [
        ("Authorization", client.bearer()),
        ("Content-Type", "application/octet-stream".to_owned()),
        ("Upload-Offset", offset.to_string()),
        ("Upload-Length", length.to_string()),
    ];
    node.put(&format!("/v1/blobs/{digest}"), &headers, part)
        .await
}

#[tokio::test]
async fn a_blob_comes_back_as_it_went() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    for length in [0, 1, 100_000, 3 << 20] {
        let blob = bytes(length);
        let digest = BlobDigest::of(&blob);
        let status: BlobStatus = node.upload(&client, &blob).await.json(201);
        assert_eq!((status.received, status.complete), (length as u64, true));
        // Again it is there already.
        node.upload(&client, &blob).await.json::<BlobStatus>(200);
        let answer = node.get(&client, &format!("/v1/blobs/{digest}")).await;
        assert_eq!(
            answer.header("content-length"),
            Some(length.to_string().as_str())
        );
        assert!(answer.body == blob);
    }
    node.end().await;
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stopped() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let blob = bytes(1_000_000);
    let digest = BlobDigest::of(&blob);
    let status: BlobStatus = part(&node, &client, digest, 0, blob.len(), &blob[..400_000])
        .await
        .json(202);
    assert_eq!((status.received, status.complete), (400_000, false));
    let path = format!("/v1/blobs/{digest}");
    let status: BlobStatus = node.get(&client, &format!("{path}/status")).await.json(200);
    assert_eq!(status.received, 400_000);
    node.get(&client, &path).await.problem(Code::NotFound);
    let problem = part(&node, &client, digest, 100, blob.len(), &blob[100..])
        .await
        .problem(Code::WrongOffset);
    assert_eq!(problem.offset, Some(400_000));
    let status: BlobStatus = part(
        &node,
        &client,
        digest,
        400_000,
        blob.len(),
        &blob[400_000..],
    )
    .await
    .json(201);
    assert!(status.complete);
    assert!(node.get(&client, &path).await.body == blob);
    node.end().await;
}

#[tokio::test]
async fn what_came_before_a_connection_broke_is_kept() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let blob = bytes(500_000);
    let digest = BlobDigest::of(&blob);
    let path = format!("/v1/blobs/{digest}");
    let (bearer, length) = (client.bearer(), blob.len().to_string());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", &length),
    ];
    let mut stream = TcpStream::connect(node.public).await.unwrap();
    let call = wire::request("PUT", &path, &headers, &blob[..300_000]);
    stream.write_all(&call).await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);
    // The node takes a moment to see it.
    let mut received = 0;
    for _ in 0..100 {
        let answer = node.get(&client, &format!("{path}/status")).await;
        received = answer.json::<BlobStatus>(200).received;
        if received > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(received, 300_000);
    let rest = part(
        &node,
        &client,
        digest,
        300_000,
        blob.len(),
        &blob[300_000..],
    )
    .await;
    assert!(rest.json::<BlobStatus>(201).complete);
    node.end().await;
}

#[tokio::test]
async fn ranges_and_tags() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let blob = bytes(1000);
    node.upload(&client, &blob).await.json::<BlobStatus>(201);
    let digest = BlobDigest::of(&blob);
    let path = format!("/v1/blobs/{digest}");
    let bearer = client.bearer();
    let ask = |name: &'static str, value: String| {
        let (path, bearer, address) = (path.clone(), bearer.clone(), node.public);
        async move {
            let headers = [("Authorization", bearer.as_str()), (name, value.as_str())];
            wire::call(address, "GET", &path, &headers, b"").await
        }
    };
    let middle = ask("Range", "bytes=100-199".to_owned()).await;
    assert_eq!(
        (middle.status, middle.body.as_slice()),
        (206, &blob[100..200])
    );
    assert_eq!(middle.header("content-range"), Some("bytes 100-199/1000"));
    let end = ask("Range", "bytes=990-".to_owned()).await;
    assert_eq!((end.status, end.body.as_slice()), (206, &blob[990..]));
    for whole in ["bytes=1000-", "bytes=0-1,3-4", "lines=1-2"] {
        let answer = ask("Range", whole.to_owned()).await;
        assert_eq!((answer.status, answer.body.len()), (200, 1000), "{whole}");
    }
    let known = ask("If-None-Match", format!("\"{digest}\"")).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = wire::call(
        node.public,
        "HEAD",
        &path,
        &[("Authorization", &bearer)],
        b"",
    )
    .await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("1000"))
    );
    assert!(head.body.is_empty());
    node.end().await;
}

#[tokio::test]
async fn uploads_that_are_wrong() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let digest = BlobDigest::of(b"blob");
    let path = format!("/v1/blobs/{digest}");
    let basic = [
        ("Authorization", client.bearer()),
        ("Content-Type", "application/octet-stream".to_owned()),
    ];
    let with = |name: &'static str, value: &str| {
        let mut headers = basic.to_vec();
        headers.push((name, value.to_owned()));
        headers
    };
    for (name, value) in [
        ("Upload-Length", "3"),
        ("Upload-Length", "-1"),
        ("Upload-Length", "4.0"),
        ("Upload-Length", ""),
        ("Upload-Offset", "+1"),
        ("Upload-Length", "99999999999999999999999"),
    ] {
        node.put(&path, &with(name, value), b"blob")
            .await
            .problem(Code::BadRequest);
    }
    // Larger than any blob may be: refused before a byte of it is read.
    let answer = node
        .put(&path, &with("Upload-Length", "8388609"), b"blob")
        .await;
    answer.problem(Code::TooLarge);
    let text = [basic[0].clone(), ("Content-Type", "text/plain".to_owned())];
    node.put(&path, &text, b"blob")
        .await
        .problem(Code::UnsupportedMediaType);
    let packed = with("Content-Encoding", "gzip");
    node.put(&path, &packed, b"blob")
        .await
        .problem(Code::UnsupportedMediaType);
    // A body without an announced length that is longer than the blob.
    let mut chunked = with("Upload-Length", "4");
    chunked.push(("Transfer-Encoding", "chunked".to_owned()));
    let body = b"5\r\nblobs\r\n0\r\n\r\n";
    node.put(&path, &chunked, body)
        .await
        .problem(Code::BadRequest);
    node.end().await;
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let node = start(Knobs::default()).await;
    let client = node.client(2, Scopes::all()).await;
    let digest = BlobDigest::of(b"").to_string();
    for path in [
        "/v1/blobs/..%2f..%2fnode.db",
        "/v1/blobs/%2e%2e%2fkeys",
        "/v1/blobs/..",
        "/v1/blobs/%00",
        "/v1/blobs/%ff%fe",
        "/v1/blobs/0",
    ] {
        node.get(&client, path).await.problem(Code::BadRequest);
    }
    let upper = format!("/v1/blobs/{}", digest.to_uppercase());
    node.get(&client, &upper).await.problem(Code::BadRequest);
    let longer = format!("/v1/blobs/{digest}00");
    node.get(&client, &longer).await.problem(Code::BadRequest);
    for path in [
        "/v1/blobs/../../node.db",
        "/v1/blobs/a/b",
        "/../v1/node",
        "//v1/node",
        "/v1/blobs/",
    ] {
        node.get(&client, path).await.problem(Code::NotFound);
    }
    let answer = node
        .get(&client, &format!("/v1/blobs/{digest}/../../node"))
        .await;
    answer.problem(Code::NotFound);
    let list: Value = node.get(&client, "/v1/jobs").await.json(200);
    assert_eq!(list["jobs"], serde_json::json!([]));
    node.end().await;
}
