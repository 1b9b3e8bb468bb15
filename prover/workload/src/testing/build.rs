//! Recipes to jobs: any recipe gives a valid program.

use std::collections::HashSet;
use std::time::Duration;

use super::Shape;
use super::builder::Builder;
use super::recipe::{MemoryRecipe, Recipe, Sharing};
use crate::ir::{Block, Program, Value, Workload};
use crate::job::{Job, Limits};

/// Enough for the deepest loops of a default shape.
const STEPS: u32 = 1 << 16;

/// The job that a recipe is for.
pub(super) fn build(recipe: &Recipe, shape: &Shape) -> Job {
    let (workgroup_size, workgroups) = extent(recipe, shape.invocations.max(1));
    let invocations = workgroup_size.iter().chain(&workgroups).product();
    let mut builder = Builder {
        recipe,
        budget: shape.insts,
        program: Program {
            workgroup_size,
            memories: Vec::new(),
            values: Vec::new(),
            body: Block::default(),
        },
        uses: Vec::new(),
        insts: Vec::new(),
        scope: Vec::new(),
        loops: Vec::new(),
        own: Value(0),
        group: Value(0),
        groups: workgroups.iter().product(),
        uniform: true,
        uniform_values: HashSet::new(),
    };
    // There is always something to see.
    builder.add_memory(
        &MemoryRecipe::Output {
            sharing: Sharing::InPlace,
            fixed: false,
        },
        invocations,
    );
    for memory in &recipe.memories {
        builder.add_memory(memory, invocations);
    }
    builder.own = builder.linear_id(workgroups);
    if builder.uses.iter().any(|usage| usage.scope().is_some()) {
        builder.group = builder.group_id();
    }
    builder.statements(&recipe.statements);
    builder.store_where_nothing_was_stored();
    builder.program.body.insts = std::mem::take(&mut builder.insts);

    let mut words = recipe.words.iter().copied().cycle();
    let buffers = builder
        .program
        .memories
        .iter()
        .zip(&builder.uses)
        .filter(|(memory, _)| memory.is_buffer())
        .map(|(_, usage)| words.by_ref().take(usage.length() as usize).collect())
        .collect();
    let limits = Limits {
        steps: recipe.traps.unwrap_or(STEPS),
        memory: 1 << 24,
        time: Duration::from_secs(60),
    };
    Workload::new(builder.program)
        .map_err(|error| error.to_string())
        .and_then(|workload| {
            Job::new(workload, workgroups, buffers, limits).map_err(|error| error.to_string())
        })
        .unwrap_or_else(|error| panic!("{error}\n{recipe:#?}"))
}

/// Workgroup size and workgroups with at most this many invocations.
fn extent(recipe: &Recipe, most: u32) -> ([u32; 3], [u32; 3]) {
    let mut axes = [recipe.workgroups, recipe.workgroup_size].concat();
    while axes.iter().product::<u32>() > most {
        if let Some(largest) = axes.iter_mut().max() {
            *largest -= 1;
        }
    }
    let axis = |at: usize| axes[at].max(1);
    ([axis(3), axis(4), axis(5)], [axis(0), axis(1), axis(2)])
}
