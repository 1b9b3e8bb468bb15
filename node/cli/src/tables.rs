//! The tables of a job: what a proof of it commits to, and what making it costs.

use arknet_air::{Bus, Height, Machine, Statement, WitnessError, check_dispatch};
#[cfg(feature = "prove")]
use arknet_receipt::Preset;
#[cfg(feature = "prove")]
use arknet_stark::{Cost, TableSize};
use arknet_workload::interpreter;
use serde_json::{Value, json};

#[cfg(feature = "prove")]
use crate::answer::bytes;
use crate::answer::{Rows, count};
use crate::error::CliError;
use crate::job::OpenJob;
use crate::memory::Memory;

const BUSES: [Bus; 4] = [Bus::Control, Bus::Range, Bus::Data, Bus::State];

/// What compiled tables hold of the buffers, as a multiple of the job's own: initial and final words in two copies of
/// the statement (4), and their limbs as field elements (4).
const STATEMENTS: u64 = 8;

/// Runs a job on the CPU, in this memory, and describes the tables of its proof, none of which is filled.
pub(crate) fn describe(open: &OpenJob, memory: Memory, rows: &mut Rows) -> Result<Value, CliError> {
    let job = open.job();
    // What needs no run to be refused is refused before it.
    check_dispatch(job.dispatch()).map_err(|error| CliError::OverLimit(error.to_string()))?;
    // The job runs and then its tables are compiled, without what the run took.
    let compiling = job.memory_bytes().saturating_mul(STATEMENTS);
    let needed = interpreter::memory_bytes(job).max(compiling);
    memory.check("running the job and measuring its proof", job, needed)?;
    let execution = interpreter::run(job).map_err(|error| open.failed_run(error))?;
    let steps = execution.steps;
    open.describe_usage(steps, rows);
    let machine = Statement::new(job, execution.buffers, steps)
        .map_err(|error| internal(&error))
        .and_then(|statement| {
            Machine::compile(&statement).map_err(|error| CliError::OverLimit(error.to_string()))
        })?;
    let heights = machine
        .heights(Some(job.limits().time))
        .map_err(|error| match error {
            WitnessError::TooManyRows { .. } | WitnessError::OverTime => {
                CliError::OverLimit(error.to_string())
            }
            error => internal(&error),
        })?;

    rows.line("");
    rows.line(&format!(
        "{:<24} {:>9} {:>8} {:>8} {:>12} {:>7} {:>9}",
        "table", "rows", "columns", "lookup", "constraints", "degree", "messages"
    ));
    let mut objects = Vec::new();
    let (mut main, mut lookup) = (0, 0);
    for (table, height) in machine.tables().iter().zip(&heights) {
        let height = height.map(|height| 1u64 << height);
        let messages: usize = BUSES.iter().map(|bus| table.interaction_count(*bus)).sum();
        rows.line(&format!(
            "{:<24} {:>9} {:>8} {:>8} {:>12} {:>7} {:>9}",
            table.name(),
            height.map_or_else(|| "none".to_owned(), count),
            table.main_width(),
            table.auxiliary_width(),
            table.constraint_count(),
            table.constraint_degree(),
            messages
        ));
        let by_bus = BUSES.map(|bus| (bus.name().to_owned(), table.interaction_count(bus).into()));
        objects.push(json!({
            "name": table.name(),
            "rows": height,
            "rows_follow_from_the_job": matches!(table.height(), Height::Fixed(_)),
            "columns": table.main_width(),
            "lookup_columns": table.auxiliary_width(),
            "constraints": table.constraint_count(),
            "degree": table.constraint_degree(),
            "messages": Value::Object(by_bus.into_iter().collect()),
        }));
        let height = height.unwrap_or(0);
        main += height * table.main_width() as u64;
        lookup += height * table.auxiliary_width() as u64;
    }
    rows.line("");
    rows.row(
        "cells",
        format!("{} main, {} lookup", count(main), count(lookup)),
    );
    let costs = costs(&machine, &heights, rows);
    Ok(json!({
        "tables": objects,
        "main_cells": main,
        "lookup_cells": lookup,
        "costs": costs,
    }))
}

/// What proving takes under each preset.
#[cfg(feature = "prove")]
fn costs(machine: &Machine, heights: &[Option<u8>], rows: &mut Rows) -> Value {
    let sizes: Vec<TableSize> = machine
        .tables()
        .iter()
        .zip(heights)
        .filter_map(|(table, height)| Some(TableSize::new(table, (*height)?)))
        .collect();
    let by_preset = [Preset::S100, Preset::S128].map(|preset| {
        let cost = Cost::new(&sizes, preset);
        rows.row(
            preset.name(),
            format!(
                "about {} of memory to prove, a receipt of at least {}",
                bytes(cost.memory),
                bytes(cost.least_proof_bytes)
            ),
        );
        let object = json!({
            "proving_memory": cost.memory,
            "least_proof_bytes": cost.least_proof_bytes,
        });
        (preset.name().to_owned(), object)
    });
    Value::Object(by_preset.into_iter().collect())
}

/// A build that cannot prove has no costs to tell.
#[cfg(not(feature = "prove"))]
fn costs(_: &Machine, _: &[Option<u8>], _: &mut Rows) -> Value {
    Value::Null
}

fn internal(error: &dyn std::error::Error) -> CliError {
    CliError::Internal {
        what: error.to_string(),
    }
}
