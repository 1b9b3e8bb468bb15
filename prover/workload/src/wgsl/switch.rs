//! `switch`: its cases as arms of `if`s.
//!
//! Few cases are compared one after the other. For more, the case's number is computed first and a binary search
//! on it leads to the case, so that many cases do not nest deeply. `break` may leave a case anywhere; see
//! [`super::statement`].

use naga::{Block, Expression, Handle, SwitchCase, SwitchValue};

use crate::ir::{BinaryOp, Span, Type};

use super::environment::Slot;
use super::lowering::Lowering;
use super::operand::Term;
use super::refusal::Refusal;
use super::statement::{Flow, items};

/// The most cases, besides the default, that are compared one after the other.
const MAX_CHAIN: usize = 4;

/// A `switch` being lowered.
#[derive(Debug)]
pub(super) struct SwitchFrame {
    /// Whether the present path has left it, or the function.
    pub(super) left: Slot,
    /// Loops of the function around it.
    loops: usize,
    /// Whether a path leaves it by `break`.
    breaks: bool,
    /// Whether a path leaves it to return from the function.
    returns: bool,
}

/// A case with all its selectors.
struct Case<'m> {
    selectors: Vec<Term>,
    body: &'m Block,
}

impl<'m> Lowering<'m> {
    /// Lowers a `switch`.
    pub(super) fn switch(
        &mut self,
        selector: Handle<Expression>,
        cases: &'m [SwitchCase],
        span: Span,
    ) -> Result<Flow, Refusal> {
        let selector = self.scalar(selector)?;
        let (cases, default) = grouped(cases, span)?;
        self.charge(cases.iter().map(|case| case.selectors.len()).sum(), span)?;
        let height = self.environment.len();
        let left = self.environment.push(Term::truth(false));
        let loops = self.frame().loops.len();
        self.frame_mut().switches.push(SwitchFrame {
            left,
            loops,
            breaks: false,
            returns: false,
        });
        let flow = self.cases(selector, &cases, default, span)?;
        let finished = self.frame_mut().switches.pop();
        self.environment.pop_to(height);
        let finished =
            finished.ok_or_else(|| Refusal::internal("switches do not balance", span))?;
        let reaches_end = finished.breaks || matches!(flow, Flow::Falls | Flow::Mixed);
        Ok(match (flow, reaches_end, finished.returns) {
            (Flow::Left(terminator), _, _) => Flow::Left(terminator),
            (_, true, false) => Flow::Falls,
            (_, true, true) => Flow::Mixed,
            (_, false, _) => Flow::Exited,
        })
    }

    fn cases(
        &mut self,
        selector: Term,
        cases: &[Case<'m>],
        default: &'m Block,
        span: Span,
    ) -> Result<Flow, Refusal> {
        if let Some(bits) = selector.constant() {
            let case = cases.iter().find(|case| {
                let mut selectors = case.selectors.iter();
                selectors.any(|selector| selector.constant() == Some(bits))
            });
            return self.sequence(items(case.map_or(default, |case| case.body)));
        }
        if cases.len() <= MAX_CHAIN {
            return self.chain(selector, cases, default, span);
        }
        let mut number = Term::word(0);
        let mut bodies = vec![default];
        for (at, case) in (1..).zip(cases) {
            let here = self.is_case(selector, case, span)?;
            number = self.select(here, Term::word(at), number, span);
            bodies.push(case.body);
        }
        self.search(number, 0, &bodies, span)
    }

    /// Compares with one case after the other.
    fn chain(
        &mut self,
        selector: Term,
        cases: &[Case<'m>],
        default: &'m Block,
        span: Span,
    ) -> Result<Flow, Refusal> {
        let Some((case, rest)) = cases.split_first() else {
            return self.sequence(items(default));
        };
        let here = self.is_case(selector, case, span)?;
        let then = self.arm(items(case.body))?;
        let otherwise = self.arm_of(span, |this| this.chain(selector, rest, default, span))?;
        self.join(here, then, otherwise, span)
    }

    /// Searches the body of a number, of `bodies` that are numbered from `first` on.
    fn search(
        &mut self,
        number: Term,
        first: u32,
        bodies: &[&'m Block],
        span: Span,
    ) -> Result<Flow, Refusal> {
        if let [body] = bodies {
            return self.sequence(items(body));
        }
        let half = bodies.len() / 2;
        let (low, high) = bodies.split_at(half);
        let middle = first + u32::try_from(half).unwrap_or(u32::MAX);
        let is_low = self.binary(BinaryOp::Lt, number, Term::word(middle), span)?;
        let then = self.arm_of(span, |this| this.search(number, first, low, span))?;
        let otherwise = self.arm_of(span, |this| this.search(number, middle, high, span))?;
        self.join(is_low, then, otherwise, span)
    }

    /// Whether the selector is one of a case's.
    fn is_case(&mut self, selector: Term, case: &Case<'m>, span: Span) -> Result<Term, Refusal> {
        let equal = case
            .selectors
            .iter()
            .map(|&value| self.binary(BinaryOp::Eq, selector, value, span))
            .collect::<Result<Vec<_>, _>>()?;
        self.fold(BinaryOp::Or, &equal, span)
    }

    /// The `switch` that a `break` here leaves.
    pub(super) fn innermost_switch(&self) -> Option<&SwitchFrame> {
        let frame = self.frame();
        frame
            .switches
            .last()
            .filter(|switch| switch.loops == frame.loops.len())
    }

    /// Whether a `break` here is one of a `switch`, not of a loop.
    pub(super) fn in_switch(&self) -> bool {
        self.innermost_switch().is_some()
    }

    /// Leaves the innermost `switch`.
    pub(super) fn break_switch(&mut self) -> Flow {
        if let Some(switch) = self.frame_mut().switches.last_mut() {
            switch.breaks = true;
            let left = switch.left;
            self.environment.set(left, Term::truth(true));
        }
        Flow::Exited
    }

    /// Records that the function is left from within its `switch` statements where `returned` holds.
    pub(super) fn leave_switches(&mut self, returned: Term) {
        for at in 0..self.frame().switches.len() {
            let switch = &mut self.frame_mut().switches[at];
            switch.returns = true;
            let left = switch.left;
            self.environment.set(left, returned);
        }
    }
}

/// Joins the selectors of one body, and finds the default.
fn grouped(cases: &[SwitchCase], span: Span) -> Result<(Vec<Case<'_>>, &Block), Refusal> {
    let mut grouped = Vec::new();
    let mut default = None;
    let (mut selectors, mut is_default) = (Vec::new(), false);
    for case in cases {
        match case.value {
            SwitchValue::I32(value) => selectors.push(Term::Const {
                ty: Type::I32,
                bits: value.cast_unsigned(),
            }),
            SwitchValue::U32(value) => selectors.push(Term::word(value)),
            SwitchValue::Default => is_default = true,
        }
        if case.fall_through {
            // WGSL has no other use of it than several selectors.
            if !case.body.is_empty() {
                return Err(Refusal::internal("a case that falls through", span));
            }
            continue;
        }
        let selectors = std::mem::take(&mut selectors);
        if std::mem::take(&mut is_default) {
            default = Some(&case.body);
        } else {
            grouped.push(Case {
                selectors,
                body: &case.body,
            });
        }
    }
    let default = default.ok_or_else(|| Refusal::internal("a switch without default", span))?;
    Ok((grouped, default))
}
