//! Random programs: the honest witness satisfies every constraint and bus.

use arknet_air::{CompileError, Machine, Statement, check};
use arknet_workload::interpreter::run;
use arknet_workload::job::Job;
use arknet_workload::testing::kernel::RandomKernel;
use arknet_workload::testing::{Shape, jobs};
use p3_matrix::Matrix;
use proptest::prelude::*;

fn cases() -> u32 {
    std::env::var("ARKNET_FUZZ_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(200)
}

/// Checks every table against the honest witness; a job that traps has none.
fn assert_honest_witness(job: &Job) -> Result<(), TestCaseError> {
    let Ok(execution) = run(job) else {
        return Ok(());
    };
    let statement = Statement::new(job, execution.buffers, execution.steps).unwrap();
    let machine = match Machine::compile(&statement) {
        Ok(machine) => machine,
        Err(CompileError::TooWide { .. }) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let fail = |error: &dyn std::error::Error| TestCaseError::fail(error.to_string());
    let witness = machine.witness().map_err(|error| fail(&error))?;
    let filled: Vec<Option<u8>> = witness
        .traces
        .iter()
        .map(|trace| Some(trace.as_ref()?.height().trailing_zeros() as u8))
        .collect();
    prop_assert_eq!(machine.heights(None), Ok(filled));
    check(machine.tables(), &witness.traces).map_err(|violation| fail(&violation))
}

/// The same of kernels from their WGSL on: what the front end makes of structs, functions, loops and barriers.
#[test]
fn so_does_that_of_wgsl_kernels() {
    let jobs = (0..).filter_map(|seed| {
        let kernel = RandomKernel::of(seed);
        Some((kernel.job().ok()?, kernel))
    });
    let mut proven = 0;
    for (job, kernel) in jobs.take(cases() as usize) {
        proven += u32::from(run(&job).is_ok());
        assert_honest_witness(&job).unwrap_or_else(|error| panic!("{error}\n{kernel}"));
    }
    assert!(proven * 2 > cases());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn the_honest_witness_satisfies_every_table(job in jobs(Shape::clean())) {
        assert_honest_witness(&job)?;
    }

    #[test]
    fn so_does_that_of_workgroups_that_share_memory(job in jobs(Shape::clean().with_sharing())) {
        assert_honest_witness(&job)?;
    }
}
