//! The simplified program behaves as the original.

use arknet_workload::interpreter::{RunError, run};
use arknet_workload::ir::Workload;
use arknet_workload::job::{Job, Trap};
use arknet_workload::testing::{RandomJob, Shape, jobs};
use proptest::prelude::*;

use super::{Unrolling, simplify};

fn simplified(job: &RandomJob) -> Job {
    let workload = Workload::new(simplify(job.workload().program(), Unrolling::Bounded))
        .expect("simplification keeps a program valid");
    Job::new(
        workload,
        job.dispatch().workgroups(),
        job.buffers().to_vec(),
        *job.limits(),
    )
    .expect("the simplified workload has the same buffers")
}

fn check(job: &RandomJob) -> Result<(), TestCaseError> {
    let before = run(job);
    let after = run(&simplified(job));
    match (before, after) {
        (Ok(before), Ok(after)) => prop_assert_eq!(before, after),
        // Traps stay traps; a proof exists for neither, so which one comes first is of no concern.
        (Err(RunError::Trap(before)), Err(RunError::Trap(after))) => {
            let is_race = |trap: &Trap| matches!(trap, Trap::Race { .. });
            prop_assert_eq!(is_race(&before), is_race(&after));
        }
        (before, after) => prop_assert!(false, "{before:?} became {after:?}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn simplification_keeps_outputs_and_steps(job in jobs(Shape::default())) {
        check(&job)?;
    }

    #[test]
    fn simplification_keeps_what_a_workgroup_shares(job in jobs(Shape::default().with_sharing())) {
        check(&job)?;
    }
}
