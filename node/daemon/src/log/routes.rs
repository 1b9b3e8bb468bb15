//! The log's files over HTTP, under `/log`, as C2SP's `tlog-tiles` lays them out.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use arknet_tlog::Tile;

use super::service::Log;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// A client that asks every few seconds should see the newest checkpoint.
const SHORT: &str = "public, max-age=2";

/// `GET /log/checkpoint` and `GET /log/tile/…`. Neither needs authorisation: a log is there to be read.
pub fn routes(log: Log) -> Router {
    Router::new()
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/tile/{*path}", get(tile))
        .with_state(log)
}

async fn checkpoint(State(log): State<Log>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, SHORT),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, log.served().note.to_string()).into_response()
}

async fn tile(State(log): State<Log>, Path(path): Path<String>) -> Response {
    // Only what parses as a tile of the log as it is served names a file, so no path leads out of the folder.
    let tile = format!("tile/{path}").parse::<Tile>().ok();
    let tile = tile.filter(|tile| tile.is_in(log.served().checkpoint.size));
    let Some(tile) = tile else {
        return absent(StatusCode::NOT_FOUND);
    };
    match tokio::fs::read(log.folder().join(tile.to_string())).await {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CACHE_CONTROL, IMMUTABLE),
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            (headers, bytes).into_response()
        }
        // A part whose full tile took its place; the client asks for that.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !tile.is_full() => {
            absent(StatusCode::NOT_FOUND)
        }
        Err(error) => {
            tracing::error!(%tile, %error, "a tile of the log cannot be read");
            absent(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// What is not there now may be there soon.
fn absent(status: StatusCode) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")]).into_response()
}
