//! The log over HTTP.

use super::*;

/// Serves a router on loopback and gives its address.
pub(super) async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

#[tokio::test]
async fn the_files_are_served_and_nothing_else() {
    let node = Node::new();
    let log = node.open().await.unwrap();
    node.append(300);
    log.publish().await.unwrap();
    let address = serve(routes(log.clone())).await;
    let client = reqwest::Client::new();
    let get = async |path: &str| client.get(format!("{address}{path}")).send().await.unwrap();

    let response = get("/log/checkpoint").await;
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(response.headers()["cache-control"], "public, max-age=2");
    assert_eq!(
        response.bytes().await.unwrap(),
        std::fs::read(node.path("log/checkpoint")).unwrap()
    );
    for path in files(&node.path("log/tile")) {
        let name = path.strip_prefix(node.path("")).unwrap().to_str().unwrap();
        let response = get(&format!("/{name}")).await;
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(
            response.headers()["content-type"],
            "application/octet-stream"
        );
        assert!(
            response.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert_eq!(
            response.bytes().await.unwrap(),
            std::fs::read(path).unwrap()
        );
    }
    for path in [
        "/log/tile/0/002",
        "/log/tile/0/001.p/45",
        "/log/tile/0/001",
        "/log/tile/0/%2e%2e%2f%2e%2e%2fcheckpoint",
        "/log/tile/..%2f..%2fkeys/log.key",
        "/log/tile/0/000.p/7",
        "/log/tile/entries/x001/000",
        "/log/tile/",
        "/log/",
        "/log/keys",
    ] {
        let response = get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(
            response
                .headers()
                .get("cache-control")
                .is_none_or(|value| value == "no-store")
        );
    }
    // A tile that is written, but in no checkpoint yet, is not there.
    std::fs::write(node.path("log/tile/0/001.p/45"), [0; 45 * 32]).unwrap();
    assert_eq!(get("/log/tile/0/001.p/45").await.status(), 404);
}
