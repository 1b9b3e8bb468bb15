//! CUDA C++ for NVRTC: self-contained, without an `#include`, a macro or a name of the standard library.
//!
//! The text is C++11 and keeps to what C++ defines, so that a host compiler with the few names of CUDA
//! declared before it compiles the same kernel for a processor; that is how the tests run it.

mod module;
mod operation;
#[cfg(test)]
mod tests;

use super::dialect::Dialect;
use super::printer::Printer;
use crate::ir::{AtomicOp, Axis, BarrierScope, BinaryOp, Builtin, MemoryId, Type};

/// The spelling of CUDA C++.
pub(super) struct Cuda;

impl Dialect for Cuda {
    fn open(&self, printer: &mut Printer<'_>) {
        module::open(printer);
    }

    fn close(&self, printer: &mut Printer<'_>) {
        module::close(printer);
    }

    fn private_array(&self, memory: MemoryId, words: u32) -> String {
        format!("u32 m{}[{words}] = {{}};", memory.0)
    }

    fn value(&self, ty: Type, name: &str, value: &str) -> String {
        format!("const {ty} {name} = {value};")
    }

    fn variable(&self, ty: Type, name: &str, initial: Option<&str>) -> String {
        // After the steps are used up a loop ends without its results, and reading a variable that was
        // never set is undefined.
        match initial {
            Some(initial) => format!("{ty} {name} = {initial};"),
            None => format!("{ty} {name} = {};", self.constant(ty, 0)),
        }
    }

    fn endless_loop(&self) -> &'static str {
        "for (;;)"
    }

    fn read(&self, printer: &Printer<'_>, memory: MemoryId, place: String) -> String {
        if printer.program.memory(memory).is_common() {
            format!("held({place})")
        } else {
            place
        }
    }

    fn write(&self, _: &Printer<'_>, _: MemoryId, place: &str, word: &str) -> String {
        format!("{place} = {word};")
    }

    fn atomic(
        &self,
        _: &Printer<'_>,
        op: AtomicOp,
        ty: Type,
        _: MemoryId,
        place: &str,
        value: &str,
    ) -> String {
        let (function, ordered) = match op {
            AtomicOp::Add => ("atomicAdd", false),
            AtomicOp::Min => ("atomicMin", true),
            AtomicOp::Max => ("atomicMax", true),
            AtomicOp::And => ("atomicAnd", false),
            AtomicOp::Or => ("atomicOr", false),
            AtomicOp::Xor => ("atomicXor", false),
        };
        if ordered && ty == Type::I32 {
            format!("{function}((i32*)&{place}, {value});")
        } else {
            let value = operation::cast(ty, Type::U32, value);
            format!("{function}(&{place}, {value});")
        }
    }

    fn barrier(&self, scope: BarrierScope) -> &'static str {
        match scope {
            // It orders both memories.
            BarrierScope::Workgroup | BarrierScope::Storage => "__syncthreads();",
        }
    }

    fn constant(&self, ty: Type, bits: u32) -> String {
        operation::constant(ty, bits)
    }

    fn builtin(&self, builtin: Builtin) -> String {
        let (vector, axis) = match builtin {
            Builtin::LocalInvocationIndex => return "local_index".to_owned(),
            Builtin::GlobalInvocationId(axis) => ("global_", axis),
            Builtin::LocalInvocationId(axis) => ("local_", axis),
            Builtin::WorkgroupId(axis) => ("blockIdx.", axis),
            Builtin::NumWorkgroups(axis) => ("gridDim.", axis),
        };
        let component = match axis {
            Axis::X => 'x',
            Axis::Y => 'y',
            Axis::Z => 'z',
        };
        format!("{vector}{component}")
    }

    fn binary(&self, op: BinaryOp, ty: Type, a: &str, b: &str) -> String {
        operation::binary(op, ty, a, b)
    }

    fn select(&self, condition: &str, accept: &str, reject: &str) -> String {
        format!("{condition} ? {accept} : {reject}")
    }

    fn cast(&self, from: Type, to: Type, operand: &str) -> String {
        operation::cast(from, to, operand)
    }
}
