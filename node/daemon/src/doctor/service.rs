//! Whether the service manager is told how the node is doing.

use std::path::Path;

use super::finding::Finding;

const CHECK: &str = "service";

/// Checks the socket that `NOTIFY_SOCKET` names, where it names one.
pub(super) fn check(socket: Option<&str>) -> Finding {
    match socket {
        None | Some("") => Finding::good(
            CHECK,
            "not started by systemd (as in a terminal), so nobody is notified",
        ),
        // An abstract socket is in no folder.
        Some(name) if name.starts_with('@') => {
            Finding::good(CHECK, "systemd is notified when the node is ready")
        }
        Some(path) if Path::new(path).exists() => {
            Finding::good(CHECK, "systemd is notified when the node is ready")
        }
        Some(path) => Finding::bad(
            CHECK,
            format!(
                "NOTIFY_SOCKET names `{path}`, which is not there, so systemd would wait for ever"
            ),
            "use the unit file in `packaging/systemd`, which has `Type=notify`",
        ),
    }
}
