use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt as _;

use super::*;

async fn fetch(path: &str) -> Response {
    let request = Request::get(path).body(Body::empty()).unwrap();
    routes::<()>().oneshot(request).await.unwrap()
}

async fn text(path: &str) -> String {
    let response = fetch(path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn every_answer_is_held_to_the_policy() {
    for path in [
        "/",
        "/assets/page.js",
        "/assets/none",
        "/assets/verifier.wasm",
    ] {
        let response = fetch(path).await;
        for (name, value) in HEADERS {
            assert_eq!(response.headers()[name], value, "{path}");
        }
    }
    assert_eq!(
        fetch("/assets/..%2fpage.html").await.status(),
        StatusCode::NOT_FOUND
    );
    let expected = if has_verifier() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    assert_eq!(fetch("/assets/verifier.wasm").await.status(), expected);
}

/// Everything that a file of the page names is there, and nothing is elsewhere.
#[tokio::test]
async fn the_page_needs_nothing_but_its_assets() {
    let mut pages = vec![text("/").await];
    for (name, kind, _) in ASSETS {
        if *kind != "image/svg+xml" {
            pages.push(text(&format!("/assets/{name}")).await);
        }
    }
    let mut named = 0;
    for page in &pages {
        for part in page.split("\"/assets/").skip(1) {
            let name = part.split('"').next().unwrap();
            let is_known =
                name == "verifier.wasm" || ASSETS.iter().any(|(known, ..)| *known == name);
            assert!(is_known, "{name}");
            named += 1;
        }
        let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("://"), "{page}");
        for dangerous in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            " style=",
        ] {
            assert!(!page.contains(dangerous), "{dangerous}");
        }
    }
    assert!(named > 10);
}
