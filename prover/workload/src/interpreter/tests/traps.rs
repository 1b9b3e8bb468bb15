//! Runs without a result: the right trap is reported, the same on every run.

use std::time::Instant;

use super::*;
use crate::job::Access;

fn trap(job: &Job) -> Trap {
    match run(job) {
        Err(RunError::Trap(trap)) => trap,
        other => panic!("{other:?}"),
    }
}

const fn at(instruction: u32) -> Span {
    Span {
        start: instruction,
        end: instruction + 1,
    }
}

#[test]
fn accesses_out_of_bounds_trap() {
    for (code, access, memory, length) in [
        ("%2: u32 = load m0[%0]", Access::Read, "data", 3),
        ("store m0[%0] = %0", Access::Write, "data", 3),
        ("%2: u32 = load m1[%0]", Access::Read, "input", 3),
        ("%2: u32 = load m2[%0]", Access::Read, "table", 3),
    ] {
        let job = job_with(8, 1, code, [vec![0; 3], vec![0; 3]], LIMITS);
        let expected = Trap::OutOfBounds {
            span: at(2),
            invocation: Invocation(3),
            access,
            memory: memory.to_owned(),
            index: 3,
            length,
        };
        assert_eq!(trap(&job), expected, "{code}");
    }
    for (code, access) in [
        ("%2: u32 = load m3[%0]", Access::Read),
        ("store m3[%0] = %0", Access::Write),
    ] {
        let Trap::OutOfBounds {
            access: got,
            index: 4,
            length: 4,
            invocation: Invocation(4),
            ..
        } = trap(&job_with(8, 1, code, [vec![0], vec![0]], LIMITS))
        else {
            panic!("{code}");
        };
        assert_eq!(got, access);
    }
    let far = "%2: u32 = const -1 %3: u32 = load m0[%2]";
    assert!(matches!(
        trap(&job(far, &[0], &[0])),
        Trap::OutOfBounds {
            index: u32::MAX,
            ..
        }
    ));
}

#[test]
fn the_first_trap_in_the_canonical_order_is_reported() {
    // Every invocation whose data is not zero traps; the later, the sooner.
    let code = "
        %2: u32 = load m0[%0]
        %3: bool = cast %2
        if %3 {
          %4: u32 = loop(%5: u32 = %2) {
            %6: bool = lt %5, %1
            if %6 { break(%5) }
            %7: u32 = sub %5, %1
            continue(%7)
          }
          %8: u32 = load m2[%2]
        }";
    let mut data = vec![0; 5000];
    for (word, rounds) in data[1234..].iter_mut().zip((1..3767).rev()) {
        *word = rounds;
    }
    let limits = Limits {
        steps: 10_000,
        ..LIMITS
    };
    let job = job_with(8, 625, code, [data, vec![0]], limits);
    for _ in 0..20 {
        assert!(matches!(
            trap(&job),
            Trap::OutOfBounds {
                invocation: Invocation(1234),
                ..
            }
        ));
    }
}

#[test]
fn steps_are_limited() {
    let with_limit = |steps, data: u32| {
        let limits = Limits { steps, ..LIMITS };
        job_with(1, 1, SUM, [vec![data], vec![0]], limits)
    };
    assert_eq!(run(&with_limit(6, 5)).unwrap().steps, 6);
    assert_eq!(
        trap(&with_limit(5, 5)),
        Trap::OutOfSteps {
            span: at(4),
            invocation: Invocation(0),
            limit: 5,
        }
    );
    // No round at all is allowed.
    assert!(matches!(trap(&with_limit(0, 0)), Trap::OutOfSteps { .. }));
    // Loops share the limit.
    let code = "loop { break } loop { break } loop { break }";
    let limits = Limits { steps: 2, ..LIMITS };
    let three = job_with(1, 1, code, [vec![0], vec![0]], limits);
    assert_eq!(
        trap(&three),
        Trap::OutOfSteps {
            span: at(4),
            invocation: Invocation(0),
            limit: 2,
        }
    );
}

#[test]
fn metered_steps_count_like_rounds() {
    let code = "loop { meter 998 break } if_more";
    let legal = code.replace("if_more", "meter 1");
    assert_eq!(outcome(&legal, &[0], &[0]).1, 1000);
    let over = code.replace("if_more", "meter 2");
    assert!(matches!(
        trap(&job(&over, &[0], &[0])),
        Trap::OutOfSteps { span, .. } if span == at(4)
    ));
    let limits = Limits {
        steps: u32::MAX,
        ..LIMITS
    };
    let overflow = "meter 4294967295 meter 1";
    assert!(matches!(
        trap(&job_with(1, 1, overflow, [vec![0], vec![0]], limits)),
        Trap::OutOfSteps { span, .. } if span == at(3)
    ));
}

#[test]
fn endless_loops_end_by_steps_or_by_time() {
    let code = "loop { continue }";
    assert!(matches!(
        trap(&job(code, &[0], &[0])),
        Trap::OutOfSteps { .. }
    ));
    let limits = Limits {
        steps: u32::MAX,
        time: Duration::from_millis(50),
        ..LIMITS
    };
    let start = Instant::now();
    let slow = job_with(64, 100, code, [vec![0], vec![0]], limits);
    assert_eq!(run(&slow), Err(RunError::OverTime { limit: limits.time }));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn races_name_both_sides() {
    let race = |code: &str, data: &[u32]| {
        let job = job_with(8, 40, code, [data.to_vec(), vec![0]], LIMITS);
        let first = trap(&job);
        for _ in 0..10 {
            assert_eq!(trap(&job), first, "{code}");
        }
        first
    };
    let expected = |index, first: (Access, u32, u32), second: (Access, u32, u32)| Trap::Race {
        memory: "data".to_owned(),
        index,
        first: first.0,
        first_span: at(first.1),
        first_invocation: Invocation(first.2),
        second: second.0,
        second_span: at(second.1),
        second_invocation: Invocation(second.2),
    };
    use Access::{Read, Write};
    // Everybody writes word 1.
    assert_eq!(
        race("store m0[%1] = %0", &[0; 2]),
        expected(1, (Write, 2, 0), (Write, 2, 1))
    );
    // Everybody reads word 1; invocation 1 writes it, too.
    let one_writes = "%2: u32 = load m0[%1] %3: bool = eq %0, %1 if %3 { store m0[%1] = %2 }";
    assert_eq!(
        race(one_writes, &[0; 2]),
        expected(1, (Read, 2, 0), (Write, 5, 1))
    );
    // Each writes its own word, then reads the next one's: 0 reads word 1 before 1 writes it.
    let neighbour = "
        %2: u32 = const 320 %3: u32 = add %0, %1 %4: u32 = rem %3, %2
        store m0[%0] = %1
        %5: u32 = load m0[%4]";
    assert_eq!(
        race(neighbour, &[0; 320]),
        expected(1, (Read, 6, 0), (Write, 5, 1))
    );
    // The previous one's: 1 reads word 0, which 0 had read and then written.
    let previous = "
        %2: u32 = const 320 %3: u32 = const 319 %4: u32 = add %0, %3 %5: u32 = rem %4, %2
        %6: u32 = load m0[%0]
        store m0[%0] = %6
        %7: bool = eq %0, %1
        if %7 { %8: u32 = load m0[%5] }";
    assert_eq!(
        race(previous, &[0; 320]),
        expected(0, (Write, 7, 0), (Read, 10, 1))
    );
    // Last and first: 319 writes word 0, which 0 read; others do not touch it.
    let wrap = "
        %2: u32 = const 319 %3: u32 = const 0 %4: bool = eq %0, %2
        %5: u32 = select %4, %3, %0
        %6: u32 = load m0[%0]
        if %4 { store m0[%5] = %6 }";
    assert_eq!(
        race(wrap, &[0; 320]),
        expected(0, (Read, 6, 0), (Write, 8, 319))
    );
}

#[test]
fn reading_together_is_no_race() {
    let code = "%2: u32 = load m0[%1] %3: u32 = load m1[%1]";
    let job = job_with(8, 40, code, [vec![1, 2], vec![3, 4]], LIMITS);
    assert_eq!(run(&job).unwrap().buffers, [[1, 2], [3, 4]]);
}

#[test]
fn a_trap_is_reported_before_a_race() {
    // Everybody writes word 0; the last one also leaves the buffer.
    let code = "
        %2: u32 = const 0
        store m0[%2] = %0
        %3: u32 = const 319
        %4: bool = eq %0, %3
        if %4 { store m0[%0] = %0 }";
    let job = job_with(8, 40, code, [vec![0], vec![0]], LIMITS);
    for _ in 0..10 {
        assert!(matches!(
            trap(&job),
            Trap::OutOfBounds {
                invocation: Invocation(319),
                ..
            }
        ));
    }
}

#[test]
fn a_racy_invocation_sees_its_own_stores_only() {
    // All write their id to word 0 and read it back; only who reads another's id would trap.
    let code = "
        %2: u32 = const 0
        store m0[%2] = %0
        %3: u32 = load m0[%2]
        %4: u32 = sub %3, %0
        %5: u32 = load m2[%4]
        %6: u32 = load m0[%1]
        %7: u32 = load m2[%6]
        store m0[%1] = %3";
    let job = job_with(8, 40, code, [vec![0, 0], vec![0]], LIMITS);
    for _ in 0..10 {
        assert!(matches!(trap(&job), Trap::Race { .. }));
    }
}
