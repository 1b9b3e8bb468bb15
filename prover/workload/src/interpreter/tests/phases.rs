//! Workgroups that share memory, from barrier to barrier.

use super::*;
use crate::ir::text::parse;
use crate::job::Access::{Read, Update, Write};
use crate::job::{Access, Trap};

/// A job over m0 `data`, in place, and m1 `shared` and m2 `other`, shared with 8 words each; %0 is the local
/// index, %1 is 1, %2 the global id. Instructions have their numbers as spans; the first of `code` has 3.
fn group_job(size: u32, groups: u32, code: &str, data: &[u32]) -> Job {
    let text = format!(
        "workload workgroup_size({size}, 1, 1)
        memory m0 \"data\": output binding(0, 0) runtime
        memory m1 \"shared\": shared 8
        memory m2 \"other\": shared 8
        body {{
          %0: u32 = builtin local_invocation_index
          %1: u32 = const 1
          %2: u32 = builtin global_invocation_id.x
          {code}
        }}"
    );
    let mut program = parse(&text).unwrap();
    number_spans(&mut program.body, &mut 0);
    let workload = Workload::new(program).unwrap();
    Job::new(workload, [groups, 1, 1], vec![data.to_vec()], LIMITS).unwrap()
}

fn data(job: &Job) -> Vec<u32> {
    run(job).unwrap().buffers[0].clone()
}

fn trap(job: &Job) -> Trap {
    let first = run(job);
    for _ in 0..5 {
        assert_eq!(run(job), first);
    }
    match first {
        Err(RunError::Trap(trap)) => trap,
        other => panic!("{other:?}"),
    }
}

fn race(memory: &str, index: u32, first: (Access, u32, u32), second: (Access, u32, u32)) -> Trap {
    let at = |number| Span {
        start: number,
        end: number + 1,
    };
    Trap::Race {
        memory: memory.to_owned(),
        index,
        first: first.0,
        first_span: at(first.1),
        first_invocation: Invocation(first.2),
        second: second.0,
        second_span: at(second.1),
        second_invocation: Invocation(second.2),
    }
}

/// Sums up to the invocation, in as many rounds as double 1 to the size of the workgroup.
const SCAN: &str = "
    %3: u32 = load m0[%2]
    store m1[%0] = %3
    barrier workgroup
    %4: u32 = const 8
    loop(%5: u32 = %1) {
      %6: bool = le %4, %5
      if %6 { break }
      %7: bool = le %5, %0
      %8: u32 = load m1[%0]
      %9: u32 = if %7 {
        %10: u32 = sub %0, %5
        %11: u32 = load m1[%10]
        %12: u32 = add %8, %11
        yield(%12)
      } else { yield(%8) }
      barrier workgroup
      store m1[%0] = %9
      barrier workgroup
      %13: u32 = add %5, %5
      continue(%13)
    }
    %14: u32 = load m1[%0]
    store m0[%2] = %14";

#[test]
fn a_scan_goes_from_barrier_to_barrier() {
    let input: Vec<u32> = (0..800).map(|at| at * at + 7).collect();
    let execution = run(&group_job(8, 100, SCAN, &input)).unwrap();
    for (sums, words) in execution.buffers[0].chunks(8).zip(input.chunks(8)) {
        let expected: Vec<u32> = words
            .iter()
            .scan(0, |sum, word| {
                *sum += word;
                Some(*sum)
            })
            .collect();
        assert_eq!(sums, expected);
    }
    // Rounds with distances 1, 2 and 4, and the start of the one that ends the loop.
    assert_eq!(execution.steps, 4);
}

#[test]
fn a_missing_barrier_is_a_race_that_names_both_sides() {
    let racy = SCAN.replacen("barrier workgroup\n      store", "store", 1);
    assert_ne!(racy, SCAN);
    // In the first round 0 stores its word after reading it; 1 reads it as the neighbour of its own.
    assert_eq!(
        trap(&group_job(8, 40, &racy, &[3; 320])),
        race("shared", 0, (Write, 16, 0), (Read, 14, 1))
    );
}

#[test]
fn shared_memory_is_zero_at_the_start_of_each_workgroup() {
    let code = "
        %3: u32 = load m1[%0]
        store m0[%2] = %3
        store m1[%0] = %1";
    assert_eq!(data(&group_job(8, 50, code, &[9; 400])), [0; 400]);
}

#[test]
fn values_and_private_memory_survive_barriers() {
    let text = "workload workgroup_size(4, 1, 1)
        memory m0 \"data\": output binding(0, 0) runtime
        memory m1 \"array\": private 3
        body {
          %0: u32 = builtin global_invocation_id.x
          %1: u32 = const 2
          %2: u32 = mul %0, %0
          store m1[%1] = %2
          barrier workgroup
          %3: u32 = add %0, %1
          barrier storage
          %4: u32 = load m1[%1]
          %5: u32 = builtin local_invocation_id.x
          %6: u32 = add %4, %3
          %7: u32 = add %6, %2
          %8: u32 = mul %7, %5
          store m0[%0] = %8
        }";
    let workload = Workload::new(parse(text).unwrap()).unwrap();
    let job = Job::new(workload, [3, 1, 1], vec![vec![0; 12]], LIMITS).unwrap();
    let expected: Vec<u32> = (0..12)
        .map(|id| (2 * id * id + id + 2) * (id % 4))
        .collect();
    assert_eq!(data(&job), expected);
}

#[test]
fn atomics_of_one_family_meet() {
    // A histogram, and the smallest and largest word as i32.
    let code = "
        %3: u32 = load m0[%2]
        %4: u32 = const 4
        %5: u32 = rem %3, %4
        %6: u32 = const 400
        %7: u32 = add %5, %6
        atomic add m0[%7], %1
        %8: u32 = const 404
        %9: i32 = cast %3
        atomic min m0[%8], %9
        %10: u32 = const 405
        atomic max m0[%10], %9
        %11: u32 = const 406
        atomic max m0[%11], %3
        %12: u32 = const 407
        atomic xor m0[%12], %3
        %13: u32 = const 408
        atomic and m0[%13], %3
        %14: u32 = const 409
        atomic or m0[%14], %3";
    let mut words: Vec<u32> = (0..400u32).map(|at| at.wrapping_mul(0x9e37_79b9)).collect();
    let signed = || words.iter().map(|&word| word as i32);
    let mut expected: Vec<u32> = (0..4)
        .map(|rest| words.iter().filter(|&&word| word % 4 == rest).count() as u32)
        .collect();
    expected.push(signed().min().unwrap() as u32);
    expected.push(signed().max().unwrap() as u32);
    expected.push(*words.iter().max().unwrap());
    expected.push(words.iter().fold(0, |all, word| all ^ word));
    expected.push(words.iter().fold(u32::MAX, |all, word| all & word));
    expected.push(words.iter().fold(0, |all, word| all | word));
    words.extend([0, 0, 0, 0, 0, 0, 0, 0, u32::MAX, 0]);
    assert_eq!(data(&group_job(8, 50, code, &words))[400..], expected);
    // The same in workgroups of one, which race detection could take for each other.
    assert_eq!(data(&group_job(1, 400, code, &words))[400..], expected);
}

#[test]
fn what_meets_otherwise_is_a_race() {
    let zero = "%3: u32 = const 0 %4: i32 = const 5 %5: bool = eq %2, %1 ";
    for (code, first, second) in [
        // An add beside a minimum, and minima as numbers of different types.
        (
            "if %5 { atomic min m0[%3], %1 } else { atomic add m0[%3], %1 }",
            (Update, 8, 0),
            (Update, 7, 1),
        ),
        (
            "if %5 { atomic min m0[%3], %1 } else { atomic min m0[%3], %4 }",
            (Update, 8, 0),
            (Update, 7, 1),
        ),
        // A load and a store beside an add.
        (
            "if %5 { %6: u32 = load m0[%3] } else { atomic add m0[%3], %1 }",
            (Update, 8, 0),
            (Read, 7, 1),
        ),
        (
            "if %5 { store m0[%3] = %1 } else { atomic add m0[%3], %1 }",
            (Update, 8, 0),
            (Write, 7, 1),
        ),
        // Whoever looks at the word that it added to.
        (
            "atomic add m0[%3], %1 if %5 { %6: u32 = load m0[%3] }",
            (Update, 6, 0),
            (Read, 8, 1),
        ),
    ] {
        let code = format!("{zero}{code}");
        for (size, groups) in [(8, 1), (1, 8), (2, 40)] {
            let job = group_job(size, groups, &code, &[0; 2]);
            assert_eq!(trap(&job), race("data", 0, first, second), "{code}");
        }
        if code.contains("m0[%3]") {
            let shared = code.replace("m0", "m1");
            let job = group_job(8, 3, &shared, &[0]);
            assert_eq!(trap(&job), race("shared", 0, first, second), "{shared}");
        }
    }
}

#[test]
fn phases_of_one_memory_are_not_those_of_the_other() {
    // Each reads its neighbour's word after a barrier; only the right kind of barrier parts the two.
    let with = |memory: &str, barrier: &str| {
        let code = format!(
            "%3: u32 = const 7 %4: u32 = xor %0, %3
            store {memory}[%0] = %2
            barrier {barrier}
            %5: u32 = load {memory}[%4]"
        );
        run(&group_job(8, 1, &code, &[0; 8]))
    };
    assert!(with("m0", "storage").is_ok());
    assert!(with("m1", "workgroup").is_ok());
    let met = |memory| Err(RunError::Trap(race(memory, 7, (Write, 5, 7), (Read, 7, 0))));
    assert_eq!(with("m0", "workgroup"), met("data"));
    assert_eq!(with("m1", "storage"), met("shared"));
}

#[test]
fn no_barrier_parts_workgroups() {
    // Workgroup 0 writes its word before any barrier, workgroup 1 reads it after many.
    let code = "
        %3: u32 = const 0 %4: u32 = builtin workgroup_id.x %5: bool = eq %4, %3
        if %5 { %6: bool = eq %0, %1 if %6 { store m0[%3] = %1 } }
        barrier storage barrier storage barrier workgroup
        %7: u32 = const 5
        %8: bool = eq %2, %7
        if %8 { %9: u32 = load m0[%3] }";
    assert_eq!(
        trap(&group_job(2, 4, code, &[0; 2])),
        race("data", 0, (Write, 9, 1), (Read, 16, 5))
    );
}

#[test]
fn a_uniform_load_is_ordered_on_both_sides() {
    // 0 stores, all load, and store anew.
    let code = "
        %3: u32 = const 0 %4: bool = eq %0, %3
        if %4 { %5: u32 = add %2, %1 store m1[%3] = %5 }
        %6: u32 = uniform_load m1[%3]
        if %4 { store m1[%3] = %3 }
        store m0[%2] = %6";
    let job = group_job(8, 3, code, &[0; 24]);
    assert_eq!(data(&job), [[1; 8], [9; 8], [17; 8]].concat());
}

#[test]
fn the_first_segment_with_a_trap_decides() {
    // 5 leaves the buffer before the barrier, 2 after it, and 7 of the workgroup before does so at the end.
    let code = "
        %3: u32 = const 13 %4: bool = eq %2, %3
        if %4 { %5: u32 = load m1[%3] }
        barrier workgroup
        %6: u32 = const 10 %7: bool = eq %2, %6
        if %7 { store m1[%3] = %3 }
        barrier workgroup
        %8: u32 = const 23 %9: bool = eq %2, %8
        if %9 { atomic add m2[%3], %1 }";
    let out = |invocation, access, memory: &str, number| Trap::OutOfBounds {
        span: Span {
            start: number,
            end: number + 1,
        },
        invocation: Invocation(invocation),
        access,
        memory: memory.to_owned(),
        index: 13,
        length: 8,
    };
    assert_eq!(
        trap(&group_job(8, 3, code, &[0])),
        out(13, Read, "shared", 6)
    );
    let later = code.replace("const 13 %4", "const 13 %33: u32 = const 99 %4");
    let later = later.replace("eq %2, %3", "eq %2, %33");
    assert_eq!(
        trap(&group_job(8, 3, &later, &[0])),
        out(10, Write, "shared", 12)
    );
    let last = later.replace("const 10 %7", "const 99 %7");
    assert_eq!(
        trap(&group_job(8, 3, &last, &[0])),
        out(23, Update, "other", 17)
    );
}

#[test]
fn what_comes_after_a_race_is_not_looked_at() {
    // All store to one word; whoever sees another's would leave the buffer in the next segment.
    let code = "
        %3: u32 = const 0
        store m1[%3] = %0
        barrier workgroup
        %4: u32 = load m1[%3]
        %5: u32 = const 100
        %6: u32 = mul %4, %5
        store m0[%6] = %1";
    let job = group_job(8, 3, code, &[0; 8]);
    assert_eq!(trap(&job), race("shared", 0, (Write, 4, 0), (Write, 4, 1)));
    // A trap in the segment of the race, or of another workgroup, comes before it.
    let traps = code.replace("barrier", "%7: u32 = load m0[%2] barrier");
    assert!(matches!(
        trap(&group_job(8, 3, &traps, &[0; 20])),
        Trap::OutOfBounds {
            invocation: Invocation(20),
            ..
        }
    ));
}

#[test]
fn steps_are_counted_over_all_segments() {
    let code = "
        loop(%3: u32 = %1) {
          barrier workgroup
          %4: u32 = const 400
          %5: bool = le %4, %3
          if %5 { break }
          %6: u32 = add %3, %1
          continue(%6)
        }
        loop(%7: u32 = %1) {
          %8: bool = le %0, %7
          if %8 { break }
          %9: u32 = add %7, %1
          continue(%9)
        }";
    assert_eq!(run(&group_job(8, 2, code, &[0])).unwrap().steps, 407);
    let more = code.replace("const 400", "const 994");
    assert!(matches!(
        trap(&group_job(8, 2, &more, &[0])),
        Trap::OutOfSteps {
            invocation: Invocation(7),
            ..
        }
    ));
}
