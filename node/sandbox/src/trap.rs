//! What a kernel's report says, in words of the source.

use arknet_workload::emit;
use arknet_workload::emit::report::Report;
use arknet_workload::job::Job;

use crate::RunError;

/// The error that a report of a trapped run stands for. Whoever runs the job may have a program without places in the
/// source; the report names the place by its number, which is the same in every printing.
pub(crate) fn explain(report: [u32; Report::WORDS], job: &Job) -> RunError {
    let report = Report::from_words(report);
    let emitted = emit::wgsl(job.workload());
    let Some(invocation) = report.first_trapped() else {
        return RunError::Driver {
            adapter: "the device".to_owned(),
            message: "a run trapped without an invocation that did".to_owned(),
        };
    };
    match report.trap(&emitted, job, invocation) {
        Some(trap) => RunError::Trap(trap),
        None => RunError::Unrepeatable { invocation },
    }
}
