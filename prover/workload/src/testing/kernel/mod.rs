//! Random WGSL kernels with what must come of them, for differential tests of whatever compiles or runs WGSL.
//!
//! A kernel is generated as a typed tree, printed as WGSL, and evaluated on the tree directly, which shares nothing
//! with the front end or the interpreter. Kernels have structs, vectors, arrays, buffers of structs, a uniform
//! buffer, constants and overrides, functions with value and pointer parameters, private variables, `switch`, loops of
//! all kinds, early returns, pointers, workgroup memory of any type, barriers of both kinds also in loops and
//! functions, uniform loads, and atomics, in workgroups and dispatches of one to three dimensions. Some read past the
//! end of an array, run out of steps or race.

mod arithmetic;
mod dispatch;
mod evaluate;
mod expected;
mod expressions;
mod generate;
mod layout;
mod print;
mod random;
mod shrink;
mod statements;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;
use std::time::Duration;

use crate::job::{Job, Limits};
use crate::wgsl::{Constant, Constants, FrontEndLimits, Refusal, compile_with};

pub use expected::Expected;
use tree::{Program, Scalar};

/// Names of the buffers, in the order of their declarations.
const BUFFERS: [&str; 6] = ["input", "output", "totals", "settings", "cells", "relay"];

/// Limits that nine in ten random kernels fit into. The others, which have many calls, would take most of the time.
pub fn limits() -> FrontEndLimits {
    FrontEndLimits {
        operations: 3_000,
        ..FrontEndLimits::default()
    }
}

/// A random kernel. Its `Display` is a file for the corpus: the text behind comments with all that its job needs.
#[derive(Clone, Debug)]
pub struct RandomKernel {
    /// The seed that it comes from.
    pub seed: u64,
    /// Its text; the entry point is `main`.
    pub source: String,
    /// Values of those `override` declarations that have none in the text.
    pub constants: Constants,
    program: Program,
}

impl RandomKernel {
    /// The kernel of a seed.
    pub fn of(seed: u64) -> Self {
        Self::with(seed, generate::program(seed))
    }

    fn with(seed: u64, program: Program) -> Self {
        let overrides = program.overrides.iter().enumerate();
        let constants = overrides
            .filter(|(at, _)| at % 2 == 1)
            .map(|(at, &(of, bits))| {
                let value = match of {
                    Scalar::U32 => Constant::Integer(bits.into()),
                    Scalar::I32 => Constant::Integer(bits.cast_signed().into()),
                    Scalar::Bool => Constant::Bool(bits != 0),
                };
                (format!("o{at}"), value)
            });
        Self {
            seed,
            source: print::program(&program),
            constants: constants.collect(),
            program,
        }
    }

    /// Its job; refused where it is over a limit.
    pub fn job(&self) -> Result<Job, Refusal> {
        let workload = compile_with(&self.source, "main", &self.constants, &limits())?;
        let limits = Limits {
            steps: self.program.steps,
            memory: 1 << 20,
            time: Duration::from_secs(60),
        };
        let buffers = self.program.buffers();
        Ok(Job::new(workload, self.program.workgroups, buffers, limits)
            .unwrap_or_else(|error| panic!("{error}\n{self}")))
    }

    /// What must come of its job.
    pub fn expected(&self) -> Expected {
        dispatch::run(&self.program)
    }

    /// Makes it smaller as long as `fails` says that it shows the same failure. Gives up after so many attempts
    /// that the front end takes.
    pub fn shrink(&self, attempts: usize, mut fails: impl FnMut(&Self) -> bool) -> Self {
        let (mut smallest, mut left) = (self.clone(), attempts);
        let (mut at, mut shrank) = (0, false);
        while left > 0 {
            let Some(program) = shrink::simpler(&smallest.program, at) else {
                if !shrank {
                    break;
                }
                // What could not go before may go now.
                (at, shrank) = (0, false);
                continue;
            };
            let candidate = Self::with(self.seed, program);
            // Most of what can be taken away is needed by something else.
            if candidate.job().is_ok() {
                left -= 1;
                if fails(&candidate) {
                    (smallest, shrank) = (candidate, true);
                    continue;
                }
            }
            at += 1;
        }
        smallest
    }
}

impl fmt::Display for RandomKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected();
        let end = match &expected {
            Expected::Finished(_) => "ok",
            Expected::OutOfBounds(_) => "trap: out of bounds",
            Expected::OutOfSteps(_) => "trap: steps",
            Expected::Race => "trap: race",
        };
        writeln!(f, "// expect: {end}")?;
        for (name, value) in &self.constants {
            match value {
                Constant::Integer(value) => writeln!(f, "// constant: {name} = {value}")?,
                Constant::Bool(value) => writeln!(f, "// constant: {name} = {value}")?,
            }
        }
        let [x, y, z] = self.program.workgroups;
        writeln!(f, "// workgroups: {x} {y} {z}")?;
        let list = |words: &[u32]| {
            let words: Vec<String> = words.iter().map(u32::to_string).collect();
            words.join(" ")
        };
        for (name, words) in BUFFERS.iter().zip(self.program.buffers()) {
            writeln!(f, "// buffer: {name} = {}", list(&words))?;
        }
        if let Expected::Finished(execution) = &expected {
            for (name, words) in BUFFERS.iter().zip(&execution.buffers) {
                writeln!(f, "// after: {name} = {}", list(words))?;
            }
        }
        let (seed, steps) = (self.seed, self.program.steps);
        writeln!(
            f,
            "\n// seed {seed}, at most {steps} steps\n{}",
            self.source
        )
    }
}
