//! The walk over a program that prints it.
//!
//! Values keep their numbers: `v12` is `%12`, `m3` the memory with id 3. Most are `let`s; the results of
//! an `if` or a `loop` and the params of a `loop` are `var`s assigned where control leaves a block. A
//! `let` is evaluated where it stands, so assigning a param for the next round changes no value that is
//! still in use.

use std::collections::HashSet;
use std::fmt::{Arguments, Write as _};

use super::operation;
use super::{EmittedWgsl, Layout, Role, Site, SiteKind, Size};
use crate::ir::{
    Axis, Block, Builtin, Inst, InstKind, Length, LoopParam, MemoryId, Program, Space, Span,
    Terminator, Type, Value,
};
use crate::job::Access;

/// The state every kernel has, and how it takes a step. The counter stops at the limit, so that once a
/// step is refused every later one is too, and each loop ends at its next start.
const PRELUDE: &str = "
struct Report {
    first_trapped: atomic<u32>,
    steps: atomic<u32>,
    site: u32,
    index: u32,
}

var<private> steps: u32;
var<private> trap_site: u32;
var<private> trap_index: u32;

fn trap(site: u32, index: u32) {
    if trap_site == 0u {
        trap_site = site;
        trap_index = index;
    }
}

fn take_steps(count: u32, site: u32) -> bool {
    let granted = count <= job.steps - steps;
    if granted {
        steps += count;
    } else {
        steps = job.steps;
        trap(site, 0u);
    }
    return granted;
}
";

/// Leaves what happened to the invocation; see [`report`](super::report).
const EPILOGUE: &str = "    atomicMax(&report.steps, steps);
    if trap_site != 0u {
        let group = workgroup.x + workgroups.x * (workgroup.y + workgroups.y * workgroup.z);
        let invocation = group * GROUP_INVOCATIONS + local_index;
        atomicMin(&report.first_trapped, invocation);
        if invocation == job.explains {
            report.site = trap_site;
            report.index = trap_index;
        }
    }
}
";

/// Prints a program that was checked.
pub(super) fn print(program: &Program) -> EmittedWgsl {
    let mut printer = Printer {
        program,
        layout: Layout::of(program),
        source: String::new(),
        depth: 0,
        constants: vec![None; program.values.len()],
        sites: Vec::new(),
        size: Size::default(),
    };
    printer.module();
    EmittedWgsl {
        source: printer.source,
        layout: printer.layout,
        sites: printer.sites,
        size: printer.size,
    }
}

struct Printer<'p> {
    program: &'p Program,
    layout: Layout,
    source: String,
    /// Blocks around the place being printed, the kernel's own not counted.
    depth: usize,
    /// The bits of the values that are constants.
    constants: Vec<Option<u32>>,
    sites: Vec<Site>,
    size: Size,
}

/// Where control goes from the blocks being printed.
#[derive(Clone, Copy)]
struct Exits<'p> {
    /// What a `Yield` assigns.
    results: &'p [Value],
    /// The innermost loop.
    around: Option<LoopExits<'p>>,
}

#[derive(Clone, Copy)]
struct LoopExits<'p> {
    params: &'p [LoopParam],
    results: &'p [Value],
}

/// Whether an access can miss.
enum Bound {
    /// The index is a constant within the memory.
    Inside,
    /// The index must be compared with this length.
    Checked(String),
}

impl<'p> Printer<'p> {
    fn module(&mut self) {
        self.interface();
        self.source.push_str(PRELUDE);
        let [x, y, z] = self.program.workgroup_size;
        self.line(format_args!(""));
        self.line(format_args!("const GROUP_INVOCATIONS = {}u;", x * y * z));
        self.line(format_args!(""));
        self.line(format_args!("@compute @workgroup_size({x}, {y}, {z})"));
        self.line(format_args!("fn {}(", EmittedWgsl::ENTRY_POINT));
        self.source.push_str(
            "    @builtin(global_invocation_id) global: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) local_index: u32,
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
) {
",
        );
        for (id, memory) in self.program.memories() {
            if let Space::Private { words } = memory.space {
                self.line(format_args!("    var m{}: array<u32, {words}>;", id.0));
                self.size.private_words = self.size.private_words.max(words);
            }
        }
        let program = self.program;
        self.block(
            &program.body,
            Exits {
                results: &[],
                around: None,
            },
        );
        self.source.push_str(EPILOGUE);
    }

    fn interface(&mut self) {
        self.line(format_args!("struct Job {{"));
        self.line(format_args!("    steps: u32,"));
        self.line(format_args!("    explains: u32,"));
        for id in self.layout.runtime_buffers().to_vec() {
            self.line(format_args!("    length{}: u32,", id.0));
        }
        self.line(format_args!("}}"));
        self.line(format_args!(""));
        for (binding, role) in self.layout.bindings.clone().into_iter().enumerate() {
            let variable = match role {
                Role::Input(id) => format!("var<storage, read> m{}: array<u32>;", id.0),
                Role::Output(id) => format!("var<storage, read_write> m{}: array<u32>;", id.0),
                Role::Tables => "var<storage, read> tables: array<u32>;".to_owned(),
                Role::Parameters => "var<uniform> job: Job;".to_owned(),
                Role::Report => "var<storage, read_write> report: Report;".to_owned(),
            };
            self.line(format_args!("@group(0) @binding({binding}) {variable}"));
        }
    }

    fn block(&mut self, block: &'p Block, exits: Exits<'p>) {
        for inst in &block.insts {
            self.size.instructions += 1;
            self.inst(inst, exits);
        }
        match &block.end {
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
                self.define(*result, &operation::constant(ty, *bits));
            }
            InstKind::Builtin { result, builtin } => {
                self.define(*result, &builtin_name(*builtin));
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let ty = self.program.type_of(*lhs);
                let value = operation::binary(*op, ty, &name(*lhs), &name(*rhs));
                self.define(*result, &value);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                let [condition, accept, reject] = [condition, accept, reject].map(|v| name(*v));
                self.define(*result, &format!("select({reject}, {accept}, {condition})"));
            }
            InstKind::Cast { result, operand } => {
                let from = self.program.type_of(*operand);
                let to = self.program.type_of(*result);
                self.define(*result, &operation::cast(from, to, &name(*operand)));
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
                let site = self.site(inst.span, SiteKind::Steps);
                self.statement(format_args!("take_steps({steps}u, {site}u);"));
            }
        }
    }

    fn load(&mut self, result: Value, memory: MemoryId, index: Value, span: Span) {
        let ty = self.program.type_of(result);
        let word = self.place(memory, index);
        let value = operation::cast(Type::U32, ty, &word);
        match self.bound(memory, index) {
            Bound::Inside => self.define(result, &value),
            Bound::Checked(length) => {
                let access = Access::Read;
                let site = self.site(span, SiteKind::Bounds { memory, access });
                let (result, index) = (name(result), name(index));
                self.statement(format_args!("var {result}: {ty};"));
                self.statement(format_args!(
                    "if {index} < {length} {{ {result} = {value}; }} else {{ trap({site}u, {index}); }}"
                ));
            }
        }
    }

    fn store(&mut self, memory: MemoryId, index: Value, value: Value, span: Span) {
        let place = self.place(memory, index);
        let value = operation::cast(self.program.type_of(value), Type::U32, &name(value));
        match self.bound(memory, index) {
            Bound::Inside => self.statement(format_args!("{place} = {value};")),
            Bound::Checked(length) => {
                let access = Access::Write;
                let site = self.site(span, SiteKind::Bounds { memory, access });
                let index = name(index);
                self.statement(format_args!(
                    "if {index} < {length} {{ {place} = {value}; }} else {{ trap({site}u, {index}); }}"
                ));
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
        let exits = Exits { results, ..exits };
        // What follows an arm that never yields runs only after the other arm, so the other arm needs
        // no braces. Nesting is what drivers bear least, and early exits nest deeply in the IR.
        if !yields(then) {
            self.statement(format_args!("if {condition} {{"));
            self.nested(then, exits);
            self.statement(format_args!("}}"));
            self.block(otherwise, exits);
        } else if !yields(otherwise) {
            self.statement(format_args!("if !{condition} {{"));
            self.nested(otherwise, exits);
            self.statement(format_args!("}}"));
            self.block(then, exits);
        } else {
            self.statement(format_args!("if {condition} {{"));
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
            let (param, initial) = (name(*param), name(*initial));
            self.statement(format_args!("var {param}: {ty} = {initial};"));
        }
        self.declare(results);
        let site = self.site(span, SiteKind::Steps);
        self.statement(format_args!("loop {{"));
        self.statement(format_args!("    if !take_steps(1u, {site}u) {{ break; }}"));
        self.nested(
            body,
            Exits {
                results: &[],
                around: Some(LoopExits { params, results }),
            },
        );
        self.statement(format_args!("}}"));
    }

    fn nested(&mut self, block: &'p Block, exits: Exits<'p>) {
        self.depth += 1;
        self.size.nesting = self.size.nesting.max(self.depth);
        self.block(block, exits);
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
                self.statement(format_args!("let next{} = {};", variable.0, name(*value)));
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

    fn declare(&mut self, variables: &[Value]) {
        for variable in variables {
            let ty = self.program.type_of(*variable);
            self.statement(format_args!("var {}: {ty};", name(*variable)));
        }
    }

    fn define(&mut self, result: Value, value: &str) {
        let ty = self.program.type_of(result);
        self.statement(format_args!("let {}: {ty} = {value};", name(result)));
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
        let known = known_length(self.program, memory);
        match (self.constants[index.0 as usize], known) {
            (Some(index), Some(length)) if index < length => Bound::Inside,
            _ => Bound::Checked(self.length(memory)),
        }
    }

    fn length(&self, memory: MemoryId) -> String {
        match known_length(self.program, memory) {
            Some(length) => format!("{length}u"),
            None => format!("job.length{}", memory.0),
        }
    }

    /// The number of a new site, from 1.
    fn site(&mut self, span: Span, kind: SiteKind) -> usize {
        self.sites.push(Site { span, kind });
        self.sites.len()
    }

    /// A line of the kernel.
    fn statement(&mut self, text: Arguments<'_>) {
        for _ in 0..=self.depth {
            self.source.push_str("    ");
        }
        self.line(text);
    }

    fn line(&mut self, text: Arguments<'_>) {
        writeln!(self.source, "{text}").expect("a string can always be written to");
    }
}

/// Whether control can leave a block by a `Yield`. An `if` without a yielding arm ends its block as
/// unreachable, so the end decides alone.
fn yields(block: &Block) -> bool {
    matches!(block.end, Terminator::Yield(_))
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

fn name(value: Value) -> String {
    format!("v{}", value.0)
}

fn builtin_name(builtin: Builtin) -> String {
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
