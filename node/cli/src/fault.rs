//! Defects of this program: a panic becomes a message and an exit code like any other error.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use crate::error::CliError;

/// Where the last panic was and what it said. Earlier ones may have been caught where they happened.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Runs a command; a panic in it, on whatever thread, becomes [`CliError::Internal`].
pub(crate) fn catch<T>(command: impl FnOnce() -> Result<T, CliError>) -> Result<T, CliError> {
    panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("no message");
        let text = match info.location() {
            Some(place) => format!("{what} ({}:{})", place.file(), place.line()),
            None => what.to_owned(),
        };
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }));
    // The command's state is dropped with it; nothing half-changed is looked at afterwards.
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        Err(CliError::Internal {
            what: last.take().unwrap_or_else(|| "no message".to_owned()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_panic_becomes_an_error() {
        let hook = panic::take_hook();
        let error = catch(|| -> Result<(), CliError> { panic!("the reason") }).unwrap_err();
        panic::set_hook(hook);
        assert_eq!(error.exit(), Exit::Internal);
        assert!(
            error
                .to_string()
                .contains("the reason (node/cli/src/fault.rs:"),
            "{error}"
        );
        assert!(error.to_string().contains("report"), "{error}");
    }
}
