//! Whether the listeners can have their addresses.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use super::finding::Finding;

/// Checks an address, which is taken if a node `runs` on this folder.
pub(super) fn check(check: &'static str, address: SocketAddr, runs: bool) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) if runs => Finding::warning(
            check,
            format!("nobody listens on {address}, although a node runs on this data folder"),
            "it was started with another address, or is starting or stopping just now",
        ),
        Ok(_) => Finding::good(check, format!("{address} is free")),
        Err(error) if runs && error.kind() == ErrorKind::AddrInUse => Finding::good(
            check,
            format!("{address} is in use, and a node runs on this data folder"),
        ),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::bad(
            check,
            format!("{address} is in use by another program"),
            format!(
                "`ss -ltnp 'sport = :{}'` shows by which; stop it, or configure another port",
                address.port()
            ),
        ),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Finding::bad(
            check,
            format!("{address} is not for this user: {error}"),
            "use a port above 1023 and let a proxy listen on the low one",
        ),
        Err(error) => Finding::bad(
            check,
            format!("{address} cannot be listened on: {error}"),
            "configure an address of this machine (`ip address` shows them)",
        ),
    }
}
