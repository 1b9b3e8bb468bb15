//! Acts against the machine: memory, time, and a connection that is never read or never speaks.

use std::time::{Duration, Instant};

use arknet_sandbox::{Death, RunError, Wall};

use crate::acts::Act;
use crate::harness::{LIMITS, attempt, start};

#[test]
fn memory_ends_at_the_allowance() {
    let Some(result) = attempt(Act::Allocate, 0) else {
        return;
    };
    // With a control group it is the kernel that ends the worker, without one its own allocator gives up.
    assert!(
        matches!(
            result,
            Err(RunError::Died(
                Death::OutOfMemory | Death::Signal(libc::SIGABRT)
            ))
        ),
        "{result:?}"
    );
}

#[test]
fn shared_memory_ends_at_the_allowance() {
    let Some(worker) = start() else { return };
    let counted = worker.walls().get(Wall::Memory).is_up();
    drop(worker);
    let Some(result) = attempt(Act::AllocateShared, 0) else {
        return;
    };
    if counted {
        assert_eq!(result, Err(RunError::Died(Death::OutOfMemory)));
    } else {
        // The limit on addresses is less exact.
        assert_eq!(result, Ok(libc::ENOMEM as u32));
    }
}

#[test]
fn device_memory_ends_at_the_allowance() {
    let Some(result) = attempt(Act::GrowFiles, 0) else {
        return;
    };
    assert_eq!(result, Err(RunError::Died(Death::OutOfMemory)));
}

#[test]
fn device_memory_ends_for_a_worker_that_hears_no_signal() {
    let Some(result) = attempt(Act::GrowFilesDeaf, 0) else {
        return;
    };
    assert_eq!(result, Ok(libc::EFBIG as u32));
}

#[test]
fn what_lies_behind_a_buffer_is_the_workers_own() {
    let Some(result) = attempt(Act::WritePastBuffers, 0) else {
        return;
    };
    let Err(RunError::Died(Death::Signal(signal))) = result else {
        panic!("{result:?}");
    };
    assert!([libc::SIGSEGV, libc::SIGBUS].contains(&signal), "{signal}");
}

#[test]
fn time_ends_whatever_the_worker_does() {
    for act in [Act::NeverAnswer, Act::Burn, Act::AnswerSlowly] {
        let start = Instant::now();
        let Some(result) = attempt(act, 0) else {
            return;
        };
        assert_eq!(
            result,
            Err(RunError::OverTime { limit: LIMITS.time }),
            "{act:?}"
        );
        let elapsed = start.elapsed();
        assert!(elapsed < Duration::from_secs(20), "{act:?}: {elapsed:?}");
    }
}

#[test]
fn a_worker_that_ends_is_an_error_of_its_job() {
    for (act, death) in [
        (Act::Crash, Death::Signal(libc::SIGSEGV)),
        (Act::Exit, Death::Exit(7)),
        (Act::Panic, Death::Exit(101)),
        (Act::HangUp, Death::Signal(libc::SIGKILL)),
    ] {
        let Some(result) = attempt(act, 0) else {
            return;
        };
        assert_eq!(result, Err(RunError::Died(death)), "{act:?}");
    }
}
