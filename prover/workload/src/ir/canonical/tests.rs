//! The format is pinned, bijective, and safe to read from anybody.

use super::*;
use crate::ir::text::parse;
use crate::ir::{
    AtomicOp, BarrierScope, BinaryOp, Block, Builtin, Inst, InstKind, InvalidProgram, Span,
    Workload,
};

fn workload(text: &str) -> Workload {
    Workload::new(parse(text).unwrap()).unwrap()
}

fn sample() -> Workload {
    workload(
        r#"workload workgroup_size(8, 4, 2)
memory m0 "data": output binding(0, 0) runtime
memory m1 "params": uniform binding(0, 1) 4
memory m2 "K": constant [1, 2, 4294967295]
memory m3 "w": private 64
memory m4 "s": shared 64
body {
  %0: u32 = builtin local_invocation_index
  atomic max m4[%0], %0
  barrier storage
  %11: u32 = const 5
  %12: u32 = uniform_load m4[%11]
  %1: bool = const true
  %2: i32 = load m1[%0]
  %3: u32, %4: i32 = loop(%5: u32 = %0) {
    %6: u32 = shl %5, %0
    %7: i32 = if %1 { yield(%2) } else { break(%5, %2) }
    %8: i32 = select %1, %2, %7
    store m3[%0] = %8
    meter 7
    continue(%6)
  }
  %9: u32 = array_length m0
  %10: bool = cast %9
  if %10 {
    store m0[%3] = %4
  }
}
"#,
    )
}

#[test]
fn decoding_inverts_encoding() {
    let workload = sample();
    let bytes = encode(&workload);
    let decoded = decode(&bytes).unwrap();
    assert_eq!(decoded, workload);
    assert_eq!(encode(&decoded), bytes);
    assert_eq!(decoded.id(), workload.id());
}

/// Pins the format: a change here is a new version.
#[test]
fn the_bytes_of_a_small_workload_are_pinned() {
    let workload = workload(
        r#"workload workgroup_size(64, 1, 1)
memory m0 "d": output binding(0, 2) 16
body {
  %0: u32 = builtin global_invocation_id.x
  %1: i32 = load m0[%0]
  %2: i32 = mul %1, %1
  store m0[%0] = %2
}"#,
    );
    #[rustfmt::skip]
    let expected = [
        1, 0, 64, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
        1, 0, 0, 0, 1, 0, 0, 0, b'd', 1, 0, 0, 0, 0, 2, 0, 0, 0, 1, 16, 0, 0, 0,
        4, 0, 0, 0,
        1, 0, 0,
        5, 1, 0, 0, 0, 0, 0, 0, 0, 0,
        2, 1, 2, 1, 0, 0, 0, 1, 0, 0, 0,
        6, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0,
        0, 0, 0, 0, 0,
    ];
    assert_eq!(encode(&workload), expected);
    assert_eq!(workload.id().to_string().len(), 64);
}

/// The same for what kernels that share memory add.
#[test]
fn the_bytes_of_shared_memory_barriers_and_atomics_are_pinned() {
    let workload = workload(
        r#"workload workgroup_size(64, 1, 1)
memory m0 "s": shared 16
body {
  %0: u32 = const 3
  atomic xor m0[%0], %0
  barrier storage
  %1: i32 = uniform_load m0[%0]
}"#,
    );
    #[rustfmt::skip]
    let expected = [
        1, 0, 64, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
        1, 0, 0, 0, 1, 0, 0, 0, b's', 4, 16, 0, 0, 0,
        4, 0, 0, 0,
        0, 0, 3, 0, 0, 0,
        13, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        11, 1,
        12, 1, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0,
    ];
    assert_eq!(encode(&workload), expected);
}

#[test]
fn every_operation_and_builtin_has_its_position() {
    for (position, op) in AtomicOp::ALL.into_iter().enumerate() {
        assert_eq!(op as usize, position);
    }
    for (position, scope) in BarrierScope::ALL.into_iter().enumerate() {
        assert_eq!(scope as usize, position);
    }
    for (position, op) in BinaryOp::ALL.into_iter().enumerate() {
        assert_eq!(op as usize, position);
    }
    for (position, builtin) in Builtin::ALL.into_iter().enumerate() {
        let text = format!(
            "workload workgroup_size(1, 1, 1) body {{ %0: u32 = builtin {} }}",
            builtin.name()
        );
        let workload = workload(&text);
        let bytes = encode(&workload);
        assert_eq!(usize::from(bytes[bytes.len() - 6]), position);
        assert_eq!(decode(&bytes).unwrap(), workload);
    }
}

#[test]
fn identity_ignores_numbers_and_spans_and_nothing_else() {
    let text = |a: u32, b: u32, name: &str, size: u32, uniform: &str| {
        format!(
            "workload workgroup_size({size}, 1, 1)
             memory m0 \"{name}\": {uniform} binding(0, 0) runtime
             body {{ %{a}: u32 = const 1 %{b}: u32 = add %{a}, %{a} }}"
        )
    };
    let id = |text: &str| workload(text).id();
    let base = id(&text(0, 1, "a", 1, "input"));
    assert_eq!(id(&text(9, 3, "a", 1, "input")), base);
    assert_ne!(id(&text(0, 1, "b", 1, "input")), base);
    assert_ne!(id(&text(0, 1, "a", 2, "input")), base);
    assert_ne!(id(&text(0, 1, "a", 1, "uniform")), base);

    let mut spanned = parse(&text(0, 1, "a", 1, "input")).unwrap();
    spanned.body.insts[0].span = Span { start: 3, end: 9 };
    // Nothing defines this one.
    spanned.new_value(crate::ir::Type::Bool);
    let spanned = Workload::new(spanned).unwrap();
    assert_eq!(spanned.id(), base);
    assert_eq!(spanned.program().values.len(), 2);
}

#[test]
fn numbering_is_that_of_the_text_whatever_it_was() {
    let mut program = parse(&sample().to_string()).unwrap();
    // Shift every value by one, by hand: an unused entry in front.
    program.values.insert(0, crate::ir::Type::Bool);
    shift(&mut program.body);
    assert_eq!(Workload::new(program).unwrap(), sample());
}

/// Adds one to every value of a block.
fn shift(block: &mut Block) {
    use crate::ir::Terminator;
    use InstKind as K;
    for inst in &mut block.insts {
        match &mut inst.kind {
            K::Const { result, .. } | K::Builtin { result, .. } | K::ArrayLength { result, .. } => {
                result.0 += 1;
            }
            K::Binary {
                result, lhs, rhs, ..
            } => [result, lhs, rhs].into_iter().for_each(|v| v.0 += 1),
            K::Select {
                result,
                condition,
                accept,
                reject,
            } => [result, condition, accept, reject]
                .into_iter()
                .for_each(|v| v.0 += 1),
            K::Cast { result, operand } => [result, operand].into_iter().for_each(|v| v.0 += 1),
            K::Load { result, index, .. } | K::UniformLoad { result, index, .. } => {
                [result, index].into_iter().for_each(|v| v.0 += 1);
            }
            K::Store { index, value, .. } | K::Atomic { index, value, .. } => {
                [index, value].into_iter().for_each(|v| v.0 += 1);
            }
            K::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                condition.0 += 1;
                results.iter_mut().for_each(|v| v.0 += 1);
                shift(then);
                shift(otherwise);
            }
            K::Loop {
                params,
                body,
                results,
            } => {
                results.iter_mut().for_each(|v| v.0 += 1);
                for param in params {
                    param.param.0 += 1;
                    param.initial.0 += 1;
                }
                shift(body);
            }
            K::Meter { .. } | K::Barrier { .. } => {}
        }
    }
    match &mut block.end {
        Terminator::Yield(v) | Terminator::Break(v) | Terminator::Continue(v) => {
            v.iter_mut().for_each(|v| v.0 += 1);
        }
        Terminator::Unreachable => {}
    }
}

#[test]
fn no_other_bytes_decode_to_the_same_workload() {
    let workload = sample();
    let bytes = encode(&workload);
    for at in 0..bytes.len() {
        assert!(decode(&bytes[..at]).is_err(), "truncated at {at}");
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(other) = decode(&flipped) {
                assert_ne!(other, workload, "bit {bit} of byte {at}");
                assert_eq!(encode(&other), flipped);
            }
        }
    }
    let mut long = bytes;
    long.push(0);
    assert_eq!(decode(&long), Err(DecodeError::Trailing { extra: 1 }));
}

#[test]
fn hostile_counts_and_nesting_end_in_errors() {
    assert!(matches!(
        decode(&[2, 0]),
        Err(DecodeError::Version { got: 2 })
    ));
    let head = [&[1, 0][..], &[1, 0, 0, 0].repeat(3)].concat();
    let huge = [&head[..], &[255; 4]].concat();
    assert!(matches!(decode(&huge), Err(DecodeError::Truncated { .. })));
    // A loop in a loop in a loop ...
    let mut deep = [&head[..], &[0; 4]].concat();
    for _ in 0..100_000 {
        deep.extend([1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    assert!(matches!(decode(&deep), Err(DecodeError::TooDeep { .. })));
    // More instructions than a program may have, all of them `meter 0`.
    let mut many = [&head[..], &[0; 4]].concat();
    let count = Workload::MAX_INSTS as u32 + 1;
    many.extend(count.to_le_bytes());
    many.extend([10, 0, 0, 0, 0].repeat(count as usize));
    many.extend([0; 5]);
    assert!(matches!(
        decode(&many),
        Err(DecodeError::TooManyInsts { .. })
    ));
    assert!(matches!(
        decode(&[&[1, 0][..], &[0; 25]].concat()),
        Err(DecodeError::Invalid(InvalidProgram::WorkgroupSize { .. }))
    ));
}

#[test]
fn an_empty_program_is_a_workload() {
    let empty = workload("workload workgroup_size(1, 1, 1) body {}");
    assert_eq!(empty.program().body.insts, Vec::<Inst>::new());
    assert_eq!(decode(&encode(&empty)).unwrap(), empty);
}
