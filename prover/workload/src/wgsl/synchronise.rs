//! Barriers, uniform loads and atomics.

use naga::{AtomicFunction, Barrier, Expression, Handle};

use crate::ir::{AtomicOp, BarrierScope, BinaryOp, InstKind, Span, Type};

use super::lowering::Lowering;
use super::operand::{Composite, Place, Term};
use super::refusal::Refusal;

impl Lowering<'_> {
    /// `workgroupBarrier` and `storageBarrier`; `None` for any other.
    pub(super) fn barrier(&mut self, barrier: Barrier, span: Span) -> Option<()> {
        let scope = match barrier {
            Barrier::WORK_GROUP => BarrierScope::Workgroup,
            Barrier::STORAGE => BarrierScope::Storage,
            _ => return None,
        };
        self.push(InstKind::Barrier { scope }, span);
        Some(())
    }

    /// `workgroupUniformLoad`, word by word.
    pub(super) fn uniform_load(
        &mut self,
        pointer: Handle<Expression>,
        result: Handle<Expression>,
        span: Span,
    ) -> Result<(), Refusal> {
        let Place::Memory {
            memory,
            layout,
            shape,
            address,
        } = self.place(pointer)?
        else {
            return Err(Refusal::internal("workgroup memory that is none", span));
        };
        let mut terms = Vec::with_capacity(shape.leaves());
        for (element, index) in self.leaf_indices(layout, &shape, address, span)? {
            let ty = if element == Type::Bool {
                Type::U32
            } else {
                element
            };
            let index = self.value(index, span);
            let value = self.program.new_value(ty);
            self.push(
                InstKind::UniformLoad {
                    result: value,
                    memory,
                    index,
                },
                span,
            );
            terms.push(self.cast(Term::Value { ty, value }, element, span));
        }
        let terms = terms.into();
        self.frame_mut()
            .operands
            .insert(result, Composite { shape, terms }.into());
        Ok(())
    }

    /// An atomic. Its old value gets no operand, so a use of it is refused; see [`Lowering::operand`].
    pub(super) fn atomic(
        &mut self,
        pointer: Handle<Expression>,
        function: AtomicFunction,
        value: Handle<Expression>,
        span: Span,
    ) -> Result<(), Refusal> {
        let op = match function {
            AtomicFunction::Add | AtomicFunction::Subtract => AtomicOp::Add,
            AtomicFunction::Min => AtomicOp::Min,
            AtomicFunction::Max => AtomicOp::Max,
            AtomicFunction::And => AtomicOp::And,
            AtomicFunction::InclusiveOr => AtomicOp::Or,
            AtomicFunction::ExclusiveOr => AtomicOp::Xor,
            AtomicFunction::Exchange { compare } => {
                let name = match compare {
                    None => "`atomicExchange`",
                    Some(_) => "`atomicCompareExchangeWeak`",
                };
                return Err(Refusal::unsupported(
                    name,
                    "its result depends on how invocations are scheduled; `atomicAdd`, `Sub`, `Min`, `Max`, `And`, \
                     `Or` and `Xor` whose old value is unused do not",
                    span,
                ));
            }
        };
        let mut term = self.scalar(value)?;
        if function == AtomicFunction::Subtract {
            term = self.binary(BinaryOp::Sub, Term::zero(term.ty()), term, span)?;
        }
        let Place::Memory {
            memory,
            layout,
            shape,
            address,
        } = self.place(pointer)?
        else {
            return Err(Refusal::internal("an atomic outside of memory", span));
        };
        for (_, index) in self.leaf_indices(layout, &shape, address, span)? {
            let index = self.value(index, span);
            let value = self.value(term, span);
            self.push(
                InstKind::Atomic {
                    op,
                    memory,
                    index,
                    value,
                },
                span,
            );
        }
        Ok(())
    }
}
