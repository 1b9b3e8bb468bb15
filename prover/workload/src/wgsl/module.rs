//! WGSL text to a validated naga module.

use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

use crate::diagnostic::Note;
use crate::ir::Span;

use super::refusal::Refusal;
use super::{validation, wording};

/// Parses, evaluates constants and validates. naga's capabilities are all on, so that the lowering gets to see
/// what the language does not have and refuses it by name. naga's check that barriers stand in uniform control
/// flow is off: it is incomplete, and refuses variables that hold uniform values; ours is [`Workload::new`]'s.
///
/// [`Workload::new`]: crate::ir::Workload::new
pub(super) fn parse(source: &str) -> Result<(naga::Module, ModuleInfo), Refusal> {
    let module = naga::front::wgsl::parse_str(source).map_err(|error| {
        let mut labels = error.labels();
        let (span, label) = labels
            .next()
            .map_or((Span::default(), ""), |(span, label)| {
                (span_of(span), label)
            });
        let mut message = wording::plain(error.message());
        if let Some(remark) = wording::remark(&message, label) {
            message = format!("{message} ({remark})");
        }
        let notes = labels
            .map(|(span, label)| {
                let label = match wording::plain(label) {
                    label if label.is_empty() => "here".to_owned(),
                    label => label,
                };
                Note::at(span_of(span), label)
            })
            .chain(
                error
                    .notes()
                    .filter_map(|note| wording::remark(&message, note))
                    .map(Note::new),
            )
            .collect();
        Refusal::Invalid {
            message,
            span,
            notes,
        }
    })?;
    let flags = ValidationFlags::all() - ValidationFlags::CONTROL_FLOW_UNIFORMITY;
    let info = Validator::new(flags, Capabilities::all())
        .validate(&module)
        .map_err(|error| {
            // The last place added belongs to the outermost declaration, the first to the cause.
            let span = error
                .spans()
                .next()
                .map_or(Span::default(), |(span, _)| span_of(*span));
            Refusal::Invalid {
                message: validation::message(&module, error.as_inner()),
                span,
                notes: Vec::new(),
            }
        })?;
    Ok((module, info))
}

/// A naga span as ours; unknown stays unknown.
pub(super) fn span_of(span: naga::Span) -> Span {
    let to = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    span.to_range().map_or(Span::default(), |range| Span {
        start: to(range.start),
        end: to(range.end),
    })
}
