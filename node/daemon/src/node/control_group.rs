//! The control group that a service manager may have delegated to the node.

use arknet_sandbox::Delegation;

/// Goes one level down in the delegated group, where there is one, so that children get memory groups of their own. To be
/// called once, by the process that is to be a node, before the first child is started.
pub fn settle_in_control_group() {
    match Delegation::settle() {
        Delegation::Settled(group) => {
            tracing::info!(group = %group.display(), "children get memory groups of their own");
        }
        Delegation::Unneeded(reason) => {
            tracing::debug!(reason, "the control group stays as it is");
        }
        Delegation::Impossible(reason) => {
            tracing::debug!(%reason, "the control group stays as it is");
        }
    }
}
