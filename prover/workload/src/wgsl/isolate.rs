//! Runs a front end that may recurse deeply or panic on odd input.
//!
//! WebAssembly has no threads: there it runs as it is, and the host that called it sees a trap where it fails.

#[cfg(not(target_family = "wasm"))]
use std::{panic, sync::Once, thread};

#[cfg(not(target_family = "wasm"))]
use crate::ir::Span;

use super::refusal::Refusal;

/// The limits on nesting keep the recursion of the parser, the validator and the lowering well within this.
#[cfg(not(target_family = "wasm"))]
const STACK_BYTES: usize = 128 << 20;

/// Name of the threads whose panics are reported as refusals and not printed.
#[cfg(not(target_family = "wasm"))]
const THREAD_NAME: &str = "arknet-wgsl";

/// Runs `compile`.
#[cfg(target_family = "wasm")]
pub(super) fn run<T>(compile: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    compile()
}

/// Runs `compile` on a thread of its own. A panic becomes [`Refusal::Internal`].
#[cfg(not(target_family = "wasm"))]
pub(super) fn run<T: Send>(
    compile: impl FnOnce() -> Result<T, Refusal> + Send,
) -> Result<T, Refusal> {
    silence_panics();
    thread::scope(|scope| {
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, compile)
            .map_err(|error| {
                Refusal::internal(format!("no thread to compile on: {error}"), Span::default())
            })?
            .join()
            .unwrap_or_else(|payload| {
                let message = payload
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| payload.downcast_ref::<&str>().copied())
                    .unwrap_or("panic");
                Err(Refusal::internal(message, Span::default()))
            })
    })
}

/// Wraps the panic hook once, so that panics on our threads print nothing; all others go on as before.
#[cfg(not(target_family = "wasm"))]
fn silence_panics() {
    static WRAPPED: Once = Once::new();
    WRAPPED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(THREAD_NAME) {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_refusal() {
        let result: Result<(), Refusal> = run(|| panic!("odd input {}", 7));
        assert_eq!(
            result,
            Err(Refusal::internal("odd input 7", Span::default()))
        );
        assert_eq!(run(|| Ok(5)), Ok(5));
    }
}
