//! The corpus of WGSL kernels, one for each feature of the language among them.

use arknet_workload::job::{Job, Trap};
use arknet_workload::testing::corpus::corpus;
use arknet_workload::testing::processor::execute;
use arknet_workload::testing::{Outcome, interpret};

#[test]
fn the_corpus_agrees_with_the_interpreter() {
    let mut cases = corpus();
    cases.retain(|case| case.compile().is_ok());
    let jobs: Vec<Job> = cases.iter().map(|case| case.job()).collect();
    assert!(jobs.len() > 50, "{} kernels compile", jobs.len());
    let outcomes = execute(&jobs).unwrap_or_else(|error| panic!("{error}"));
    for ((case, job), outcomes) in cases.iter().zip(&jobs).zip(outcomes) {
        let expected = interpret(job);
        if matches!(expected, Outcome::Trapped(Trap::Race { .. })) {
            continue;
        }
        for outcome in outcomes {
            assert!(outcome == expected, "{}: {outcome:?}", case.name);
            if let Outcome::Finished(execution) = outcome {
                case.check(&execution.buffers);
            }
        }
    }
}
