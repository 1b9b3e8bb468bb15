//! Random programs of the intermediate representation, with what the front end never makes.

use arknet_workload::emit::cuda;
use arknet_workload::job::Job;
use arknet_workload::testing::{RandomJob, Shape, jobs, numbered};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::case::{Complaint, Counts, Traps, complaint, number};
use crate::drivers;
use crate::executions::Backends;

/// Programs of each shape that are tried.
const CASES: usize = 50;

/// Programs that are kept at a time.
const AT_ONCE: usize = 250;

/// Attempts at a smaller failing program, each with a run of the C++ compiler.
const ATTEMPTS: usize = 200;

fn numbered_job(RandomJob(job): &RandomJob) -> Job {
    let workload = numbered(job.workload().program().clone());
    let buffers = job.buffers().to_vec();
    Job::new(
        workload,
        job.dispatch().workgroups(),
        buffers,
        *job.limits(),
    )
    .unwrap()
}

fn alone(backends: &Backends, traps: Traps, job: &RandomJob) -> Option<Complaint> {
    complaint(None, traps, &backends.run(&[numbered_job(job)])[0])
}

/// Fails with the smallest program that shows the same.
fn fail(
    backends: &Backends,
    traps: Traps,
    mut tree: impl ValueTree<Value = RandomJob>,
    first: Complaint,
) -> ! {
    eprintln!("{first}\nmaking it smaller");
    let mut smallest = (tree.current(), first);
    let mut left = ATTEMPTS;
    while left > 0 && tree.simplify() {
        // A step too far is taken back until the program fails again.
        loop {
            left = left.saturating_sub(1);
            if let Some(complaint) = alone(backends, traps, &tree.current()) {
                smallest = (tree.current(), complaint);
                break;
            }
            if !tree.complicate() {
                left = 0;
                break;
            }
        }
    }
    let (job, complaint) = smallest;
    panic!("{complaint}\n{job:?}\n{}", cuda(job.workload()).source);
}

#[test]
fn random_programs_end_alike_everywhere() {
    if !drivers::visible("programs::random_programs_end_alike_everywhere") {
        return;
    }
    let backends = Backends::open();
    let trapping = Shape {
        trap_percent: 40,
        race_percent: 0,
        ..Shape::default()
    };
    let racy = Shape {
        trap_percent: 20,
        race_percent: 100,
        ..Shape::default()
    };
    let cases = number("ARKNET_FUZZ_CASES", CASES);
    let mut runner = TestRunner::default();
    let mut counts = Counts::default();
    for (shape, traps) in [
        (trapping, Traps::RarelyRacy),
        (trapping.with_sharing(), Traps::RarelyRacy),
        (racy, Traps::OftenRacy),
        (racy.with_sharing(), Traps::OftenRacy),
    ] {
        for start in (0..cases).step_by(AT_ONCE) {
            let trees: Vec<_> = (start..cases.min(start + AT_ONCE))
                .map(|_| jobs(shape).new_tree(&mut runner).unwrap())
                .collect();
            let tried: Vec<Job> = trees
                .iter()
                .map(|tree| numbered_job(&tree.current()))
                .collect();
            for (tree, answers) in trees.into_iter().zip(backends.run(&tried)) {
                if let Some(complaint) = complaint(None, traps, &answers) {
                    fail(&backends, traps, tree, complaint);
                }
                counts.add(&answers);
            }
        }
    }
    backends.report();
    eprintln!("{counts:?}");
    assert!(counts.finished > 0 && counts.out_of_bounds + counts.out_of_steps > 0);
    assert!(counts.raced > 0);
}
