//! Peers that take their time, and more of them than there is room for.

use std::net::SocketAddr;
use std::time::Duration;

use arknet_node::http::{ConnectionLimits, Pace};
use arknet_protocol::{BlobDigest, Scopes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::node::{Knobs, start};
use crate::wire;

fn impatient() -> Knobs {
    Knobs {
        connections: ConnectionLimits {
            total: 20,
            per_address: 8,
            headers: Duration::from_millis(400),
            stall: Duration::from_millis(800),
            grace: Duration::from_millis(500),
            ..ConnectionLimits::default()
        },
        pace: Pace {
            stall: Duration::from_millis(400),
            grace: Duration::from_millis(400),
            least_rate: 10_000,
        },
        ..Knobs::default()
    }
}

/// Sends a byte every 20 ms until the node closes.
async fn drip(address: SocketAddr, bytes: &[u8]) -> Duration {
    let started = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let closed = async {
        let mut rest = Vec::new();
        let _ = reader.read_to_end(&mut rest).await;
    };
    let dripping = async {
        for byte in bytes {
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = closed => started.elapsed(),
        () = dripping => unreachable!(),
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("it is never cut off"),
    }
}

async fn scrape(address: SocketAddr) -> String {
    let answer = wire::call(address, "GET", "/metrics", &[], b"").await;
    String::from_utf8(answer.body).unwrap()
}

#[tokio::test]
async fn slow_headers_are_cut_off() {
    let node = start(impatient()).await;
    let headers = format!(
        "GET /v1/node HTTP/1.1\r\nHost: x\r\nX-Long: {}",
        "a".repeat(5000)
    );
    let took = drip(node.public, headers.as_bytes()).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    // A connection on which nothing comes at all is cut off too.
    let took = drip(node.public, b"").await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let text = scrape(node.admin).await;
    assert!(
        text.contains("arknet_http_connections_cut_total{reason=\"slow\"}"),
        "{text}"
    );
    node.end().await;
}

#[tokio::test]
async fn slow_bodies_are_cut_off() {
    let node = start(impatient()).await;
    let client = node.client(2, Scopes::all()).await;
    let path = format!("/v1/blobs/{}", BlobDigest::of(b"x"));
    let bearer = client.bearer();
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", "1000000"),
    ];
    let mut stream = TcpStream::connect(node.public).await.unwrap();
    stream
        .write_all(&wire::request("PUT", &path, &headers, b""))
        .await
        .unwrap();
    let (mut reader, mut writer) = stream.split();
    let started = Instant::now();
    let mut answer = Vec::new();
    let reading = reader.read_to_end(&mut answer);
    let dripping = async {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = reading => {}
        () = dripping => unreachable!(),
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("it is never cut off"),
    }
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(wire::parse(&answer).status, 408);
    node.end().await;
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut_off() {
    let node = start(impatient()).await;
    let client = node.client(2, Scopes::all()).await;
    let blob = vec![7; 8 << 20];
    assert_eq!(node.upload(&client, &blob).await.status, 201);
    let bearer = client.bearer();
    let path = format!("/v1/blobs/{}", BlobDigest::of(&blob));
    let call = wire::request("GET", &path, &[("Authorization", &bearer)], b"");
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(node.public).await.unwrap();
        stream.write_all(&call).await.unwrap();
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let text = scrape(node.admin).await;
    let open = text
        .lines()
        .find(|line| line.starts_with("arknet_http_connections{listener=\"public\"}"));
    assert_eq!(open, Some("arknet_http_connections{listener=\"public\"} 0"));
    node.end().await;
}

#[tokio::test]
async fn one_address_does_not_take_every_place() {
    let node = start(impatient()).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(TcpStream::connect(node.public).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut ninth = TcpStream::connect(node.public).await.unwrap();
    let _ = ninth
        .write_all(&wire::request("GET", "/v1/node", &[], b""))
        .await;
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(5), ninth.read_to_end(&mut answer)).await;
    assert!(
        read.is_ok() && answer.is_empty(),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    drop(held);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answer = wire::call(node.public, "GET", "/v1/node", &[], b"").await;
    assert_eq!(answer.status, 200);
    node.end().await;
}

#[tokio::test]
async fn oversized_heads_end_the_connection() {
    let node = start(Knobs::default()).await;
    let endless = format!("GET /v1/node HTTP/1.1\r\nX: {}", "a".repeat(1 << 20));
    let answer = wire::exchange(node.public, endless.as_bytes()).await;
    assert!(answer.is_empty() || wire::parse(&answer).status == 431);
    let many: String = (0..5000)
        .map(|number| format!("X-{number}: 1\r\n"))
        .collect();
    let call = format!("GET /v1/node HTTP/1.1\r\n{many}\r\n");
    let answer = wire::exchange(node.public, call.as_bytes()).await;
    assert!(answer.is_empty() || wire::parse(&answer).status == 431);
    for nonsense in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
    ] {
        let answer = wire::exchange(node.public, nonsense.as_bytes()).await;
        assert!(answer.is_empty() || (400..506).contains(&wire::parse(&answer).status));
    }
    let answer = wire::call(node.public, "GET", "/v1/node", &[], b"").await;
    assert_eq!(answer.status, 200);
    node.end().await;
}
