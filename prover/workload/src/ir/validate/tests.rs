//! Each rule of the IR has programs that keep it and programs that break it.

use super::*;
use crate::ir::text::parse;
use crate::ir::{
    Binding, Block, Inst, InstKind, InvalidCode, Length, Memory, MemoryId, Place, Space,
    Terminator, Type, Value,
};

const HEAD: &str = r#"workload workgroup_size(1, 1, 1)
memory m0 "out": output binding(0, 0) runtime
memory m1 "in": input binding(0, 1) 4
memory m2 "table": constant [5]
memory m3 "array": private 4
memory m4 "shared": shared 4
body {
  %0: u32 = const 1
  %1: i32 = const 1
  %2: bool = const true
"#;

fn check(code: &str) -> Result<Workload, InvalidProgram> {
    Workload::new(parse(&format!("{HEAD}{code}\n}}")).unwrap())
}

/// The problem of code that breaks a rule, and the number of the instruction after the three of the head.
fn refused(code: &str) -> (InvalidCode, i64) {
    match check(code) {
        Err(InvalidProgram::Code { place, problem }) => match place {
            Place::Inst { number, .. } => (problem, i64::from(number) - 3),
            Place::Body => (problem, -1),
        },
        other => panic!("{code}\n{other:?}"),
    }
}

#[test]
fn legal_code_passes() {
    for code in [
        "",
        "yield",
        "%3: u32 = shl %0, %0 %4: i32 = shr %1, %0 %5: bool = and %2, %2",
        "%3: u32 = load m1[%0] store m3[%0] = %1 store m0[%0] = %3 %4: u32 = array_length m1",
        "%3: u32 = if %2 { yield(%0) } else { yield(%0) } %4: u32 = add %3, %0",
        "loop { if %2 { break } else { continue } unreachable }",
        "loop { if %2 { break } loop { break } continue }",
        "loop { if %2 { if %2 { break } else { continue } unreachable } else { break } unreachable }",
        "%3: u32 = loop { continue } store m0[%3] = %3",
        "%3: u32 = loop(%4: u32 = %0) { if %2 { break(%4) } %5: u32 = add %4, %4 continue(%5) }",
        "%3: bool = eq %2, %2 %4: bool = select %2, %3, %2 %5: u32 = cast %4 %6: u32 = cast %5",
        "meter 4294967295",
        "atomic add m0[%0], %0 atomic min m4[%0], %1 barrier workgroup store m4[%0] = %1",
    ] {
        check(code).unwrap_or_else(|error| panic!("{code}\n{error}"));
    }
}

#[test]
fn types_are_checked() {
    let operands = |op, lhs, rhs| InvalidCode::Operands { op, lhs, rhs };
    use crate::ir::BinaryOp as B;
    use Type::{Bool, I32, U32};
    let wrong = |value, got, expected| InvalidCode::Type {
        value: Value(value),
        got,
        expected,
    };
    for (code, problem) in [
        ("%3: u32 = add %0, %1", operands(B::Add, U32, I32)),
        ("%3: bool = add %2, %2", operands(B::Add, Bool, Bool)),
        ("%3: bool = lt %2, %2", operands(B::Lt, Bool, Bool)),
        ("%3: i32 = shl %1, %1", operands(B::Shl, I32, I32)),
        ("%3: u32 = xor %0, %2", operands(B::Xor, U32, Bool)),
        ("%3: i32 = add %0, %0", wrong(3, I32, U32)),
        ("%3: u32 = lt %0, %0", wrong(3, U32, Bool)),
        ("%3: i32 = builtin workgroup_id.x", wrong(3, I32, U32)),
        ("%3: u32 = select %0, %0, %0", wrong(0, U32, Bool)),
        ("%3: u32 = select %2, %0, %1", wrong(1, I32, U32)),
        ("%3: i32 = select %2, %0, %0", wrong(3, I32, U32)),
        ("%3: u32 = load m1[%1]", wrong(1, I32, U32)),
        ("store m0[%1] = %0", wrong(1, I32, U32)),
        ("atomic add m0[%1], %0", wrong(1, I32, U32)),
        (
            "atomic add m0[%0], %2",
            InvalidCode::NotWord { value: Value(2) },
        ),
        (
            "%3: bool = uniform_load m4[%0]",
            InvalidCode::NotWord { value: Value(3) },
        ),
        ("%3: u32 = uniform_load m4[%1]", wrong(1, I32, U32)),
        ("%3: i32 = array_length m0", wrong(3, I32, U32)),
        ("if %0 {}", wrong(0, U32, Bool)),
        (
            "%3: u32 = if %2 { yield(%1) } else { yield(%0) }",
            wrong(1, I32, U32),
        ),
        ("loop(%3: u32 = %1) { break }", wrong(1, I32, U32)),
        ("loop(%3: u32 = %0) { continue(%2) }", wrong(2, Bool, U32)),
        ("%3: bool = loop { break(%0) }", wrong(0, U32, Bool)),
        ("%3: bool = const 2", InvalidCode::BoolBits { bits: 2 }),
        (
            "%3: bool = load m1[%0]",
            InvalidCode::NotWord { value: Value(3) },
        ),
        (
            "store m0[%0] = %2",
            InvalidCode::NotWord { value: Value(2) },
        ),
    ] {
        let (got, number) = refused(code);
        assert_eq!(got, problem, "{code}");
        assert_eq!(number, 0, "{code}");
    }
}

#[test]
fn memories_are_checked_where_they_are_used() {
    let m = MemoryId;
    for (code, problem) in [
        (
            "%3: u32 = load m5[%0]",
            InvalidCode::UnknownMemory { memory: m(5) },
        ),
        (
            "store m9[%0] = %0",
            InvalidCode::UnknownMemory { memory: m(9) },
        ),
        (
            "store m1[%0] = %0",
            InvalidCode::NotWritable { memory: m(1) },
        ),
        (
            "store m2[%0] = %0",
            InvalidCode::NotWritable { memory: m(2) },
        ),
        (
            "%3: u32 = array_length m2",
            InvalidCode::NotBuffer { memory: m(2) },
        ),
        (
            "%3: u32 = array_length m3",
            InvalidCode::NotBuffer { memory: m(3) },
        ),
        (
            "%3: u32 = array_length m5",
            InvalidCode::UnknownMemory { memory: m(5) },
        ),
    ] {
        assert_eq!(refused(code), (problem, 0), "{code}");
    }
}

#[test]
fn values_stay_in_their_block() {
    for (code, value, number) in [
        ("if %2 { %3: u32 = const 1 } store m0[%3] = %0", 3, 2),
        (
            "if %2 { %3: u32 = const 1 } else { store m0[%3] = %0 }",
            3,
            2,
        ),
        ("loop { %3: u32 = const 1 break } store m0[%3] = %0", 3, 2),
        ("loop(%3: u32 = %0) { break } store m0[%3] = %0", 3, 1),
        ("%3: u32 = loop { store m0[%3] = %0 break(%0) }", 3, 1),
        ("%3: u32 = if %2 { yield(%3) } else { yield(%0) }", 3, 0),
        ("loop(%3: u32 = %0, %4: u32 = %3) { break }", 3, 0),
        (
            "%3: u32 = loop { if %2 { %4: u32 = const 1 } break(%4) }",
            4,
            0,
        ),
    ] {
        let value = Value(value);
        assert_eq!(
            refused(code),
            (InvalidCode::NotVisible { value }, number),
            "{code}"
        );
    }
}

#[test]
fn values_are_in_the_table_and_defined_once() {
    let mut program = parse(&format!("{HEAD}%3: u32 = add %0, %0 }}")).unwrap();
    let InstKind::Binary { result, .. } = &mut program.body.insts[3].kind else {
        panic!("the head has three instructions");
    };
    *result = Value(0);
    let error = Workload::new(program.clone()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "instruction 3: %0 is defined a second time"
    );

    let InstKind::Binary { result, lhs, .. } = &mut program.body.insts[3].kind else {
        panic!("the head has three instructions");
    };
    (*result, *lhs) = (Value(3), Value(77));
    let error = Workload::new(program).unwrap_err();
    assert_eq!(
        error.to_string(),
        "instruction 3: %77 is not in the program's table of values"
    );
}

#[test]
fn ends_fit_their_block() {
    let end = |block, end| InvalidCode::End { block, end };
    let arity = |end, got, expected| InvalidCode::Arity { end, got, expected };
    for (code, problem, number) in [
        ("break", end("the kernel's body", "break"), -1),
        ("continue", end("the kernel's body", "continue"), -1),
        ("unreachable", end("the kernel's body", "unreachable"), -1),
        ("yield(%0)", arity("yield", 1, 0), -1),
        ("if %2 { break }", end("an `if` arm", "break"), 0),
        (
            "if %2 { unreachable }",
            end("an `if` arm", "unreachable"),
            0,
        ),
        ("loop { yield }", end("a loop body", "yield"), 0),
        ("loop { unreachable }", end("a loop body", "unreachable"), 0),
        (
            "loop { if %2 {} unreachable }",
            end("a loop body", "unreachable"),
            0,
        ),
        ("if %2 { yield(%0) }", arity("yield", 1, 0), 0),
        ("%3: u32 = if %2 { yield(%0) }", arity("yield", 0, 1), 0),
        ("loop { break(%0) }", arity("break", 1, 0), 0),
        (
            "loop { loop { if %2 { break(%0) } break } break }",
            arity("break", 1, 0),
            2,
        ),
        (
            "loop(%3: u32 = %0) { continue }",
            arity("continue", 0, 1),
            0,
        ),
    ] {
        assert_eq!(refused(code), (problem, number), "{code}");
    }
}

#[test]
fn nothing_follows_an_if_that_never_yields() {
    for code in [
        "loop { if %2 { break } else { break } break }",
        "loop { if %2 { break } else { break } meter 1 break }",
        "loop { if %2 { break } else { break } meter 1 unreachable }",
        "loop { %3: u32 = if %2 { break } else { break } unreachable }",
    ] {
        assert_eq!(refused(code), (InvalidCode::EndlessIf, 1), "{code}");
    }
}

#[test]
fn nesting_is_bounded() {
    let block = |depth: usize| {
        (0..depth).fold(Block::default(), |inner, _| Block {
            insts: vec![Inst {
                kind: InstKind::If {
                    condition: Value(0),
                    then: inner,
                    otherwise: Block::default(),
                    results: Vec::new(),
                },
                span: Default::default(),
            }],
            end: Terminator::default(),
        })
    };
    let program = |depth| {
        let mut program =
            parse("workload workgroup_size(1, 1, 1) body { %0: bool = const true }").unwrap();
        program.body.insts.extend(block(depth).insts);
        program
    };
    assert!(Workload::new(program(Workload::MAX_DEPTH)).is_ok());
    for depth in [Workload::MAX_DEPTH + 1, 2000] {
        let error = Workload::new(program(depth)).unwrap_err();
        assert!(error.to_string().contains("deeper than 128"), "{error}");
    }
}

#[test]
fn workgroups_are_bounded() {
    for (size, legal) in [
        ([1, 1, 1], true),
        ([1024, 1, 1], true),
        ([8, 8, 16], true),
        ([0, 1, 1], false),
        ([1, 1025, 1], false),
        ([1 << 16, 1 << 16, 1], false),
        ([0, u32::MAX, u32::MAX], false),
    ] {
        let mut program = parse("workload workgroup_size(1, 1, 1) body {}").unwrap();
        program.workgroup_size = size;
        assert_eq!(Workload::new(program).is_ok(), legal, "{size:?}");
    }
}

#[test]
fn memories_are_checked() {
    let buffer = |name: &str, binding, words| Memory {
        name: name.to_owned(),
        space: Space::Output {
            binding: Binding { group: 0, binding },
            length: Length::Words(words),
        },
    };
    let private = |name: &str, words| Memory {
        name: name.to_owned(),
        space: Space::Private { words },
    };
    let shared = |words| Memory {
        name: "s".to_owned(),
        space: Space::Shared { words },
    };
    let constant = |words| Memory {
        name: "k".to_owned(),
        space: Space::Constant {
            words: vec![0; words],
        },
    };
    let check = |memories| {
        let mut program = parse("workload workgroup_size(1, 1, 1) body {}").unwrap();
        program.memories = memories;
        Workload::new(program).map_err(|error| error.to_string())
    };
    // The name of an array may be that of a buffer: only buffers are bound by name.
    check(vec![
        buffer("_a9", 0, 1),
        buffer("b", 1, 1),
        private("b", 1),
    ])
    .unwrap();
    for (memories, message) in [
        (vec![buffer("", 0, 1)], "m0: its name must match"),
        (vec![buffer("9a", 0, 1)], "m0: its name must match"),
        (vec![buffer("a b", 0, 1)], "m0: its name must match"),
        (vec![private("é", 1)], "m0: its name must match"),
        (vec![buffer(&"a".repeat(257), 0, 1)], "at most 256 bytes"),
        (
            vec![buffer("a", 0, 0)],
            "m0: it must have at least one word",
        ),
        (vec![private("a", 0)], "m0: it must have at least one word"),
        (vec![constant(0)], "m0: it must have at least one word"),
        (
            vec![buffer("a", 0, 1), buffer("a", 1, 1)],
            "m1: buffer m0 is also named `a`",
        ),
        (
            vec![buffer("a", 0, 1), buffer("b", 0, 1)],
            "m1: buffer m0 has the same binding",
        ),
        (vec![private("a", 1); 65], "65 memories; at most 64"),
        (vec![private("a", u32::MAX); 2], "words of private arrays"),
        (vec![shared(0)], "m0: it must have at least one word"),
        (
            vec![shared(4096), shared(1)],
            "4097 words of workgroup memory; at most 4096",
        ),
        (vec![constant(1 << 19); 3], "words of constant tables"),
    ] {
        let error = check(memories).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn atomics_and_uniform_loads_have_their_memories() {
    let m = MemoryId;
    for (code, problem) in [
        (
            "atomic or m1[%0], %0",
            InvalidCode::NotCommon { memory: m(1) },
        ),
        (
            "atomic or m2[%0], %0",
            InvalidCode::NotCommon { memory: m(2) },
        ),
        (
            "atomic or m3[%0], %0",
            InvalidCode::NotCommon { memory: m(3) },
        ),
        (
            "atomic or m5[%0], %0",
            InvalidCode::UnknownMemory { memory: m(5) },
        ),
        (
            "%3: u32 = uniform_load m0[%0]",
            InvalidCode::NotShared { memory: m(0) },
        ),
        (
            "%3: u32 = uniform_load m3[%0]",
            InvalidCode::NotShared { memory: m(3) },
        ),
        (
            "%3: u32 = array_length m4",
            InvalidCode::NotBuffer { memory: m(4) },
        ),
    ] {
        assert_eq!(refused(code), (problem, 0), "{code}");
    }
}

#[test]
fn sizes_are_bounded() {
    let mut program = parse("workload workgroup_size(1, 1, 1) body {}").unwrap();
    let meter = Inst {
        kind: InstKind::Meter { steps: 0 },
        span: Default::default(),
    };
    program.body.insts = vec![meter.clone(); Workload::MAX_INSTS];
    assert!(Workload::new(program.clone()).is_ok());
    program.body.insts.push(meter);
    assert!(matches!(
        Workload::new(program.clone()),
        Err(InvalidProgram::TooMany {
            what: "instructions",
            ..
        })
    ));
    program.body.insts.clear();
    program.values = vec![Type::U32; Workload::MAX_VALUES + 1];
    assert!(matches!(
        Workload::new(program),
        Err(InvalidProgram::TooMany { what: "values", .. })
    ));
}
