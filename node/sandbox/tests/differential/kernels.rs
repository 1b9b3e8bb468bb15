//! Random WGSL kernels, from their text on. What must come of each is known from the tree it was printed from.

use arknet_workload::job::Job;
use arknet_workload::testing::kernel::RandomKernel;
use arknet_workload::wgsl::Refusal;

use crate::case::{Complaint, Counts, Traps, complaint, number};
use crate::drivers;
use crate::executions::Backends;

/// Kernels that are tried.
const CASES: usize = 1000;

/// Kernels that are kept at a time.
const AT_ONCE: usize = 250;

/// Attempts at a smaller failing kernel, each with a run of the C++ compiler.
const ATTEMPTS: usize = 200;

/// The kernel of a seed with its job, or none where it is over a limit of the front end. Any other refusal is wrong.
fn draw(seed: u64) -> Option<(RandomKernel, Job)> {
    let kernel = RandomKernel::of(seed);
    match kernel.job() {
        Ok(job) => Some((kernel, job)),
        Err(Refusal::OverLimit { .. }) => None,
        Err(refusal) => panic!(
            "{}\n{kernel}",
            refusal.render("random.wgsl", &kernel.source)
        ),
    }
}

fn alone(backends: &Backends, kernel: &RandomKernel) -> Option<Complaint> {
    let answers = backends.run(&[kernel.job().ok()?]);
    complaint(Some(&kernel.expected()), Traps::Alone, &answers[0])
}

#[test]
fn random_kernels_end_alike_everywhere() {
    if !drivers::visible("kernels::random_kernels_end_alike_everywhere") {
        return;
    }
    let backends = Backends::open();
    let mut counts = Counts::default();
    let mut left = number("ARKNET_FUZZ_CASES", CASES);
    let mut seeds = number("ARKNET_FUZZ_SEED", 0) as u64..;
    let mut refused = 0;
    while left > 0 {
        let mut drawn = Vec::new();
        while drawn.len() < left.min(AT_ONCE) {
            match seeds.next().and_then(draw) {
                Some(kernel) => drawn.push(kernel),
                None => refused += 1,
            }
        }
        left -= drawn.len();
        let jobs: Vec<Job> = drawn.iter().map(|(_, job)| job.clone()).collect();
        for ((kernel, _), answers) in drawn.iter().zip(backends.run(&jobs)) {
            let known = kernel.expected();
            if let Some(complaint) = complaint(Some(&known), Traps::Alone, &answers) {
                fail(&backends, kernel, complaint);
            }
            counts.add(&answers);
        }
    }
    backends.report();
    eprintln!("{counts:?}, {refused} refused");
    let tried = counts.tried();
    assert!(refused * 5 <= tried.max(50), "the front end refuses many");
    assert!(counts.too_complex * 20 <= tried, "too large for drivers");
    if tried >= 100 {
        assert!(counts.finished * 2 > tried);
        assert!(counts.out_of_bounds > 0 && counts.out_of_steps > 0 && counts.raced > 0);
    }
}

/// Fails with the smallest kernel that shows the same.
fn fail(backends: &Backends, kernel: &RandomKernel, complaint: Complaint) -> ! {
    eprintln!("seed {}: {complaint}\nmaking it smaller", kernel.seed);
    let smallest = kernel.shrink(ATTEMPTS, |candidate| {
        let now = alone(backends, candidate);
        now.is_some_and(|now| now.dissenters == complaint.dissenters)
    });
    match alone(backends, &smallest) {
        Some(complaint) => panic!("{complaint}\n{smallest}"),
        None => panic!("only among others: {complaint}\n{kernel}"),
    }
}
