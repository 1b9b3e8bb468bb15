//! What a proof is about, as far as the tables are concerned.

use arknet_workload::ir::{Length, MemoryId, Space, Workload};
use arknet_workload::job::{Dispatch, Job};

/// A finished run of a workload, as both sides know it: everything here is public.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The workload.
    pub workload: Workload,
    /// Its dispatch.
    pub dispatch: Dispatch,
    /// Initial words of each buffer, in declaration order.
    pub initial: Vec<Vec<u32>>,
    /// Final words of each buffer, in declaration order; of the same lengths.
    pub outputs: Vec<Vec<u32>>,
    /// Upper bound of the steps of every invocation, proven by the tables.
    pub steps: u32,
}

/// Why buffers do not belong to a workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the statement has {initial} initial and {outputs} final buffers that do not match the workload"
)]
pub struct MismatchedBuffers {
    /// Initial buffers given.
    pub initial: usize,
    /// Final buffers given.
    pub outputs: usize,
}

impl Statement {
    /// The statement that a job ends with these outputs after at most `steps` steps.
    pub fn new(job: &Job, outputs: Vec<Vec<u32>>, steps: u32) -> Result<Self, MismatchedBuffers> {
        let statement = Self {
            workload: job.workload().clone(),
            dispatch: *job.dispatch(),
            initial: job.buffers().to_vec(),
            outputs,
            steps,
        };
        let lengths_match = statement.initial.len() == statement.outputs.len()
            && statement
                .initial
                .iter()
                .zip(&statement.outputs)
                .all(|(initial, outputs)| initial.len() == outputs.len());
        if lengths_match {
            Ok(statement)
        } else {
            Err(MismatchedBuffers {
                initial: statement.initial.len(),
                outputs: statement.outputs.len(),
            })
        }
    }

    /// Position of a memory among the buffers, where it is one.
    pub fn buffer_index(&self, memory: MemoryId) -> Option<usize> {
        self.workload
            .program()
            .memories()
            .filter(|(_, memory)| memory.is_buffer())
            .position(|(id, _)| id == memory)
    }

    /// How many arrays a memory is: one for each invocation or workgroup where it is theirs.
    pub fn instances(&self, memory: MemoryId) -> u32 {
        match self.workload.program().memory(memory).space {
            Space::Private { .. } => self.dispatch.invocations(),
            Space::Shared { .. } => self.dispatch.groups(),
            Space::Input { .. } | Space::Output { .. } | Space::Constant { .. } => 1,
        }
    }

    /// Length of a memory in words; that of each array where it is several.
    pub fn length(&self, memory: MemoryId) -> u32 {
        match &self.workload.program().memory(memory).space {
            Space::Input {
                length: Length::Words(words),
                ..
            }
            | Space::Output {
                length: Length::Words(words),
                ..
            }
            | Space::Shared { words }
            | Space::Private { words } => *words,
            Space::Constant { words } => words.len() as u32,
            Space::Input { .. } | Space::Output { .. } => self
                .buffer_index(memory)
                .map_or(0, |index| self.initial[index].len() as u32),
        }
    }
}
