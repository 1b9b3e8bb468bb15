//! The host's side of an emitted kernel: the parameters it reads and the report it leaves.
//!
//! Invocations run in any order, yet the trap that a run reports must be the first in the canonical
//! order, and a table of every invocation's trap would cost more memory than the job. So a run leaves
//! only the *smallest number* of an invocation that trapped. Where there is one, the host runs the job
//! once more from its initial buffers and names that invocation in the parameters: it alone then leaves
//! what went wrong. Runs without a trap pay one comparison per invocation. A job without races does the
//! same each time; one that does not show its trap again has a race (or a faulty driver), which
//! [`Report::trap`] tells apart.

use super::{Emitted, SiteKind};
use crate::ir::{Length, Memory, Space};
use crate::job::{Invocation, Job, Trap};

/// No invocation has this number.
const NOBODY: u32 = u32::MAX;

/// The words of the parameter buffer for a run: the step limit, the invocation that explains its trap,
/// and the lengths of the run-time sized buffers.
pub fn parameters(emitted: &Emitted, job: &Job, explains: Option<Invocation>) -> Vec<u32> {
    let mut words = vec![
        job.limits().steps,
        explains.map_or(NOBODY, |invocation| invocation.0),
    ];
    let lengths = job
        .buffer_memories()
        .zip(job.buffers())
        .filter(|((id, _), _)| emitted.layout.runtime_buffers().contains(id))
        .map(|(_, buffer)| buffer.len() as u32);
    words.extend(lengths);
    words
}

/// The words of the report buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    first_trapped: u32,
    steps: u32,
    site: u32,
    index: u32,
}

impl Report {
    /// Words of a report.
    pub const WORDS: usize = 4;

    /// The words the report buffer must hold before a run.
    pub const INITIAL: [u32; Self::WORDS] = [NOBODY, 0, 0, 0];

    /// Reads the report buffer after a run.
    pub fn from_words([first_trapped, steps, site, index]: [u32; Self::WORDS]) -> Self {
        Self {
            first_trapped,
            steps,
            site,
            index,
        }
    }

    /// The most steps any invocation took; meaningless after a trap.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// The first invocation that trapped, in canonical order.
    pub fn first_trapped(&self) -> Option<Invocation> {
        (self.first_trapped != NOBODY).then_some(Invocation(self.first_trapped))
    }

    /// The trap that the invocation named in the parameters ran into. `None` where it did not trap this
    /// time, or the words are not what the kernel writes.
    pub fn trap(&self, emitted: &Emitted, job: &Job, explains: Invocation) -> Option<Trap> {
        // Sites are numbered from 1; 0 says that nothing happened.
        let site = emitted.sites.get((self.site as usize).checked_sub(1)?)?;
        Some(match site.kind {
            SiteKind::Steps => Trap::OutOfSteps {
                span: site.span,
                invocation: explains,
                limit: job.limits().steps,
            },
            SiteKind::Bounds { memory, access } => {
                let memory = job.workload().program().memory(memory);
                Trap::OutOfBounds {
                    span: site.span,
                    invocation: explains,
                    access,
                    memory: memory.name.clone(),
                    index: self.index,
                    length: length(job, memory),
                }
            }
        })
    }
}

/// Words of a memory in this job.
fn length(job: &Job, memory: &Memory) -> u32 {
    match &memory.space {
        Space::Shared { words } | Space::Private { words } => *words,
        Space::Constant { words } => words.len() as u32,
        Space::Input { length, .. } | Space::Output { length, .. } => match length {
            Length::Words(words) => *words,
            Length::Runtime => job
                .buffer_memories()
                .zip(job.buffers())
                .find(|((_, other), _)| other.name == memory.name)
                .map_or(0, |(_, buffer)| buffer.len() as u32),
        },
    }
}
