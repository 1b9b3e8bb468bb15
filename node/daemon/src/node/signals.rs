//! What the system tells the process.

use tokio::signal::unix::{SignalKind, signal};

use super::{Node, NodeError};

/// Waits for SIGTERM or SIGINT. SIGHUP reads the certificate again meanwhile.
pub(super) async fn until_told_to_end(node: &Node) -> Result<(), NodeError> {
    let wait = |kind| signal(kind).map_err(NodeError::Signals);
    let mut terminate = wait(SignalKind::terminate())?;
    let mut interrupt = wait(SignalKind::interrupt())?;
    let mut hang_up = wait(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => match node.reload() {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => tracing::error!(%error, "the former certificate stays in use"),
            },
        }
    }
    tracing::info!("the node was told to end");
    Ok(())
}
