//! What surrounds a kernel's statements: bindings, state, entry point, and the report at the end.

use super::element;
use crate::emit::printer::Printer;
use crate::emit::{Emitted, Layout, Role};
use crate::ir::Space;

/// The state every kernel has, how it checks an index (see `access`) and how it takes steps. What is left stays at
/// none once a step is refused, so that every later one is refused too, and each loop ends at its next start.
const PRELUDE: &str = "
struct Report {
    first_trapped: atomic<u32>,
    steps: atomic<u32>,
    site: u32,
    index: u32,
}

var<private> steps_left: u32;
var<private> rounds_left: u32;
var<private> trap_site: u32;
var<private> trap_index: u32;
var<private> trap_barriers: u32;
var<private> barriers: u32;

fn trap_unless(fine: bool, site: u32, index: u32) {
    let first = !fine & (trap_site == 0u);
    trap_site = select(trap_site, site, first);
    trap_index = select(trap_index, index, first);
    trap_barriers = select(trap_barriers, barriers, first);
}

fn trap(site: u32, index: u32) {
    trap_unless(false, site, index);
}

fn readable(index: u32, length: u32, site: u32) -> u32 {
    trap_unless(index < length, site, index);
    return min(index, length);
}

fn writable(index: u32, length: u32, site: u32) -> u32 {
    let inside = index < length;
    trap_unless(inside, site, index);
    return select(length + 1u, index, inside);
}

fn take_steps(count: u32, site: u32) {
    let granted = count <= steps_left;
    steps_left = select(0u, steps_left - count, granted);
    trap_unless(granted, site, 0u);
}

fn take_step() -> bool {
    let granted = steps_left != 0u;
    steps_left -= select(0u, 1u, granted);
    return granted;
}

fn pass_barrier() {
    barriers += select(0u, 1u, barriers < 0xfffffffeu);
}

";

/// Finds whether the invocation is the one whose trap comes first in its workgroup: of those before the fewest
/// barriers the one with the smallest number. The words start at zero, so what is wanted small is turned round.
const VERDICT: &str = "    let earliness = select(0u, ~trap_barriers, trap_site != 0u);
    atomicMax(&earliest, earliness);
    workgroupBarrier();
    let candidate = (trap_site != 0u) & (earliness == atomicLoad(&earliest));
    atomicMax(&lowest, select(0u, ~local_index, candidate));
    workgroupBarrier();
    let reports = candidate & (~local_index == atomicLoad(&lowest));
";

/// The same where there is no barrier: the host looks for the smallest number of all.
const NO_VERDICT: &str = "    let reports = trap_site != 0u;
";

/// Leaves what happened to the invocation; see [`report`](crate::emit::report).
const EPILOGUE: &str = "    atomicMax(&report.steps, job.steps - steps_left);
    if reports {
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

/// Prints what comes before the kernel's statements.
pub(super) fn open(printer: &mut Printer<'_>) {
    interface(printer);
    printer.text(PRELUDE);
    let [x, y, z] = printer.program.workgroup_size;
    printer.line(format_args!(""));
    printer.line(format_args!("const GROUP_INVOCATIONS = {}u;", x * y * z));
    printer.line(format_args!(""));
    printer.line(format_args!("@compute @workgroup_size({x}, {y}, {z})"));
    printer.line(format_args!("fn {}(", Emitted::ENTRY_POINT));
    printer.text(
        "    @builtin(global_invocation_id) global: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) local_index: u32,
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
) {
    steps_left = job.steps;
    rounds_left = job.steps;
",
    );
}

/// Prints what comes after them.
pub(super) fn close(printer: &mut Printer<'_>) {
    printer.text(if printer.sharing.meets {
        VERDICT
    } else {
        NO_VERDICT
    });
    printer.text(EPILOGUE);
}

fn interface(printer: &mut Printer<'_>) {
    printer.line(format_args!("struct Job {{"));
    printer.line(format_args!("    steps: u32,"));
    printer.line(format_args!("    explains: u32,"));
    for id in printer.layout.runtime_buffers().to_vec() {
        printer.line(format_args!("    length{}: u32,", id.0));
    }
    printer.line(format_args!("}}"));
    printer.line(format_args!(""));
    for (binding, role) in printer.layout.bindings.clone().into_iter().enumerate() {
        let variable = match role {
            Role::Input(id) => format!("var<storage, read> m{}: array<u32>;", id.0),
            Role::Output(id) => {
                let element = element(printer, id).name();
                format!("var<storage, read_write> m{}: array<{element}>;", id.0)
            }
            Role::Tables => "var<storage, read> tables: array<u32>;".to_owned(),
            Role::Parameters => "var<uniform> job: Job;".to_owned(),
            Role::Report => "var<storage, read_write> report: Report;".to_owned(),
        };
        printer.line(format_args!("@group(0) @binding({binding}) {variable}"));
    }
    if printer.sharing.meets {
        for word in ["earliest", "lowest"] {
            printer.line(format_args!("var<workgroup> {word}: atomic<u32>;"));
        }
    }
    let program = printer.program;
    for (id, memory) in program.memories() {
        if let Space::Shared { words } = memory.space {
            let element = element(printer, id).name();
            let words = words + Layout::SPARE_WORDS;
            printer.line(format_args!(
                "var<workgroup> m{}: array<{element}, {words}>;",
                id.0
            ));
        }
    }
}
