//! Where an attempt without a result leads its job.

use std::time::Duration;

use arknet_protocol::{JobState, Reason};

use super::attempt::Attempt;
use super::error::PipelineError;
use super::reported::{Outcome, Stop};
use crate::store::{End, UnixMillis};
use crate::task::{Failure, FailureKind, Refusal, RefusalKind};

/// Why an attempt has no result.
pub(super) enum Halt {
    Refused(Refusal),
    Failed(Failure),
    Stopped(Stop),
    /// On the node's own account.
    Trouble(PipelineError),
}

impl From<PipelineError> for Halt {
    fn from(error: PipelineError) -> Self {
        Self::Trouble(error)
    }
}

impl Attempt<'_> {
    /// Brings a job to where an attempt without a result leads.
    pub(super) async fn halt(&mut self, halt: Halt, device_millis: u64) -> Outcome {
        let outcome = self.try_halt(halt, device_millis).await;
        outcome.unwrap_or_else(|error| {
            if error.is_stale() {
                return Outcome::Stale;
            }
            tracing::error!(job = %self.fence.job, %error, "the end of an attempt cannot be stored");
            Outcome::Stranded
        })
    }

    async fn try_halt(&mut self, halt: Halt, device_millis: u64) -> Result<Outcome, PipelineError> {
        let (kind, detail) = match halt {
            Halt::Refused(refusal) => {
                let reason = match refusal.kind {
                    RefusalKind::Malformed => Reason::Refused,
                    RefusalKind::Trapped => Reason::Trapped,
                    RefusalKind::OverLimit => Reason::OverLimit,
                };
                self.end(reason, refusal.reason, device_millis).await?;
                return Ok(Outcome::Refused);
            }
            Halt::Stopped(Stop::NotWanted) => return Ok(Outcome::Stopped(Stop::NotWanted)),
            Halt::Stopped(Stop::ShuttingDown) => {
                let detail = "the node was stopped".to_owned();
                self.requeue(detail, 0, Duration::ZERO).await?;
                return Ok(Outcome::Stopped(Stop::ShuttingDown));
            }
            Halt::Trouble(error) if error.is_stale() => return Err(error),
            Halt::Trouble(error) => (FailureKind::NotStarted, error.to_string()),
            Halt::Failed(failure) => {
                tracing::warn!(
                    job = %self.fence.job, attempt = self.fence.attempt, device = %self.device.name,
                    kind = failure.kind.name(), detail = %failure.detail, stderr = %failure.stderr,
                    "an attempt failed"
                );
                (failure.kind, failure.detail)
            }
        };
        let limits = self.pipeline.parts().limits;
        // Memory that was not enough once may be enough for one more attempt, when less else is going on.
        let attempts = match kind {
            FailureKind::OutOfMemory => limits.attempts.min(2),
            _ => limits.attempts,
        };
        let failures = self.failures.saturating_add(1);
        let again = kind.is_retryable() && failures < attempts;
        if again {
            let doubled = 1u32.checked_shl(self.failures).unwrap_or(u32::MAX);
            let pause = limits.pause.saturating_mul(doubled);
            let detail = format!(
                "attempt {} failed on the provider's side",
                self.fence.attempt
            );
            self.requeue(detail, device_millis, pause).await?;
        } else {
            let (reason, told) = match kind {
                FailureKind::TimedOut(Some(phase)) => (
                    Reason::TimedOut,
                    format!("{phase} took longer than this node allows"),
                ),
                FailureKind::OutOfMemory => (
                    Reason::ProviderFailed,
                    "the provider has not enough memory for this job; split it into smaller ones"
                        .to_owned(),
                ),
                _ => (
                    Reason::ProviderFailed,
                    format!(
                        "{failures} attempts failed on the provider's side ({})",
                        kind.name()
                    ),
                ),
            };
            self.end(reason, told, device_millis).await?;
        }
        Ok(Outcome::Failed {
            kind,
            detail,
            again,
        })
    }

    async fn end(
        &self,
        reason: Reason,
        detail: String,
        device_millis: u64,
    ) -> Result<(), PipelineError> {
        let end = End {
            reason: Some(reason),
            detail: Some(detail),
            device_millis,
        };
        let store = &self.pipeline.parts().store;
        Ok(store
            .end(UnixMillis::now(), self.fence, JobState::Failed, end)
            .await?)
    }

    async fn requeue(
        &self,
        detail: String,
        device_millis: u64,
        pause: Duration,
    ) -> Result<(), PipelineError> {
        let end = End {
            reason: None,
            detail: Some(detail),
            device_millis,
        };
        let now = UnixMillis::now();
        let from = now.plus(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        let store = &self.pipeline.parts().store;
        store.requeue(now, self.fence, end, from).await?;
        Ok(())
    }
}
