//! Which values are visible at a place of the walk.

use crate::ir::{InvalidCode, Type, Value};

/// The result of a check.
pub(super) type Checked<T = ()> = Result<T, InvalidCode>;

/// What a walk knows of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Undefined,
    Visible,
    /// Defined in a block that was left.
    Hidden,
}

/// The values of a program while it is walked.
pub(super) struct Scope<'a> {
    types: &'a [Type],
    values: Vec<Visibility>,
    /// The visible values, innermost block last.
    visible: Vec<Value>,
}

impl<'a> Scope<'a> {
    /// No value is defined yet.
    pub(super) fn new(types: &'a [Type]) -> Self {
        Self {
            types,
            values: vec![Visibility::Undefined; types.len()],
            visible: Vec::new(),
        }
    }

    /// A mark to [`Self::hide`] from.
    pub(super) fn mark(&self) -> usize {
        self.visible.len()
    }

    /// Leaves a block: hides what was defined since a mark.
    pub(super) fn hide(&mut self, outer: usize) {
        for value in self.visible.drain(outer..) {
            self.values[value.0 as usize] = Visibility::Hidden;
        }
    }

    /// The type of a value that is in the table.
    pub(super) fn known(&self, value: Value) -> Checked<Type> {
        self.types
            .get(value.0 as usize)
            .copied()
            .ok_or(InvalidCode::UnknownValue { value })
    }

    /// The type of an operand, which must be visible.
    pub(super) fn used(&self, value: Value) -> Checked<Type> {
        let ty = self.known(value)?;
        if self.values[value.0 as usize] != Visibility::Visible {
            return Err(InvalidCode::NotVisible { value });
        }
        Ok(ty)
    }

    pub(super) fn use_as(&self, value: Value, expected: Type) -> Checked {
        let got = self.used(value)?;
        if got != expected {
            return Err(InvalidCode::Type {
                value,
                got,
                expected,
            });
        }
        Ok(())
    }

    pub(super) fn define(&mut self, value: Value) -> Checked<Type> {
        let ty = self.known(value)?;
        let visibility = &mut self.values[value.0 as usize];
        if *visibility != Visibility::Undefined {
            return Err(InvalidCode::Redefined { value });
        }
        *visibility = Visibility::Visible;
        self.visible.push(value);
        Ok(ty)
    }

    pub(super) fn define_as(&mut self, value: Value, expected: Type) -> Checked {
        let got = self.define(value)?;
        if got != expected {
            return Err(InvalidCode::Type {
                value,
                got,
                expected,
            });
        }
        Ok(())
    }

    pub(super) fn define_all(&mut self, values: &[Value]) -> Checked {
        values
            .iter()
            .try_for_each(|&value| self.define(value).map(|_| ()))
    }
}
