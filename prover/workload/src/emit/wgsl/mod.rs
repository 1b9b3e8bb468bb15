//! WGSL for a GPU driver behind wgpu.

mod module;
mod operation;
#[cfg(test)]
mod tests;

use super::dialect::Dialect;
use super::printer::Printer;
use crate::ir::{Axis, BinaryOp, Builtin, MemoryId, Type};

/// The spelling of WGSL.
pub(super) struct Wgsl;

impl Dialect for Wgsl {
    fn open(&self, printer: &mut Printer<'_>) {
        module::open(printer);
    }

    fn close(&self, printer: &mut Printer<'_>) {
        module::close(printer);
    }

    fn private_array(&self, memory: MemoryId, words: u32) -> String {
        format!("var m{}: array<u32, {words}>;", memory.0)
    }

    fn value(&self, ty: Type, name: &str, value: &str) -> String {
        format!("let {name}: {ty} = {value};")
    }

    fn variable(&self, ty: Type, name: &str, initial: Option<&str>) -> String {
        match initial {
            Some(initial) => format!("var {name}: {ty} = {initial};"),
            None => format!("var {name}: {ty};"),
        }
    }

    fn endless_loop(&self) -> &'static str {
        "loop"
    }

    fn constant(&self, ty: Type, bits: u32) -> String {
        operation::constant(ty, bits)
    }

    fn builtin(&self, builtin: Builtin) -> String {
        let (vector, axis) = match builtin {
            Builtin::LocalInvocationIndex => return "local_index".to_owned(),
            Builtin::GlobalInvocationId(axis) => ("global", axis),
            Builtin::LocalInvocationId(axis) => ("local", axis),
            Builtin::WorkgroupId(axis) => ("workgroup", axis),
            Builtin::NumWorkgroups(axis) => ("workgroups", axis),
        };
        let component = match axis {
            Axis::X => 'x',
            Axis::Y => 'y',
            Axis::Z => 'z',
        };
        format!("{vector}.{component}")
    }

    fn binary(&self, op: BinaryOp, ty: Type, a: &str, b: &str) -> String {
        operation::binary(op, ty, a, b)
    }

    fn select(&self, condition: &str, accept: &str, reject: &str) -> String {
        format!("select({reject}, {accept}, {condition})")
    }

    fn cast(&self, from: Type, to: Type, operand: &str) -> String {
        operation::cast(from, to, operand)
    }
}
