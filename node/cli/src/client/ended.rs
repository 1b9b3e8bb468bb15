//! A job that ended without a result.

use std::fmt;

use arknet_protocol::api::JobView;
use arknet_protocol::{JobId, JobState, Reason};

use crate::exit::Exit;

/// How a job ended, in its node's words.
#[derive(Debug)]
pub(crate) struct Ended {
    id: JobId,
    state: JobState,
    reason: Option<Reason>,
    detail: Option<String>,
}

impl Ended {
    /// How this job ended, unless it is done or goes on.
    pub(crate) fn of(job: &JobView) -> Option<Self> {
        (job.state.is_final() && job.state != JobState::Done).then(|| Self {
            id: job.id,
            state: job.state,
            reason: job.reason,
            detail: job.detail.clone(),
        })
    }

    /// The exit code: the same as that of a run here that ends so, where there is one.
    pub(crate) fn exit(&self) -> Exit {
        match self.reason {
            Some(Reason::Refused) => Exit::Refused,
            Some(Reason::Trapped) => Exit::Trapped,
            Some(Reason::OverLimit | Reason::TimedOut) => Exit::OverLimit,
            Some(
                Reason::ProviderFailed
                | Reason::ByClient
                | Reason::ByOperator
                | Reason::DeadlinePassed,
            )
            | None => Exit::Node,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {} is {}", self.id, self.state)?;
        if let Some(reason) = self.reason {
            write!(f, " ({reason})")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        match self.reason {
            Some(Reason::ProviderFailed | Reason::DeadlinePassed | Reason::ByOperator) => {
                write!(f, "\n`arknet jobs retry {}` asks for it again", self.id)
            }
            _ => Ok(()),
        }
    }
}
