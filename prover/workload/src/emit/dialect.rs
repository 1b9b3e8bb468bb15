//! How a language spells what the [printer](super::printer) decides to print.
//!
//! A dialect decides nothing about checks, steps or traps: which access is checked, which loop takes steps
//! and what a site's number is are the printer's, so that no language can differ in them. A dialect's
//! opening declares what the printer then calls:
//!
//! * `trap(site, index)` notes a trap;
//! * `readable(index, length, site)` and `writable(index, length, site)` give the index of the word to use,
//!   and note a trap where `index` is no less than `length`;
//! * `steps_left` is the number of steps that the invocation may still take;
//! * `take_steps(count, site)` takes some of them; all, with a trap noted, where there are too few;
//! * `take_step()` takes one; false, with no trap noted, where there is none;
//! * `pass_barrier()` counts barriers;
//! * `rounds_left` is the number of rounds of uniform loops that are left, at first the limit on steps;
//! * `job.lengthN`, `mN` and `tables`: lengths of run-time sized buffers, and memories.
//!
//! `if`, `else`, `break`, `continue`, assignments and literals such as `1u` are the same everywhere.

use super::printer::Printer;
use crate::ir::{AtomicOp, BarrierScope, BinaryOp, Builtin, MemoryId, Type};

/// A language to print.
pub(super) trait Dialect {
    /// Prints everything before the kernel's first statement.
    fn open(&self, printer: &mut Printer<'_>);

    /// Prints everything after its last, the report among it.
    fn close(&self, printer: &mut Printer<'_>);

    /// Declares an array of the invocation, all zeros.
    fn private_array(&self, memory: MemoryId, words: u32) -> String;

    /// Declares a name for a value.
    fn value(&self, ty: Type, name: &str, value: &str) -> String;

    /// Declares a variable; without an initial value it holds some value of its type.
    fn variable(&self, ty: Type, name: &str, initial: Option<&str>) -> String;

    /// What begins a loop that only `break` ends.
    fn endless_loop(&self) -> &'static str;

    /// The word at a place of a memory, as `u32`.
    fn read(&self, printer: &Printer<'_>, memory: MemoryId, place: String) -> String;

    /// Replaces the word at a place of a memory by a `u32`.
    fn write(&self, printer: &Printer<'_>, memory: MemoryId, place: &str, word: &str) -> String;

    /// Combines the word at a place of a memory with a value of type `ty`, which is a name.
    fn atomic(
        &self,
        printer: &Printer<'_>,
        op: AtomicOp,
        ty: Type,
        memory: MemoryId,
        place: &str,
        value: &str,
    ) -> String;

    /// Waits for the workgroup.
    fn barrier(&self, scope: BarrierScope) -> &'static str;

    /// A constant.
    fn constant(&self, ty: Type, bits: u32) -> String;

    /// A value of the dispatch.
    fn builtin(&self, builtin: Builtin) -> String;

    /// A two-operand operation on operands of type `ty`. `a` and `b` are names, safe to repeat.
    fn binary(&self, op: BinaryOp, ty: Type, a: &str, b: &str) -> String;

    /// `accept` where `condition` holds, else `reject`; all are names.
    fn select(&self, condition: &str, accept: &str, reject: &str) -> String;

    /// A conversion of an expression.
    fn cast(&self, from: Type, to: Type, operand: &str) -> String;
}
