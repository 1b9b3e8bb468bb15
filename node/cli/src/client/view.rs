//! A job as its node shows it, for people and for machines.

use std::time::Duration;

use arknet_protocol::api::{JobView, Lineage};
use serde_json::{Value, json};

use crate::answer::{Rows, bytes, time};

/// Adds everything about a job.
pub(super) fn describe(job: &JobView, rows: &mut Rows) {
    rows.row("job", job.id);
    let mut state = job.state.to_string();
    if let Some(percent) = job.percent {
        state.push_str(&format!(", {percent} %"));
    }
    if let Some(reason) = job.reason {
        state.push_str(&format!(" ({reason})"));
    }
    if let Some(detail) = &job.detail {
        state.push_str(&format!("\n{detail}"));
    }
    rows.row("state", state);
    rows.row(
        "kind",
        format!(
            "{}, priority {}, attempt {}",
            job.kind, job.priority, job.attempt
        ),
    );
    if let Some(device) = &job.device {
        rows.row("device", device);
    }
    rows.row("request", job.request);
    rows.row("client", job.client);
    let mut before = None;
    for change in &job.timeline {
        let after = before.map_or_else(String::new, |before| {
            let elapsed = Duration::from_millis(change.at_ms.saturating_sub(before));
            format!(" after {}", time(elapsed))
        });
        rows.row(
            "",
            format!("attempt {}: {}{after}", change.attempt, change.state),
        );
        before = Some(change.at_ms);
    }
    for output in &job.outputs {
        rows.row(
            "output",
            format!("{}: {}\n{}", output.name, bytes(output.size), output.digest),
        );
    }
    if let Some(index) = job.log_index {
        rows.row("log", format!("entry {index}"));
    }
}

/// Adds what a job is connected with, where that is more than itself.
pub(super) fn describe_lineage(lineage: &Lineage, rows: &mut Rows) {
    for edge in &lineage.edges {
        rows.row(
            "lineage",
            format!("{} to {}\n{}", edge.from, edge.to, edge.digest),
        );
    }
    if lineage.truncated {
        rows.row("lineage", "there is more that is not listed");
    }
}

/// One line of a list.
pub(super) fn line(job: &JobView) -> String {
    let percent = job.percent.map_or_else(String::new, |n| format!(" {n} %"));
    let reason = job.reason.map_or_else(String::new, |r| format!(" ({r})"));
    format!(
        "{}  {:<5}  {}{percent}{reason}",
        job.id, job.kind, job.state
    )
}

/// The answer of the node for machines, as it is.
pub(super) fn object(job: &JobView) -> Value {
    json!(job)
}
