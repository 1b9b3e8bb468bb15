//! Kernels that are in the language and made to exhaust a machine, its driver or the driver's compiler: each run ends
//! soon after its declared time, with an ordinary result or error.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::arknet::{Folder, Outcome, backends};

/// Beyond the declared time, for starting and ending processes on a busy machine.
const SLACK: Duration = Duration::from_secs(20);

/// What a job declares.
struct Bounds {
    workgroups: [u32; 3],
    steps: u32,
    memory: &'static str,
    seconds: u32,
    words: u32,
}

const BOUNDS: Bounds = Bounds {
    workgroups: [1, 1, 1],
    steps: u32::MAX,
    memory: "1MiB",
    seconds: 2,
    words: 64,
};

/// Runs a kernel on every backend. Whatever comes out is one of these exit codes, soon.
#[track_caller]
fn survives(name: &str, wgsl: &str, bounds: &Bounds, codes: &[i32]) -> Vec<Outcome> {
    let Bounds {
        workgroups: [x, y, z],
        steps,
        memory,
        seconds,
        words,
    } = bounds;
    let job = format!(
        "workload = \"kernel.wgsl\"\nworkgroups = [{x}, {y}, {z}]\n\
         [limits]\nsteps = {steps}\nmemory = \"{memory}\"\ntime = \"{seconds}s\"\n\
         [[buffer]]\nname = \"data\"\nsize = {size}\noutput = \"data.out\"\n",
        size = 4 * words
    );
    let run = |backend: &&str| {
        let folder = Folder::new(wgsl, &job);
        let start = Instant::now();
        let outcome = folder.run("run", &["--backend", backend]);
        let elapsed = start.elapsed();
        println!("{name} on {backend}: {} after {elapsed:?}", outcome.code);
        assert!(codes.contains(&outcome.code), "{name}: {outcome:#?}");
        let limit = Duration::from_secs((*seconds).into()) + SLACK;
        assert!(elapsed < limit, "{name}: {elapsed:?} on {backend}");
        let code = outcome.code;
        outcome.expect(code)
    };
    backends().iter().map(run).collect()
}

fn kernel(size: u32, declarations: &str, body: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> data: array<u32>;\n{declarations}\n\
         @compute @workgroup_size({size})\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) at: u32) {{\n\
         {body}\n}}\n"
    )
}

const RAN: i32 = 0;
const TRAPPED: i32 = 4;
const OVER: i32 = 5;
/// Too much for the driver, and refused before or by it.
const REFUSED_BY_BACKEND: i32 = 6;

/// A value that no compiler knows: zero.
const ZERO: &str = "data[id.x % 4u]";

#[test]
fn endless_kernels_end() {
    let endless = format!("loop {{ if {ZERO} == 1u {{ break; }} }}");
    survives("endless", &kernel(64, "", &endless), &BOUNDS, &[OVER]);
    // In every invocation of a large dispatch.
    let large = Bounds {
        workgroups: [65_535, 8, 1],
        ..BOUNDS
    };
    survives("endless, many", &kernel(64, "", &endless), &large, &[OVER]);
    // Loops in loops behind calls.
    let calls = "fn spin(n: u32) -> u32 { var x = n; loop { x += 1u; if x == 0u { break; } } return x; }
        fn again(n: u32) -> u32 { var x = n; for (var i = 0u; i < 1000000000u; i++) { x += spin(i); } return x; }";
    let body = format!("data[id.x] = again({ZERO});");
    survives("endless calls", &kernel(1, calls, &body), &BOUNDS, &[OVER]);
    // Invocations that wait for each other in every round.
    let waiting =
        "loop { workgroupBarrier(); if workgroupUniformLoad(&w) == 1u { break; } }\ndata[0] = 1u;";
    let kernel = kernel(256, "var<workgroup> w: u32;", waiting);
    survives("endless barriers", &kernel, &BOUNDS, &[OVER]);
}

#[test]
fn step_limits_end_what_time_need_not() {
    let few = Bounds {
        steps: 1000,
        seconds: 30,
        ..BOUNDS
    };
    // Each invocation leaves the first loop at another round; all pass the barrier behind it.
    let uneven = "for (var i = 0u; i < id.x * 20u; i++) { w[at] += i; }
        workgroupBarrier();
        loop { if w[0] == 1u { break; } }
        workgroupBarrier();
        data[id.x] = w[63u - at];";
    let kernel = kernel(64, "var<workgroup> w: array<u32, 64>;", uneven);
    for outcome in survives("uneven", &kernel, &few, &[TRAPPED]) {
        outcome.says(&["out of steps", "limits.steps"]);
    }
}

#[test]
fn huge_dispatches_end() {
    // As many invocations as there may be.
    let all = Bounds {
        workgroups: [65_535, 16, 1],
        words: 4,
        ..BOUNDS
    };
    let body = "if data[id.x & 3u] == 1u { data[0] = id.x; }";
    survives("all invocations", &kernel(64, "", body), &all, &[RAN, OVER]);
    let work = format!(
        "var x = {ZERO}; for (var i = 0u; i < 100000u; i++) {{ x = x * 3u + i; }} if x == 1u {{ data[0] = x; }}"
    );
    survives("all of them busy", &kernel(64, "", &work), &all, &[OVER]);
}

/// What compilers take longest for, about as much of it as the front end lets through.
#[test]
fn compilers_are_not_waited_for() {
    let any = [RAN, TRAPPED, OVER, REFUSED_BY_BACKEND];
    let bombs = [
        ("accesses", accesses(700)),
        ("private arrays", private_arrays()),
        ("loops behind loops", loops_behind_loops()),
        ("loops in loops", loops_in_loops(28)),
        ("branches", branches(500)),
        ("switch", switch(700)),
        ("values", values(1800)),
        ("counted rounds", counted_rounds()),
    ];
    for (name, body) in bombs {
        let body = format!("var x = id.x;\n{body}\ndata[id.x] = x;");
        survives(name, &kernel(1, "", &body), &BOUNDS, &any);
    }
}

/// Places that nobody knows, each depending on the one before.
fn accesses(count: u32) -> String {
    let access = |i| format!("x = data[(x + {i}u) % 64u]; data[x % 64u] = x;\n");
    (0..count).map(access).collect()
}

/// All the private memory that there may be, every word of it in reach of every access.
fn private_arrays() -> String {
    let array = |i| format!("var p{i}: array<u32, 256>; p{i}[data[{i}] % 256u] = {i}u;\n");
    let access = |i| {
        format!(
            "x = p{}[x % 256u]; p{}[x % 256u] = x;\n",
            i % 16,
            (i + 5) % 16
        )
    };
    (0..16).map(array).chain((0..100).map(access)).collect()
}

fn loops_behind_loops() -> String {
    let round = |i| {
        format!("for (var i = 0u; i < data[{i}]; i++) {{ x = x * 3u + data[(x + i) % 64u]; }}\n")
    };
    (0..64).map(round).collect()
}

fn loops_in_loops(depth: usize) -> String {
    let head = |i| {
        format!(
            "for (var i{i} = 0u; i{i} < data[{i}] + 2u; i{i}++) {{ x = x * 3u + data[x % 64u];\n"
        )
    };
    (0..depth).map(head).collect::<String>() + &"}".repeat(depth)
}

fn branches(count: u32) -> String {
    let branch = |i| {
        let bit = 1u32 << (i % 32);
        format!("if (x & {bit}u) != 0u {{ x = x * {i}u + 1u; }} else {{ x ^= data[x % 64u]; }}\n")
    };
    (0..count).map(branch).collect()
}

fn switch(count: u32) -> String {
    let arm = |i| {
        format!(
            "case {}u: {{ x = x * {i}u + 1u; data[{}] = x; }}\n",
            i * 7919,
            i % 64
        )
    };
    let arms: String = (0..count).map(arm).collect();
    format!("switch data[0] {{\n{arms}default: {{ x = 1u; }} }}")
}

/// Values that all live to the end.
fn values(count: u32) -> String {
    let value = |i| format!("let v{i}=v{}*{i}u;\n", i - 1);
    let values: String = (1..count).map(value).collect();
    let uses: String = (0..count).map(|i| format!("x^=v{i};\n")).collect();
    format!("let v0 = x;\n{values}{uses}")
}

/// Rounds that a compiler could count and write out.
fn counted_rounds() -> String {
    let rounds = "for (var i = 0u; i < 1000000u; i++) { x = x * 3u + i; }";
    format!("{rounds}\n{rounds}\n")
}

/// All the workgroup memory there may be, full workgroups, barriers, and values that must outlive them.
#[test]
fn workgroups_at_their_limits_end() {
    let mut body = String::from("w[at * 4u] = id.x;\n");
    for i in 0..64 {
        let _ = writeln!(body, "let v{i} = data[{i}] + at;");
    }
    for i in 0..32 {
        let _ = writeln!(
            body,
            "workgroupBarrier();\nw[(at * 4u + {i}u) % 4096u] = v{i} + v{};",
            63 - i
        );
    }
    let many = Bounds {
        workgroups: [256, 1, 1],
        ..BOUNDS
    };
    let kernel = kernel(1024, "var<workgroup> w: array<u32, 4096>;", &body);
    survives(
        "workgroups",
        &kernel,
        &many,
        &[RAN, OVER, REFUSED_BY_BACKEND],
    );
}
