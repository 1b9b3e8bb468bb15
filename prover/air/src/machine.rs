//! All tables of a statement.

use std::collections::HashSet;

use arknet_workload::ir::{MemoryId, Space};
use arknet_workload::job::Dispatch;

use crate::fixed::{self, MemoryTable};
use crate::graph::{Graph, TooComplex, assign_ranges, form};
use crate::lower::{BlockTable, ControlPlan, MemoryPlan, Sites, lower_block};
use crate::simplify::{Unrolling, simplify};
use crate::statement::Statement;
use crate::table::{Bus, MAX_DEGREE, Table};

/// Version of the compiler's output. Tables of different versions are different statements, so the transcript
/// is seeded with it.
pub const AIR_VERSION: u32 = 3;

/// Largest `log2` of a table's rows.
pub const MAX_LOG_HEIGHT: u8 = 22;

/// Most rows of the tables of dispatch and memories together. A verifier's work grows with them, whatever the proof.
pub const MAX_FIXED_ROWS: u64 = 1 << 24;

/// Bound of a statement's steps, which are a field element with room for sums.
pub const MAX_STEPS: u32 = 1 << 29;

/// Largest number of columns of a table.
pub const MAX_WIDTH: usize = 1 << 16;

/// Why a statement has no tables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A table that public data fixes would be too tall.
    #[error(
        "the table `{table}` needs 2^{log_height} rows, more than 2^{MAX_LOG_HEIGHT}; \
         split the job into smaller ones"
    )]
    TooTall {
        /// The table.
        table: String,
        /// `log2` of the rows it needs.
        log_height: u8,
    },
    /// Tables that public data fixes would be too tall together.
    #[error(
        "the tables of the dispatch and of memories need {rows} rows, more than {MAX_FIXED_ROWS} together; \
         split the job into smaller ones"
    )]
    TooManyFixedRows {
        /// Rows that they need.
        rows: u64,
    },
    /// More steps than the clock can count.
    #[error("{steps} steps of an invocation cannot be proven, at most {MAX_STEPS} can")]
    TooManySteps {
        /// Steps of the statement.
        steps: u32,
    },
    /// Times of memory accesses do not fit the field.
    #[error(
        "{steps} steps with {sites} memory accesses in the code are too many to order in time; \
         split the job into smaller ones"
    )]
    TooManyTimes {
        /// Steps of the statement.
        steps: u32,
        /// Places in the code that access memory.
        sites: u32,
    },
    /// A block of straight-line code is too wide.
    #[error("the table `{table}` needs more than {MAX_WIDTH} columns; shorten the kernel")]
    TooWide {
        /// The table.
        table: String,
        /// Columns counted before giving up.
        width: usize,
    },
    /// More loops, live values or operations than tables are made for.
    #[error("the kernel has too many {what} to be proven, more than {limit}; make it simpler")]
    TooComplex {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A constraint of too high a degree: a fault of the compiler.
    #[error("the table `{table}` has a constraint of degree {degree}, more than {MAX_DEGREE}")]
    Degree {
        /// The table.
        table: String,
        /// Its largest degree.
        degree: usize,
    },
    /// Phases between barriers do not fit the field.
    #[error(
        "{steps} steps with barriers in loops are too many phases to order; lower `limits.steps` or split the job"
    )]
    TooManyPhases {
        /// Steps of the statement.
        steps: u32,
    },
    /// A buffer that the workload cannot write has changed.
    #[error("buffer `{name}` differs before and after, but the workload does not write it")]
    Changed {
        /// The buffer.
        name: String,
    },
}

/// The tables of a statement and what is needed to fill them.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) statement: Statement,
    pub(crate) graph: Graph,
    pub(crate) plans: Vec<MemoryPlan>,
    pub(crate) control: ControlPlan,
    pub(crate) sites: Sites,
    pub(crate) blocks: Vec<BlockTable>,
    pub(crate) memories: Vec<MemoryTable>,
    tables: Vec<Table>,
    pub(crate) has_range_table: bool,
    pub(crate) has_byte_table: bool,
}

impl Machine {
    /// Compiles the tables: dispatch, one per flow block in order, one per accessed memory, and the number
    /// tables where they are used. Depends on the statement alone.
    pub fn compile(statement: &Statement) -> Result<Self, CompileError> {
        if statement.steps > MAX_STEPS {
            return Err(CompileError::TooManySteps {
                steps: statement.steps,
            });
        }
        Self::unrolled(statement, Unrolling::Bounded).or_else(|error| match error {
            // Rolled up, the kernel may still fit.
            CompileError::TooComplex { .. }
            | CompileError::TooWide { .. }
            | CompileError::TooManyTimes { .. }
            | CompileError::TooManyPhases { .. } => Self::unrolled(statement, Unrolling::Off),
            error => Err(error),
        })
    }

    fn unrolled(statement: &Statement, unrolling: Unrolling) -> Result<Self, CompileError> {
        let program = simplify(statement.workload.program(), unrolling);
        let mut graph = form(&program, statement)
            .map_err(|TooComplex { what, limit }| CompileError::TooComplex { what, limit })?;
        assign_ranges(&mut graph, &statement.dispatch, statement.steps);
        let plans = MemoryPlan::of_all(&graph, statement);
        forget_idle_moments(&mut graph, &plans);
        let control = ControlPlan::new(&graph);
        let sites = Sites::new(&graph, statement.steps);
        let accessed = accessed_memories(&graph);
        if sites.time_bound > 1 << 29 && accessed.iter().any(|id| plans[id.0 as usize].has_chains())
        {
            return Err(CompileError::TooManyTimes {
                steps: statement.steps,
                sites: sites.count,
            });
        }
        if sites.phase_bound > 1 << 29 {
            return Err(CompileError::TooManyPhases {
                steps: statement.steps,
            });
        }
        check_unchanged(statement, &accessed)?;
        check_heights(statement, &accessed)?;

        let entry = &graph.blocks[0];
        let dispatch = fixed::dispatch_table(
            &statement.dispatch,
            &entry.params,
            &control.contents[0],
            statement.steps,
        );
        let blocks: Vec<BlockTable> = graph
            .order
            .iter()
            .map(|&id| lower_block(&graph, id, &control, &plans, &sites, statement))
            .collect::<Result<_, _>>()?;
        let memories: Vec<MemoryTable> = accessed
            .iter()
            .map(|&id| fixed::memory_table(statement, id, &plans))
            .collect();
        let mut tables = vec![dispatch];
        tables.extend(blocks.iter().map(|block| block.table.clone()));
        tables.extend(memories.iter().map(|memory| memory.table.clone()));
        let has_range_table = tables
            .iter()
            .any(|table| table.interaction_count(Bus::Range) > 0);
        let has_byte_table = tables.iter().any(Table::looks_up_bytes);
        if has_range_table {
            tables.push(fixed::range_table());
        }
        if has_byte_table {
            tables.push(fixed::byte_table());
        }
        for table in &tables {
            let degree = table.constraint_degree();
            if degree > MAX_DEGREE {
                return Err(CompileError::Degree {
                    table: table.name().to_owned(),
                    degree,
                });
            }
        }
        Ok(Self {
            statement: statement.clone(),
            graph,
            plans,
            control,
            sites,
            blocks,
            memories,
            tables,
            has_range_table,
            has_byte_table,
        })
    }

    /// The tables, in the order of the proof.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// What the tables are about.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }
}

/// Compiles the tables of a statement.
pub fn compile(statement: &Statement) -> Result<Vec<Table>, CompileError> {
    Machine::compile(statement).map(|machine| machine.tables)
}

/// Drops the moments of accesses that are proven without.
fn forget_idle_moments(graph: &mut Graph, plans: &[MemoryPlan]) {
    for access in graph
        .blocks
        .iter_mut()
        .flat_map(|block| &mut block.accesses)
    {
        if plans[access.memory.0 as usize] != MemoryPlan::Phased {
            access.moment = None;
        }
    }
}

fn accessed_memories(graph: &Graph) -> Vec<MemoryId> {
    let accessed: HashSet<MemoryId> = graph
        .order
        .iter()
        .flat_map(|id| &graph.blocks[id.0 as usize].accesses)
        .map(|access| access.memory)
        .collect();
    let mut accessed: Vec<MemoryId> = accessed.into_iter().collect();
    accessed.sort_unstable();
    accessed
}

/// Buffers without a table, and those that are only read, end as they began.
fn check_unchanged(statement: &Statement, accessed: &[MemoryId]) -> Result<(), CompileError> {
    for (id, memory) in statement.workload.program().memories() {
        let Some(index) = statement.buffer_index(id) else {
            continue;
        };
        let is_written = accessed.contains(&id) && matches!(memory.space, Space::Output { .. });
        if !is_written && statement.initial[index] != statement.outputs[index] {
            return Err(CompileError::Changed {
                name: memory.name.clone(),
            });
        }
    }
    Ok(())
}

/// Refuses a dispatch that no job can be proven with: what can be known before it runs. [`Machine::compile`] checks
/// it again.
pub fn check_dispatch(dispatch: &Dispatch) -> Result<(), CompileError> {
    dispatch_rows(dispatch).map(|_| ())
}

fn dispatch_rows(dispatch: &Dispatch) -> Result<u64, CompileError> {
    fixed_rows("dispatch", dispatch.invocations().into())
}

/// The rows of a table that public data fixes and that has something to say in this many.
fn fixed_rows(table: &str, used: u64) -> Result<u64, CompileError> {
    let log_height = fixed::log_height(used);
    if log_height > MAX_LOG_HEIGHT {
        return Err(CompileError::TooTall {
            table: table.to_owned(),
            log_height,
        });
    }
    Ok(1 << log_height)
}

fn check_heights(statement: &Statement, accessed: &[MemoryId]) -> Result<(), CompileError> {
    let mut rows = dispatch_rows(&statement.dispatch)?;
    for &id in accessed {
        let words = u64::from(statement.length(id)) * u64::from(statement.instances(id));
        // Sixteen words a row from sixteen words on.
        let used = words.div_ceil(16);
        let name = &statement.workload.program().memory(id).name;
        rows += fixed_rows(name, used)?;
    }
    if rows > MAX_FIXED_ROWS {
        return Err(CompileError::TooManyFixedRows { rows });
    }
    Ok(())
}
