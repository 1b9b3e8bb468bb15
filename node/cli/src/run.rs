//! `arknet run`: run a job and write its outputs.

use serde_json::json;

use crate::answer::{Answer, Rows, time};
use crate::arguments::RunArguments;
use crate::backend;
use crate::error::CliError;
use crate::job::OpenJob;

pub(crate) fn run(arguments: &RunArguments) -> Result<Answer, CliError> {
    let open = OpenJob::open(&arguments.job)?;
    open.check_outputs()?;
    let ran = backend::run(&open, arguments)?;
    open.write_outputs(&ran.execution.buffers)?;

    let id = open.job().workload().id().to_string();
    let source = open.source_name().display().to_string();
    let mut rows = Rows::default();
    rows.row("workload", format!("{source}\n{id}"));
    rows.row("backend", format!("{}: {}", ran.backend, ran.device));
    if let Some(reason) = &ran.passed_over {
        rows.row("", format!("(not a GPU: {reason})"));
    }
    if let Some(sandbox) = &ran.sandbox {
        rows.row("sandbox", &sandbox.summary);
    }
    rows.row(
        "races",
        if ran.races_checked {
            "checked"
        } else {
            "not checked (--check-races)"
        },
    );
    rows.row(
        "time",
        format!(
            "{} of {}",
            time(ran.elapsed),
            time(open.job().limits().time)
        ),
    );
    open.describe_usage(ran.execution.steps, &mut rows);
    let buffers = open.describe_buffers(&ran.execution.buffers, &mut rows);
    let limits = open.job().limits();
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "workload": { "file": source, "id": id },
            "backend": ran.backend,
            "device": ran.device,
            "passed_over": ran.passed_over,
            "sandbox": ran.sandbox.map(|sandbox| sandbox.walls.iter().map(|wall| {
                json!({ "wall": wall.name, "stands": wall.stands, "detail": wall.detail })
            }).collect::<Vec<_>>()),
            "races": if ran.races_checked { "checked" } else { "not checked" },
            "seconds": ran.elapsed.as_secs_f64(),
            "invocations": open.job().dispatch().invocations(),
            "steps": ran.execution.steps,
            "steps_limit": limits.steps,
            "memory": open.job().memory_bytes(),
            "memory_limit": limits.memory,
            "buffers": buffers,
        }),
    })
}
