//! Workgroup memory, barriers and atomics: what invocations do together.

use arknet_workload::job::{Execution, Job, Limits, Trap};
use arknet_workload::testing::Outcome;

use crate::harness::{LIMITS, check, check_all, job, job_with_limits};

fn finished(outcome: Outcome) -> Execution {
    match outcome {
        Outcome::Finished(execution) => execution,
        other => panic!("{other:?}"),
    }
}

/// A sum over each workgroup by halves.
#[test]
fn a_reduction_in_workgroup_memory() {
    let source = r#"workload workgroup_size(16, 1, 1)
        memory m0 "data": input binding(0, 0) runtime
        memory m1 "sums": output binding(0, 1) runtime
        memory m2 "tile": shared 16
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = builtin local_invocation_index
            %2: u32 = load m0[%0]
            store m2[%1] = %2
            barrier workgroup
            %3: u32 = const 8
            %4: u32 = const 1
            %5: u32 = const 0
            loop(%6: u32 = %3) {
                %7: bool = eq %6, %5
                if %7 { break }
                %8: bool = lt %1, %6
                if %8 {
                    %9: u32 = add %1, %6
                    %10: u32 = load m2[%1]
                    %11: u32 = load m2[%9]
                    %12: u32 = add %10, %11
                    store m2[%1] = %12
                }
                barrier workgroup
                %13: u32 = shr %6, %4
                continue(%13)
            }
            %14: bool = eq %1, %5
            if %14 {
                %15: u32 = builtin workgroup_id.x
                %16: u32 = load m2[%5]
                store m1[%15] = %16
            }
        }"#;
    let data: Vec<u32> = (0..48).map(|at| at * at).collect();
    let sums: Vec<u32> = data.chunks(16).map(|group| group.iter().sum()).collect();
    let execution = finished(check(&job(source, [3, 1, 1], vec![data, vec![0; 3]])));
    assert_eq!(execution.buffers[1], sums);
}

/// Each workgroup finds zeros, whatever the one before left behind.
#[test]
fn workgroup_memory_starts_at_zero() {
    let source = r#"workload workgroup_size(4, 1, 1)
        memory m0 "found": output binding(0, 0) runtime
        memory m1 "tile": shared 4
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = builtin local_invocation_index
            %2: u32 = load m1[%1]
            %3: u32 = const 7
            %4: u32 = add %2, %3
            store m0[%0] = %4
            store m1[%1] = %4
        }"#;
    let execution = finished(check(&job(source, [5, 1, 1], vec![vec![0; 20]])));
    assert_eq!(execution.buffers[0], [7; 20]);
}

/// Every operation on a word of each memory that all invocations meet at.
#[test]
fn atomics_meet_on_a_word() {
    let source = r#"workload workgroup_size(8, 1, 1)
        memory m0 "words": output binding(0, 0) runtime
        memory m1 "tile": shared 8
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const 0x9e3779b9
            %2: u32 = mul %0, %1
            %3: i32 = cast %2
            %10: u32 = const 0
            %11: u32 = const 1
            %12: u32 = const 2
            %13: u32 = const 3
            %14: u32 = const 4
            %15: u32 = const 5
            %16: u32 = const 6
            %17: u32 = const 7
            atomic add m0[%10], %2
            atomic min m0[%11], %2
            atomic min m0[%12], %3
            atomic max m0[%13], %2
            atomic max m0[%14], %3
            atomic and m0[%15], %3
            atomic or m0[%16], %2
            atomic xor m0[%17], %2
            atomic add m1[%10], %3
            atomic min m1[%11], %2
            atomic min m1[%12], %3
            atomic max m1[%13], %2
            atomic max m1[%14], %3
            atomic and m1[%15], %2
            atomic or m1[%16], %2
            atomic xor m1[%17], %2
            barrier workgroup
            %20: u32 = builtin local_invocation_index
            %21: u32 = load m1[%20]
            %22: u32 = const 8
            %23: u32 = add %0, %22
            store m0[%23] = %21
        }"#;
    let start = [5, 9000, 5, 5, 0x8000_0005, 0xffff_fff0, 1, 0xff];
    let words = [start.as_slice(), &[0; 16]].concat();
    let execution = finished(check(&job(source, [2, 1, 1], vec![words])));
    let values: Vec<u32> = (0..16u32).map(|at| at.wrapping_mul(0x9e37_79b9)).collect();
    let fold = |start: u32, values: &[u32], which: usize| {
        let combine = |old: u32, value: u32| match which {
            0 => old.wrapping_add(value),
            1 => old.min(value),
            2 => old.cast_signed().min(value.cast_signed()).cast_unsigned(),
            3 => old.max(value),
            4 => old.cast_signed().max(value.cast_signed()).cast_unsigned(),
            5 => old & value,
            6 => old | value,
            _ => old ^ value,
        };
        values.iter().fold(start, |old, &value| combine(old, value))
    };
    let mut expected: Vec<u32> = (0..8).map(|at| fold(start[at], &values, at)).collect();
    for group in values.chunks(8) {
        expected.extend((0..8).map(|at| fold(0, group, at)));
    }
    assert_eq!(execution.buffers[0], expected);
}

/// A word read by all decides how often all go round.
#[test]
fn a_uniform_load_may_decide_about_barriers() {
    let source = r#"workload workgroup_size(4, 1, 1)
        memory m0 "rounds": input binding(0, 0) runtime
        memory m1 "sums": output binding(0, 1) runtime
        memory m2 "shared": shared 5
        body {
            %0: u32 = builtin local_invocation_index
            %1: u32 = builtin workgroup_id.x
            %2: u32 = const 0
            %3: u32 = const 1
            %4: u32 = const 4
            %5: u32 = const 3
            %6: bool = eq %0, %5
            if %6 {
                %7: u32 = load m0[%1]
                store m2[%4] = %7
            }
            %8: u32 = uniform_load m2[%4]
            loop(%9: u32 = %2) {
                %10: bool = eq %9, %8
                if %10 { break }
                %11: u32 = add %0, %3
                %12: u32 = and %11, %5
                %13: u32 = load m2[%12]
                barrier workgroup
                %14: u32 = add %13, %11
                store m2[%0] = %14
                barrier workgroup
                %15: u32 = add %9, %3
                continue(%15)
            }
            %16: u32 = builtin global_invocation_id.x
            %17: u32 = load m2[%0]
            store m1[%16] = %17
        }"#;
    let rounds = vec![0, 1, 5, 2];
    let mut expected = Vec::new();
    for &rounds in &rounds {
        let mut words = [0, 0, 0, 0];
        for _ in 0..rounds {
            words = [0, 1, 2, 3].map(|at| words[(at + 1) % 4] + at + 1);
        }
        expected.extend(words.map(|word| word as u32));
    }
    let execution = finished(check(&job(source, [4, 1, 1], vec![rounds, vec![0; 16]])));
    assert_eq!(execution.buffers[1], expected);
    assert_eq!(execution.steps, 6);
}

/// Invocations whose steps end at different times stand at the same barriers nevertheless: the shim ends the
/// process otherwise.
#[test]
fn steps_that_run_out_in_one_invocation_leave_barriers_uniform() {
    // The first loop takes as many steps as the invocation's number. What the second loop leaves is uniform
    // and decides about the third, in which there are barriers.
    let source = r#"workload workgroup_size(4, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = builtin local_invocation_index
            %1: u32 = const 0
            %2: u32 = const 1
            %3: u32 = const 5
            loop(%4: u32 = %1) {
                %5: bool = eq %4, %0
                if %5 { break }
                %6: u32 = add %4, %2
                continue(%6)
            }
            %7: u32 = loop(%8: u32 = %1) {
                %9: bool = eq %8, %3
                if %9 { break(%8) }
                %10: u32 = add %8, %2
                continue(%10)
            }
            loop(%11: u32 = %1) {
                %12: bool = le %7, %11
                if %12 { break }
                barrier storage
                %13: bool = eq %11, %2
                if %13 { barrier workgroup }
                %14: u32 = add %11, %2
                continue(%14)
            }
        }"#;
    let limits = (0..20).map(|steps| Limits { steps, ..LIMITS });
    let jobs: Vec<Job> = limits
        .map(|limits| job_with_limits(source, [2, 1, 1], vec![vec![0]], limits))
        .collect();
    for (steps, outcome) in check_all(&jobs).into_iter().enumerate() {
        match outcome {
            // The last invocation starts 4, 6 and 6 rounds.
            Outcome::Finished(execution) => assert!(execution.steps == 16 && steps >= 16),
            Outcome::Trapped(Trap::OutOfSteps { .. }) => assert!(steps < 16, "{steps}"),
            other => panic!("{other:?}"),
        }
    }
}

/// An index that misses costs no barrier.
#[test]
fn a_uniform_load_that_misses_is_a_trap_and_two_barriers() {
    let source = r#"workload workgroup_size(4, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        memory m1 "tile": shared 4
        body {
            %0: u32 = builtin local_invocation_index
            %1: u32 = builtin workgroup_id.x
            %2: u32 = const 3
            %3: u32 = add %1, %2
            store m1[%0] = %0
            %4: u32 = uniform_load m1[%3]
            barrier workgroup
            %5: u32 = builtin global_invocation_id.x
            store m0[%5] = %4
        }"#;
    let outcome = check(&job(source, [2, 1, 1], vec![vec![0; 8]]));
    let Outcome::Trapped(Trap::OutOfBounds {
        index, invocation, ..
    }) = outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!((index, invocation.0), (4, 4));
}
