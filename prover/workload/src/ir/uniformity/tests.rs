//! Barriers pass where no invocation can miss them, and nowhere else.

use super::*;
use crate::ir::text::parse;
use crate::ir::{InvalidProgram, Workload};

/// %0 is the local index, %1 and %2 truth values that differ and that do not, %3 is 1.
const HEAD: &str = r#"workload workgroup_size(8, 1, 1)
memory m0 "out": output binding(0, 0) runtime
memory m1 "in": input binding(0, 1) 4
memory m2 "table": constant [5]
memory m3 "array": private 4
memory m4 "shared": shared 8
body {
  %0: u32 = builtin local_invocation_index
  %1: bool = cast %0
  %5: u32 = builtin workgroup_id.x
  %2: bool = cast %5
  %3: u32 = const 1
"#;

fn check(code: &str) -> Result<Workload, InvalidProgram> {
    Workload::new(parse(&format!("{HEAD}{code}\n}}")).unwrap())
}

#[test]
fn barriers_may_stand_where_all_come_by() {
    for code in [
        "barrier workgroup barrier storage",
        "if %2 { barrier workgroup } else { barrier storage barrier storage }",
        "if %1 { store m4[%0] = %0 } barrier workgroup",
        "%6: u32 = if %1 { yield(%0) } else { yield(%3) } barrier workgroup",
        // Rounds counted by a constant, by the dispatch, by input and by a uniform load.
        "loop(%6: u32 = %3) {
            %7: bool = eq %6, %5 if %7 { break }
            barrier workgroup
            %8: u32 = add %6, %3 continue(%8) }",
        "%6: u32 = load m1[%5] %7: u32 = load m2[%3] %8: u32 = array_length m0
         %9: u32 = builtin num_workgroups.y %10: u32 = uniform_load m4[%6]
         %11: u32 = add %7, %8 %12: u32 = mul %9, %10 %13: bool = lt %11, %12
         %14: bool = select %13, %2, %13
         if %14 { barrier workgroup }",
        // Who leaves an inner loop early waits behind it.
        "loop { if %2 { break }
            loop { if %1 { break } continue }
            barrier workgroup continue }",
        // What a loop gives is uniform if all leave together.
        "%6: u32 = loop(%7: u32 = %3) { if %2 { break(%7) } %8: u32 = add %7, %5 continue(%8) }
         %9: bool = cast %6 if %9 { barrier workgroup }",
        "%6: u32 = if %2 { yield(%3) } else { yield(%5) } %7: bool = cast %6 if %7 { barrier storage }",
        "if %2 { loop { barrier workgroup break } }",
    ] {
        check(code).unwrap_or_else(|error| panic!("{code}\n{error}"));
    }
}

#[test]
fn barriers_that_some_may_miss_are_refused() {
    // The last number is that of the `if` to blame, counted after the head.
    for (code, what, number, cause) in [
        ("if %1 { barrier workgroup }", Meeting::Barrier, 1, 0),
        ("if %1 {} else { barrier storage }", Meeting::Barrier, 1, 0),
        (
            "if %1 { if %2 { barrier storage } }",
            Meeting::Barrier,
            2,
            0,
        ),
        (
            "if %1 { %6: u32 = uniform_load m4[%3] }",
            Meeting::UniformLoad,
            1,
            0,
        ),
        (
            "if %1 { loop { barrier workgroup break } }",
            Meeting::Barrier,
            2,
            0,
        ),
        // After and before a place that some leave the loop from.
        (
            "loop { if %1 { break } barrier workgroup break }",
            Meeting::Barrier,
            2,
            1,
        ),
        (
            "loop { if %1 { continue } barrier workgroup break }",
            Meeting::Barrier,
            2,
            1,
        ),
        (
            "loop { barrier workgroup if %1 { break } continue }",
            Meeting::Barrier,
            1,
            2,
        ),
        (
            "loop { barrier workgroup if %2 { if %1 { continue } } break }",
            Meeting::Barrier,
            1,
            3,
        ),
        // Rounds that differ.
        (
            "loop(%6: u32 = %0) { %7: bool = cast %6 if %7 { break } barrier workgroup continue(%3) }",
            Meeting::Barrier,
            3,
            2,
        ),
        (
            "loop(%6: u32 = %3) { %7: bool = cast %6 if %7 { break } barrier workgroup continue(%0) }",
            Meeting::Barrier,
            3,
            2,
        ),
        // Values that differ, through each kind of instruction.
        (
            "%6: u32 = load m0[%3] %7: bool = cast %6 if %7 { barrier storage }",
            Meeting::Barrier,
            3,
            2,
        ),
        (
            "%6: u32 = load m4[%3] %7: bool = cast %6 if %7 { barrier storage }",
            Meeting::Barrier,
            3,
            2,
        ),
        (
            "%6: u32 = load m3[%3] %7: bool = cast %6 if %7 { barrier storage }",
            Meeting::Barrier,
            3,
            2,
        ),
        (
            "%6: u32 = load m1[%0] %7: bool = cast %6 if %7 { barrier storage }",
            Meeting::Barrier,
            3,
            2,
        ),
        (
            "%6: bool = select %1, %2, %2 if %6 { barrier storage }",
            Meeting::Barrier,
            2,
            1,
        ),
        (
            "%6: bool = xor %2, %1 if %6 { barrier storage }",
            Meeting::Barrier,
            2,
            1,
        ),
        (
            "%6: bool = if %1 { yield(%2) } else { yield(%2) } if %6 { barrier storage }",
            Meeting::Barrier,
            2,
            1,
        ),
        (
            "%6: u32 = loop(%7: u32 = %3) { if %1 { break(%7) } %8: u32 = add %7, %3 continue(%8) }
             %9: bool = cast %6 if %9 { barrier storage }",
            Meeting::Barrier,
            5,
            4,
        ),
        (
            "%6: u32 = builtin global_invocation_id.y %7: bool = cast %6 if %7 { barrier storage }",
            Meeting::Barrier,
            3,
            2,
        ),
    ] {
        let head = 5;
        let Err(InvalidProgram::Code {
            place: Place::Inst { number: at, .. },
            problem:
                InvalidCode::NotUniform {
                    what: got,
                    because:
                        Place::Inst {
                            number: because, ..
                        },
                },
        }) = check(code)
        else {
            panic!("{code}");
        };
        assert_eq!(
            (got, at - head, because - head),
            (what, number, cause),
            "{code}"
        );
    }
}

#[test]
fn a_uniform_load_has_one_index() {
    check("%6: u32 = uniform_load m4[%5]").unwrap();
    for (code, index) in [
        ("%6: u32 = uniform_load m4[%0]", 0),
        ("%6: u32 = load m4[%3] %7: u32 = uniform_load m4[%6]", 5),
    ] {
        let Err(InvalidProgram::Code {
            problem: InvalidCode::UniformIndex { index: got },
            ..
        }) = check(code)
        else {
            panic!("{code}");
        };
        assert_eq!(got, Value(index), "{code}");
    }
}

#[test]
fn loops_are_told_apart() {
    let workload = check(
        "loop { if %1 { break } continue }
         loop { loop { if %1 { continue } break } if %2 { break } continue }
         if %1 { loop { break } }",
    )
    .unwrap();
    assert_eq!(of_loops(workload.program()), [false, true, false, false]);
}

/// The longest chain of values that depend on each other is as quick as any.
#[test]
fn long_chains_take_no_longer() {
    let mut code = String::from("loop(");
    let count = 4000;
    for at in 0..count {
        let comma = if at == 0 { "" } else { ", " };
        code.push_str(&format!("{comma}%{}: u32 = %3", 10 + at));
    }
    // Each param becomes the one before it; the first differs, so the last does after as many rounds.
    code.push_str(") { %9: bool = cast %");
    code.push_str(&(9 + count).to_string());
    code.push_str(" if %9 { break } barrier workgroup continue(%0");
    for at in 0..count - 1 {
        code.push_str(&format!(", %{}", 10 + at));
    }
    code.push_str(") }");
    let start = std::time::Instant::now();
    assert!(matches!(
        check(&code),
        Err(InvalidProgram::Code {
            problem: InvalidCode::NotUniform { .. },
            ..
        })
    ));
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}
