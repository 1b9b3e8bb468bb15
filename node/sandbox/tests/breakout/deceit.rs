//! Acts against the parent by what the worker says.

use arknet_sandbox::RunError;
use arknet_sandbox::protocol::ProtocolError;

use crate::acts::Act;
use crate::harness::attempt;

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
fn texts_do_not_reach_the_terminal_raw() {
    disbelieved(Act::AnswerEscapes, |error| {
        matches!(error, ProtocolError::Text { .. })
    });
}
