//! A job that has run, with all that the stages after the run start from.

use arknet_air::{AIR_VERSION, Machine, Statement};
use arknet_receipt::{Claim, Placed, Preset, Slot, TranscriptSeed, Usage, place};
use arknet_workload::interpreter;
use arknet_workload::job::{Execution, Job};
use p3_koala_bear::KoalaBear;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::batch::Batch;

/// A job, its result and its tables.
#[derive(Clone, Debug)]
pub struct Run {
    /// The job.
    pub job: Job,
    /// Its result.
    pub execution: Execution,
    /// What is to be proven.
    pub statement: Statement,
    /// The tables.
    pub machine: Machine,
}

impl Run {
    /// Runs a job and compiles its tables.
    ///
    /// # Panics
    ///
    /// If the job traps or has no tables.
    pub fn new(job: Job) -> Self {
        let execution = interpreter::run(&job).expect("the job runs");
        let statement = Statement::new(&job, execution.buffers.clone(), execution.steps)
            .expect("outputs are as long as inputs");
        let machine = Machine::compile(&statement).expect("the job has tables");
        Self {
            job,
            execution,
            statement,
            machine,
        }
    }

    /// The transcript's first bytes.
    ///
    /// # Panics
    ///
    /// If the run has no claim.
    pub fn seed(&self) -> TranscriptSeed {
        let usage = Usage::new(&self.job, self.execution.steps);
        let claim =
            Claim::new(&self.job, &self.execution.buffers, usage).expect("the run has a claim");
        TranscriptSeed::new(Preset::S100, AIR_VERSION, &claim, [])
    }

    /// The tables with their rows, as they go to the prover.
    ///
    /// # Panics
    ///
    /// If the tables cannot be filled or are too tall.
    pub fn batch(&self) -> Batch<arknet_air::Table> {
        let witness = self.machine.witness().expect("the run has a witness");
        let log_height = |trace: &RowMajorMatrix<KoalaBear>| trace.height().trailing_zeros() as u8;
        let heights: Vec<Option<u8>> = witness
            .traces
            .iter()
            .map(|trace| trace.as_ref().map(log_height))
            .collect();
        let slots = self
            .machine
            .tables()
            .iter()
            .cloned()
            .map(Slot::from)
            .collect();
        let Placed { airs, .. } =
            place(Preset::S100, slots, &heights).expect("the tables fit the preset");
        Batch {
            airs,
            traces: witness.traces.into_iter().flatten().collect(),
            seed: self.seed(),
        }
    }

    /// Steps of all invocations of an example together; a larger job of the same kernel will do.
    ///
    /// # Panics
    ///
    /// If it is none of the examples.
    pub fn total_steps(&self, example: &str) -> u64 {
        let invocations = u64::from(self.job.dispatch().invocations());
        match example {
            // The same for every invocation.
            "sha256" | "matmul" => invocations * u64::from(self.execution.steps),
            "collatz" | "mandelbrot" => self.steps_by_invocation(example).sum(),
            other => panic!("`{other}` is no example"),
        }
    }

    /// Iterations of the loop whose body does the work, of all invocations of a `collatz` job together.
    pub fn collatz_iterations(&self) -> u64 {
        self.execution.buffers[0]
            .iter()
            .map(|&n| u64::from(n))
            .sum()
    }

    /// What the outputs say about the rounds of each invocation. The round that leaves a loop is a step too.
    fn steps_by_invocation(&self, example: &str) -> impl Iterator<Item = u64> {
        const BLACK: u32 = 0xff00_0000;
        let rounds: fn(&Self, u32) -> u32 = match example {
            "collatz" => |_, count| count,
            // Red is four times the rounds; black pixels took all rounds of the view, its last word.
            _ => |run, pixel| match pixel {
                BLACK => *run.job.buffers()[0].last().expect("the view has words"),
                pixel => (pixel & 0xff) / 4,
            },
        };
        let outputs = self.execution.buffers.last().into_iter().flatten();
        outputs.map(move |&word| u64::from(rounds(self, word)) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;

    #[test]
    fn counted_steps_agree_with_the_interpreter() {
        for name in ["collatz", "mandelbrot"] {
            let run = Run::new(examples::example(name));
            let most = run.steps_by_invocation(name).max();
            assert_eq!(most, Some(u64::from(run.execution.steps)), "{name}");
        }
    }

    #[test]
    fn larger_jobs_compute_the_same() {
        let small = Run::new(examples::example("collatz"));
        let large = Run::new(examples::collatz(8_000));
        let shared = small.execution.buffers[0].len();
        assert_eq!(
            small.execution.buffers[0],
            large.execution.buffers[0][..shared]
        );
        // 27 takes 111 rounds.
        assert_eq!(large.execution.buffers[0][26], 111);
    }
}
