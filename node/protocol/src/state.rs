//! What a job is, and where it is on its way.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is to be done with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum JobKind {
    /// Run it; the receipt is the provider's signature over a run that can be replayed.
    Run,
    /// Run it and prove it; the receipt is a STARK.
    Prove,
}

/// Where a job is. The last four are final.
///
/// ```text
/// queued ─▶ executing ─▶ proving ─▶ verifying ─▶ done
///    └───────────┴───────────┴───────────┴─▶ failed, cancelled, expired
/// ```
///
/// A `run` job has no `proving`. An attempt that fails for a reason that another may not meet goes back to `queued`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum JobState {
    /// Accepted, waiting for a device.
    Queued,
    /// The kernel runs.
    Executing,
    /// The proof is made.
    Proving,
    /// The result is checked, attested and logged.
    Verifying,
    /// Outputs and receipt are there.
    Done,
    /// There will be no result.
    Failed,
    /// Its client does not want it any more.
    Cancelled,
    /// Its deadline has passed.
    Expired,
}

/// The part of an attempt that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Phase {
    /// The kernel runs.
    Executing,
    /// The proof is made.
    Proving,
    /// The result is checked.
    Verifying,
}

/// Why a job ended without a result, as a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Reason {
    /// The kernel is not in the language, or the job's parts do not fit together.
    Refused,
    /// The kernel went out of bounds, out of steps, or raced.
    Trapped,
    /// It needs more than it declares, or than can be run or proven at all.
    OverLimit,
    /// A phase took longer than the node allows it.
    TimedOut,
    /// Every attempt failed on the provider's side.
    ProviderFailed,
    /// The client cancelled it.
    ByClient,
    /// The operator cancelled it.
    ByOperator,
    /// The deadline passed before there was a result.
    DeadlinePassed,
}

/// The word of an enumeration as serde spells it, for text columns and command lines.
macro_rules! words {
    ($name:ident, $what:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().find(|value| value.as_str() == text);
                found.copied().ok_or_else(|| UnknownWord {
                    what: $what,
                    known: Self::ALL.iter().map(|value| value.as_str()).collect(),
                })
            }
        }
    };
}

/// A word that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be one of {}", known.join(", "))]
pub struct UnknownWord {
    /// What was expected.
    pub what: &'static str,
    /// The words there are.
    pub known: Vec<&'static str>,
}

words!(JobKind, "the kind of a job", Run => "run", Prove => "prove");
words!(
    JobState, "the state of a job",
    Queued => "queued", Executing => "executing", Proving => "proving", Verifying => "verifying",
    Done => "done", Failed => "failed", Cancelled => "cancelled", Expired => "expired",
);
words!(
    Phase, "a phase",
    Executing => "executing", Proving => "proving", Verifying => "verifying",
);
words!(
    Reason, "a reason",
    Refused => "refused", Trapped => "trapped", OverLimit => "over-limit", TimedOut => "timed-out",
    ProviderFailed => "provider-failed", ByClient => "by-client", ByOperator => "by-operator",
    DeadlinePassed => "deadline-passed",
);

impl JobState {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed | Self::Cancelled | Self::Expired
        )
    }

    /// Whether a job may go from here to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        use JobState::{Cancelled, Done, Executing, Expired, Failed, Proving, Queued, Verifying};
        match (self, next) {
            (Queued, Executing)
            | (Executing, Proving | Verifying)
            | (Proving, Verifying)
            | (Verifying, Done)
            | (Executing | Proving | Verifying, Queued)
            // The client asks again for what did not come about.
            | (Failed | Cancelled | Expired, Queued) => true,
            (from, Failed | Cancelled | Expired) => !from.is_final(),
            _ => false,
        }
    }
}

impl From<Phase> for JobState {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Executing => Self::Executing,
            Phase::Proving => Self::Proving,
            Phase::Verifying => Self::Verifying,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_json() {
        for state in JobState::ALL {
            let json = serde_json::to_string(state).unwrap();
            assert_eq!(json, format!("\"{state}\""));
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        for reason in Reason::ALL {
            assert_eq!(
                serde_json::to_string(reason).unwrap(),
                format!("\"{reason}\"")
            );
        }
        let error = "running".parse::<JobState>().unwrap_err().to_string();
        assert!(error.contains("queued, executing"), "{error}");
    }

    #[test]
    fn a_result_is_never_taken_back() {
        for next in JobState::ALL {
            assert!(!JobState::Done.may_become(*next));
        }
        assert!(!JobState::Queued.may_become(JobState::Done));
        assert!(!JobState::Failed.may_become(JobState::Expired));
        assert!(JobState::Verifying.may_become(JobState::Failed));
    }
}
