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

/// Both arms leave the loop once the inner condition is known.
#[test]
fn an_if_that_never_goes_on_has_no_results() {
    let source = "workload workgroup_size(1, 1, 1)
memory m0 \"out\": output binding(0, 0) 1
body {
  %0: u32 = const 0
  %1: bool = const true
  %2: u32 = loop(%3: u32 = %0) {
    %4: u32 = load m0[%3]
    %5: bool = lt %3, %4
    %6: u32 = if %5 {
      if %1 { break(%3) }
      yield(%3)
    } else { break(%4) }
    %7: u32 = add %6, %4
    continue(%7)
  }
  store m0[%0] = %2
}
";
    let program = arknet_workload::ir::text::parse(source).unwrap();
    let workload = Workload::new(program).unwrap();
    for unrolling in [Unrolling::Bounded, Unrolling::Off] {
        Workload::new(simplify(workload.program(), unrolling)).unwrap();
    }
}
