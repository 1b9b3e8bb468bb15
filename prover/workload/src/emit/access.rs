//! Loads, stores and lengths.
//!
//! An index is compared with the memory's true length unless it cannot miss. The check takes no branch,
//! since drivers' compilers take far more than twice the time for twice the branches. Instead every
//! memory has two [spare words](super::Layout::SPARE_WORDS) behind its end. A load that misses reads the
//! first, which stays zero; a store that misses writes the second, which nothing reads.

use super::printer::{Printer, name};
use super::{Site, SiteKind};
use crate::ir::{AtomicOp, BarrierScope, Length, MemoryId, Program, Space, Span, Type, Value};
use crate::job::Access;

/// Whether an access can miss.
enum Bound {
    /// The index is a constant within the memory.
    Inside,
    /// The index is a constant past its end. Compilers refuse such an access where the memory is an array
    /// of known size, so it is not printed.
    Outside,
    /// The index must be compared with this length.
    Checked(String),
}

impl Printer<'_> {
    pub(super) fn load(&mut self, result: Value, memory: MemoryId, index: Value, span: Span) {
        let ty = self.program.type_of(result);
        let word = match self.place(memory, index, Access::Read, span) {
            Some(place) => self.dialect.read(self, memory, place),
            None => "0u".to_owned(),
        };
        self.define(result, &self.dialect.cast(Type::U32, ty, &word));
    }

    /// A load between two barriers. Where the index misses, the barriers stay.
    pub(super) fn uniform_load(
        &mut self,
        result: Value,
        memory: MemoryId,
        index: Value,
        span: Span,
    ) {
        self.barrier(BarrierScope::Workgroup);
        self.load(result, memory, index, span);
        self.barrier(BarrierScope::Workgroup);
    }

    pub(super) fn store(&mut self, memory: MemoryId, index: Value, value: Value, span: Span) {
        let value = self
            .dialect
            .cast(self.program.type_of(value), Type::U32, &name(value));
        if let Some(place) = self.place(memory, index, Access::Write, span) {
            let statement = self.dialect.write(self, memory, &place, &value);
            self.statement(format_args!("{statement}"));
        }
    }

    pub(super) fn atomic(
        &mut self,
        op: AtomicOp,
        memory: MemoryId,
        index: Value,
        value: Value,
        span: Span,
    ) {
        let ty = self.program.type_of(value);
        if let Some(place) = self.place(memory, index, Access::Update, span) {
            let statement = self
                .dialect
                .atomic(self, op, ty, memory, &place, &name(value));
            self.statement(format_args!("{statement}"));
        }
    }

    /// The word that an access is for, as an expression that notes a miss when it is evaluated. `None`
    /// where the access always misses, which is noted at once.
    fn place(
        &mut self,
        memory: MemoryId,
        index: Value,
        access: Access,
        span: Span,
    ) -> Option<String> {
        let bound = self.bound(memory, index);
        let mut at = name(index);
        if !matches!(bound, Bound::Inside) {
            let kind = SiteKind::Bounds { memory, access };
            let site = self.site(Site { span, kind });
            let Bound::Checked(length) = bound else {
                self.statement(format_args!("trap({site}u, {at});"));
                return None;
            };
            let function = match access {
                Access::Read => "readable",
                Access::Write | Access::Update => "writable",
            };
            at = format!("{function}({at}, {length}, {site}u)");
        }
        Some(match self.layout.table_offset(memory) {
            Some(0) => format!("tables[{at}]"),
            Some(offset) => format!("tables[{offset}u + {at}]"),
            None => format!("m{}[{at}]", memory.0),
        })
    }

    /// Whether an access cannot trap.
    pub(super) fn cannot_miss(&self, memory: MemoryId, index: Value) -> bool {
        matches!(self.bound(memory, index), Bound::Inside)
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
        Space::Shared { words } | Space::Private { words } => Some(*words),
        // A workload's tables have far fewer than 2^32 words.
        Space::Constant { words } => Some(words.len() as u32),
    }
}
