//! Fuzz targets: what is done with bytes from a stranger, and what must hold whatever they are.
//!
//! Each target takes the bytes where the real program would, and panics where something that must hold does not. Its
//! result says whether the bytes were understood, so that a test can tell a good seed from noise. `fuzz/fuzz_targets`
//! hands them to libFuzzer; the tests of this crate run them on the committed corpus and on mutations of it.
#![forbid(unsafe_code)]

mod front_end;
mod job_file;
mod program;
mod protocol;
mod receipt;
pub mod seeds;

pub use front_end::front_end;
pub use job_file::job_file;
pub use program::{canonical, ir_text};
pub use protocol::{protocol_parent, protocol_worker};
pub use receipt::receipt;

/// A target by its name.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its corpus too.
    pub name: &'static str,
    /// What it does; whether the bytes were understood.
    pub run: fn(&[u8]) -> bool,
}

/// All targets.
pub const TARGETS: [Target; 7] = [
    Target {
        name: "front_end",
        run: front_end,
    },
    Target {
        name: "ir_text",
        run: ir_text,
    },
    Target {
        name: "canonical",
        run: canonical,
    },
    Target {
        name: "receipt",
        run: receipt,
    },
    Target {
        name: "protocol_parent",
        run: protocol_parent,
    },
    Target {
        name: "protocol_worker",
        run: protocol_worker,
    },
    Target {
        name: "job_file",
        run: job_file,
    },
];
