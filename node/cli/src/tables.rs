//! The tables of a job: what a proof of it commits to, and what making it costs.

use arknet_air::{Bus, Height, Machine, Statement, Table, WitnessError};
use arknet_receipt::{Parameters, Preset};
use arknet_workload::interpreter;
use serde_json::{Value, json};

use crate::answer::{Rows, bytes, count};
use crate::error::CliError;
use crate::job::OpenJob;

const BUSES: [Bus; 4] = [Bus::Control, Bus::Range, Bus::Data, Bus::State];

/// Bytes of a field element.
const ELEMENT: u64 = 4;
/// Bytes of a hash.
const HASH: u64 = 32;

/// Runs a job on the CPU and describes the tables of its proof.
pub(crate) fn describe(open: &OpenJob, rows: &mut Rows) -> Result<Value, CliError> {
    let job = open.job();
    let execution = interpreter::run(job).map_err(|error| open.failed_run(error))?;
    let steps = execution.steps;
    open.describe_usage(steps, rows);
    let machine = Statement::new(job, execution.buffers, steps)
        .map_err(|error| internal(&error))
        .and_then(|statement| {
            Machine::compile(&statement).map_err(|error| CliError::OverLimit(error.to_string()))
        })?;
    let witness = machine.witness().map_err(|error| match error {
        WitnessError::TooManyRows { .. } => CliError::OverLimit(error.to_string()),
        error => internal(&error),
    })?;
    let heights: Vec<Option<usize>> = witness
        .traces
        .iter()
        .map(|trace| {
            trace
                .as_ref()
                .map(|trace| trace.values.len() / trace.width.max(1))
        })
        .collect();

    rows.line("");
    rows.line(&format!(
        "{:<24} {:>9} {:>8} {:>8} {:>12} {:>7} {:>9}",
        "table", "rows", "columns", "lookup", "constraints", "degree", "messages"
    ));
    let mut objects = Vec::new();
    let mut cost = Cost::default();
    for (table, height) in machine.tables().iter().zip(heights) {
        let height = height.map(|height| height as u64);
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
        if let Some(height) = height {
            cost.add(table, height, &Preset::S100.parameters());
        }
    }
    rows.line("");
    rows.row(
        "cells",
        format!("{} main, {} lookup", count(cost.main), count(cost.lookup)),
    );
    rows.row(
        "proving",
        format!("about {} of memory (s100)", bytes(cost.memory)),
    );
    Ok(json!({
        "tables": objects,
        "main_cells": cost.main,
        "lookup_cells": cost.lookup,
        "proving_memory": cost.memory,
    }))
}

/// What the tables cost together. A lookup cell counts as the base-field cells it is made of.
#[derive(Default)]
struct Cost {
    main: u64,
    lookup: u64,
    memory: u64,
}

impl Cost {
    /// Adds a table: its traces, their low-degree extensions and quotient, and the three Merkle trees.
    fn add(&mut self, table: &Table, height: u64, parameters: &Parameters) {
        let degree = parameters.extension_degree as u64;
        let blowup = 1u64 << parameters.log_blowup;
        let main = table.main_width() as u64 * height;
        let lookup = table.auxiliary_width() as u64 * degree * height;
        let quotient = 2 * degree * height;
        let committed = (main + lookup + quotient) * ELEMENT;
        let trees = 3 * 2 * HASH * height * blowup;
        self.main += main;
        self.lookup += lookup;
        self.memory += committed * (1 + blowup) + trees;
    }
}

fn internal(error: &dyn std::error::Error) -> CliError {
    CliError::Internal {
        what: error.to_string(),
    }
}
