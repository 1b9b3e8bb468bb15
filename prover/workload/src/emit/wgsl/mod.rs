//! WGSL for a GPU driver behind wgpu.

mod module;
mod operation;
#[cfg(test)]
mod tests;

use super::dialect::Dialect;
use super::printer::Printer;
use super::sharing::Words;
use crate::ir::{AtomicOp, Axis, BarrierScope, BinaryOp, Builtin, MemoryId, Type};

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

    fn read(&self, printer: &Printer<'_>, memory: MemoryId, place: String) -> String {
        match element(printer, memory) {
            Element::Plain => place,
            Element::Atomic(ty) => operation::cast(ty, Type::U32, &format!("atomicLoad(&{place})")),
        }
    }

    fn write(&self, printer: &Printer<'_>, memory: MemoryId, place: &str, word: &str) -> String {
        match element(printer, memory) {
            Element::Plain => format!("{place} = {word};"),
            Element::Atomic(ty) => {
                let word = operation::cast(Type::U32, ty, word);
                format!("atomicStore(&{place}, {word});")
            }
        }
    }

    fn atomic(
        &self,
        printer: &Printer<'_>,
        op: AtomicOp,
        ty: Type,
        memory: MemoryId,
        place: &str,
        value: &str,
    ) -> String {
        let element = match element(printer, memory) {
            Element::Atomic(element) => element,
            Element::Plain => Type::U32,
        };
        let (function, ordered) = match op {
            AtomicOp::Add => ("atomicAdd", false),
            AtomicOp::Min => ("atomicMin", true),
            AtomicOp::Max => ("atomicMax", true),
            AtomicOp::And => ("atomicAnd", false),
            AtomicOp::Or => ("atomicOr", false),
            AtomicOp::Xor => ("atomicXor", false),
        };
        if ordered && ty != element {
            return exchange(op, ty, place, value);
        }
        let value = operation::cast(ty, element, value);
        format!("{function}(&{place}, {value});")
    }

    fn barrier(&self, scope: BarrierScope) -> &'static str {
        match scope {
            BarrierScope::Workgroup => "workgroupBarrier();",
            BarrierScope::Storage => "storageBarrier();",
        }
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

/// The element type of a memory's array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    /// `u32`.
    Plain,
    /// `atomic<u32>` or `atomic<i32>`.
    Atomic(Type),
}

impl Element {
    fn name(self) -> String {
        match self {
            Self::Plain => "u32".to_owned(),
            Self::Atomic(ty) => format!("atomic<{ty}>"),
        }
    }
}

/// An atomic compares words as its element type does, so that is the type the kernel compares them as.
fn element(printer: &Printer<'_>, memory: MemoryId) -> Element {
    match printer.sharing.words(memory) {
        Words::Plain => Element::Plain,
        Words::Atomic {
            signed: true,
            unsigned: false,
        } => Element::Atomic(Type::I32),
        Words::Atomic { .. } => Element::Atomic(Type::U32),
    }
}

/// The smaller or larger of a word and a value as numbers of a type that is not the element type: a memory
/// whose words are compared as either type has only one. The word is exchanged if it is still the one that was
/// compared; each time that it is not, another invocation has got on.
fn exchange(op: AtomicOp, ty: Type, place: &str, value: &str) -> String {
    let old = operation::cast(Type::U32, ty, "old");
    let new = operation::binary(op.binary(), ty, &old, value);
    let new = operation::cast(ty, Type::U32, &new);
    format!(
        "{{ let place = &{place}; loop {{ let old = atomicLoad(place); \
         if (atomicCompareExchangeWeak(place, old, {new}).exchanged) {{ break; }} }} }}"
    )
}
