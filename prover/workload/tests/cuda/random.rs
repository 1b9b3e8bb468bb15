//! Random programs do the same on the processor as in the interpreter. `ARKNET_FUZZ_CASES` sets how many.

use arknet_workload::job::{Job, Trap};
use arknet_workload::testing::{RandomJob, Shape, jobs};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::harness::{Outcome, Outcomes, execute, interpret, number, shown};

/// Programs of each shape that are tried at least.
const CASES: usize = 150;

/// The same for racy programs.
const RACY_CASES: usize = 50;

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

/// What is wrong with a job's run.
fn complaint(job: &Job) -> Option<String> {
    match execute(std::slice::from_ref(job)) {
        Err(error) => Some(error),
        Ok(outcomes) => disagreement(job, &outcomes[0]),
    }
}

fn disagreement(job: &Job, outcomes: &Outcomes) -> Option<String> {
    let expected = interpret(job);
    let wrong = outcomes.iter().find(|outcome| **outcome != expected)?;
    let racy = match &expected {
        Outcome::Trapped(Trap::Race { .. }) => true,
        // An index that leaves its memory may also hit another invocation's word. The interpreter looks for
        // races only where nothing traps, but the order of the invocations shows them.
        Outcome::Trapped(_) => outcomes.iter().any(|outcome| *outcome != outcomes[0]),
        _ => false,
    };
    (!racy).then(|| {
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

/// Tries random jobs of a shape.
fn agree(shape: Shape, least: usize) -> Counts {
    let cases = std::env::var("ARKNET_FUZZ_CASES").map_or(least, |cases| {
        let cases = cases.parse();
        cases.expect("ARKNET_FUZZ_CASES must be a number of programs")
    });
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
    let mut counts = Counts::default();
    for job in &tried {
        match interpret(job) {
            Outcome::Finished(_) => counts.finished += 1,
            Outcome::Trapped(Trap::OutOfBounds { .. }) => counts.out_of_bounds += 1,
            Outcome::Trapped(Trap::OutOfSteps { .. }) => counts.out_of_steps += 1,
            Outcome::Trapped(Trap::Race { .. }) => counts.raced += 1,
            Outcome::Unrepeatable => unreachable!("the interpreter is certain"),
        }
    }
    eprintln!("{counts:?}");
    counts
}

/// How jobs ended.
#[derive(Debug, Default)]
struct Counts {
    finished: usize,
    out_of_bounds: usize,
    out_of_steps: usize,
    raced: usize,
}

fn with_traps() -> Shape {
    Shape {
        trap_percent: 40,
        race_percent: 0,
        ..Shape::default()
    }
}

#[test]
fn random_jobs_agree_with_the_interpreter() {
    let counts = agree(with_traps(), CASES);
    assert!(counts.finished > 0 && counts.out_of_bounds + counts.out_of_steps > 0);
}

#[test]
fn random_jobs_that_share_memory_agree_with_the_interpreter() {
    let counts = agree(with_traps().with_sharing(), CASES);
    assert!(counts.finished > 0 && counts.out_of_bounds + counts.out_of_steps > 0);
}

/// A race has no meaning, but it must not harm: neither the sanitizers nor the barriers object.
#[test]
fn racy_jobs_end() {
    let shape = Shape {
        trap_percent: 0,
        race_percent: 100,
        ..Shape::default()
    };
    agree(shape.with_sharing(), RACY_CASES);
}
