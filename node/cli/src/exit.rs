//! Exit codes: what a script can tell apart without reading a message.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done; for `verify`, the receipt holds.
    Fine = 0,
    /// The receipt or the log does not hold.
    Invalid = 1,
    /// The command line, the job folder or a file is wrong.
    Usage = 2,
    /// The workload is not in the language.
    Refused = 3,
    /// The run trapped.
    Trapped = 4,
    /// The job needs more than it declares, than this machine has, or than can be proven.
    OverLimit = 5,
    /// The backend asked for is not available.
    Backend = 6,
    /// A defect of this program, a machine that gave out, or a device that computes something else than the
    /// interpreter.
    Internal = 7,
    /// A node refuses, cannot be reached, cannot start, is not well, or gave up on the job.
    #[cfg(feature = "node")]
    Node = 8,
    /// Interrupted twice while waiting for a job, which goes on: what a shell reports of an interrupted program.
    #[cfg(feature = "node")]
    Interrupted = 130,
}

/// The same for people, in `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  fine; for `verify`, the receipt holds
  1  the receipt, or the log, does not hold
  2  the command line, the job folder or a file is wrong
  3  the workload is refused: it is not in the language, or larger than it allows
  4  the job trapped: out of bounds, out of steps, or a data race
  5  over a declared limit (memory, time), or too large to run or prove, here or at all
  6  the backend is not available
  7  arknet itself failed: a defect, no threads left, or a GPU that computes something else than the interpreter
  8  a node refuses, cannot be reached, cannot start, or gave up on the job; for `doctor`, something must be mended
  130  interrupted while waiting for a job on a node, which goes on";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        let codes = [
            Exit::Fine,
            Exit::Invalid,
            Exit::Usage,
            Exit::Refused,
            Exit::Trapped,
            Exit::OverLimit,
            Exit::Backend,
            Exit::Internal,
            #[cfg(feature = "node")]
            Exit::Node,
            #[cfg(feature = "node")]
            Exit::Interrupted,
        ];
        let lines: Vec<&str> = HELP.lines().skip(1).collect();
        // A validator's build has one text too, and two codes fewer.
        let unused = if cfg!(feature = "node") { 0 } else { 2 };
        assert_eq!(lines.len(), codes.len() + unused);
        for (line, code) in lines.iter().zip(codes) {
            assert!(line.starts_with(&format!("  {}  ", code as u8)), "{line}");
        }
    }
}
