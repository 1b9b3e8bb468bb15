//! `arknet prove`: run a job, prove the run, and write the outputs and the receipt.

use arknet_air::WitnessError;
use arknet_receipt::{Preset, Receipt, verify};
use arknet_stark::{Prepared, ProveError};
use serde_json::json;

use crate::answer::{Answer, Rows, bytes, count, time};
use crate::arguments::{PresetName, ProveArguments};
use crate::error::CliError;
use crate::job::OpenJob;
use crate::memory::Memory;
use crate::progress::Progress;
use crate::{files, receipt, target};

/// Proves a job. `bars` shows progress where there is a terminal.
pub(crate) fn prove(arguments: &ProveArguments, bars: bool) -> Result<Answer, CliError> {
    let open = OpenJob::open(&arguments.job)?;
    open.assembled().require_outputs()?;
    open.check_receipt(&arguments.receipt)?;
    open.check_outputs()?;
    let preset = match arguments.preset {
        PresetName::S100 => Preset::S100,
        PresetName::S128 => Preset::S128,
    };

    let memory = Memory::new(arguments.max_memory);
    let mut progress = Progress::new(bars);
    let prepared = Prepared::new(
        open.job(),
        preset,
        memory.bytes(),
        &mut |phase, fraction| progress.report(phase, fraction),
    );
    let prepared = prepared.map_err(|error| failed(&open, &memory, error))?;
    let cost = prepared.cost();
    progress.say(&format!(
        "{} tables, {} cells: about {} of memory, a receipt of at least {}",
        prepared.tables().len(),
        count(cost.cells),
        bytes(cost.memory),
        bytes(cost.least_proof_bytes)
    ));
    let proven = prepared.prove(&mut |phase, fraction| progress.report(phase, fraction));
    drop(progress);
    let proven = proven.map_err(|error| failed(&open, &memory, error))?;

    // What is verified is what is written: the receipt made from its own bytes.
    let encoded = proven.receipt.encode();
    let verified = Receipt::decode(&encoded)
        .map_err(|error| error.to_string())
        .and_then(|receipt| {
            verify(&receipt, open.job(), &proven.outputs).map_err(|error| error.to_string())
        })
        .map_err(|reason| CliError::Internal {
            what: format!("the proof that was made does not verify: {reason}"),
        })?;
    // Proving takes long: what is there may have changed, and all is written or nothing.
    open.check_receipt(&arguments.receipt)?;
    open.write_outputs(&proven.outputs)?;
    files::write(&arguments.receipt, &encoded)?;

    let mut rows = Rows::default();
    let source = open.source_name().display().to_string();
    let id = open.job().workload().id().to_string();
    rows.row("workload", format!("{source}\n{id}"));
    open.describe_usage(verified.claim.usage().steps, &mut rows);
    let buffers = open.describe_buffers(&proven.outputs, &mut rows);
    let size = encoded.len() as u64;
    rows.row(
        "receipt",
        format!("{}: {}", arguments.receipt.display(), bytes(size)),
    );
    rows.row(
        "build",
        format!("SIMD {}, {}", target::simd(), target::ALLOCATOR),
    );
    let tables = proven.tables.len();
    rows.row(
        "proof",
        format!(
            "{tables} tables, {} cells, about {} of memory",
            count(cost.cells),
            bytes(cost.memory)
        ),
    );
    let total = proven.phases.iter().map(|(_, time)| *time).sum();
    for (phase, elapsed) in &proven.phases {
        rows.row(&phase.to_string(), time(*elapsed));
    }
    rows.row("all phases", time(total));
    rows.line(&verified.security.to_string());
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "workload": { "file": source, "id": id },
            "preset": preset.name(),
            "buffers": buffers,
            "receipt": { "file": arguments.receipt.display().to_string(), "bytes": size },
            "tables": tables,
            "cells": cost.cells,
            "proving_memory": cost.memory,
            "phases": proven.phases.iter().map(|(phase, time)| {
                json!({ "name": phase.to_string(), "seconds": time.as_secs_f64() })
            }).collect::<Vec<_>>(),
            "seconds": total.as_secs_f64(),
            "simd": target::simd(),
            "allocator": target::ALLOCATOR,
            "claim": receipt::claim(&verified.claim),
            "security": receipt::security(&verified.security),
        }),
    })
}

fn failed(open: &OpenJob, memory: &Memory, error: ProveError) -> CliError {
    match error {
        ProveError::Run(error) => open.failed_run(error),
        ProveError::OverMemory {
            needed, is_floor, ..
        } => CliError::OverLimit(memory.refusal(needed, is_floor)),
        ProveError::Compile(_)
        | ProveError::Witness(WitnessError::TooManyRows { .. })
        | ProveError::Heights(_)
        | ProveError::Lookups(_)
        | ProveError::Claim(_)
        | ProveError::Seal(_) => CliError::OverLimit(error.to_string()),
        // The interpreter ran the same job without complaint.
        ProveError::Witness(_) | ProveError::Prover(_) => CliError::Internal {
            what: error.to_string(),
        },
    }
}
