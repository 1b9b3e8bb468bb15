//! Random programs do the same on the processor as in the interpreter. `ARKNET_FUZZ_CASES` sets how many.

use arknet_workload::job::{Job, Trap};
use arknet_workload::testing::{RandomJob, Shape, jobs};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::harness::{Outcome, execute, interpret, number, shown};

/// Programs that are tried at least.
const CASES: usize = 200;

/// Attempts at a smaller failing program, each a run of the compiler.
const SHRINKS: usize = 100;

fn numbered(RandomJob(job): RandomJob) -> Job {
    let workload = number(job.workload().program().clone());
    let buffers = job.buffers().to_vec();
    Job::new(
        workload,
        job.dispatch().workgroups(),
        buffers,
        *job.limits(),
    )
    .unwrap()
}

/// Whether the outcome of a racy job is wanted: only that it ends.
fn is_race(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Trapped(Trap::Race { .. }))
}

/// What is wrong with a job's run.
fn complaint(job: &Job) -> Option<String> {
    match execute(std::slice::from_ref(job)) {
        Err(error) => Some(error),
        Ok(outcomes) => disagreement(job, &outcomes[0]),
    }
}

fn disagreement(job: &Job, outcomes: &[Outcome; 2]) -> Option<String> {
    let expected = interpret(job);
    let wrong = outcomes.iter().find(|outcome| **outcome != expected)?;
    (!is_race(&expected)).then(|| {
        format!(
            "it gave {wrong:?}, the interpreter {expected:?}\n{}",
            shown(job)
        )
    })
}

/// Makes a failing program smaller as long as it fails.
fn shrink(mut tree: impl ValueTree<Value = RandomJob>, mut complaint_now: String) -> String {
    for _ in 0..SHRINKS {
        if !tree.simplify() {
            break;
        }
        // A step too far is taken back until the program fails again.
        loop {
            if let Some(complaint) = complaint(&numbered(tree.current())) {
                complaint_now = complaint;
                break;
            }
            if !tree.complicate() {
                return complaint_now;
            }
        }
    }
    complaint_now
}

#[test]
fn random_jobs_agree_with_the_interpreter() {
    let cases = std::env::var("ARKNET_FUZZ_CASES").map_or(CASES, |cases| {
        let cases = cases.parse();
        cases.expect("ARKNET_FUZZ_CASES must be a number of programs")
    });
    let shape = Shape {
        trap_percent: 30,
        race_percent: 10,
        ..Shape::default()
    };
    let mut runner = TestRunner::default();
    let trees: Vec<_> = (0..cases)
        .map(|_| jobs(shape).new_tree(&mut runner).unwrap())
        .collect();
    let tried: Vec<Job> = trees.iter().map(|tree| numbered(tree.current())).collect();
    let failing = match execute(&tried) {
        // The error names the program, but not which job it is.
        Err(_) => tried.iter().position(|job| complaint(job).is_some()),
        Ok(outcomes) => tried
            .iter()
            .zip(&outcomes)
            .position(|(job, outcomes)| disagreement(job, outcomes).is_some()),
    };
    if let Some(at) = failing {
        let complaint = complaint(&tried[at]).unwrap_or_else(|| "it fails only with others".into());
        panic!("{}", shrink(trees.into_iter().nth(at).unwrap(), complaint));
    }
    let [mut finished, mut bounds, mut steps, mut races] = [0; 4];
    for job in &tried {
        match interpret(job) {
            Outcome::Finished(_) => finished += 1,
            Outcome::Trapped(Trap::OutOfBounds { .. }) => bounds += 1,
            Outcome::Trapped(Trap::OutOfSteps { .. }) => steps += 1,
            Outcome::Trapped(Trap::Race { .. }) => races += 1,
            Outcome::Unrepeatable => unreachable!("the interpreter is certain"),
        }
    }
    eprintln!("{finished} finished, {bounds} out of bounds, {steps} out of steps, {races} raced");
    assert!(finished > 0 && bounds > 0 && races > 0 || cases < CASES);
}
