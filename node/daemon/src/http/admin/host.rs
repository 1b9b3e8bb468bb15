//! Who was asked: the `Host` of a call to the admin listener must be a name of this machine.

use arknet_protocol::Code;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::http::Refusal;
use crate::http::body::expect_type;

/// Refuses calls that came under another name, and changes that are not sent as JSON.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().unwrap_or(""),
        _ => "",
    };
    if !is_local(host) {
        let why = "the admin listener answers to 127.0.0.1, [::1] and localhost only; this call came under another name";
        return Refusal::new(Code::BadRequest, why).into_response();
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && let Err(refusal) = expect_type(headers, "application/json") {
        return refusal.into_response();
    }
    next.run(request).await
}

/// Whether a `Host` names this machine, with or without a port.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    match bare {
        Some(v6) => v6
            .parse::<std::net::Ipv6Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_pass() {
        for local in [
            "localhost",
            "LocalHost:7118",
            "127.0.0.1",
            "127.0.0.1:7118",
            "127.1.2.3:1",
            "[::1]",
            "[::1]:7118",
        ] {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "",
            "node.example",
            "node.example:7118",
            "localhost.node.example",
            "127.0.0.1.node.example:7118",
            "192.0.2.1:7118",
            "[2001:db8::1]:7118",
            "::1",
            "127.0.0.1:",
            "127.0.0.1:x",
            "user@127.0.0.1",
            "0.0.0.0",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }
}
