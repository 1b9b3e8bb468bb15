//! Random WGSL kernels with the words that they leave, for differential tests of whatever compiles or runs WGSL.
//!
//! A kernel is generated as a typed tree, printed as WGSL, and evaluated on the tree directly: [`evaluate`] shares
//! nothing with the front end or the interpreter. Kernels have structs, vectors, arrays, functions with value and
//! pointer parameters, private variables, `switch`, loops, early returns, workgroup memory, barriers and atomics.
//! They neither trap nor race.

mod arithmetic;
mod evaluate;
mod expressions;
mod generate;
mod layout;
mod print;
mod statements;
mod tree;

use std::time::Duration;

use crate::job::{Job, Limits};
use crate::wgsl::{FrontEndLimits, Refusal, compile};

/// Limits that random kernels fit into, almost all of them.
pub fn limits() -> FrontEndLimits {
    FrontEndLimits {
        operations: 200_000,
        loops: 10_000,
        ..FrontEndLimits::default()
    }
}

/// A random kernel.
#[derive(Clone, Debug)]
pub struct RandomKernel {
    /// The seed that it comes from.
    pub seed: u64,
    /// Its text; the entry point is `main`.
    pub source: String,
    /// The dispatch.
    pub workgroups: [u32; 3],
    /// The first words of its buffers, in the order of their declarations.
    pub buffers: Vec<Vec<u32>>,
    /// Their last words.
    pub after: Vec<Vec<u32>>,
}

impl RandomKernel {
    /// The kernel of a seed.
    pub fn of(seed: u64) -> Self {
        let program = generate::program(seed);
        let buffers = program.buffers();
        Self {
            seed,
            source: print::program(&program),
            workgroups: [tree::WORKGROUPS, 1, 1],
            after: evaluate::run(&program, &buffers),
            buffers,
        }
    }

    /// Its job; refused where it is over a limit.
    pub fn job(&self) -> Result<Job, Refusal> {
        let workload = compile(&self.source, "main", &limits())?;
        let limits = Limits {
            steps: 1 << 20,
            memory: 1 << 20,
            time: Duration::from_secs(60),
        };
        Ok(
            Job::new(workload, self.workgroups, self.buffers.clone(), limits)
                .unwrap_or_else(|error| panic!("{error}\n{}", self.source)),
        )
    }
}
