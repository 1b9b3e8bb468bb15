//! Params and results that always equal one value visible outside.

use crate::ir::{Block, InstKind, Program, Terminator, Value};

/// For each value, an earlier value that it always equals.
#[derive(Debug)]
pub(super) struct Copies {
    of: Vec<Option<Value>>,
    found: bool,
}

impl Copies {
    /// The value to use instead of `value`.
    pub(super) fn resolve(&self, mut value: Value) -> Value {
        // A copy is of a value that is visible where the copy is defined, so chains end.
        while let Some(original) = self.of[value.0 as usize] {
            value = original;
        }
        value
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        !self.found
    }

    fn set(&mut self, copy: Value, original: Value) {
        self.of[copy.0 as usize] = Some(original);
        self.found = true;
    }
}

/// Finds copies.
pub(super) fn find(program: &Program) -> Copies {
    let count = program.values.len();
    let mut search = Search {
        copies: Copies {
            of: vec![None; count],
            found: false,
        },
        visible: vec![false; count],
        scope: Vec::new(),
    };
    search.block(&program.body, None);
    search.copies
}

/// What the ends of blocks pass to the loop around them.
#[derive(Default)]
struct Ends {
    breaks: Vec<Vec<Value>>,
    continues: Vec<Vec<Value>>,
}

struct Search {
    copies: Copies,
    visible: Vec<bool>,
    /// The visible values in order of definition.
    scope: Vec<Value>,
}

impl Search {
    fn define(&mut self, value: Value) {
        self.visible[value.0 as usize] = true;
        self.scope.push(value);
    }

    /// Hides what was defined since the scope had `height` values.
    fn leave(&mut self, height: usize) {
        for value in self.scope.drain(height..) {
            self.visible[value.0 as usize] = false;
        }
    }

    /// The one value that `values` are, if it can be seen here.
    fn common(&self, values: impl IntoIterator<Item = Value>) -> Option<Value> {
        let mut values = values.into_iter().map(|value| self.copies.resolve(value));
        let first = values.next()?;
        (self.visible[first.0 as usize] && values.all(|value| value == first)).then_some(first)
    }

    /// Visits a block; `ends` is of the innermost loop.
    fn block(&mut self, block: &Block, mut ends: Option<&mut Ends>) {
        let height = self.scope.len();
        for inst in &block.insts {
            match &inst.kind {
                InstKind::If {
                    then,
                    otherwise,
                    results,
                    ..
                } => {
                    self.block(then, ends.as_deref_mut());
                    self.block(otherwise, ends.as_deref_mut());
                    let yields: Vec<&[Value]> = [then, otherwise]
                        .into_iter()
                        .filter_map(|arm| match &arm.end {
                            Terminator::Yield(values) => Some(values.as_slice()),
                            _ => None,
                        })
                        .collect();
                    self.results(results, &yields);
                }
                InstKind::Loop {
                    params,
                    body,
                    results,
                } => {
                    let outer = self.scope.len();
                    for param in params {
                        self.define(param.param);
                    }
                    let mut inner = Ends::default();
                    self.block(body, Some(&mut inner));
                    self.leave(outer);
                    for (at, param) in params.iter().enumerate() {
                        let rounds = inner.continues.iter().filter_map(|values| values.get(at));
                        let others = rounds
                            .map(|&value| self.copies.resolve(value))
                            .filter(|&value| value != param.param);
                        let sources = std::iter::once(param.initial).chain(others);
                        if let Some(original) = self.common(sources) {
                            self.copies.set(param.param, original);
                        }
                    }
                    let breaks: Vec<&[Value]> = inner.breaks.iter().map(Vec::as_slice).collect();
                    self.results(results, &breaks);
                }
                simple => {
                    if let Some(result) = super::result_of(simple) {
                        self.define(result);
                    }
                }
            }
        }
        match (&block.end, ends) {
            (Terminator::Break(values), Some(ends)) => ends.breaks.push(values.clone()),
            (Terminator::Continue(values), Some(ends)) => ends.continues.push(values.clone()),
            _ => {}
        }
        self.leave(height);
    }

    /// Defines results, each of which is one of the values at its place in `sources`.
    fn results(&mut self, results: &[Value], sources: &[&[Value]]) {
        for (at, &result) in results.iter().enumerate() {
            let values = sources.iter().filter_map(|values| values.get(at).copied());
            match self.common(values) {
                Some(original) => self.copies.set(result, original),
                None => self.define(result),
            }
        }
    }
}
