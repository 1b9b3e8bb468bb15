//! The sandbox's protocol, in both directions. A message that is understood must be the one with its bytes.

use std::time::Duration;

use arknet_sandbox::Selection;
use arknet_sandbox::protocol::{Answer, Expected, JobMessage, ProtocolError, Ready, Start};
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Job, Limits};

/// Most bytes of a job's buffers.
const MEMORY: u64 = 1 << 20;

/// What a hostile worker says to its parent: that it is ready or not, and its answer to [`job`].
pub fn protocol_parent(data: &[u8]) -> bool {
    let ready = message(data, |reader| Ready::receive(reader, Selection::Any));
    if let Some((ready, bytes)) = &ready {
        let again = match ready {
            Ok(ready) => written(|to| ready.send(to)),
            Err(unready) => written(|to| unready.send(to)),
        };
        assert_eq!(again, *bytes);
    }
    let expected = Expected::of(NUMBER, &job());
    let answer = message(data, |reader| Answer::receive(reader, &expected));
    if let Some((answer, bytes)) = &answer {
        assert_eq!(written(|to| answer.send(NUMBER, to)), *bytes);
    }
    ready.is_some() || answer.is_some()
}

/// What a parent says to its worker: what to be, and a job.
pub fn protocol_worker(data: &[u8]) -> bool {
    let start = message(data, |reader| Start::receive(reader));
    if let Some((start, bytes)) = &start {
        assert_eq!(written(|to| start.send(to)), *bytes);
    }
    let job = message(data, |reader| JobMessage::receive(reader, MEMORY));
    if let Some((message, bytes)) = &job {
        let again = written(|to| JobMessage::send(message.number, &message.job, to));
        assert_eq!(again, *bytes);
        assert!(message.job.memory_bytes() <= MEMORY);
    }
    start.is_some() || job.is_some()
}

/// The number of [`job`].
pub(crate) const NUMBER: u64 = 1;

/// The job that a parent waits for an answer to.
pub(crate) fn job() -> Job {
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
    let program = text::parse(source).expect("a program");
    let workload = Workload::new(program).expect("a valid program");
    let buffers = vec![vec![1, 2, 3, 4], vec![0; 4], vec![7, 8, 9]];
    Job::new(workload, [2, 1, 1], buffers, limits).expect("a job")
}

/// What is read from the start of the bytes, and the bytes that it took.
fn message<T>(
    data: &[u8],
    receive: impl FnOnce(&mut &[u8]) -> Result<T, ProtocolError>,
) -> Option<(T, &[u8])> {
    let mut reader = data;
    match receive(&mut reader) {
        Ok(message) => Some((message, &data[..data.len() - reader.len()])),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// The bytes of a message.
pub(crate) fn written(send: impl FnOnce(&mut Vec<u8>) -> Result<(), ProtocolError>) -> Vec<u8> {
    let mut bytes = Vec::new();
    send(&mut bytes).expect("a vector takes all");
    bytes
}
