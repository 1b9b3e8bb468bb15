//! Acts against the parent by what the worker says.

use std::time::{Duration, Instant};

use arknet_sandbox::RunError;
use arknet_sandbox::protocol::ProtocolError;

use crate::acts::{Act, SECRET};
use crate::harness::{assert_works, attempt, job, order, start};

#[track_caller]
fn disbelieved(act: Act, expected: impl FnOnce(&ProtocolError) -> bool) {
    let Some(result) = attempt(act, 0) else {
        return;
    };
    match &result {
        Err(RunError::Protocol(error)) => assert!(expected(error), "{act:?}: {error:?}"),
        _ => panic!("{act:?}: {result:?}"),
    }
}

#[test]
fn a_full_pipe_is_not_read_to_its_end() {
    disbelieved(Act::FillPipe, |error| {
        matches!(error, ProtocolError::Kind { got: 0, .. })
    });
}

#[test]
fn results_have_the_declared_size() {
    for act in [Act::AnswerTooMuch, Act::AnswerTooLittle] {
        disbelieved(act, |error| {
            matches!(error, ProtocolError::Mismatch { expected: 1, .. })
        });
    }
    disbelieved(
        Act::AnswerEndlessHead,
        |error| matches!(error, ProtocolError::TooLarge { got, .. } if *got == u32::MAX.into()),
    );
}

#[test]
fn an_answer_belongs_to_its_job() {
    disbelieved(Act::AnswerAnotherJob, |error| {
        matches!(
            error,
            ProtocolError::Mismatch {
                expected: 0,
                got: 1,
                ..
            }
        )
    });
}

#[test]
fn an_answer_comes_after_its_question() {
    let Some(mut worker) = start() else { return };
    let ran = worker.run(&order(Act::AnswerAhead, 0)).unwrap();
    assert_eq!(ran.execution.buffers[1], [SECRET]);
    // The answer to the next job is there already.
    let error = worker.run(&order(Act::Exit, 0)).unwrap_err();
    assert!(
        matches!(error, RunError::Protocol(ProtocolError::Unasked)),
        "{error:?}"
    );
    assert!(!worker.is_usable());
    assert_works(&mut start().unwrap());
}

/// The parent does not wait for ever with a job that nobody takes.
#[test]
fn a_worker_that_reads_nothing_is_given_up() {
    let Some(mut worker) = start() else { return };
    worker.run(&order(Act::AnswerAndGoDeaf, 0)).unwrap();
    assert!(worker.is_usable());
    // More than a socket holds.
    let large = job(
        r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {}"#,
        vec![vec![1; (32 << 20) / 4]],
    );
    let start = Instant::now();
    let error = worker.run(&large).unwrap_err();
    assert!(
        matches!(error, RunError::Protocol(ProtocolError::Deaf)),
        "{error:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(!worker.is_usable());
}

#[test]
fn texts_do_not_reach_the_terminal_raw() {
    disbelieved(Act::AnswerEscapes, |error| {
        matches!(error, ProtocolError::Text { .. })
    });
}
