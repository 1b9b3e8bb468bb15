//! The walk over a program that prints it, the same for every language.
//!
//! Values keep their numbers: `v12` is `%12`, `m3` the memory with id 3. Most are constants of the text;
//! the results of an `if` or a `loop` and the params of a `loop` are variables assigned where control
//! leaves a block. A constant is evaluated where it stands, so assigning a param for the next round
//! changes no value that is still in use.

use std::collections::HashSet;
use std::fmt::{Arguments, Write as _};

use super::dialect::Dialect;
use super::sharing::Sharing;
use super::{Emitted, Layout, Site, SiteKind, Size};
use crate::ir::{
    BarrierScope, Block, Inst, InstKind, LoopParam, Program, Space, Span, Terminator, Value,
};

/// Prints a program that was checked.
pub(super) fn print(program: &Program, dialect: &dyn Dialect) -> Emitted {
    let mut printer = Printer {
        program,
        dialect,
        layout: Layout::of(program),
        sharing: Sharing::of(program),
        source: String::new(),
        depth: 0,
        constants: vec![None; program.values.len()],
        sites: Vec::new(),
        size: Size::default(),
    };
    dialect.open(&mut printer);
    printer.private_memories();
    printer.block(&program.body, Exits::KERNEL);
    dialect.close(&mut printer);
    Emitted {
        source: printer.source,
        layout: printer.layout,
        sites: printer.sites,
        size: printer.size,
    }
}

/// A program half printed.
pub(super) struct Printer<'p> {
    pub(super) program: &'p Program,
    pub(super) dialect: &'p dyn Dialect,
    pub(super) layout: Layout,
    pub(super) sharing: Sharing,
    source: String,
    /// Blocks around the place being printed, the kernel's own not counted.
    depth: usize,
    /// The bits of the values that are constants.
    pub(super) constants: Vec<Option<u32>>,
    sites: Vec<Site>,
    size: Size,
}

/// Where control goes from the blocks being printed.
#[derive(Clone, Copy)]
pub(super) struct Exits<'p> {
    /// What a `Yield` assigns.
    results: &'p [Value],
    /// The innermost loop.
    around: Option<LoopExits<'p>>,
}

impl<'p> Exits<'p> {
    /// Those of the kernel's body.
    const KERNEL: Self = Self {
        results: &[],
        around: None,
    };

    /// The same for a block whose `Yield` assigns these.
    pub(super) fn yielding(self, results: &'p [Value]) -> Self {
        Self { results, ..self }
    }
}

#[derive(Clone, Copy)]
struct LoopExits<'p> {
    params: &'p [LoopParam],
    results: &'p [Value],
}

impl<'p> Printer<'p> {
    /// Declares the arrays of the invocation.
    fn private_memories(&mut self) {
        for (id, memory) in self.program.memories() {
            if let Space::Private { words } = memory.space {
                let with_spare = words + Layout::SPARE_WORDS;
                let array = self.dialect.private_array(id, with_spare);
                self.statement(format_args!("{array}"));
                self.size.private_words = self.size.private_words.max(words);
            }
        }
    }

    pub(super) fn block(&mut self, block: &'p Block, exits: Exits<'p>) {
        self.insts(&block.insts, exits);
        self.end(&block.end, exits);
    }

    pub(super) fn insts(&mut self, insts: &'p [Inst], exits: Exits<'p>) {
        for inst in insts {
            self.count_instruction();
            self.inst(inst, exits);
        }
    }

    pub(super) fn count_instruction(&mut self) {
        self.size.instructions += 1;
    }

    pub(super) fn end(&mut self, end: &'p Terminator, exits: Exits<'p>) {
        match end {
            Terminator::Yield(values) => self.assign(exits.results.iter().copied(), values),
            Terminator::Break(values) => {
                if let Some(around) = exits.around {
                    self.assign(around.results.iter().copied(), values);
                    self.statement(format_args!("break;"));
                }
            }
            Terminator::Continue(values) => {
                if let Some(around) = exits.around {
                    self.assign(around.params.iter().map(|param| param.param), values);
                    self.statement(format_args!("continue;"));
                }
            }
            Terminator::Unreachable => {}
        }
    }

    fn inst(&mut self, inst: &'p Inst, exits: Exits<'p>) {
        match &inst.kind {
            InstKind::Const { result, bits } => {
                self.constants[result.0 as usize] = Some(*bits);
                let ty = self.program.type_of(*result);
                self.define(*result, &self.dialect.constant(ty, *bits));
            }
            InstKind::Builtin { result, builtin } => {
                self.define(*result, &self.dialect.builtin(*builtin));
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let ty = self.program.type_of(*lhs);
                let value = self.dialect.binary(*op, ty, &name(*lhs), &name(*rhs));
                self.define(*result, &value);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                let [condition, accept, reject] = [condition, accept, reject].map(|v| name(*v));
                let value = self.dialect.select(&condition, &accept, &reject);
                self.define(*result, &value);
            }
            InstKind::Cast { result, operand } => {
                let from = self.program.type_of(*operand);
                let to = self.program.type_of(*result);
                self.define(*result, &self.dialect.cast(from, to, &name(*operand)));
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => self.load(*result, *memory, *index, inst.span),
            InstKind::Store {
                memory,
                index,
                value,
            } => self.store(*memory, *index, *value, inst.span),
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => self.atomic(*op, *memory, *index, *value, inst.span),
            InstKind::Barrier { scope } => self.barrier(*scope),
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => self.uniform_load(*result, *memory, *index, inst.span),
            InstKind::ArrayLength { result, memory } => {
                let length = self.length(*memory);
                self.define(*result, &length);
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => self.branch(*condition, then, otherwise, results, exits),
            InstKind::Loop {
                params,
                body,
                results,
            } => self.repeat(params, body, results, inst.span),
            InstKind::Meter { steps } => {
                let site = self.step_site(inst.span);
                self.statement(format_args!("take_steps({steps}u, {site}u);"));
            }
        }
    }

    fn branch(
        &mut self,
        condition: Value,
        then: &'p Block,
        otherwise: &'p Block,
        results: &'p [Value],
        exits: Exits<'p>,
    ) {
        self.declare(results);
        let condition = name(condition);
        let exits = exits.yielding(results);
        // What follows an arm that never yields runs only after the other arm, so the other arm needs
        // no braces. Nesting is what drivers bear least, and early exits nest deeply in the IR.
        if !yields(then) {
            self.statement(format_args!("if ({condition}) {{"));
            self.nested(then, exits);
            self.statement(format_args!("}}"));
            self.block(otherwise, exits);
        } else if !yields(otherwise) {
            self.statement(format_args!("if (!{condition}) {{"));
            self.nested(otherwise, exits);
            self.statement(format_args!("}}"));
            self.block(then, exits);
        } else {
            self.statement(format_args!("if ({condition}) {{"));
            self.nested(then, exits);
            if !otherwise.insts.is_empty() || !results.is_empty() {
                self.statement(format_args!("}} else {{"));
                self.nested(otherwise, exits);
            }
            self.statement(format_args!("}}"));
        }
    }

    fn repeat(
        &mut self,
        params: &'p [LoopParam],
        body: &'p Block,
        results: &'p [Value],
        span: Span,
    ) {
        self.size.loops += 1;
        for LoopParam { param, initial } in params {
            let ty = self.program.type_of(*param);
            let variable = self
                .dialect
                .variable(ty, &name(*param), Some(&name(*initial)));
            self.statement(format_args!("{variable}"));
        }
        self.declare(results);
        let site = self.step_site(span);
        self.statement(format_args!("{} {{", self.dialect.endless_loop()));
        let exits = Exits {
            results: &[],
            around: Some(LoopExits { params, results }),
        };
        self.inside(|printer| printer.rounds(body, site, exits));
        self.statement(format_args!("}}"));
    }

    pub(super) fn nested(&mut self, block: &'p Block, exits: Exits<'p>) {
        self.inside(|printer| printer.block(block, exits));
    }

    /// Prints one level deeper.
    pub(super) fn inside(&mut self, print: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.size.nesting = self.size.nesting.max(self.depth);
        print(self);
        self.depth -= 1;
    }

    /// Assigns values to variables at the same time.
    fn assign(&mut self, variables: impl Iterator<Item = Value>, values: &[Value]) {
        let moves: Vec<_> = variables
            .zip(values.iter().copied())
            .filter(|(variable, value)| variable != value)
            .collect();
        // A value that is itself a variable assigned here must be read before that assignment. A loop
        // that rotates its params is the case; `next` keeps what they held.
        let overwritten: HashSet<_> = moves.iter().map(|(variable, _)| *variable).collect();
        for (variable, value) in &moves {
            if overwritten.contains(value) {
                let ty = self.program.type_of(*variable);
                let next = format!("next{}", variable.0);
                let kept = self.dialect.value(ty, &next, &name(*value));
                self.statement(format_args!("{kept}"));
            }
        }
        for (variable, value) in &moves {
            let target = name(*variable);
            if overwritten.contains(value) {
                self.statement(format_args!("{target} = next{};", variable.0));
            } else {
                self.statement(format_args!("{target} = {};", name(*value)));
            }
        }
    }

    pub(super) fn declare(&mut self, variables: &[Value]) {
        for variable in variables {
            let ty = self.program.type_of(*variable);
            let declared = self.dialect.variable(ty, &name(*variable), None);
            self.statement(format_args!("{declared}"));
        }
    }

    pub(super) fn define(&mut self, result: Value, value: &str) {
        let ty = self.program.type_of(result);
        let defined = self.dialect.value(ty, &name(result), value);
        self.statement(format_args!("{defined}"));
    }

    /// Waits for the workgroup, and counts the barrier: of the traps of a workgroup, those before fewer
    /// barriers come first.
    pub(super) fn barrier(&mut self, scope: BarrierScope) {
        let barrier = self.dialect.barrier(scope);
        self.statement(format_args!("{barrier}"));
        self.statement(format_args!("pass_barrier();"));
    }

    /// The number of a new site, from 1.
    pub(super) fn site(&mut self, site: Site) -> usize {
        self.sites.push(site);
        self.sites.len()
    }

    fn step_site(&mut self, span: Span) -> usize {
        let kind = SiteKind::Steps;
        self.site(Site { span, kind })
    }

    /// A line of the kernel.
    pub(super) fn statement(&mut self, text: Arguments<'_>) {
        for _ in 0..=self.depth {
            self.source.push_str("    ");
        }
        self.line(text);
    }

    /// Text that brings its own line ends.
    pub(super) fn text(&mut self, text: &str) {
        self.source.push_str(text);
    }

    pub(super) fn line(&mut self, text: Arguments<'_>) {
        writeln!(self.source, "{text}").expect("a string can always be written to");
    }
}

/// Whether control can leave a block by a `Yield`. An `if` without a yielding arm ends its block as
/// unreachable, so the end decides alone.
fn yields(block: &Block) -> bool {
    matches!(block.end, Terminator::Yield(_))
}

/// The variable of a value.
pub(super) fn name(value: Value) -> String {
    format!("v{}", value.0)
}
