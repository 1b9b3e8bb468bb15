//! Control flow, memory spaces and the extents of a dispatch.

use crate::harness::{both, job};

fn collatz(mut value: u32) -> u32 {
    let mut rounds = 0;
    while value != 1 {
        value = if value.is_multiple_of(2) {
            value / 2
        } else {
            3 * value + 1
        };
        rounds += 1;
    }
    rounds
}

/// A loop whose length depends on the data, in place, on a dispatch that is no power of two.
#[test]
fn collatz_in_place() {
    let source = r#"workload workgroup_size(5, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = load m0[%0]
            %2: u32 = const 0
            %3: u32 = const 1
            %4: u32 = const 2
            %5: u32 = const 3
            %6: u32 = loop(%7: u32 = %1, %8: u32 = %2) {
                %9: bool = eq %7, %3
                if %9 { break(%8) }
                %10: u32 = rem %7, %4
                %11: bool = eq %10, %2
                %12: u32 = if %11 {
                    %13: u32 = div %7, %4
                    yield(%13)
                } else {
                    %14: u32 = mul %7, %5
                    %15: u32 = add %14, %3
                    yield(%15)
                }
                %16: u32 = add %8, %3
                continue(%12, %16)
            }
            store m0[%0] = %6
        }"#;
    let data: Vec<u32> = (1..=35).collect();
    let expected: Vec<u32> = data.iter().copied().map(collatz).collect();
    let Some(outcome) = both(&job(source, [7, 1, 1], vec![data])) else {
        return;
    };
    let execution = outcome.unwrap();
    // The round that finds the value 1 is a step too.
    assert_eq!(execution.steps, expected.iter().max().unwrap() + 1);
    assert_eq!(execution.buffers, [expected]);
}

/// More rounds than a driver with 16-bit loop counters survives.
#[test]
fn a_hundred_thousand_rounds() {
    let source = r#"workload workgroup_size(1, 1, 1)
        memory m0 "sum": output binding(0, 0) 1
        body {
            %0: u32 = const 0
            %1: u32 = const 1
            %2: u32 = const 99999
            %3: u32 = loop(%4: u32 = %0, %5: u32 = %0) {
                %6: bool = eq %4, %2
                if %6 { break(%5) }
                %7: u32 = add %4, %1
                %8: u32 = add %5, %7
                continue(%7, %8)
            }
            store m0[%0] = %3
        }"#;
    let Some(outcome) = both(&job(source, [1, 1, 1], vec![vec![0]])) else {
        return;
    };
    let execution = outcome.unwrap();
    assert_eq!(execution.steps, 100_000);
    let sum = (0..100_000u32).fold(0, u32::wrapping_add);
    assert_eq!(execution.buffers, [[sum]]);
}

/// The same with something before the exit that takes its step otherwise. No driver may see how many rounds there are:
/// one that does compiles them all.
#[test]
fn a_hundred_thousand_rounds_that_store_first() {
    let source = r#"workload workgroup_size(1, 1, 1)
        memory m0 "sum": output binding(0, 0) 1
        body {
            %0: u32 = const 0
            %1: u32 = const 1
            %2: u32 = const 99999
            loop(%4: u32 = %0) {
                %5: u32 = load m0[%0]
                %8: u32 = add %5, %4
                store m0[%0] = %8
                %6: bool = eq %4, %2
                if %6 { break }
                %7: u32 = add %4, %1
                continue(%7)
            }
        }"#;
    let Some(outcome) = both(&job(source, [1, 1, 1], vec![vec![0]])) else {
        return;
    };
    let execution = outcome.unwrap();
    assert_eq!(execution.steps, 100_000);
    let sum = (0..100_000u32).fold(0, u32::wrapping_add);
    assert_eq!(execution.buffers, [[sum]]);
}

/// Params that swap, a loop within a loop, breaks and continues from arms, and a loop left at once.
#[test]
fn nested_loops_and_rotating_params() {
    let source = r#"workload workgroup_size(4, 1, 1)
        memory m0 "out": output binding(0, 0) runtime
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const 0
            %2: u32 = const 1
            %3: u32, %4: u32 = loop(%5: u32 = %1, %6: u32 = %2, %7: u32 = %1) {
                %8: bool = eq %7, %0
                if %8 { break(%5, %6) }
                %9: u32 = add %7, %2
                %10: u32 = rem %7, %9
                %11: u32 = const 3
                %12: u32 = rem %7, %11
                %13: bool = eq %12, %1
                if %13 { continue(%6, %5, %9) }
                %14: u32 = loop(%15: u32 = %1, %16: u32 = %5) {
                    %17: bool = le %7, %15
                    if %17 { break(%16) } else {
                        %18: u32 = add %15, %2
                        %19: u32 = add %16, %6
                        continue(%18, %19)
                    }
                    unreachable
                }
                continue(%6, %14, %9)
            }
            loop { break }
            %20: u32 = const 100
            %21: u32 = mul %3, %20
            %22: u32 = add %21, %4
            store m0[%0] = %22
        }"#;
    let expected: Vec<u32> = (0..12u32)
        .map(|id| {
            let (mut a, mut b) = (0u32, 1u32);
            for round in 0..id {
                (a, b) = if round % 3 == 0 {
                    (b, a)
                } else {
                    (b, a.wrapping_add(b.wrapping_mul(round)))
                };
            }
            a.wrapping_mul(100).wrapping_add(b)
        })
        .collect();
    let Some(outcome) = both(&job(source, [3, 1, 1], vec![vec![0; 12]])) else {
        return;
    };
    assert_eq!(outcome.unwrap().buffers, [expected]);
}

/// Private arrays start at zero in every invocation; tables and uniforms read as they were given.
#[test]
fn memory_spaces() {
    let source = r#"workload workgroup_size(2, 1, 1)
        memory m0 "scratch": private 4
        memory m1 "first": constant [10, 20, 30]
        memory m2 "scale": uniform binding(1, 3) 2
        memory m3 "second": constant [5, 6]
        memory m4 "out": output binding(0, 0) runtime
        memory m5 "in": input binding(0, 1) runtime
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const 4
            %2: u32 = rem %0, %1
            %3: u32 = load m0[%2]
            store m0[%2] = %0
            %4: u32 = load m0[%2]
            %5: u32 = add %3, %4
            %6: u32 = const 3
            %7: u32 = rem %0, %6
            %8: u32 = load m1[%7]
            %9: u32 = const 2
            %10: u32 = rem %0, %9
            %11: u32 = load m3[%10]
            %12: u32 = load m2[%10]
            %13: u32 = mul %8, %12
            %14: u32 = add %13, %11
            %15: u32 = add %14, %5
            %16: u32 = array_length m5
            %17: u32 = add %15, %16
            %18: u32 = array_length m2
            %19: u32 = mul %17, %18
            store m4[%0] = %19
        }"#;
    let expected: Vec<u32> = (0..10usize)
        .map(|id| {
            let scaled = [10, 20, 30][id % 3] * [1000, 7][id % 2];
            2 * (scaled + [5, 6][id % 2] + id as u32 + 9)
        })
        .collect();
    let buffers = vec![vec![1000, 7], vec![0; 10], vec![0; 9]];
    let Some(outcome) = both(&job(source, [5, 1, 1], buffers.clone())) else {
        return;
    };
    let execution = outcome.unwrap();
    assert_eq!(execution.buffers[1], expected);
    assert_eq!(execution.buffers[0], buffers[0]);
    assert_eq!(execution.buffers[2], buffers[2]);
}

/// Every built-in in every dimension of a dispatch that is different in each.
#[test]
fn builtins_of_a_three_dimensional_dispatch() {
    let names = [
        "global_invocation_id.x",
        "global_invocation_id.y",
        "global_invocation_id.z",
        "local_invocation_id.x",
        "local_invocation_id.y",
        "local_invocation_id.z",
        "local_invocation_index",
        "workgroup_id.x",
        "workgroup_id.y",
        "workgroup_id.z",
        "num_workgroups.x",
        "num_workgroups.y",
        "num_workgroups.z",
    ];
    let (size, groups) = ([2, 3, 2], [3, 2, 2]);
    let invocations = 12 * 12;
    // Where an invocation stores: its workgroup's number times 12, and its place there.
    let mut body = String::from(
        "%0: u32 = builtin workgroup_id.z
        %1: u32 = const 2
        %2: u32 = mul %0, %1
        %3: u32 = builtin workgroup_id.y
        %4: u32 = add %2, %3
        %5: u32 = const 3
        %6: u32 = mul %4, %5
        %7: u32 = builtin workgroup_id.x
        %8: u32 = add %6, %7
        %9: u32 = const 12
        %10: u32 = mul %8, %9
        %11: u32 = builtin local_invocation_index
        %12: u32 = add %10, %11
        %13: u32 = const 13
        %14: u32 = mul %12, %13\n",
    );
    for (i, name) in names.iter().enumerate() {
        let value = 15 + 3 * i;
        body.push_str(&format!(
            "%{value}: u32 = builtin {name} %{}: u32 = const {i} %{}: u32 = add %14, %{}
            store m0[%{}] = %{value}\n",
            value + 1,
            value + 2,
            value + 1,
            value + 2,
        ));
    }
    let source = format!(
        r#"workload workgroup_size({}, {}, {})
        memory m0 "out": output binding(0, 0) runtime
        body {{ {body} }}"#,
        size[0], size[1], size[2]
    );
    let mut expected = Vec::new();
    for w in 0..invocations / 12 {
        let group = [w % 3, w / 3 % 2, w / 6];
        for l in 0..12 {
            let local = [l % 2, l / 2 % 3, l / 6];
            expected.extend((0..3).map(|axis| group[axis] * size[axis] + local[axis]));
            expected.extend(local);
            expected.push(l);
            expected.extend(group);
            expected.extend(groups);
        }
    }
    let buffers = vec![vec![0; expected.len()]];
    let Some(outcome) = both(&job(&source, groups, buffers)) else {
        return;
    };
    assert_eq!(outcome.unwrap().buffers, [expected]);
}
