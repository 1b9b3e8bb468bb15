//! Checks that turn a [`Program`] into a [`Workload`].

use super::Program;

/// A program that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload(Program);

/// Why a program is not a workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProgram {}

impl Workload {
    /// Checks a program.
    pub fn new(program: Program) -> Result<Self, InvalidProgram> {
        Ok(Self(program))
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.0
    }
}
