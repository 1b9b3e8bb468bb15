//! The WGSL front end: source text to a [`Workload`].
//!
//! ```text
//! text ──prescan──▶ naga (parse, evaluate constants, validate) ──lowering──▶ Program ──cleanup──▶ Workload
//! ```
//!
//! The lowering inlines every call, turns variables into values (SSA form) and maps each operation to the
//! program's. What it does not know it refuses by name, with its place and, where there is one, a remedy.
//!
//! The source may be hostile. Its size and nesting are bounded before naga sees it ([`FrontEndLimits`]), the
//! rest runs on a thread with a large stack, and a panic there becomes a [`Refusal`].

mod address;
mod bits;
mod branch;
mod call;
mod cleanup;
mod constants;
mod environment;
mod expression;
mod facts;
mod floats;
mod interface;
mod isolate;
mod limits;
mod loops;
mod lowering;
mod math;
mod module;
mod names;
mod operand;
mod overrides;
mod packed;
mod place;
mod prescan;
mod refusal;
mod shape;
mod statement;
mod switch;
mod synchronise;
#[cfg(test)]
mod tests;
mod token;
mod validation;
mod variables;
mod wording;

pub use limits::{FrontEndLimits, Limit};
pub use overrides::{Constant, Constants, InvalidConstant};
pub use refusal::Refusal;

use std::borrow::Cow;
use std::rc::Rc;

use crate::ir::{Block, Program, Span, Workload};

use call::Callee;
use lowering::Lowering;

/// Compiles the compute entry point `entry` of a WGSL source whose `override` constants have their own values.
///
/// ```
/// use arknet_workload::wgsl::{compile, FrontEndLimits};
///
/// let source = "
///     @group(0) @binding(0) var<storage, read_write> data: array<u32>;
///     @compute @workgroup_size(64)
///     fn main(@builtin(global_invocation_id) id: vec3<u32>) {
///         data[id.x] = data[id.x] * 3u + 1u;
///     }";
/// let workload = compile(source, "main", &FrontEndLimits::default())?;
/// assert_eq!(workload.program().workgroup_size, [64, 1, 1]);
/// # Ok::<(), arknet_workload::wgsl::Refusal>(())
/// ```
pub fn compile(source: &str, entry: &str, limits: &FrontEndLimits) -> Result<Workload, Refusal> {
    compile_with(source, entry, &Constants::new(), limits)
}

/// Compiles the compute entry point `entry` of a WGSL source with values for its `override` constants. The values
/// are part of the workload and of its id.
///
/// ```
/// use arknet_workload::wgsl::{compile_with, Constant, Constants, FrontEndLimits};
///
/// let source = "
///     override width: u32 = 64;
///     @group(0) @binding(0) var<storage, read_write> data: array<u32>;
///     @compute @workgroup_size(width)
///     fn main(@builtin(global_invocation_id) id: vec3<u32>) { data[id.x] = width; }";
/// let constants = Constants::from([("width".to_owned(), Constant::Integer(128))]);
/// let workload = compile_with(source, "main", &constants, &FrontEndLimits::default())?;
/// assert_eq!(workload.program().workgroup_size, [128, 1, 1]);
/// # Ok::<(), arknet_workload::wgsl::Refusal>(())
/// ```
pub fn compile_with(
    source: &str,
    entry: &str,
    constants: &Constants,
    limits: &FrontEndLimits,
) -> Result<Workload, Refusal> {
    isolate::run(|| {
        let mut program = lower(source, entry, constants, limits)?;
        cleanup::run(&mut program);
        Ok(Workload::new(program)?)
    })
}

/// Names of the storage and uniform buffers that a source declares, whether a kernel uses them or not. A source
/// that does not parse declares none.
pub fn declared_buffers(source: &str) -> Vec<String> {
    isolate::run(|| {
        prescan::check(source, &FrontEndLimits::default())?;
        let (module, _) = module::parse(source)?;
        Ok(interface::buffer_names(&module))
    })
    .unwrap_or_default()
}

/// Parses and lowers, without cleaning up.
fn lower(
    source: &str,
    entry: &str,
    constants: &Constants,
    limits: &FrontEndLimits,
) -> Result<Program, Refusal> {
    let has_overrides = prescan::check(source, limits)?;
    let substituted = if has_overrides || !constants.is_empty() {
        Cow::Owned(overrides::substitute(source, constants)?)
    } else {
        Cow::Borrowed(source)
    };
    let (module, info) = module::parse(&substituted)?;
    let name = entry;
    let (index, entry) = interface::find(&module, name)?;
    let program = Program {
        workgroup_size: interface::workgroup_size(entry)?,
        memories: Vec::new(),
        values: Vec::new(),
        body: Block::default(),
    };
    let mut lowering = Lowering::new(&module, &info, limits, index, program);
    lowering.declare_globals(entry)?;
    let arguments = lowering.entry_arguments(entry)?;
    let main = Callee {
        function: &entry.function,
        info: info.get_entry_point(index),
        facts: Rc::clone(lowering.facts.entry()),
    };
    lowering.run(main, arguments, Span::default())?;
    // Last, as whatever has floats left is refused with more to say.
    floats::check(source, name)?;
    let Lowering {
        mut program,
        mut prologue,
        insts,
        ..
    } = lowering;
    prologue.extend(insts);
    program.body.insts = prologue;
    Ok(program)
}
