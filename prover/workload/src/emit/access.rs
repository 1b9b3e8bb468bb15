//! Loads, stores and lengths: each access compared with the true length first, unless it cannot miss.

use super::printer::{Printer, name};
use super::{Site, SiteKind, operation};
use crate::ir::{Length, MemoryId, Program, Space, Span, Type, Value};
use crate::job::Access;

/// Whether an access can miss.
enum Bound {
    /// The index is a constant within the memory.
    Inside,
    /// The index is a constant past its end. WGSL refuses such an access where the memory is an array of
    /// known size, so it is not printed.
    Outside,
    /// The index must be compared with this length.
    Checked(String),
}

impl Printer<'_> {
    pub(super) fn load(&mut self, result: Value, memory: MemoryId, index: Value, span: Span) {
        let ty = self.program.type_of(result);
        let value = operation::cast(Type::U32, ty, &self.place(memory, index));
        let bound = self.bound(memory, index);
        if let Bound::Inside = bound {
            self.define(result, &value);
        } else {
            self.declare(&[result]);
            let access = format!("{} = {value};", name(result));
            let kind = SiteKind::Bounds {
                memory,
                access: Access::Read,
            };
            self.guard(&bound, index, &access, Site { span, kind });
        }
    }

    pub(super) fn store(&mut self, memory: MemoryId, index: Value, value: Value, span: Span) {
        let value = operation::cast(self.program.type_of(value), Type::U32, &name(value));
        let access = format!("{} = {value};", self.place(memory, index));
        let bound = self.bound(memory, index);
        if let Bound::Inside = bound {
            self.statement(format_args!("{access}"));
        } else {
            let kind = SiteKind::Bounds {
                memory,
                access: Access::Write,
            };
            self.guard(&bound, index, &access, Site { span, kind });
        }
    }

    /// An access that happens within the bound and traps otherwise.
    fn guard(&mut self, bound: &Bound, index: Value, access: &str, site: Site) {
        let site = self.site(site);
        let index = name(index);
        if let Bound::Checked(length) = bound {
            self.statement(format_args!(
                "if {index} < {length} {{ {access} }} else {{ trap({site}u, {index}); }}"
            ));
        } else {
            self.statement(format_args!("trap({site}u, {index});"));
        }
    }

    /// The word of a memory that a checked index names.
    fn place(&self, memory: MemoryId, index: Value) -> String {
        let index = name(index);
        match self.layout.table_offset(memory) {
            Some(0) => format!("tables[{index}]"),
            Some(offset) => format!("tables[{offset}u + {index}]"),
            None => format!("m{}[{index}]", memory.0),
        }
    }

    fn bound(&self, memory: MemoryId, index: Value) -> Bound {
        let index = self.constants[index.0 as usize];
        match (index, known_length(self.program, memory)) {
            (Some(index), Some(length)) if index < length => Bound::Inside,
            (Some(_), Some(_)) => Bound::Outside,
            _ => Bound::Checked(self.length(memory)),
        }
    }

    /// The length of a memory in words.
    pub(super) fn length(&self, memory: MemoryId) -> String {
        match known_length(self.program, memory) {
            Some(length) => format!("{length}u"),
            None => format!("job.length{}", memory.0),
        }
    }
}

/// The words of a memory where the workload fixes them; a job's buffer then has exactly as many.
fn known_length(program: &Program, memory: MemoryId) -> Option<u32> {
    match &program.memory(memory).space {
        Space::Input { length, .. } | Space::Output { length, .. } => match length {
            Length::Words(words) => Some(*words),
            Length::Runtime => None,
        },
        Space::Private { words } => Some(*words),
        // A workload's tables have far fewer than 2^32 words.
        Space::Constant { words } => Some(words.len() as u32),
    }
}
