//! `arknet inspect`: what a workload, a job or a receipt is made of.

use std::ffi::OsStr;
use std::path::Path;

use arknet_receipt::{LoadError, Receipt};
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::folder;
use serde_json::{Value, json};

use crate::answer::{Answer, Rows};
use crate::arguments::InspectArguments;
use crate::error::CliError;
use crate::job::{self, OpenJob};
use crate::memory::Memory;
use crate::{receipt, tables};

pub(crate) fn inspect(arguments: &InspectArguments) -> Result<Answer, CliError> {
    let file = &arguments.file;
    let extension = file.extension().and_then(OsStr::to_str);
    let entry = arguments.entry.as_deref();
    let memory = Memory::new(arguments.max_memory);
    match extension {
        Some("wgsl") if !file.is_dir() => inspect_source(file, entry.unwrap_or("main")),
        _ if entry.is_some() => Err(CliError::NoEntryHere {
            path: file.to_owned(),
        }),
        _ if file.is_dir() => inspect_job(file, memory),
        Some("toml") => inspect_job(file, memory),
        _ => inspect_receipt(file),
    }
}

fn inspect_receipt(file: &Path) -> Result<Answer, CliError> {
    let receipt = Receipt::load(file).map_err(|error| match error {
        LoadError::Open(source) => CliError::Read {
            path: file.to_owned(),
            expected: "a job folder, a job.toml, a .wgsl file or a receipt",
            source,
        },
        LoadError::Decode(error) => CliError::NotInspectable {
            path: file.to_owned(),
            reason: error.to_string(),
        },
    })?;
    let mut rows = Rows::default();
    rows.line(&receipt.to_string());
    rows.line("Nothing was verified; `arknet verify` does that.");
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "receipt": {
                "version": Receipt::VERSION,
                "claim": receipt::claim(receipt.claim()),
                "seal": receipt::seal(receipt.seal()),
                "attestation": receipt.attestation().map(receipt::attestation),
                "inclusion": receipt.inclusion().map(|inclusion| inclusion.text()),
            },
        }),
    })
}

fn inspect_source(file: &Path, entry: &str) -> Result<Answer, CliError> {
    let source = folder::load_source(file)?;
    let workload = job::compile(file, &source, entry)?;
    let mut rows = Rows::default();
    let json = describe_workload(&workload, &mut rows);
    Ok(Answer {
        text: rows.finish(),
        json: json!({ "workload": json }),
    })
}

fn inspect_job(path: &Path, memory: Memory) -> Result<Answer, CliError> {
    let open = OpenJob::open(path)?;
    let mut rows = Rows::default();
    let workload = describe_workload(open.job().workload(), &mut rows);
    let proof = tables::describe(&open, memory, &mut rows)?;
    Ok(Answer {
        text: rows.finish(),
        json: json!({ "workload": workload, "proof": proof }),
    })
}

fn describe_workload(workload: &Workload, rows: &mut Rows) -> Value {
    let program = text::print(workload.program());
    rows.row("workload", workload.id());
    rows.line(&program);
    json!({ "id": workload.id().to_string(), "program": program })
}
