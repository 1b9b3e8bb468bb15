//! What programs compute, in the text form.

mod oracle;
mod phases;
mod traps;

use std::time::Duration;

use super::*;
use crate::ir::text::parse;
use crate::ir::{Block, InstKind, Program, Span, Workload};
use crate::job::Limits;

const LIMITS: Limits = Limits {
    steps: 1000,
    memory: 1 << 24,
    time: Duration::from_secs(60),
};

/// A job of one-dimensional workgroups of `size` over `code`, in which m0 `data` is in place, m1 `input` is
/// read, m2 `table` is [10, 20, 30] and m3 `array` is private with 4 words; %0 is the global id, %1 is 1.
fn job_with(size: u32, groups: u32, code: &str, buffers: [Vec<u32>; 2], limits: Limits) -> Job {
    let text = format!(
        "workload workgroup_size({size}, 1, 1)
        memory m0 \"data\": output binding(0, 0) runtime
        memory m1 \"input\": input binding(0, 1) runtime
        memory m2 \"table\": constant [10, 20, 30]
        memory m3 \"array\": private 4
        body {{ %0: u32 = builtin global_invocation_id.x %1: u32 = const 1 {code} }}"
    );
    let mut program = parse(&text).unwrap();
    number_spans(&mut program.body, &mut 0);
    let workload = Workload::new(program).unwrap();
    Job::new(workload, [groups, 1, 1], buffers.to_vec(), limits).unwrap()
}

/// Gives every instruction its number in the order of the text as its span.
fn number_spans(block: &mut Block, next: &mut u32) {
    for inst in &mut block.insts {
        inst.span = Span {
            start: *next,
            end: *next + 1,
        };
        *next += 1;
        match &mut inst.kind {
            InstKind::If {
                then, otherwise, ..
            } => {
                number_spans(then, next);
                number_spans(otherwise, next);
            }
            InstKind::Loop { body, .. } => number_spans(body, next),
            _ => {}
        }
    }
}

fn job(code: &str, data: &[u32], input: &[u32]) -> Job {
    job_with(
        data.len() as u32,
        1,
        code,
        [data.to_vec(), input.to_vec()],
        LIMITS,
    )
}

/// The final `data` and the steps.
fn outcome(code: &str, data: &[u32], input: &[u32]) -> (Vec<u32>, u32) {
    let execution = run(&job(code, data, input)).unwrap();
    assert_eq!(execution.buffers[1], input);
    (execution.buffers[0].clone(), execution.steps)
}

#[test]
fn each_invocation_works_on_its_word() {
    let code = "%2: u32 = load m0[%0] %3: u32 = mul %2, %2 store m0[%0] = %3";
    assert_eq!(outcome(code, &[3, 4, 65_536], &[0]), (vec![9, 16, 0], 0));
}

#[test]
fn all_memories_are_read_and_written() {
    let code = "
        %2: u32 = load m2[%0]
        %3: u32 = load m1[%1]
        %4: u32 = load m3[%0]
        store m3[%0] = %2
        %5: u32 = load m3[%0]
        %6: u32 = array_length m1
        %7: u32 = add %3, %4
        %8: u32 = add %7, %5
        %9: u32 = shl %8, %6
        store m0[%0] = %9";
    let (data, _) = outcome(code, &[0; 3], &[7, 5]);
    assert_eq!(data, [(5 + 10) << 2, (5 + 20) << 2, (5 + 30) << 2]);
}

#[test]
fn private_memory_is_zero_at_the_start_of_each_invocation() {
    let code = "
        %2: u32 = load m3[%1]
        store m0[%0] = %2
        store m3[%1] = %1";
    let buffers = [vec![9; 200], vec![0]];
    let job = job_with(2, 100, code, buffers, LIMITS);
    assert_eq!(run(&job).unwrap().buffers[0], vec![0; 200]);
}

#[test]
fn stores_are_seen_by_later_loads_of_the_invocation() {
    let code = "
        store m0[%0] = %0
        %2: u32 = load m0[%0]
        %3: u32 = add %2, %1
        store m0[%0] = %3";
    assert_eq!(outcome(code, &[50; 3], &[0]).0, [1, 2, 3]);
}

#[test]
fn selects_and_casts() {
    let code = "
        %2: u32 = load m0[%0]
        %3: bool = cast %2
        %4: u32 = cast %3
        %5: u32 = const 100
        %6: u32 = select %3, %5, %0
        %7: u32 = add %4, %6
        %8: i32 = cast %7
        %9: i32 = const -1
        %10: i32 = shr %9, %1
        %11: i32 = add %8, %10
        %12: u32 = cast %11
        store m0[%0] = %12";
    assert_eq!(
        outcome(code, &[0, 7, 1 << 31], &[0]).0,
        [u32::MAX, 100, 100]
    );
}

#[test]
fn builtins_follow_the_dispatch() {
    let text = "workload workgroup_size(2, 3, 1)
        memory m0 \"data\": output binding(0, 0) runtime
        body {
          %0: u32 = builtin workgroup_id.y
          %1: u32 = builtin local_invocation_index
          %2: u32 = const 6
          %3: u32 = mul %0, %2
          %4: u32 = add %3, %1
          %5: u32 = builtin global_invocation_id.y
          %6: u32 = builtin num_workgroups.y
          %7: u32 = mul %5, %6
          %8: u32 = builtin local_invocation_id.x
          %9: u32 = add %7, %8
          store m0[%4] = %9
        }";
    let workload = Workload::new(parse(text).unwrap()).unwrap();
    let job = Job::new(workload, [1, 2, 1], vec![vec![0; 12]], LIMITS).unwrap();
    assert_eq!(
        run(&job).unwrap().buffers[0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    );
}

/// Sums 0..data[id] by a loop; a word of 0 breaks in its first round.
const SUM: &str = "
    %2: u32 = load m0[%0]
    %3: u32 = const 0
    %4: u32 = loop(%5: u32 = %3, %6: u32 = %3) {
      %7: bool = lt %5, %2
      if %7 {} else { break(%6) }
      %8: u32 = add %6, %5
      %9: u32 = add %5, %1
      continue(%9, %8)
    }
    store m0[%0] = %4";

#[test]
fn loops_count_rounds_as_steps() {
    assert_eq!(outcome(SUM, &[0], &[0]), (vec![0], 1));
    assert_eq!(outcome(SUM, &[0, 1, 5], &[0]), (vec![0, 0, 10], 6));
}

#[test]
fn params_are_passed_all_at_once() {
    // Fibonacci with swapped params, and a rotation of three.
    let code = "
        %2: u32 = const 0
        %3: u32 = load m0[%0]
        %4: u32 = loop(%5: u32 = %2, %6: u32 = %1, %7: u32 = %3) {
          %8: bool = eq %7, %2
          if %8 { break(%5) }
          %9: u32 = add %5, %6
          %10: u32 = sub %7, %1
          continue(%6, %9, %10)
        }
        %11: u32 = const 7
        %12: u32 = const 3
        %13: u32, %14: u32, %15: u32 = loop(%16: u32 = %1, %17: u32 = %11, %18: u32 = %12) {
          %19: bool = eq %18, %1
          if %19 { break(%18, %16, %17) } else { continue(%17, %18, %16) }
          unreachable
        }
        %20: u32 = const 100
        %21: u32 = mul %13, %20
        %22: u32 = add %21, %14
        %23: u32 = mul %22, %20
        %24: u32 = add %23, %15
        %25: u32 = mul %24, %20
        %26: u32 = add %25, %4
        store m0[%0] = %26";
    // (1, 7, 3) turns to (7, 3, 1), which breaks with (1, 7, 3).
    let base = 1_070_300;
    let (data, steps) = outcome(code, &[0, 1, 2, 10], &[0]);
    assert_eq!(data, [base, base + 1, base + 1, base + 55]);
    assert_eq!(steps, 11 + 2);
}

#[test]
fn nested_control_flow_leaves_the_innermost_loop() {
    // Counts pairs (i, j) with i < 4, j < 4 until j == data, by breaks and continues in nested ifs.
    let code = "
        %2: u32 = load m0[%0]
        %3: u32 = const 0
        %4: u32 = const 4
        %5: u32 = loop(%6: u32 = %3, %7: u32 = %3) {
          %8: bool = eq %6, %4
          if %8 { break(%7) }
          %9: u32 = loop(%10: u32 = %3, %11: u32 = %7) {
            %12: bool = eq %10, %4
            %13: u32 = add %10, %1
            if %12 { break(%11) } else {
              %14: bool = eq %10, %2
              if %14 {
                %15: u32 = const 10
                %16: u32 = add %11, %15
                break(%16)
              }
              %17: u32 = and %10, %1
              %18: bool = cast %17
              if %18 { continue(%13, %11) }
            }
            %19: u32 = add %11, %1
            continue(%13, %19)
          }
          %20: u32 = add %6, %1
          continue(%20, %9)
        }
        store m0[%0] = %5";
    // Even j count one each before `data` is met, which counts ten.
    assert_eq!(
        outcome(code, &[0, 1, 2, 3, 9], &[0]).0,
        [4 * 10, 4 * 11, 4 * 11, 4 * 12, 4 * 2]
    );
}

#[test]
fn ifs_give_the_values_of_the_arm_taken() {
    let code = "
        %2: u32 = load m0[%0]
        %3: bool = lt %2, %1
        %4: u32, %5: u32 = if %3 {
          %6: u32, %7: u32 = if %3 { yield(%1, %0) } else { yield(%0, %1) }
          yield(%7, %6)
        } else {
          yield(%2, %2)
        }
        %8: u32 = shl %5, %1
        %9: u32 = add %4, %8
        store m0[%0] = %9";
    assert_eq!(outcome(code, &[0, 0, 5], &[0]).0, [2, 3, 15]);
}

#[test]
fn the_deepest_nesting_runs() {
    let depth = Workload::MAX_DEPTH;
    let code = format!(
        "{} store m0[%0] = %1 {}",
        "loop { ".repeat(depth),
        "break }".repeat(depth)
    );
    assert_eq!(outcome(&code, &[0], &[0]), (vec![1], depth as u32));
}

#[test]
fn an_empty_program_changes_nothing() {
    let empty = Program {
        workgroup_size: [1, 1, 1],
        memories: Vec::new(),
        values: Vec::new(),
        body: Block::default(),
    };
    let job = Job::new(Workload::new(empty).unwrap(), [3, 1, 1], Vec::new(), LIMITS).unwrap();
    assert_eq!(
        run(&job).unwrap(),
        Execution {
            buffers: Vec::new(),
            steps: 0
        }
    );
}

#[test]
fn the_memory_of_a_run_follows_from_its_buffers() {
    let limits = Limits {
        memory: 1 << 26,
        ..LIMITS
    };
    let bytes = |data: usize, input: usize| {
        let buffers = [vec![0; data], vec![0; input]];
        memory_bytes(&job_with(4, 1, "store m0[%0] = %1", buffers, limits))
    };
    let few = bytes(4, 4);
    assert!(few < 1 << 20, "{few}");
    // Eight bytes while it runs and four of the result.
    assert_eq!(bytes(1004, 4), few + 1000 * 12);
    assert_eq!(bytes(4, 1004), few + 1000 * 4);
    // Of a large buffer the result is there only as far as its words are gone.
    let large = bytes((1 << 23) + 5000, 4);
    assert_eq!(bytes((1 << 23) + 6000, 4), large + 1000 * 8);
}
