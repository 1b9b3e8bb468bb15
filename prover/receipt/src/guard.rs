//! Runs code that may panic on hostile input where a panic does no harm.
//!
//! Plonky3's verifier is written to return errors, but an input nobody thought of may still reach an
//! assertion in it. It runs on a thread of its own: with a stack of known size, whatever the caller's is,
//! and with a panic turned into an error instead of a message on the terminal.
//!
//! WebAssembly has no threads: there the code runs as it is, and the host that called it sees a trap where it panics.

use std::io;
#[cfg(not(target_family = "wasm"))]
use std::{any::Any, panic, sync::Once, thread};

/// Enough for expression trees far deeper than a workload's limits allow. Only touched pages cost memory.
#[cfg(not(target_family = "wasm"))]
const STACK_BYTES: usize = 64 << 20;

/// The name marks the thread for the panic hook.
#[cfg(not(target_family = "wasm"))]
const THREAD_NAME: &str = "arknet-verify";

/// Why there is no result.
#[derive(Debug)]
#[cfg_attr(
    target_family = "wasm",
    expect(dead_code, reason = "without threads nothing fails here")
)]
pub(crate) enum GuardError {
    /// The thread could not be started.
    Spawn(io::Error),
    /// The code panicked with this message.
    Panicked(String),
}

/// Runs `f`.
#[cfg(target_family = "wasm")]
pub(crate) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, GuardError> {
    Ok(f())
}

/// Runs `f` on a guarded thread and waits for it.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn guarded<T: Send>(f: impl FnOnce() -> T + Send) -> Result<T, GuardError> {
    quieten();
    thread::scope(|scope| {
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, f)
            .map_err(GuardError::Spawn)?
            .join()
            .map_err(|payload| GuardError::Panicked(message(&*payload)))
    })
}

/// Wraps the process's panic hook, once, so that it stays silent for guarded threads.
#[cfg(not(target_family = "wasm"))]
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(THREAD_NAME) {
                hook(info);
            }
        }));
    });
}

#[cfg(not(target_family = "wasm"))]
fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_panics_come_back() {
        assert_eq!(guarded(|| 7).unwrap(), 7);
        for result in [
            guarded(|| panic!("plain")),
            guarded(|| panic!("{}", "plain")),
        ] {
            let Err(GuardError::Panicked(text)) = result else {
                unreachable!("the closure panics: {:?}", result)
            };
            assert_eq!(text, "plain");
        }
    }

    #[test]
    fn the_stack_is_deep() {
        fn depth(n: u32) -> u32 {
            let pad = std::hint::black_box([n; 256]);
            if n == 0 { 0 } else { depth(n - 1) + pad[0] / n }
        }
        assert_eq!(guarded(|| depth(20_000)).unwrap(), 20_000);
    }
}
