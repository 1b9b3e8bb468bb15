//! What the tests of whatever compiles, runs or proves a job share: random workloads with jobs, random WGSL
//! ([`kernel`]), the corpus ([`corpus`](mod@corpus)), and a back end that every machine has ([`processor`]).
//!
//! proptest generates a recipe: a tree without any rule to break. `build` turns every recipe into a valid
//! program, so shrinking the recipe shrinks the program. Programs are race-free and free of traps by
//! construction, except for the shares that [`Shape`] asks for.

mod build;
mod builder;
pub mod corpus;
pub mod kernel;
mod outcome;
mod phases;
mod places;
pub mod processor;
mod recipe;
mod statements;
#[cfg(test)]
mod tests;
mod usage;

use std::fmt;
use std::ops::Deref;

use proptest::strategy::Strategy;

use crate::job::Job;
pub use outcome::{Outcome, interpret};
pub use places::numbered;

/// What random jobs look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Instructions after which no more statements are added; a program may have a few more.
    pub insts: usize,
    /// Most invocations of the dispatch.
    pub invocations: u32,
    /// Most rounds that a loop's counter allows.
    pub rounds: u32,
    /// Control flow within control flow.
    pub depth: u32,
    /// Per cent of jobs in which indices may leave their memory and steps may run out.
    pub trap_percent: u8,
    /// Per cent of jobs in which invocations may touch each other's words.
    pub race_percent: u8,
    /// Whether there are `meter` instructions, which the front end never makes.
    pub meter: bool,
    /// Whether there are workgroup memory, barriers and atomics.
    pub sharing: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            insts: 60,
            invocations: 64,
            rounds: 6,
            depth: 3,
            trap_percent: 5,
            race_percent: 5,
            meter: true,
            sharing: false,
        }
    }
}

impl Shape {
    /// Jobs that neither trap nor race.
    pub fn clean() -> Self {
        Self {
            trap_percent: 0,
            race_percent: 0,
            ..Self::default()
        }
    }

    /// The same, with workgroup memory, barriers and atomics.
    pub fn with_sharing(self) -> Self {
        Self {
            sharing: true,
            ..self
        }
    }
}

/// A random job; its `Debug` shows the workload as text.
#[derive(Clone)]
pub struct RandomJob(pub Job);

impl Deref for RandomJob {
    type Target = Job;

    fn deref(&self) -> &Job {
        &self.0
    }
}

impl fmt::Debug for RandomJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let job = &self.0;
        writeln!(
            f,
            "workgroups {:?}, at most {} steps\n{}",
            job.dispatch().workgroups(),
            job.limits().steps,
            job.workload(),
        )?;
        for ((_, memory), words) in job.buffer_memories().zip(job.buffers()) {
            writeln!(f, "{} = {words:?}", memory.name)?;
        }
        Ok(())
    }
}

/// Random jobs of the default [`Shape`].
pub fn workload_and_job() -> impl Strategy<Value = RandomJob> {
    jobs(Shape::default())
}

/// Random jobs of a shape.
pub fn jobs(shape: Shape) -> impl Strategy<Value = RandomJob> {
    recipe::recipe(shape).prop_map(move |recipe| RandomJob(build::build(&recipe, &shape)))
}
