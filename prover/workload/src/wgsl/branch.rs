//! `if`: lowering its arms and joining them again.

use std::collections::{BTreeMap, HashMap};

use naga::{Block, Expression, Handle, Literal, Statement, UnaryOperator};

use crate::ir::{self, BinaryOp, Inst, InstKind, Span, Terminator, Type, Value};

use super::cleanup::load_is_silent;
use super::environment::Slot;
use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::operand::Term;
use super::refusal::Refusal;
use super::statement::{Flow, Item, items, prepend};

/// A lowered arm.
#[derive(Debug)]
pub(super) struct Arm {
    insts: Vec<Inst>,
    flow: Flow,
    /// What the slots it wrote hold at its end.
    changes: BTreeMap<Slot, Term>,
}

impl Arm {
    /// An arm that does nothing.
    fn empty(flow: Flow) -> Self {
        Self {
            insts: Vec::new(),
            flow,
            changes: BTreeMap::new(),
        }
    }

    fn left(&self) -> bool {
        matches!(self.flow, Flow::Left(_))
    }
}

impl<'m> Lowering<'m> {
    /// Lowers an `if`, together with `rest`, the statements behind it, where they belong into an arm.
    pub(super) fn branch(
        &mut self,
        condition: Handle<Expression>,
        accept: &'m Block,
        reject: &'m Block,
        rest: &mut Vec<Item<'m>>,
        span: Span,
    ) -> Result<Flow, Refusal> {
        let term = self.scalar(condition)?;
        if let Some(bits) = term.constant() {
            prepend(rest, if bits == 0 { reject } else { accept });
            return Ok(Flow::Falls);
        }
        let then = self.arm(items(accept))?;
        let (mut then, mut otherwise) = match self.short_circuit(condition, reject) {
            Some(operator) if self.is_harmless(&then) => {
                self.join_short_circuit(operator, term, then, span)?;
                return Ok(Flow::Falls);
            }
            _ => (then, self.arm(items(reject))?),
        };
        if !rest.is_empty() {
            match (&then.flow, &otherwise.flow) {
                (Flow::Exited, Flow::Falls | Flow::Mixed) => {
                    otherwise = self.extend(otherwise, std::mem::take(rest), span)?;
                }
                (Flow::Falls | Flow::Mixed, Flow::Exited) => {
                    then = self.extend(then, std::mem::take(rest), span)?;
                }
                _ => {}
            }
        }
        // A negated condition costs an operation; exchanged arms cost nothing.
        let joined = match self.frame().function.expressions[condition] {
            Expression::Unary {
                op: UnaryOperator::LogicalNot,
                expr,
            } => {
                let term = self.scalar(expr)?;
                self.join(term, otherwise, then, span)?
            }
            _ => self.join(term, then, otherwise, span)?,
        };
        match joined {
            Flow::Mixed => self.unless_exited(rest, span),
            flow => Ok(flow),
        }
    }

    /// Lowers `rest` for the paths that have not left the innermost region.
    pub(super) fn unless_exited(
        &mut self,
        rest: &mut Vec<Item<'m>>,
        span: Span,
    ) -> Result<Flow, Refusal> {
        if rest.is_empty() {
            return Ok(Flow::Mixed);
        }
        let exited = self.environment.get(self.exit_flag());
        let otherwise = self.arm(std::mem::take(rest))?;
        self.join(exited, Arm::empty(Flow::Exited), otherwise, span)
    }

    /// Lowers statements as an arm; the state before it is restored.
    pub(super) fn arm(&mut self, work: Vec<Item<'m>>) -> Result<Arm, Refusal> {
        let arm = Arm::empty(Flow::Falls);
        let span = Span::default();
        self.extend(arm, work, span)
    }

    /// Lowers as an arm what `lower` does; the state before it is restored.
    pub(super) fn arm_of(
        &mut self,
        span: Span,
        lower: impl FnOnce(&mut Self) -> Result<Flow, Refusal>,
    ) -> Result<Arm, Refusal> {
        self.enter_block(span)?;
        let outer = std::mem::take(&mut self.insts);
        let mark = self.environment.mark();
        let flow = lower(self)?;
        self.block_depth -= 1;
        Ok(Arm {
            insts: std::mem::replace(&mut self.insts, outer),
            flow,
            changes: self.environment.take_changes(mark),
        })
    }

    /// Lowers further statements at the end of an arm that reaches its end.
    fn extend(&mut self, arm: Arm, mut work: Vec<Item<'m>>, span: Span) -> Result<Arm, Refusal> {
        self.arm_of(span, |this| {
            this.insts = arm.insts;
            this.environment.set_all(&arm.changes);
            match arm.flow {
                Flow::Mixed => this.unless_exited(&mut work, span),
                _ => this.sequence(work),
            }
        })
    }

    /// Counts a block that starts.
    pub(super) fn enter_block(&mut self, span: Span) -> Result<(), Refusal> {
        self.block_depth += 1;
        over(Limit::Blocks, self.block_depth, self.limits.blocks, span)
    }

    /// Emits an `if` of two arms; slots that differ between them become its results.
    pub(super) fn join(
        &mut self,
        condition: Term,
        mut then: Arm,
        mut otherwise: Arm,
        span: Span,
    ) -> Result<Flow, Refusal> {
        let yielding = [&then, &otherwise].map(|arm| !arm.left());
        let mut yields: [Vec<Value>; 2] = Default::default();
        let mut results = Vec::new();
        let mut joined = BTreeMap::new();
        let written: Vec<Slot> = [&then, &otherwise]
            .into_iter()
            .filter(|arm| !arm.left())
            .flat_map(|arm| arm.changes.keys().copied())
            .collect();
        for slot in written {
            if joined.contains_key(&slot) {
                continue;
            }
            let before = self.environment.get(slot);
            let terms = [&then, &otherwise].map(|arm| *arm.changes.get(&slot).unwrap_or(&before));
            let known = match yielding {
                [true, true] => (terms[0] == terms[1]).then_some(terms[0]),
                [first, _] => {
                    let term = if first { terms[0] } else { terms[1] };
                    term.constant().map(|_| term)
                }
            };
            if let Some(term) = known {
                joined.insert(slot, term);
                continue;
            }
            self.charge(1, span)?;
            let ty = before.ty();
            let value = self.program.new_value(ty);
            results.push(value);
            joined.insert(slot, Term::Value { ty, value });
            for (index, arm) in [&mut then, &mut otherwise].into_iter().enumerate() {
                if yielding[index] {
                    let value = self.value_in(&mut arm.insts, terms[index], span);
                    yields[index].push(value);
                }
            }
        }
        self.environment.set_all(&joined);
        let flow = match (&then.flow, &otherwise.flow) {
            (Flow::Left(_), Flow::Left(_)) => Flow::Left(Terminator::Unreachable),
            (Flow::Left(_), flow) | (flow, Flow::Left(_)) => flow.clone(),
            (Flow::Falls, Flow::Falls) => Flow::Falls,
            (Flow::Exited, Flow::Exited) => Flow::Exited,
            _ => Flow::Mixed,
        };
        let [then_yields, otherwise_yields] = yields;
        let condition = self.value(condition, span);
        self.push(
            InstKind::If {
                condition,
                then: block(then, then_yields),
                otherwise: block(otherwise, otherwise_yields),
                results,
            },
            span,
        );
        Ok(flow)
    }

    /// A term as a value at the end of a block other than the present one.
    fn value_in(&mut self, insts: &mut Vec<Inst>, term: Term, span: Span) -> Value {
        let outer = std::mem::replace(&mut self.insts, std::mem::take(insts));
        let value = self.value(term, span);
        *insts = std::mem::replace(&mut self.insts, outer);
        value
    }

    /// Recognises naga's form of `&&` and `||`: an unnamed variable that the reject block sets to a constant.
    fn short_circuit(
        &self,
        condition: Handle<Expression>,
        reject: &'m Block,
    ) -> Option<ShortCircuit> {
        let function = self.frame().function;
        let [Statement::Store { pointer, value }] = **reject else {
            return None;
        };
        let (Expression::LocalVariable(variable), Expression::Literal(Literal::Bool(value))) =
            (&function.expressions[pointer], &function.expressions[value])
        else {
            return None;
        };
        if function.local_variables[*variable].name.is_some() {
            return None;
        }
        if !value {
            return Some(ShortCircuit::And);
        }
        match function.expressions[condition] {
            Expression::Unary {
                op: UnaryOperator::LogicalNot,
                expr,
            } => Some(ShortCircuit::Or { left: expr }),
            _ => None,
        }
    }

    /// Whether an arm does nothing but compute truth values, cannot trap, and touches no word that another
    /// invocation may write.
    fn is_harmless(&self, arm: &Arm) -> bool {
        let mut constants: HashMap<Value, u32> = HashMap::new();
        arm.flow == Flow::Falls
            && arm.changes.values().all(|term| term.ty() == Type::Bool)
            && arm.insts.iter().all(|inst| match inst.kind {
                InstKind::Const { result, bits } => {
                    constants.insert(result, bits);
                    true
                }
                InstKind::Builtin { .. }
                | InstKind::Binary { .. }
                | InstKind::Select { .. }
                | InstKind::Cast { .. }
                | InstKind::ArrayLength { .. } => true,
                InstKind::Load { memory, index, .. } => {
                    let memory = self.program.memory(memory);
                    let index = constants.get(&index).copied();
                    load_is_silent(memory, index)
                }
                InstKind::Store { .. }
                | InstKind::Atomic { .. }
                | InstKind::Barrier { .. }
                | InstKind::UniformLoad { .. }
                | InstKind::If { .. }
                | InstKind::Loop { .. }
                | InstKind::Meter { .. } => false,
            })
    }

    /// Evaluates the right side of `&&` or `||` in any case, as it can do no harm.
    fn join_short_circuit(
        &mut self,
        operator: ShortCircuit,
        condition: Term,
        right: Arm,
        span: Span,
    ) -> Result<(), Refusal> {
        self.insts.extend(right.insts);
        let (op, left) = match operator {
            ShortCircuit::And => (BinaryOp::And, condition),
            ShortCircuit::Or { left } => (BinaryOp::Or, self.scalar(left)?),
        };
        // The unnamed variables of operators nested in the right side are never read again.
        for (slot, term) in right.changes {
            let joined = match (op, term.constant()) {
                (BinaryOp::And, Some(1)) | (BinaryOp::Or, Some(0)) => left,
                (_, Some(_)) => term,
                (_, None) => self.binary(op, left, term, span)?,
            };
            self.environment.set(slot, joined);
        }
        Ok(())
    }
}

/// A short-circuiting operator.
#[derive(Clone, Copy, Debug)]
enum ShortCircuit {
    /// `condition && right`.
    And,
    /// `left || right`, where the condition is `!left`.
    Or { left: Handle<Expression> },
}

/// An arm as a block.
fn block(arm: Arm, yields: Vec<Value>) -> ir::Block {
    ir::Block {
        insts: arm.insts,
        end: match arm.flow {
            Flow::Left(terminator) => terminator,
            Flow::Falls | Flow::Exited | Flow::Mixed => Terminator::Yield(yields),
        },
    }
}
