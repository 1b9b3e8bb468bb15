//! Jobs that a device cannot run end in an error that says why.

use std::time::{Duration, Instant};

use arknet_sandbox::{CompileLimits, RunError, Selection, WgpuRunner, adapters};
use arknet_workload::job::{Job, Limits};

use crate::harness::{LIMITS, job, open, runner, workload};

const ENDLESS: &str = r#"workload workgroup_size(1, 1, 1)
    memory m0 "data": output binding(0, 0) runtime
    body { loop { continue } }"#;

#[test]
fn a_job_over_its_time_ends_promptly_and_leaves_the_device_closed() {
    let Some(runner) = open() else { return };
    let limits = Limits {
        // Enough to outlast the test on any device.
        steps: u32::MAX,
        time: Duration::from_millis(300),
        ..LIMITS
    };
    let endless = Job::new(workload(ENDLESS), [1, 1, 1], vec![vec![0]], limits).unwrap();
    let start = Instant::now();
    let error = runner.run(&endless).unwrap_err();
    assert_eq!(error, RunError::OverTime { limit: limits.time });
    let next = job(ENDLESS, [1, 1, 1], vec![vec![0]]);
    assert!(matches!(
        runner.run(&next),
        Err(RunError::DeviceLost { .. })
    ));
    drop(runner);
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn a_buffer_larger_than_the_adapter_binds_is_refused_by_its_name() {
    let Some(runner) = runner() else { return };
    // Adapters bind at most 2 GiB less a word; software drivers 128 MiB.
    let words = 1 << 26;
    let limits = Limits {
        memory: 1 << 40,
        ..LIMITS
    };
    let job = Job::new(workload(ENDLESS), [1, 1, 1], vec![vec![0; words]], limits).unwrap();
    match runner.run(&job) {
        Err(RunError::OverAdapter {
            what,
            needed,
            limit,
            ..
        }) => {
            assert_eq!(what, "bytes for buffer `data`");
            assert!(needed > 4 * words as u64);
            assert!(limit < needed);
        }
        // A GPU that binds as much runs it.
        other => assert!(matches!(other, Err(RunError::Trap(_))), "{other:?}"),
    }
}

#[test]
fn more_buffers_than_an_adapter_binds_are_refused() {
    let Some(runner) = runner() else { return };
    let memories: String = (0..60)
        .map(|i| format!("memory m{i} \"b{i}\": input binding(0, {i}) runtime\n"))
        .collect();
    let source = format!("workload workgroup_size(1, 1, 1) {memories} body {{}}");
    match runner.run(&job(&source, [1, 1, 1], vec![vec![0]; 60])) {
        Ok(_) => {}
        Err(error) => assert!(matches!(error, RunError::OverAdapter { .. }), "{error}"),
    }
}

#[test]
fn a_kernel_too_large_for_drivers_is_refused_before_it_is_compiled() {
    let Some(runner) = open() else { return };
    let runner = runner.with_compile_limits(CompileLimits {
        loops: 0,
        ..CompileLimits::default()
    });
    let error = runner
        .run(&job(ENDLESS, [1, 1, 1], vec![vec![0]]))
        .unwrap_err();
    assert_eq!(
        error,
        RunError::TooComplex {
            what: "loops".to_owned(),
            got: 1,
            limit: 0
        }
    );
}

/// As deep and as long as the limits on compilation let through.
#[test]
fn the_largest_kernels_let_through_compile() {
    let Some(runner) = runner() else { return };
    let limits = CompileLimits::default();
    let mut body = String::from("%0: u32 = const 0 %1: u32 = load m0[%0] %2: bool = cast %1\n");
    for _ in 0..limits.nesting {
        body.push_str("if %2 {\n");
    }
    body.push_str("store m0[%0] = %0\n");
    for _ in 0..limits.nesting {
        body.push_str("} else { store m0[%0] = %1 }\n");
    }
    let source = format!(
        r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {{ {body} }}"#
    );
    let execution = runner.run(&job(&source, [1, 1, 1], vec![vec![5]])).unwrap();
    assert_eq!(execution.execution.buffers, [[0]]);
}

#[test]
fn the_automatic_choice_is_never_software() {
    let hardware = adapters()
        .iter()
        .any(|adapter| adapter.kind != arknet_sandbox::AdapterKind::Software);
    assert_eq!(WgpuRunner::new(Selection::Auto).is_ok(), hardware);
}
