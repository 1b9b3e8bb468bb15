//! `arknet doctor`: the checklist.

use arknet_node::doctor::{self, Report, Verdict};
use serde_json::json;

use super::arguments::DoctorArguments;
use crate::answer::{Answer, Rows};
use crate::client;
use crate::error::{CliError, NodeError};

/// Checks the node; the answer is an error where something must be mended.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result<Answer, CliError> {
    let report = client::runtime()?.block_on(doctor::examine(&arguments.place.config));
    let answer = Answer {
        text: text(&report),
        json: json!({
            "verdict": report.verdict(),
            "findings": report.findings,
        }),
    };
    match report.verdict() {
        Verdict::Good | Verdict::Warning => Ok(answer),
        Verdict::Bad => {
            let bad = report
                .findings
                .iter()
                .filter(|finding| finding.verdict == Verdict::Bad)
                .count();
            Err(NodeError::Sick {
                answer: Box::new(answer),
                bad,
            }
            .into())
        }
    }
}

fn text(report: &Report) -> String {
    let mut rows = Rows::default();
    for finding in &report.findings {
        rows.line(&format!(
            "{} {:<12} {}",
            finding.verdict.sign(),
            finding.check,
            finding.found
        ));
        if let Some(fix) = &finding.fix {
            rows.line(&format!("  {:<12} → {fix}", ""));
        }
    }
    rows.finish()
}
