//! Statements whose tables would cost a verifier more than a proof is worth are refused before any table is made.

use std::time::{Duration, Instant};

use arknet_air::{CompileError, MAX_FIXED_ROWS, Machine, Statement};
use arknet_workload::job::{Job, Limits};
use arknet_workload::wgsl::{FrontEndLimits, compile};

/// Arrays of 64 words for each of 2^20 workgroups, without any data: four rows of sixteen words each.
fn arrays_for_many_workgroups(arrays: usize) -> Statement {
    let declared = (0..arrays).map(|at| format!("var<workgroup> s{at}: array<u32, 64>;\n"));
    let used = (0..arrays).map(|at| format!("s{at}[i % 64u] = i; sum += s{at}[(i + 1u) % 64u];\n"));
    let source = format!(
        "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
{}@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {{
    let i = group.x;
    var sum = 0u;
    {}if sum == 7u {{
        out[0] = sum;
    }}
}}",
        declared.collect::<String>(),
        used.collect::<String>()
    );
    let workload = compile(&source, "main", &FrontEndLimits::default()).unwrap();
    let limits = Limits {
        steps: 1,
        memory: 1 << 20,
        time: Duration::from_secs(60),
    };
    let job = Job::new(workload, [1 << 12, 1 << 8, 1], vec![vec![0]], limits).unwrap();
    Statement::new(&job, vec![vec![0]], 1).unwrap()
}

#[test]
fn memories_are_bounded_together() {
    // 2^20 rows of the dispatch and 2^22 of each array: each alone is allowed, four of them are too many.
    let started = Instant::now();
    match Machine::compile(&arrays_for_many_workgroups(4)) {
        Err(CompileError::TooManyFixedRows { rows }) => {
            assert!(rows > MAX_FIXED_ROWS);
            assert!(rows >= 4 << 22);
        }
        other => panic!("{:?}", other.map(|machine| machine.tables().len())),
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn one_memory_of_them_is_let_through() {
    assert!(Machine::compile(&arrays_for_many_workgroups(1)).is_ok());
}
