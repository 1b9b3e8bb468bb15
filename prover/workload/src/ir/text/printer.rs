//! Program to text.

use std::fmt::{self, Write};

use crate::ir::{
    Block, InstKind, Length, LoopParam, Memory, MemoryId, Program, Space, Terminator, Type, Value,
    Workload,
};

/// The text form of a program, as its `Display` gives it.
pub fn print(program: &Program) -> String {
    program.to_string()
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program().fmt(f)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.workgroup_size;
        writeln!(f, "workload workgroup_size({x}, {y}, {z})")?;
        for (id, memory) in self.memories() {
            print_memory(f, id, memory)?;
        }
        f.write_str("body ")?;
        let mut printer = Printer {
            program: self,
            f,
            depth: 0,
        };
        printer.block(&self.body)?;
        f.write_char('\n')
    }
}

fn print_memory(f: &mut fmt::Formatter<'_>, id: MemoryId, memory: &Memory) -> fmt::Result {
    write!(f, "memory m{} {:?}: ", id.0, memory.name)?;
    let space = match &memory.space {
        Space::Input { uniform: true, .. } => "uniform",
        Space::Input { .. } => "input",
        Space::Output { .. } => "output",
        Space::Shared { words } => return writeln!(f, "shared {words}"),
        Space::Private { words } => return writeln!(f, "private {words}"),
        Space::Constant { words } => return writeln!(f, "constant {words:?}"),
    };
    f.write_str(space)?;
    if let Some(binding) = memory.binding() {
        write!(f, " binding({}, {})", binding.group, binding.binding)?;
    }
    match memory.space {
        Space::Input {
            length: Length::Words(words),
            ..
        }
        | Space::Output {
            length: Length::Words(words),
            ..
        } => writeln!(f, " {words}"),
        _ => writeln!(f, " runtime"),
    }
}

struct Printer<'a, 'f, 'b> {
    program: &'a Program,
    f: &'f mut fmt::Formatter<'b>,
    depth: usize,
}

impl Printer<'_, '_, '_> {
    fn new_line(&mut self) -> fmt::Result {
        self.f.write_char('\n')?;
        (0..self.depth).try_for_each(|_| self.f.write_str("  "))
    }

    fn block(&mut self, block: &Block) -> fmt::Result {
        if block.insts.is_empty() {
            return match &block.end {
                Terminator::Yield(values) if values.is_empty() => self.f.write_str("{}"),
                end => {
                    self.f.write_str("{ ")?;
                    self.end(end)?;
                    self.f.write_str(" }")
                }
            };
        }
        // Only a program that was not checked gets here; its stack must last, too.
        if self.depth > Workload::MAX_DEPTH {
            return self.f.write_str("{ ... }");
        }
        self.f.write_char('{')?;
        self.depth += 1;
        for inst in &block.insts {
            self.new_line()?;
            self.inst(&inst.kind)?;
        }
        if block.end != Terminator::default() {
            self.new_line()?;
            self.end(&block.end)?;
        }
        self.depth -= 1;
        self.new_line()?;
        self.f.write_char('}')
    }

    fn end(&mut self, end: &Terminator) -> fmt::Result {
        let (name, values): (_, &[Value]) = match end {
            Terminator::Yield(values) => ("yield", values),
            Terminator::Break(values) => ("break", values),
            Terminator::Continue(values) => ("continue", values),
            Terminator::Unreachable => ("unreachable", &[]),
        };
        self.f.write_str(name)?;
        if values.is_empty() {
            return Ok(());
        }
        self.f.write_char('(')?;
        for (at, value) in values.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(self.f, "{comma}{value}")?;
        }
        self.f.write_char(')')
    }

    fn type_of(&self, value: Value) -> Option<Type> {
        self.program.values.get(value.0 as usize).copied()
    }

    fn define(&mut self, value: Value) -> fmt::Result {
        match self.type_of(value) {
            Some(ty) => write!(self.f, "{value}: {ty}"),
            None => write!(self.f, "{value}: ?"),
        }
    }

    fn results(&mut self, results: &[Value]) -> fmt::Result {
        for (at, &result) in results.iter().enumerate() {
            if at != 0 {
                self.f.write_str(", ")?;
            }
            self.define(result)?;
        }
        if !results.is_empty() {
            self.f.write_str(" = ")?;
        }
        Ok(())
    }

    fn constant(&mut self, result: Value, bits: u32) -> fmt::Result {
        match (self.type_of(result), bits) {
            (Some(Type::Bool), 0) => self.f.write_str("const false"),
            (Some(Type::Bool), 1) => self.f.write_str("const true"),
            (Some(Type::I32), _) => write!(self.f, "const {}", bits as i32),
            _ => write!(self.f, "const {bits}"),
        }
    }

    fn inst(&mut self, kind: &InstKind) -> fmt::Result {
        match kind {
            InstKind::Const { result, bits } => {
                self.results(&[*result])?;
                self.constant(*result, *bits)
            }
            InstKind::Builtin { result, builtin } => {
                self.results(&[*result])?;
                write!(self.f, "builtin {}", builtin.name())
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                self.results(&[*result])?;
                write!(self.f, "{} {lhs}, {rhs}", op.name())
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                self.results(&[*result])?;
                write!(self.f, "select {condition}, {accept}, {reject}")
            }
            InstKind::Cast { result, operand } => {
                self.results(&[*result])?;
                write!(self.f, "cast {operand}")
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => {
                self.results(&[*result])?;
                write!(self.f, "load m{}[{index}]", memory.0)
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => write!(self.f, "store m{}[{index}] = {value}", memory.0),
            InstKind::ArrayLength { result, memory } => {
                self.results(&[*result])?;
                write!(self.f, "array_length m{}", memory.0)
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                self.results(results)?;
                write!(self.f, "if {condition} ")?;
                self.block(then)?;
                if *otherwise == Block::default() {
                    return Ok(());
                }
                self.f.write_str(" else ")?;
                self.block(otherwise)
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                self.results(results)?;
                self.f.write_str("loop")?;
                self.params(params)?;
                self.f.write_char(' ')?;
                self.block(body)
            }
            InstKind::Meter { steps } => write!(self.f, "meter {steps}"),
            InstKind::Barrier { scope } => write!(self.f, "barrier {}", scope.name()),
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => {
                self.results(&[*result])?;
                write!(self.f, "uniform_load m{}[{index}]", memory.0)
            }
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => write!(
                self.f,
                "atomic {} m{}[{index}], {value}",
                op.name(),
                memory.0
            ),
        }
    }

    fn params(&mut self, params: &[LoopParam]) -> fmt::Result {
        if params.is_empty() {
            return Ok(());
        }
        self.f.write_char('(')?;
        for (at, LoopParam { param, initial }) in params.iter().enumerate() {
            if at != 0 {
                self.f.write_str(", ")?;
            }
            self.define(*param)?;
            write!(self.f, " = {initial}")?;
        }
        self.f.write_char(')')
    }
}
