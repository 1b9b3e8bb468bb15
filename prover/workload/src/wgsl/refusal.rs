//! Why the front end does not accept a source.

use crate::diagnostic::{self, Note};
use crate::ir::{InvalidCode, InvalidProgram, Meeting, Place, Span};

use super::limits::Limit;
use super::overrides::InvalidConstant;

/// Why a source is not a workload. [`Refusal::span`] is its place, [`Refusal::render`] shows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text is not WGSL, or breaks one of WGSL's rules.
    #[error("invalid WGSL: {message}")]
    Invalid {
        /// What rule.
        message: String,
        /// Where; unknown (`0..0`) where the rule has no single place.
        span: Span,
        /// More about it.
        notes: Vec<Note>,
    },
    /// WGSL that the language does not have.
    #[error("not supported: {construct}{}", instead.map(|instead| format!("; {instead}")).unwrap_or_default())]
    Unsupported {
        /// What it is, by its WGSL name.
        construct: String,
        /// What to write instead, where there is an answer.
        instead: Option<&'static str>,
        /// Where.
        span: Span,
    },
    /// A barrier that only some invocations of a workgroup may reach.
    #[error(
        "{what} in control flow that may differ within the workgroup; every invocation must reach it, so conditions \
         and loops around it, and returns before it, may depend on constants, uniforms, `workgroup_id` and \
         `workgroupUniformLoad` only"
    )]
    NotUniform {
        /// What kind of barrier.
        what: &'static str,
        /// Where it is.
        span: Span,
        /// The condition that may differ; unknown (`0..0`) where there is no single one.
        because: Span,
    },
    /// A value for an `override` that does not fit, or that is missing.
    #[error("the constant `{name}`: {problem}")]
    Constant {
        /// The constant's name.
        name: String,
        /// What is wrong.
        problem: InvalidConstant,
        /// Its `override`, if there is one.
        span: Span,
    },
    /// More than the limits allow.
    #[error("too large: more than {allowed} {limit}")]
    OverLimit {
        /// Which limit.
        limit: Limit,
        /// Its value.
        allowed: usize,
        /// Where it was crossed; unknown (`0..0`) for the source as a whole.
        span: Span,
    },
    /// The source has no compute entry point of this name.
    #[error("no compute entry point `{wanted}`; {}", list(available))]
    NoEntryPoint {
        /// The name asked for.
        wanted: String,
        /// The compute entry points there are.
        available: Vec<String>,
    },
    /// The front end failed. This is a defect of the front end, not of the source.
    #[error("the compiler failed on this source ({what}); please report it with the source")]
    Internal {
        /// What went wrong.
        what: String,
        /// Where in the source, if known.
        span: Span,
    },
}

fn list(available: &[String]) -> String {
    if available.is_empty() {
        "the source has none (`@compute @workgroup_size(n) fn name()`)".to_owned()
    } else {
        let names: Vec<_> = available.iter().map(|name| format!("`{name}`")).collect();
        format!("there is {}", names.join(", "))
    }
}

impl Refusal {
    /// The main place in the source; `None` where there is none.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Invalid { span, .. }
            | Self::Unsupported { span, .. }
            | Self::NotUniform { span, .. }
            | Self::Constant { span, .. }
            | Self::OverLimit { span, .. }
            | Self::Internal { span, .. } => Some(*span).filter(|span| *span != Span::default()),
            Self::NoEntryPoint { .. } => None,
        }
    }

    /// The refusal as a paragraph with its line of source underlined.
    pub fn render(&self, source_name: &str, source: &str) -> String {
        let notes = match self {
            Self::Invalid { notes, .. } => notes.clone(),
            Self::NotUniform { because, .. } if *because != Span::default() => {
                vec![Note::at(*because, "this may differ")]
            }
            _ => Vec::new(),
        };
        let span = self.span().unwrap_or_default();
        diagnostic::render(source_name, source, span, &self.to_string(), &notes)
    }

    /// A construct with a remedy.
    pub(super) fn unsupported(
        construct: impl Into<String>,
        instead: &'static str,
        span: Span,
    ) -> Self {
        Self::Unsupported {
            construct: construct.into(),
            instead: Some(instead),
            span,
        }
    }

    /// A construct without one.
    pub(super) fn without_remedy(construct: impl Into<String>, span: Span) -> Self {
        Self::Unsupported {
            construct: construct.into(),
            instead: None,
            span,
        }
    }

    /// A state that the checks before should have excluded.
    pub(super) fn internal(what: impl Into<String>, span: Span) -> Self {
        Self::Internal {
            what: what.into(),
            span,
        }
    }
}

impl From<InvalidProgram> for Refusal {
    fn from(invalid: InvalidProgram) -> Self {
        let span_of = |place: Place| match place {
            Place::Inst { span, .. } => span,
            Place::Body => Span::default(),
        };
        match invalid {
            InvalidProgram::Code {
                place,
                problem: InvalidCode::NotUniform { what, because },
            } => Self::NotUniform {
                what: match what {
                    Meeting::Barrier => "a barrier",
                    Meeting::UniformLoad => "`workgroupUniformLoad`",
                },
                span: span_of(place),
                because: span_of(because),
            },
            InvalidProgram::Code {
                place,
                problem: InvalidCode::UniformIndex { .. },
            } => Self::unsupported(
                "`workgroupUniformLoad` at an index that may differ within the workgroup",
                "compute the index from constants, uniforms and `workgroup_id`",
                span_of(place),
            ),
            other => Self::internal(
                format!("it lowers to an invalid program: {other}"),
                Span::default(),
            ),
        }
    }
}
