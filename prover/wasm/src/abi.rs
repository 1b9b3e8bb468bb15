//! The module's interface: three functions without arguments worth the name, and no imports.
//!
//! The page asks for room with [`arknet_input`], copies the evidence there, calls [`arknet_check`], and reads as many
//! bytes of JSON at [`arknet_output`]. A panic ends the call with a trap; the page then says that the verifier gave up,
//! and starts a new instance.
#![expect(
    unsafe_code,
    reason = "exported names are unsafe attributes; no function here does anything unsafe"
)]

use std::sync::{Mutex, PoisonError};

use crate::verdict;

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Makes room for this many bytes of evidence and gives their address, or 0 where there is not that much memory.
#[unsafe(no_mangle)]
pub extern "C" fn arknet_input(bytes: usize) -> *mut u8 {
    let mut input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    *input = Vec::new();
    if input.try_reserve_exact(bytes).is_err() {
        return std::ptr::null_mut();
    }
    input.resize(bytes, 0);
    input.as_mut_ptr()
}

/// Checks the evidence; gives the bytes of the verdict. The evidence is gone afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn arknet_check() -> usize {
    let evidence = std::mem::take(&mut *INPUT.lock().unwrap_or_else(PoisonError::into_inner));
    let verdict = verdict::check(&evidence).to_string().into_bytes();
    let mut output = OUTPUT.lock().unwrap_or_else(PoisonError::into_inner);
    *output = verdict;
    output.len()
}

/// The address of the verdict, until the next check.
#[unsafe(no_mangle)]
pub extern "C" fn arknet_output() -> *const u8 {
    OUTPUT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_ptr()
}
