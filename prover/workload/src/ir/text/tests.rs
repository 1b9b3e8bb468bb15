//! Printing and parsing invert each other; errors name their line.

use super::*;
use crate::ir::{InstKind, Program, Value, Workload};

const EVERYTHING: &str = r#"workload workgroup_size(8, 4, 2)
memory m0 "data": output binding(0, 0) runtime
memory m1 "params": uniform binding(0, 1) 4
memory m2 "more": input binding(1, 0) 7
memory m3 "K": constant [1, 2, 4294967295]
memory m4 "w": private 64
memory m5 "s": shared 64
body {
  %0: u32 = builtin global_invocation_id.x
  %1: i32 = const -5
  %2: bool = const true
  %3: u32 = load m1[%0]
  %4: i32 = load m3[%0]
  %5: i32 = sub %1, %4
  %6: u32 = array_length m2
  %7: bool = cast %5
  %8: u32 = select %7, %3, %6
  store m4[%0] = %5
  %9: u32, %10: bool = loop(%11: u32 = %8, %12: bool = %2) {
    %13: bool = lt %11, %0
    %14: i32 = if %13 {
      %15: i32 = mul %1, %1
      yield(%15)
    } else { break(%11, %12) }
    loop { break }
    meter 3
    if %12 { continue(%0, %12) } else {
      store m4[%0] = %14
      if %7 { break(%0, %7) } else { continue(%0, %7) }
      unreachable
    }
    unreachable
  }
  if %10 {
    store m0[%0] = %9
  }
  if %7 {} else {
    store m0[%9] = %0
  }
  atomic add m5[%0], %1
  atomic xor m0[%0], %9
  barrier workgroup
  barrier storage
  %16: u32 = const 3
  %17: i32 = uniform_load m5[%16]
}
"#;

#[test]
fn the_printed_form_is_the_parsed_one() {
    let workload = Workload::new(parse(EVERYTHING).unwrap()).unwrap();
    assert_eq!(workload.to_string(), EVERYTHING);
    assert_eq!(print(workload.program()), EVERYTHING);
}

#[test]
fn values_are_numbered_by_their_definitions() {
    let text = |a, b| {
        format!(
            "workload workgroup_size(1,1,1) body {{ // %7 is nothing\n %{a}:u32 = const 0x10 \
             %{b} : u32 = add %{a} , %{a} }}"
        )
    };
    let program = parse(&text(4_000_000_000u32, 3)).unwrap();
    assert_eq!(program, parse(&text(0, 1)).unwrap());
    let InstKind::Binary { result, lhs, .. } = program.body.insts[1].kind else {
        panic!("{program}");
    };
    assert_eq!((result, lhs), (Value(1), Value(0)));
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn errors_name_the_line_and_what_is_wrong() {
    let head = "workload workgroup_size(1, 1, 1)\n";
    let body = |code: &str| error(&format!("{head}body {{\n{code}\n}}"));
    assert_eq!(error(""), "line 1: workload expected, found the end");
    assert_eq!(
        error(&format!("{head}memory m1 \"a\": private 4 body {{}}")),
        "line 2: memory m1 should be m0; memories are numbered from 0"
    );
    assert_eq!(
        error(&format!("{head}memory m0 \"a: private 4\nbody {{}}")),
        "line 2: a token expected, found \"\\\"a: private 4\\nbody {\""
    );
    assert_eq!(
        body("%0: u32 = add %1, %1"),
        "line 3: %1 is not defined before this use"
    );
    assert_eq!(
        body("%0: u32 = const 1\n%0: u32 = const 1"),
        "line 4: %0 is defined a second time"
    );
    assert_eq!(
        body("%0: u32 = const 4294967296"),
        "line 3: 4294967296 is not a 32-bit word"
    );
    assert_eq!(
        body("%0: f32 = const 1"),
        "line 3: a type expected, found `f32`"
    );
    assert_eq!(
        body("%0: u32 = sine %0"),
        "line 3: an operation expected, found `sine`"
    );
    assert_eq!(
        body("%0: u32 = builtin subgroup_size"),
        "line 3: a built-in expected, found `subgroup_size`"
    );
    assert_eq!(
        body("%0: u32 = meter 1"),
        "line 3: `meter` defines no value, not 1 values"
    );
    assert_eq!(
        body("barrier subgroup"),
        "line 3: a scope expected, found `subgroup`"
    );
    assert_eq!(
        body("%0: u32 = const 0 atomic sub m0[%0], %0"),
        "line 3: an atomic operation expected, found `sub`"
    );
    assert_eq!(body("add"), "line 3: `add` defines one value, not 0 values");
    assert_eq!(
        error(&format!("{head}body {{}} extra")),
        "line 2: the end expected, found `extra`"
    );
}

#[test]
fn deep_nesting_ends_in_an_error_not_in_a_stack_overflow() {
    let nested = |depth: usize| {
        format!(
            "workload workgroup_size(1, 1, 1) body {{ {} {} }}",
            "loop { ".repeat(depth),
            "break }".repeat(depth)
        )
    };
    let deepest = parse(&nested(Workload::MAX_DEPTH)).unwrap();
    assert_eq!(parse(&print(&deepest)).unwrap(), deepest);
    assert!(error(&nested(Workload::MAX_DEPTH + 1)).contains("deeper"));
    assert!(error(&nested(100_000)).contains("deeper"));
}

#[test]
fn an_unchecked_program_prints_too() {
    let mut program = parse(EVERYTHING).unwrap();
    program.values.clear();
    assert!(print(&program).contains("%0: ? = builtin"));
    let mut program = Program {
        body: Default::default(),
        ..program
    };
    for _ in 0..1000 {
        let body = std::mem::take(&mut program.body);
        program.body.insts.push(crate::ir::Inst {
            kind: InstKind::Loop {
                params: Vec::new(),
                body,
                results: Vec::new(),
            },
            span: Default::default(),
        });
    }
    assert!(print(&program).contains("{ ... }"));
}

#[test]
fn damaged_text_never_panics() {
    for cut in (0..EVERYTHING.len()).filter(|&cut| EVERYTHING.is_char_boundary(cut)) {
        let _ = parse(&EVERYTHING[..cut]);
        for junk in ["%", "}", "(", "\"", "-", "é", "99999999999999999999"] {
            let text = format!("{}{junk}{}", &EVERYTHING[..cut], &EVERYTHING[cut..]);
            if let Ok(program) = parse(&text) {
                let _ = Workload::new(program);
            }
        }
    }
}
