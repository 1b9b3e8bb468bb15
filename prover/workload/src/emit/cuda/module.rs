//! What surrounds a kernel's statements: parameters, state, entry point, and the report at the end.

use crate::emit::printer::Printer;
use crate::emit::{Emitted, Layout, Role};
use crate::ir::Space;

/// Types, and a word read from memory that other invocations may write.
///
/// In a racy kernel such a word may change while it is in use. A compiler that reads it twice, once for
/// the check of an index and once for the access, would let the access escape; after `held` it has no
/// word to read again.
const PRELUDE: &str = "typedef unsigned int u32;
typedef int i32;

struct Report {
    u32 first_trapped;
    u32 steps;
    u32 site;
    u32 index;
};

static __device__ __forceinline__ u32 held(u32 word) {
    asm volatile(\"\" : \"+r\"(word));
    return word;
}

struct Job {
    u32 steps;
    u32 explains;
";

/// The state of an invocation, how it checks an index (see `access`) and how it takes steps. What is left stays at
/// none once a step is refused, so that every later one is refused too, and each loop ends at its next start.
pub(super) const STATE: &str = "    u32 steps_left = job.steps;
    u32 rounds_left = job.steps;
    u32 trap_site = 0u;
    u32 trap_index = 0u;
    u32 trap_barriers = 0u;
    u32 barriers = 0u;
    const auto trap_unless = [&](bool fine, u32 site, u32 index) {
        const bool first = !fine & (trap_site == 0u);
        trap_site = first ? site : trap_site;
        trap_index = first ? index : trap_index;
        trap_barriers = first ? barriers : trap_barriers;
    };
    const auto trap = [&](u32 site, u32 index) {
        trap_unless(false, site, index);
    };
    const auto readable = [&](u32 index, u32 length, u32 site) -> u32 {
        const bool inside = index < length;
        trap_unless(inside, site, index);
        return inside ? index : length;
    };
    const auto writable = [&](u32 index, u32 length, u32 site) -> u32 {
        const bool inside = index < length;
        trap_unless(inside, site, index);
        return inside ? index : length + 1u;
    };
    const auto take_steps = [&](u32 count, u32 site) {
        const bool granted = count <= steps_left;
        steps_left = granted ? steps_left - count : 0u;
        trap_unless(granted, site, 0u);
    };
    const auto take_step = [&]() -> bool {
        const bool granted = steps_left != 0u;
        steps_left -= granted ? 1u : 0u;
        return granted;
    };
    const auto pass_barrier = [&]() {
        barriers += barriers < 0xfffffffeu ? 1u : 0u;
    };
";

/// Finds whether the invocation is the one whose trap comes first in its workgroup: of those before the fewest
/// barriers the one with the smallest number. The words start at zero, so what is wanted small is turned round.
const VERDICT: &str = "    const u32 earliness = trap_site != 0u ? ~trap_barriers : 0u;
    atomicMax(&earliest, earliness);
    __syncthreads();
    const bool candidate = (trap_site != 0u) & (earliness == earliest);
    atomicMax(&lowest, candidate ? ~local_index : 0u);
    __syncthreads();
    const bool reports = candidate & (~local_index == lowest);
";

/// The same where there is no barrier: the host looks for the smallest number of all.
const NO_VERDICT: &str = "    const bool reports = trap_site != 0u;
";

/// Leaves what happened to the invocation; see [`report`](crate::emit::report).
const EPILOGUE: &str = "    atomicMax(&report->steps, job.steps - steps_left);
    if (reports) {
        const u32 group = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
        const u32 invocation = group * GROUP_INVOCATIONS + local_index;
        atomicMin(&report->first_trapped, invocation);
        if (invocation == job.explains) {
            report->site = trap_site;
            report->index = trap_index;
        }
    }
}
";

/// Prints what comes before the kernel's statements.
pub(super) fn open(printer: &mut Printer<'_>) {
    let [x, y, z] = printer.program.workgroup_size;
    let invocations = x * y * z;
    printer.text(PRELUDE);
    for id in printer.layout.runtime_buffers().to_vec() {
        printer.line(format_args!("    u32 length{};", id.0));
    }
    printer.text("};\n\n");
    printer.line(format_args!(
        "extern \"C\" __global__ void __launch_bounds__({invocations}) {}(",
        Emitted::ENTRY_POINT
    ));
    parameters(printer);
    printer.text(") {\n");
    // Workgroups are lines: a block of threads may be only 64 deep, and a workgroup deeper.
    for line in [
        format_args!("const u32 GROUP_INVOCATIONS = {invocations}u;"),
        format_args!("const u32 local_index = threadIdx.x;"),
        format_args!("const u32 local_x = local_index % {x}u;"),
        format_args!("const u32 local_y = local_index / {x}u % {y}u;"),
        format_args!("const u32 local_z = local_index / {}u;", x * y),
        format_args!("const u32 global_x = blockIdx.x * {x}u + local_x;"),
        format_args!("const u32 global_y = blockIdx.y * {y}u + local_y;"),
        format_args!("const u32 global_z = blockIdx.z * {z}u + local_z;"),
    ] {
        printer.statement(line);
    }
    printer.text(STATE);
    shared_memories(printer);
}

/// Declares the workgroup's memory and sets it to zero: it holds what the last block left in it.
fn shared_memories(printer: &mut Printer<'_>) {
    let mut arrays = Vec::new();
    if printer.sharing.meets {
        printer.statement(format_args!("__shared__ u32 earliest;"));
        printer.statement(format_args!("__shared__ u32 lowest;"));
        printer.statement(format_args!("if (local_index == 0u) {{"));
        printer.statement(format_args!("    earliest = 0u;"));
        printer.statement(format_args!("    lowest = 0u;"));
        printer.statement(format_args!("}}"));
    }
    for (id, memory) in printer.program.memories() {
        if let Space::Shared { words } = memory.space {
            arrays.push((id.0, words + Layout::SPARE_WORDS));
        }
    }
    for (id, words) in &arrays {
        printer.statement(format_args!("__shared__ u32 m{id}[{words}];"));
        printer.statement(format_args!(
            "for (u32 at = local_index; at < {words}u; at += GROUP_INVOCATIONS) {{"
        ));
        printer.statement(format_args!("    m{id}[at] = 0u;"));
        printer.statement(format_args!("}}"));
    }
    if printer.sharing.meets || !arrays.is_empty() {
        printer.statement(format_args!("__syncthreads();"));
    }
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

/// A parameter for each binding, in their order: a pointer to a buffer's words, the job by value.
///
/// Only what no invocation writes is `__restrict__`: a compiler may take the promise to hold across a
/// barrier, where another invocation's words become visible.
fn parameters(printer: &mut Printer<'_>) {
    let bindings = printer.layout.bindings.clone();
    for (at, role) in bindings.iter().enumerate() {
        let parameter = match role {
            Role::Input(id) => format!("const u32* __restrict__ m{}", id.0),
            Role::Output(id) => format!("u32* m{}", id.0),
            Role::Tables => "const u32* __restrict__ tables".to_owned(),
            Role::Parameters => "const Job job".to_owned(),
            Role::Report => "Report* report".to_owned(),
        };
        let separator = if at + 1 == bindings.len() { "" } else { "," };
        printer.line(format_args!("    {parameter}{separator}"));
    }
}
