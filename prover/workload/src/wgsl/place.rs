//! Indexing, loads and stores.

use naga::{Expression, Handle};

use crate::ir::{BinaryOp, InstKind, MemoryId, Space, Span, Type};

use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::operand::{Address, Composite, Operand, Place, Term};
use super::refusal::Refusal;
use super::shape::{Layout, Shape};

impl<'m> Lowering<'m> {
    /// `base[index]`, or the member of a struct.
    pub(super) fn access(
        &mut self,
        base: Handle<Expression>,
        index: Term,
        span: Span,
    ) -> Result<Operand, Refusal> {
        match self.operand(base)? {
            Operand::Value(composite) => {
                if let Some(part) = index.constant().and_then(|at| composite.part(at)) {
                    self.charge(part.terms.len() / 16, span)?;
                    return Ok(part.into());
                }
                let place = self.chosen_part(base, &composite, index, span)?;
                self.load(&place, span).map(Operand::Value)
            }
            Operand::Place(place) => self
                .access_place(base, place, index, span)
                .map(Operand::Place),
        }
    }

    fn access_place(
        &mut self,
        base: Handle<Expression>,
        place: Place,
        index: Term,
        span: Span,
    ) -> Result<Place, Refusal> {
        let at = index.constant();
        match place {
            Place::Slots { first, shape } => {
                if let Some(part) = at.and_then(|at| shape.part(at, Layout::Dense)) {
                    return Ok(Place::Slots {
                        first: first.offset(part.leaf),
                        shape: part.shape,
                    });
                }
                match shape {
                    Shape::Vector { len, .. } => Ok(Place::Lane {
                        first,
                        len,
                        index: self.cast(index, Type::U32, span),
                    }),
                    _ => Err(Refusal::internal(
                        "an array in slots is indexed at run time",
                        span,
                    )),
                }
            }
            Place::Parts { parts, .. } => at
                .and_then(|at| parts.get(at as usize))
                .cloned()
                .ok_or_else(|| Refusal::internal("parts are indexed at run time", span)),
            Place::Fixed(composite) => match at.and_then(|at| composite.part(at)) {
                Some(part) => Ok(Place::Fixed(part)),
                None => self.chosen_part(base, &composite, index, span),
            },
            Place::Memory {
                memory,
                layout,
                shape,
                address,
            } => self.memory_part(memory, layout, &shape, address, index, span),
            Place::Lane { .. } => Err(Refusal::internal("a scalar is indexed", span)),
        }
    }

    /// An element, chosen at run time, of a value.
    fn chosen_part(
        &mut self,
        base: Handle<Expression>,
        composite: &Composite,
        index: Term,
        span: Span,
    ) -> Result<Place, Refusal> {
        let Composite { shape, terms } = composite;
        if shape.element(Layout::Dense).is_none() {
            return Err(Refusal::internal("a scalar or struct is indexed", span));
        }
        let index = self.cast(index, Type::U32, span);
        let name = self.name_of(base);
        let memory = match self.table(name, terms, span)? {
            Some(table) => table,
            None if matches!(shape, Shape::Vector { .. }) => {
                let lane = self.lane(terms, index, span)?;
                return Ok(Place::Fixed(Composite::scalar(lane)));
            }
            None => self.spill(name, terms, span)?,
        };
        let address = Address::default();
        self.memory_part(memory, Layout::Dense, shape, address, index, span)
    }

    /// The name in the source of what an expression refers to.
    fn name_of(&self, expression: Handle<Expression>) -> Option<&'m str> {
        let function = self.frame().function;
        match function.expressions[expression] {
            Expression::Constant(constant) => self.module.constants[constant].name.as_deref(),
            Expression::LocalVariable(variable) => {
                function.local_variables[variable].name.as_deref()
            }
            Expression::GlobalVariable(variable) => {
                self.module.global_variables[variable].name.as_deref()
            }
            _ => function
                .named_expressions
                .get(&expression)
                .map(String::as_str),
        }
    }

    /// A component, chosen at run time, of a vector. An index that is out of bounds traps.
    fn lane(&mut self, terms: &[Term], index: Term, span: Span) -> Result<Term, Refusal> {
        self.check_lane(terms.len(), index, span)?;
        let (&first, rest) = terms
            .split_first()
            .ok_or_else(|| Refusal::internal("a vector without components", span))?;
        let mut chosen = first;
        for (at, &term) in (1..).zip(rest) {
            self.charge(2, span)?;
            let here = self.binary(BinaryOp::Eq, index, Term::word(at), span)?;
            chosen = self.select(here, term, chosen, span);
        }
        Ok(chosen)
    }

    /// Traps where an index is past a vector's components: a load from a table of that length does.
    fn check_lane(&mut self, len: usize, index: Term, span: Span) -> Result<(), Refusal> {
        if index.constant().is_some_and(|at| (at as usize) < len) {
            return Ok(());
        }
        self.charge(1, span)?;
        let zeros = vec![Term::zero(Type::U32); len];
        let table = self
            .table(Some("components"), &zeros, span)?
            .ok_or_else(|| Refusal::internal("a table of zeros is none", span))?;
        self.load_word(table, Type::U32, index, span);
        Ok(())
    }

    /// Puts an array value into memory of the invocation, to index it at run time.
    fn spill(
        &mut self,
        name: Option<&str>,
        terms: &[Term],
        span: Span,
    ) -> Result<MemoryId, Refusal> {
        self.charge(terms.len(), span)?;
        let memory = self.private_memory(name.unwrap_or("value"), terms.len(), span)?;
        for (at, &term) in (0..).zip(terms) {
            self.store_word(memory, Term::word(at), term, span);
        }
        Ok(memory)
    }

    /// A new memory of the invocation.
    pub(super) fn private_memory(
        &mut self,
        name: &str,
        words: usize,
        span: Span,
    ) -> Result<MemoryId, Refusal> {
        over(Limit::PrivateWords, words, self.limits.private_words, span)?;
        self.used.private_words += words;
        over(
            Limit::PrivateWordsInAll,
            self.used.private_words,
            self.limits.private_words_in_all,
            span,
        )?;
        let words = u32::try_from(words)
            .map_err(|_| Refusal::internal("a limit that is no 32-bit number", span))?;
        self.new_inner_memory(name, Space::Private { words }, span)
    }

    /// The value at a place.
    pub(super) fn load(&mut self, place: &Place, span: Span) -> Result<Composite, Refusal> {
        match place {
            &Place::Slots { first, ref shape } => {
                let leaves = shape.leaves();
                self.charge(leaves / 16, span)?;
                Ok(Composite {
                    shape: shape.clone(),
                    terms: (0..leaves)
                        .map(|leaf| self.environment.get(first.offset(leaf)))
                        .collect(),
                })
            }
            &Place::Lane { first, len, index } => {
                let terms: Vec<Term> = (0..len as usize)
                    .map(|at| self.environment.get(first.offset(at)))
                    .collect();
                self.lane(&terms, index, span).map(Composite::scalar)
            }
            Place::Parts { parts, shape } => {
                self.charge(shape.leaves() / 16, span)?;
                let mut terms = Vec::with_capacity(shape.leaves());
                for part in parts.iter() {
                    terms.extend_from_slice(&self.load(part, span)?.terms);
                }
                Ok(Composite {
                    shape: shape.clone(),
                    terms: terms.into(),
                })
            }
            Place::Fixed(composite) => Ok(composite.clone()),
            &Place::Memory {
                memory,
                layout,
                ref shape,
                address,
            } => {
                let indices = self.leaf_indices(layout, shape, address, span)?;
                Ok(Composite {
                    shape: shape.clone(),
                    terms: indices
                        .into_iter()
                        .map(|(ty, index)| self.load_word(memory, ty, index, span))
                        .collect(),
                })
            }
        }
    }

    /// Writes a value to a place.
    pub(super) fn store(
        &mut self,
        place: &Place,
        terms: &[Term],
        span: Span,
    ) -> Result<(), Refusal> {
        let fits = |leaves: usize| {
            if leaves == terms.len() {
                Ok(())
            } else {
                Err(Refusal::internal("a value does not fit its place", span))
            }
        };
        match place {
            &Place::Slots { first, ref shape } => {
                fits(shape.leaves())?;
                self.charge(terms.len() / 16, span)?;
                for (leaf, &term) in terms.iter().enumerate() {
                    self.environment.set(first.offset(leaf), term);
                }
                Ok(())
            }
            &Place::Lane { first, len, index } => {
                fits(1)?;
                self.check_lane(len as usize, index, span)?;
                for (at, slot) in (0..len).map(|at| (at, first.offset(at as usize))) {
                    self.charge(2, span)?;
                    let here = self.binary(BinaryOp::Eq, index, Term::word(at), span)?;
                    let before = self.environment.get(slot);
                    let after = self.select(here, terms[0], before, span);
                    self.environment.set(slot, after);
                }
                Ok(())
            }
            Place::Parts { parts, shape } => {
                fits(shape.leaves())?;
                let mut rest = terms;
                for part in parts.iter() {
                    let (here, behind) = rest.split_at(part.leaves());
                    self.store(part, here, span)?;
                    rest = behind;
                }
                Ok(())
            }
            Place::Fixed(_) => Err(Refusal::internal("a store to no place", span)),
            &Place::Memory {
                memory,
                layout,
                ref shape,
                address,
            } => {
                fits(shape.leaves())?;
                let indices = self.leaf_indices(layout, shape, address, span)?;
                for ((_, index), &term) in indices.into_iter().zip(terms) {
                    self.store_word(memory, index, term, span);
                }
                Ok(())
            }
        }
    }

    /// Reads a word of memory; a `bool` is stored as 0 or 1.
    fn load_word(&mut self, memory: MemoryId, element: Type, index: Term, span: Span) -> Term {
        let ty = word_type(element);
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

    /// Writes a word of memory.
    pub(super) fn store_word(&mut self, memory: MemoryId, index: Term, term: Term, span: Span) {
        let term = self.cast(term, word_type(term.ty()), span);
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

impl Place {
    /// Scalars that it holds.
    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Slots { shape, .. } | Self::Parts { shape, .. } | Self::Memory { shape, .. } => {
                shape.leaves()
            }
            Self::Fixed(composite) => composite.terms.len(),
            Self::Lane { .. } => 1,
        }
    }
}

/// The type of a word that holds a scalar.
const fn word_type(ty: Type) -> Type {
    match ty {
        Type::Bool => Type::U32,
        word => word,
    }
}
