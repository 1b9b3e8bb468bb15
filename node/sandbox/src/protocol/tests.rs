//! Every message comes out as it went in, and whatever else comes in is refused, in both directions.
//!
//! `ARKNET_FUZZ_CASES` raises the number of random cases.

use std::time::Duration;

use arknet_workload::emit::report::Report;
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Invocation, Job, Limits};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::wall::{Wall, WallState, Walls};
use crate::{AdapterInfo, AdapterKind, BackendError, CompileLimits, Selection};

const MEMORY: u64 = 1 << 20;

fn cases() -> ProptestConfig {
    let cases = std::env::var("ARKNET_FUZZ_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse().ok()).unwrap_or(512);
    ProptestConfig::with_cases(cases)
}

/// What is read from bytes, and the bytes that are left.
type Read<T> = (Result<T, ProtocolError>, usize);

fn read<T>(bytes: &[u8], receive: impl FnOnce(&mut &[u8]) -> Result<T, ProtocolError>) -> Read<T> {
    let mut reader = bytes;
    let result = receive(&mut reader);
    (result, reader.len())
}

/// The bytes of a message.
fn written(send: impl FnOnce(&mut Vec<u8>) -> Result<(), ProtocolError>) -> Vec<u8> {
    let mut bytes = Vec::new();
    send(&mut bytes).unwrap();
    bytes
}

/// Reads bytes as each message; what is understood must be the one message with these bytes.
fn assert_strict(bytes: &[u8]) {
    if let (Ok(start), left) = read(bytes, |reader| Start::receive(reader)) {
        assert_eq!(written(|to| start.send(to)), &bytes[..bytes.len() - left]);
    }
    if let (Ok(message), left) = read(bytes, |reader| JobMessage::receive(reader, MEMORY)) {
        let again = written(|to| JobMessage::send(message.number, &message.job, to));
        assert_eq!(again, &bytes[..bytes.len() - left]);
    }
    if let (Ok(ready), left) = read(bytes, |reader| Ready::receive(reader, Selection::Any)) {
        let again = match ready {
            Ok(ready) => written(|to| ready.send(to)),
            Err(unready) => written(|to| unready.send(to)),
        };
        assert_eq!(again, &bytes[..bytes.len() - left]);
    }
    let expected = Expected::of(1, &job());
    if let (Ok(answer), left) = read(bytes, |reader| Answer::receive(reader, &expected)) {
        assert_eq!(
            written(|to| answer.send(1, to)),
            &bytes[..bytes.len() - left]
        );
    }
}

fn job() -> Job {
    let source = r#"workload workgroup_size(2, 1, 1)
        memory m0 "in": input binding(0, 0) runtime
        memory m1 "out": output binding(0, 1) runtime
        memory m2 "more": output binding(0, 2) 3
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = load m0[%0]
            store m1[%0] = %1
        }"#;
    let limits = Limits {
        steps: 1000,
        memory: MEMORY,
        time: Duration::new(3, 5),
    };
    let workload = Workload::new(text::parse(source).unwrap()).unwrap();
    let buffers = vec![vec![1, 2, 3, 4], vec![0; 4], vec![7, 8, 9]];
    Job::new(workload, [2, 1, 1], buffers, limits).unwrap()
}

fn words() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| plain(&text, 60))
}

fn starts() -> impl Strategy<Value = Start> {
    (any::<[bool; 2]>(), any::<u64>(), any::<[u32; 4]>()).prop_map(|(either, memory, limits)| {
        Start {
            backend: if either[0] {
                Backend::Wgpu
            } else {
                Backend::Cuda
            },
            selection: if either[1] {
                Selection::Any
            } else {
                Selection::Auto
            },
            compile_limits: CompileLimits {
                instructions: limits[0] as usize,
                loops: limits[1] as usize,
                nesting: limits[2] as usize,
                private_words: limits[3],
            },
            memory,
        }
    })
}

fn readies() -> impl Strategy<Value = Ready> {
    let wall = (any::<bool>(), words());
    (
        any::<Index>(),
        [words(), words(), words(), words()],
        proptest::collection::vec(wall, Wall::OF_WORKER.len()),
    )
        .prop_map(|(kind, [name, backend, driver, driver_version], states)| {
            let mut walls = Walls::default();
            for (wall, (up, text)) in Wall::OF_WORKER.into_iter().zip(states) {
                let state = if up {
                    WallState::Up(text)
                } else {
                    WallState::Missing(text)
                };
                walls.set(wall, state);
            }
            Ready {
                adapter: AdapterInfo {
                    name,
                    kind: *kind.get(&AdapterKind::ALL),
                    backend,
                    driver,
                    driver_version,
                },
                walls,
            }
        })
}

fn unreadies() -> impl Strategy<Value = Unready> {
    let none = proptest::collection::vec(words(), 0..=16).prop_map(|refused| {
        Unready(BackendError::NoAdapter {
            software_allowed: true,
            refused,
        })
    });
    let closed = (words(), words())
        .prop_map(|(adapter, message)| Unready(BackendError::Device { adapter, message }));
    let no_cuda = words().prop_map(|reason| Unready(BackendError::NoCuda { reason }));
    prop_oneof![none, closed, no_cuda]
}

fn answers() -> impl Strategy<Value = Answer> {
    let done = (0..=1000u32, any::<u64>(), any::<u64>(), any::<[u32; 7]>()).prop_map(
        |(steps, compile, run, words)| {
            Answer::Done(Done {
                steps,
                compile_time: Duration::from_nanos(compile),
                run_time: Duration::from_nanos(run),
                outputs: vec![words[..4].to_vec(), words[4..].to_vec()],
            })
        },
    );
    let trapped = (0..4u32, any::<[u32; Report::WORDS]>()).prop_map(|(invocation, mut report)| {
        report[0] = invocation;
        Answer::Trapped(report)
    });
    let numbers = || (words(), any::<u64>(), any::<u64>());
    let failed = prop_oneof![
        Just(Failure::OverTime),
        numbers().prop_map(|(what, needed, limit)| Failure::OverAdapter {
            what,
            needed,
            limit
        }),
        numbers().prop_map(|(what, got, limit)| Failure::TooComplex { what, got, limit }),
        Just(Failure::OutOfMemory),
        words().prop_map(|message| Failure::DeviceLost { message }),
        (0..4u32).prop_map(|invocation| Failure::Unrepeatable {
            invocation: Invocation(invocation)
        }),
        words().prop_map(|message| Failure::Driver { message }),
    ];
    prop_oneof![done, trapped, failed.prop_map(Answer::Failed)]
}

/// Messages of all kinds, as bytes.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        starts().prop_map(|start| written(|to| start.send(to))),
        Just(written(|to| JobMessage::send(1, &job(), to))),
        readies().prop_map(|ready| written(|to| ready.send(to))),
        unreadies().prop_map(|unready| written(|to| unready.send(to))),
        answers().prop_map(|answer| written(|to| answer.send(1, to))),
    ]
}

#[test]
fn a_job_arrives_whole() {
    let sent = job();
    let bytes = written(|to| JobMessage::send(9, &sent, to));
    let (message, left) = read(&bytes, |reader| JobMessage::receive(reader, MEMORY));
    let message = message.unwrap();
    assert_eq!(left, 0);
    assert_eq!(message.number, 9);
    assert_eq!(message.job.workload().id(), sent.workload().id());
    assert_eq!(message.job.buffers(), sent.buffers());
    assert_eq!(message.job.dispatch(), sent.dispatch());
    assert_eq!(message.job.limits(), sent.limits());
}

#[test]
fn a_job_over_the_workers_memory_is_refused_before_its_words_are_read() {
    let bytes = written(|to| JobMessage::send(9, &job(), to));
    let (result, left) = read(&bytes, |reader| JobMessage::receive(reader, 43));
    assert_eq!(
        result.unwrap_err(),
        ProtocolError::TooLarge {
            what: "the bytes of a job's buffers",
            limit: 43,
            got: 44
        }
    );
    assert_eq!(left, 44);
}

#[test]
fn another_version_is_named() {
    let start = Start {
        backend: Backend::Wgpu,
        selection: Selection::Any,
        compile_limits: CompileLimits::default(),
        memory: 1,
    };
    let mut bytes = written(|to| start.send(to));
    bytes[13 + 14] += 1;
    let (result, _) = read(&bytes, |reader| Start::receive(reader));
    assert_eq!(result, Err(ProtocolError::Version { got: VERSION + 1 }));
}

#[test]
fn numbers_that_the_job_rules_out_are_refused() {
    let expected = Expected::of(1, &job());
    let done = |steps| {
        Answer::Done(Done {
            steps,
            compile_time: Duration::ZERO,
            run_time: Duration::ZERO,
            outputs: vec![vec![0; 4], vec![0; 3]],
        })
    };
    let accepted = |answer: Answer| {
        let bytes = written(|to| answer.send(1, to));
        Answer::receive(&mut bytes.as_slice(), &expected).is_ok()
    };
    assert!(accepted(done(1000)));
    assert!(!accepted(done(1001)));
    assert!(accepted(Answer::Trapped([3, 0, 0, 0])));
    assert!(!accepted(Answer::Trapped([4, 0, 0, 0])));
    assert!(!accepted(Answer::Trapped([u32::MAX, 0, 0, 0])));
    let unrepeatable = |invocation| {
        Answer::Failed(Failure::Unrepeatable {
            invocation: Invocation(invocation),
        })
    };
    assert!(accepted(unrepeatable(3)));
    assert!(!accepted(unrepeatable(4)));
}

#[test]
fn texts_are_made_plain_and_cut() {
    assert_eq!(plain("a\x1b[31mb\nc\u{202e}d\u{85}e", 100), "a [31mb c d e");
    assert_eq!(plain("äöü", 3), "ä");
    let answer = Answer::Failed(Failure::Driver {
        message: "x\n".repeat(10_000),
    });
    let bytes = written(|to| answer.send(1, to));
    let received = Answer::receive(&mut bytes.as_slice(), &Expected::of(1, &job())).unwrap();
    let Answer::Failed(Failure::Driver { message }) = received else {
        panic!("{received:?}");
    };
    assert_eq!(message, "x ".repeat(1024));
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn starts_come_out_as_they_went_in(start in starts()) {
        let bytes = written(|to| start.send(to));
        prop_assert_eq!(read(&bytes, |reader| Start::receive(reader)), (Ok(start), 0));
    }

    #[test]
    fn readies_come_out_as_they_went_in(ready in readies()) {
        let bytes = written(|to| ready.send(to));
        let got = read(&bytes, |reader| Ready::receive(reader, Selection::Any));
        prop_assert_eq!(got, (Ok(Ok(ready)), 0));
    }

    #[test]
    fn unreadies_come_out_as_they_went_in(unready in unreadies()) {
        let bytes = written(|to| unready.send(to));
        let got = read(&bytes, |reader| Ready::receive(reader, Selection::Any));
        prop_assert_eq!(got, (Ok(Err(unready)), 0));
    }

    #[test]
    fn answers_come_out_as_they_went_in(answer in answers()) {
        let bytes = written(|to| answer.send(1, to));
        let expected = Expected::of(1, &job());
        prop_assert_eq!(read(&bytes, |reader| Answer::receive(reader, &expected)), (Ok(answer), 0));
    }

    #[test]
    fn noise_is_refused_or_one_message(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        assert_strict(&bytes);
    }

    #[test]
    fn damaged_messages_are_refused_or_another_message(
        mut bytes in messages(),
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<Index>()),
    ) {
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        assert_strict(&bytes);
    }

    #[test]
    fn each_byte_of_a_message_is_needed(bytes in messages(), cut in any::<Index>()) {
        let cut = &bytes[..cut.index(bytes.len())];
        let expected = Expected::of(1, &job());
        prop_assert!(Start::receive(&mut &*cut).is_err());
        prop_assert!(JobMessage::receive(&mut &*cut, MEMORY).is_err());
        prop_assert!(Ready::receive(&mut &*cut, Selection::Any).is_err());
        prop_assert!(Answer::receive(&mut &*cut, &expected).is_err());
    }
}
