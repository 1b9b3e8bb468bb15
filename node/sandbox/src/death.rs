//! How a worker process ended.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;

/// How a worker process ended. None of these harms its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Death {
    /// The kernel ended it for a forbidden system call.
    ForbiddenCall,
    /// It asked for more memory than its job accounts for.
    OutOfMemory,
    /// It used more processor time than its job accounts for.
    OutOfTime,
    /// It crashed or was killed by a signal.
    Signal(i32),
    /// It ended by itself.
    Exit(i32),
    /// It was ended, and the system still keeps it.
    Stuck,
}

impl Death {
    /// Reads a status; `exhausted` is whether the memory of its group ran out.
    pub fn of(status: Option<ExitStatus>, exhausted: bool) -> Self {
        let Some(status) = status else {
            return Self::Stuck;
        };
        match status.signal() {
            Some(signal) if signal == Signal::SYS.as_raw() => Self::ForbiddenCall,
            Some(signal) if signal == Signal::XFSZ.as_raw() => Self::OutOfMemory,
            Some(signal) if signal == Signal::XCPU.as_raw() => Self::OutOfTime,
            Some(_) if exhausted => Self::OutOfMemory,
            Some(signal) => Self::Signal(signal),
            None => Self::Exit(status.code().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForbiddenCall => f.write_str("it made a forbidden system call"),
            Self::OutOfMemory => f.write_str("it asked for more memory than the job accounts for"),
            Self::OutOfTime => f.write_str("it used more processor time than the job accounts for"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Stuck => f.write_str("it was killed, but the system still keeps it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_apart() {
        let of = |raw, exhausted| Death::of(Some(ExitStatus::from_raw(raw)), exhausted);
        assert_eq!(of(31, false), Death::ForbiddenCall);
        assert_eq!(of(25, false), Death::OutOfMemory);
        assert_eq!(of(24, false), Death::OutOfTime);
        assert_eq!(of(9, false), Death::Signal(9));
        assert_eq!(of(9, true), Death::OutOfMemory);
        assert_eq!(of(3 << 8, false), Death::Exit(3));
        assert_eq!(Death::of(None, true), Death::Stuck);
    }
}
