//! Loads and stores through references, and indexing.

use std::rc::Rc;

use naga::{Expression, Handle, TypeInner};

use crate::ir::{InstKind, MemoryId, Span, Type};

use super::lowering::Lowering;
use super::names::refuse_type;
use super::operand::{Operand, Place, Term};
use super::refusal::Refusal;

impl Lowering<'_> {
    /// `base[index]`.
    pub(super) fn access(
        &mut self,
        base: Handle<Expression>,
        index: Term,
        span: Span,
    ) -> Result<Operand, Refusal> {
        let at = index.constant().map(|bits| bits as usize);
        let element = |elements: &[Term], at: usize| {
            elements
                .get(at)
                .copied()
                .ok_or_else(|| Refusal::internal("a constant index is out of bounds", span))
        };
        match self.operand(base)? {
            Operand::Composite(members) => match at.and_then(|at| members.get(at)) {
                Some(member) => Ok(member.clone()),
                None => Err(Refusal::unsupported(
                    "indexing a vector at run time",
                    "use `.x`, `.y` or `.z`",
                    span,
                )),
            },
            Operand::Array(elements) => match at {
                Some(at) => element(&elements, at).map(Operand::Scalar),
                None => {
                    let place = self.table_place(base, &elements, index, span)?;
                    self.load(place, span)
                }
            },
            Operand::Place(Place::Constant(elements)) => match at {
                Some(at) => element(&elements, at).map(|term| Operand::Place(Place::Element(term))),
                None => self
                    .table_place(base, &elements, index, span)
                    .map(Operand::Place),
            },
            Operand::Place(Place::Slots { first, len }) => match at {
                Some(at) if at < len => Ok(Operand::Place(Place::Slot(first.offset(at)))),
                _ => Err(Refusal::internal(
                    "an array in slots is indexed at run time",
                    span,
                )),
            },
            Operand::Place(Place::Array {
                memory, element, ..
            }) => {
                let index = self.cast(index, Type::U32, span);
                Ok(Operand::Place(Place::Word {
                    memory,
                    element,
                    index,
                }))
            }
            Operand::Place(Place::Buffer { memory, ty }) => {
                let members = match &self.module.types[ty].inner {
                    TypeInner::Struct { members, .. } => members.as_slice(),
                    _ => &[],
                };
                let member = at
                    .and_then(|at| members.get(at))
                    .ok_or_else(|| Refusal::internal("no such member", span))?;
                self.member(memory, member, span).map(Operand::Place)
            }
            Operand::Scalar(_)
            | Operand::Place(Place::Slot(_) | Place::Element(_) | Place::Word { .. }) => {
                Err(Refusal::internal("a scalar is indexed", span))
            }
        }
    }

    /// The word of a member of a buffer that is a struct.
    fn member(
        &self,
        memory: MemoryId,
        member: &naga::StructMember,
        span: Span,
    ) -> Result<Place, Refusal> {
        let element = self
            .scalar_of(member.ty)
            .ok_or_else(|| refuse_type(self.module, &self.module.types[member.ty].inner, span))?;
        Ok(Place::Word {
            memory,
            element,
            index: Term::Const {
                ty: Type::U32,
                bits: member.offset / 4,
            },
        })
    }

    /// An element of an array value, chosen at run time.
    fn table_place(
        &mut self,
        base: Handle<Expression>,
        elements: &Rc<[Term]>,
        index: Term,
        span: Span,
    ) -> Result<Place, Refusal> {
        let function = self.frame().function;
        let name = match function.expressions[base] {
            Expression::Constant(constant) => self.module.constants[constant].name.as_deref(),
            Expression::LocalVariable(variable) => {
                function.local_variables[variable].name.as_deref()
            }
            _ => function.named_expressions.get(&base).map(String::as_str),
        };
        let element = elements.first().map_or(Type::U32, |term| term.ty());
        let memory = self.table(name, elements, span)?.ok_or_else(|| {
            Refusal::unsupported(
                "indexing an array value at run time",
                "store the array in a `var` first and index that",
                span,
            )
        })?;
        let index = self.cast(index, Type::U32, span);
        Ok(Place::Word {
            memory,
            element,
            index,
        })
    }

    /// The value at a place.
    pub(super) fn load(&mut self, place: Place, span: Span) -> Result<Operand, Refusal> {
        match place {
            Place::Slot(slot) => Ok(Operand::Scalar(self.environment.get(slot))),
            Place::Slots { first, len } => Ok(Operand::Array(
                (0..len)
                    .map(|offset| self.environment.get(first.offset(offset)))
                    .collect(),
            )),
            Place::Constant(elements) => Ok(Operand::Array(elements)),
            Place::Element(term) => Ok(Operand::Scalar(term)),
            Place::Word {
                memory,
                element,
                index,
            } => Ok(Operand::Scalar(
                self.load_word(memory, element, index, span),
            )),
            Place::Array {
                memory,
                element,
                len: Some(len),
            } => {
                self.charge(len as usize, span)?;
                let word = |bits| Term::Const {
                    ty: Type::U32,
                    bits,
                };
                Ok(Operand::Array(
                    (0..len)
                        .map(|at| self.load_word(memory, element, word(at), span))
                        .collect(),
                ))
            }
            Place::Array { len: None, .. } => {
                Err(Refusal::internal("a run-time sized array is loaded", span))
            }
            Place::Buffer { memory, ty } => match &self.module.types[ty].inner {
                TypeInner::Struct { members, .. } => {
                    self.charge(members.len(), span)?;
                    members
                        .iter()
                        .map(|member| {
                            let place = self.member(memory, member, span)?;
                            self.load(place, span)
                        })
                        .collect::<Result<Rc<_>, _>>()
                        .map(Operand::Composite)
                }
                inner => Err(refuse_type(self.module, inner, span)),
            },
        }
    }

    fn load_word(&mut self, memory: MemoryId, element: Type, index: Term, span: Span) -> Term {
        let ty = if element == Type::Bool {
            Type::U32
        } else {
            element
        };
        let index = self.value(index, span);
        let result = self.program.new_value(ty);
        self.push(
            InstKind::Load {
                result,
                memory,
                index,
            },
            span,
        );
        self.cast(Term::Value { ty, value: result }, element, span)
    }

    /// Writes to a place.
    pub(super) fn store(
        &mut self,
        place: &Place,
        operand: &Operand,
        span: Span,
    ) -> Result<(), Refusal> {
        match (place, operand) {
            (&Place::Slot(slot), &Operand::Scalar(term)) => {
                self.environment.set(slot, term);
                Ok(())
            }
            (&Place::Slots { first, len }, Operand::Array(elements)) if elements.len() == len => {
                self.charge(len / 16, span)?;
                for (offset, &term) in elements.iter().enumerate() {
                    self.environment.set(first.offset(offset), term);
                }
                Ok(())
            }
            (
                &Place::Word {
                    memory,
                    element,
                    index,
                },
                &Operand::Scalar(term),
            ) => {
                self.store_word(memory, element, index, term, span);
                Ok(())
            }
            (
                &Place::Array {
                    memory,
                    element,
                    len: Some(len),
                },
                Operand::Array(elements),
            ) if elements.len() == len as usize => {
                self.charge(elements.len(), span)?;
                for (bits, &term) in (0..len).zip(elements.iter()) {
                    let ty = Type::U32;
                    self.store_word(memory, element, Term::Const { ty, bits }, term, span);
                }
                Ok(())
            }
            (Place::Buffer { ty, .. }, _) => {
                let inner = &self.module.types[*ty].inner;
                Err(refuse_type(self.module, inner, span))
            }
            _ => Err(Refusal::internal("a value does not fit its place", span)),
        }
    }

    /// Writes a word of memory.
    pub(super) fn store_word(
        &mut self,
        memory: MemoryId,
        element: Type,
        index: Term,
        term: Term,
        span: Span,
    ) {
        let word = if element == Type::Bool {
            Type::U32
        } else {
            element
        };
        let term = self.cast(term, word, span);
        let index = self.value(index, span);
        let value = self.value(term, span);
        self.push(
            InstKind::Store {
                memory,
                index,
                value,
            },
            span,
        );
    }
}
