//! Workgroup memory, barriers and atomics.

use arknet_workload::job::{Access, Invocation, Job, Limits, Trap};

use crate::harness::{LIMITS, both, execute, interpret, job, job_with_spans, runner};

/// Sums of the words up to each, in workgroups of 64.
const SCAN: &str = r#"workload workgroup_size(64, 1, 1)
    memory m0 "data": output binding(0, 0) runtime
    memory m1 "sums": shared 64
    body {
        %0: u32 = builtin local_invocation_index
        %1: u32 = const 1
        %2: u32 = builtin global_invocation_id.x
        %3: u32 = load m0[%2]
        store m1[%0] = %3
        barrier workgroup
        %4: u32 = const 64
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
        store m0[%2] = %14
    }"#;

#[test]
fn a_scan_gives_the_sums() {
    let words: Vec<u32> = (0..64 * 40u32)
        .map(|at| at.wrapping_mul(at) % 1009)
        .collect();
    let Some(outcome) = both(&job(SCAN, [40, 1, 1], vec![words.clone()])) else {
        return;
    };
    let execution = outcome.unwrap();
    assert_eq!(execution.steps, 7);
    for (sums, words) in execution.buffers[0].chunks(64).zip(words.chunks(64)) {
        let mut sum = 0;
        for (got, word) in sums.iter().zip(words) {
            sum += word;
            assert_eq!(*got, sum);
        }
    }
}

/// Every atomic, as both types, on words that both types of comparison use and on words that one does, in
/// output and in shared memory.
#[test]
fn every_atomic_on_every_kind_of_word() {
    let words = [
        0,
        1,
        5,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff0,
        0xffff_ffff,
        77,
    ];
    for (op, types) in [
        ("add", &["u32", "i32"][..]),
        ("min", &["u32"]),
        ("min", &["i32"]),
        ("min", &["u32", "i32"]),
        ("max", &["u32"]),
        ("max", &["i32"]),
        ("max", &["u32", "i32"]),
        ("and", &["u32", "i32"]),
        ("or", &["u32", "i32"]),
        ("xor", &["u32", "i32"]),
    ] {
        // A word for each type in each memory; shared ones are combined with what they start with, and moved
        // to the output by loads and stores.
        let mut code = String::new();
        for (at, ty) in types.iter().enumerate() {
            code.push_str(&format!(
                "%{v}: {ty} = cast %2 %{i}: u32 = const {at}
                atomic {op} m1[%{i}], %{v}
                if %4 {{ store m2[%{i}] = %5 }}
                barrier workgroup
                atomic {op} m2[%{i}], %{v}
                barrier workgroup
                %{s}: u32 = load m2[%{i}]
                %{two}: u32 = const 2
                %{group}: u32 = mul %6, %{two}
                %{out}: u32 = add %{group}, %{i}
                if %4 {{ store m3[%{out}] = %{s} }}\n",
                v = 20 + 10 * at,
                i = 21 + 10 * at,
                s = 22 + 10 * at,
                two = 23 + 10 * at,
                group = 24 + 10 * at,
                out = 25 + 10 * at,
            ));
        }
        let source = format!(
            r#"workload workgroup_size(4, 1, 1)
            memory m0 "words": input binding(0, 0) runtime
            memory m1 "all": output binding(0, 1) runtime
            memory m2 "ours": shared 2
            memory m3 "each": output binding(0, 2) runtime
            body {{
                %0: u32 = builtin global_invocation_id.x
                %1: u32 = builtin local_invocation_index
                %2: u32 = load m0[%0]
                %3: u32 = const 0
                %4: bool = eq %1, %3
                %5: u32 = const 0x40000000
                %6: u32 = builtin workgroup_id.x
                {code}
            }}"#
        );
        let buffers = vec![words.to_vec(), vec![0x4000_0000; 2], vec![0; 4]];
        let Some(outcome) = both(&job(&source, [2, 1, 1], buffers)) else {
            return;
        };
        let buffers = outcome.unwrap().buffers;
        let combine = |ty: &str, words: &[u32]| {
            words
                .iter()
                .fold(0x4000_0000u32, |all, &word| match (op, ty) {
                    ("add", _) => all.wrapping_add(word),
                    ("min", "i32") => all.cast_signed().min(word.cast_signed()) as u32,
                    ("min", _) => all.min(word),
                    ("max", "i32") => all.cast_signed().max(word.cast_signed()) as u32,
                    ("max", _) => all.max(word),
                    ("and", _) => all & word,
                    ("or", _) => all | word,
                    _ => all ^ word,
                })
        };
        for (at, ty) in types.iter().enumerate() {
            assert_eq!(buffers[1][at], combine(ty, &words), "{op} {ty}");
            assert_eq!(buffers[2][at], combine(ty, &words[..4]), "{op} {ty}");
            assert_eq!(buffers[2][2 + at], combine(ty, &words[4..]), "{op} {ty}");
        }
    }
}

#[test]
fn uniform_loads_and_storage_barriers_order_what_they_should() {
    let source = r#"workload workgroup_size(32, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        memory m1 "word": shared 1
        body {
            %0: u32 = builtin local_invocation_index
            %1: u32 = builtin global_invocation_id.x
            %2: u32 = const 0
            %3: bool = eq %0, %2
            if %3 { store m1[%2] = %1 }
            %4: u32 = uniform_load m1[%2]
            if %3 { store m1[%2] = %2 }
            %5: u32 = add %4, %1
            store m0[%1] = %5
            barrier storage
            %6: u32 = const 31
            %7: u32 = xor %1, %6
            %8: u32 = load m0[%7]
            barrier storage
            store m0[%1] = %8
        }"#;
    let Some(outcome) = both(&job(source, [50, 1, 1], vec![vec![0; 1600]])) else {
        return;
    };
    let expected: Vec<u32> = (0..1600).map(|id| (id & !31) + (id ^ 31)).collect();
    assert_eq!(outcome.unwrap().buffers[0], expected);
}

/// The trap that both backends report, time after time.
fn trap(job: &Job) -> Option<Trap> {
    let runner = runner()?;
    let expected = interpret(job).unwrap_err();
    for _ in 0..5 {
        assert_eq!(execute(runner, job), Err(expected.clone()));
    }
    Some(expected)
}

/// An invocation that trapped goes on with zeros, and what it leaves makes others trap at a later barrier, some
/// of them before it in the canonical order. They are not what went wrong.
#[test]
fn what_follows_from_a_trap_is_not_reported() {
    let source = r#"workload workgroup_size(64, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        memory m1 "next": shared 64
        body {
            %0: u32 = builtin local_invocation_index
            %1: u32 = builtin global_invocation_id.x
            %2: u32 = const 100
            %3: bool = eq %1, %2
            %4: u32 = const 1000
            %5: u32 = select %3, %4, %0
            store m1[%5] = %2
            barrier workgroup
            %6: u32 = load m1[%0]
            %7: u32 = sub %6, %2
            %8: u32 = load m1[%7]
            %9: u32 = const 63
            %10: u32 = sub %9, %0
            %11: u32 = load m1[%10]
            %12: u32 = sub %11, %2
            store m0[%12] = %8
        }"#;
    // In the second workgroup 36 stores out of bounds, so its word stays zero; 27 reads it after the barrier and
    // stores out of bounds, too.
    let limits = LIMITS;
    let job = job_with_spans(source, [3, 1, 1], vec![vec![0]], limits);
    let runner = match runner() {
        Some(runner) => runner,
        None => return,
    };
    let got = execute(runner, &job).unwrap_err();
    assert!(
        matches!(
            &got,
            Trap::OutOfBounds {
                invocation: Invocation(100),
                access: Access::Write,
                index: 1000,
                length: 64,
                ..
            }
        ),
        "{got:?}"
    );
    assert_eq!(trap(&job), Some(got));
}

#[test]
fn accesses_of_shared_memory_and_atomics_out_of_bounds_trap() {
    for (code, access, memory) in [
        ("%3: u32 = load m1[%1]", Access::Read, "shared"),
        ("store m1[%1] = %0", Access::Write, "shared"),
        ("atomic add m1[%1], %0", Access::Update, "shared"),
        ("atomic max m0[%1], %0", Access::Update, "data"),
        ("%3: u32 = uniform_load m1[%2]", Access::Read, "shared"),
    ] {
        let source = format!(
            r#"workload workgroup_size(8, 1, 1)
            memory m0 "data": output binding(0, 0) runtime
            memory m1 "shared": shared 5
            body {{
                %0: u32 = builtin global_invocation_id.x
                %1: u32 = builtin local_invocation_index
                %2: u32 = array_length m0
                {code}
            }}"#
        );
        let job = job_with_spans(&source, [2, 1, 1], vec![vec![0; 5]], LIMITS);
        let Some(trap) = trap(&job) else { return };
        let Trap::OutOfBounds {
            access: got,
            memory: name,
            index: 5,
            length: 5,
            ..
        } = trap
        else {
            panic!("{trap:?}");
        };
        assert_eq!((got, name.as_str()), (access, memory), "{code}");
    }
}

/// Invocations that run out of steps in loops of their own still come to every barrier: the run ends.
#[test]
fn barriers_are_passed_by_invocations_without_steps() {
    let source = r#"workload workgroup_size(64, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        memory m1 "shared": shared 64
        body {
            %0: u32 = builtin local_invocation_index
            %1: u32 = const 1
            %2: u32 = const 30
            %3: u32 = const 0
            %4: u32 = loop(%5: u32 = %3) {
                %6: bool = le %2, %5
                if %6 { break(%5) }
                barrier workgroup
                loop(%7: u32 = %3) {
                    %8: bool = le %0, %7
                    if %8 { break }
                    %9: u32 = add %7, %1
                    continue(%9)
                }
                barrier storage
                atomic add m1[%3], %1
                %10: u32 = add %5, %1
                continue(%10)
            }
            %11: bool = eq %4, %2
            if %11 {
                barrier workgroup
                store m1[%0] = %4
                barrier workgroup
            }
        }"#;
    let limits = |steps| Limits { steps, ..LIMITS };
    let enough = job_with_spans(source, [4, 1, 1], vec![vec![0]], limits(31 + 30 * 64));
    let Some(outcome) = both(&enough) else { return };
    assert_eq!(outcome.unwrap().steps, 31 + 30 * 64);
    for steps in [0, 1, 20, 31, 100, 1000, 31 + 30 * 64 - 1] {
        let job = job_with_spans(source, [4, 1, 1], vec![vec![0]], limits(steps));
        assert!(matches!(trap(&job), Some(Trap::OutOfSteps { .. })));
    }
}
