//! The reference interpreter beside a device: whether a job is free of races, and whether the device computed what
//! it means.
//!
//! A device does not look for races. The interpreter does, so a job that is to be checked runs there first: a race or
//! another trap is reported as without a device, and such a job never gets to one. A job that does not trap has exactly
//! one result; every word that the device gives is then held against it.

use arknet_workload::interpreter::{self, RunError};
use arknet_workload::job::{Execution, Invocation, Job, Trap};

/// What a job means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(Execution);

/// Where a device and the interpreter part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// In a word of a buffer.
    #[error(
        "`{buffer}[{index}]` is {got} instead of {expected}, the first of {words} words that differ"
    )]
    Word {
        /// The variable.
        buffer: String,
        /// Position of the first word that differs.
        index: usize,
        /// What the device gives.
        got: u32,
        /// What the interpreter gives.
        expected: u32,
        /// Words that differ, over all buffers.
        words: u64,
    },
    /// In the length of a buffer.
    #[error("`{buffer}` has {got} words instead of {expected}")]
    Length {
        /// The variable.
        buffer: String,
        /// Words that the device gives.
        got: usize,
        /// Words that the interpreter gives.
        expected: usize,
    },
    /// In the steps taken.
    #[error("an invocation took {got} steps instead of at most {expected}")]
    Steps {
        /// By the device's word.
        got: u32,
        /// By the interpreter's.
        expected: u32,
    },
    /// The device traps.
    #[error("the job ends there with \"{0}\", and does not trap here")]
    Trap(Trap),
    /// The device traps now and then.
    #[error(
        "invocation {} traps there in one run and not in the next, and the job does not trap here",
        .0.0
    )]
    Unsteady(Invocation),
}

impl Reference {
    /// Runs a job in the interpreter. A trap, of which a race is one, is the job's.
    pub fn of(job: &Job) -> Result<Self, RunError> {
        interpreter::run(job).map(Self)
    }

    /// Holds the result of a device against that of the interpreter.
    pub fn compare(&self, job: &Job, got: &Execution) -> Result<(), Difference> {
        let mut first = None;
        let mut words = 0;
        let buffers = self.0.buffers.iter().zip(&got.buffers);
        for ((_, memory), (expected, got)) in job.buffer_memories().zip(buffers) {
            if expected.len() != got.len() {
                return Err(Difference::Length {
                    buffer: memory.name.clone(),
                    got: got.len(),
                    expected: expected.len(),
                });
            }
            for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
                if expected != got {
                    words += 1;
                    first.get_or_insert((&memory.name, index, *got, *expected));
                }
            }
        }
        if let Some((buffer, index, got, expected)) = first {
            return Err(Difference::Word {
                buffer: buffer.clone(),
                index,
                got,
                expected,
                words,
            });
        }
        if self.0.steps != got.steps {
            return Err(Difference::Steps {
                got: got.steps,
                expected: self.0.steps,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arknet_workload::job::Limits;
    use arknet_workload::wgsl::{self, FrontEndLimits};
    use std::time::Duration;

    const SOURCE: &str = "@group(0) @binding(0) var<storage, read> given: array<u32>;
        @group(0) @binding(1) var<storage, read_write> made: array<u32>;
        @compute @workgroup_size(1) fn main() {
            for (var i = 0u; i < 3u; i++) { made[i] = given[i]; }
        }";

    fn job() -> Job {
        let workload = wgsl::compile(SOURCE, "main", &FrontEndLimits::default()).unwrap();
        let limits = Limits {
            steps: 10,
            memory: 1024,
            time: Duration::from_secs(10),
        };
        Job::new(workload, [1, 1, 1], vec![vec![4, 5, 6], vec![0; 3]], limits).unwrap()
    }

    #[test]
    fn the_first_word_that_differs_is_named() {
        let job = job();
        let execution = interpreter::run(&job).unwrap();
        let reference = Reference(execution.clone());
        assert_eq!(reference.compare(&job, &execution), Ok(()));

        let mut wrong = execution.clone();
        wrong.buffers[1] = vec![4, 7, 0];
        let difference = reference.compare(&job, &wrong).unwrap_err();
        assert_eq!(
            difference.to_string(),
            "`made[1]` is 7 instead of 5, the first of 2 words that differ"
        );
        // A buffer that is only read must stay as it was.
        let mut wrong = execution.clone();
        wrong.buffers[0][0] = 0;
        let difference = reference.compare(&job, &wrong).unwrap_err();
        assert!(difference.to_string().starts_with("`given[0]` is 0"));

        let mut wrong = execution.clone();
        wrong.buffers[1].pop();
        let difference = reference.compare(&job, &wrong).unwrap_err();
        assert!(matches!(difference, Difference::Length { got: 2, .. }));

        let mut wrong = execution;
        wrong.steps += 1;
        let difference = reference.compare(&job, &wrong).unwrap_err();
        assert!(matches!(difference, Difference::Steps { .. }));
    }
}
