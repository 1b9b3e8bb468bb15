//! Where the scalars of a type lie in a buffer, by the rules of WGSL.

use super::arithmetic::Value;
use super::tree::{Program, Ty};

/// Bytes of alignment and size.
fn layout(structs: &[Vec<Ty>], ty: &Ty) -> (usize, usize) {
    match ty {
        Ty::Scalar(_) => (4, 4),
        Ty::Vector(_, 2) => (8, 8),
        Ty::Vector(_, len) => (16, 4 * len),
        Ty::Array(element, len) => {
            let (align, size) = layout(structs, element);
            (align, len * size.next_multiple_of(align))
        }
        Ty::Struct(id) => {
            let (mut align, mut size) = (1, 0usize);
            for member in &structs[*id] {
                let (member_align, member_size) = layout(structs, member);
                align = align.max(member_align);
                size = size.next_multiple_of(member_align) + member_size;
            }
            (align, size.next_multiple_of(align))
        }
    }
}

/// Words from one element of an array to the next.
pub(super) fn stride(structs: &[Vec<Ty>], element: &Ty) -> usize {
    let (align, size) = layout(structs, element);
    size.next_multiple_of(align) / 4
}

/// The first word of a member.
fn member(program: &Program, id: usize, at: usize) -> usize {
    let mut offset = 0usize;
    for (index, member) in program.structs[id].iter().enumerate() {
        let (align, size) = layout(&program.structs, member);
        offset = offset.next_multiple_of(align);
        if index == at {
            break;
        }
        offset += size;
    }
    offset / 4
}

/// The value that lies in words.
pub(super) fn read(program: &Program, ty: &Ty, words: &[u32]) -> Value {
    let mut value = Value::zero(program, ty);
    visit(program, ty, 0, &mut value, &mut |at, bits| {
        *bits = words[at]
    });
    value
}

/// Puts a value into words, and leaves what is between its scalars.
pub(super) fn write(program: &Program, ty: &Ty, value: &mut Value, words: &mut [u32]) {
    visit(program, ty, 0, value, &mut |at, bits| words[at] = *bits);
}

/// Goes through the scalars of a value, each with its word.
fn visit(
    program: &Program,
    ty: &Ty,
    start: usize,
    value: &mut Value,
    scalar: &mut impl FnMut(usize, &mut u32),
) {
    match (ty, value) {
        (Ty::Scalar(_), Value::Scalar(_, bits)) => scalar(start, bits),
        (Ty::Vector(of, _), Value::Parts(parts)) => {
            for (at, part) in parts.iter_mut().enumerate() {
                visit(program, &Ty::Scalar(*of), start + at, part, scalar);
            }
        }
        (Ty::Array(element, _), Value::Parts(parts)) => {
            let stride = stride(&program.structs, element);
            for (at, part) in parts.iter_mut().enumerate() {
                visit(program, element, start + at * stride, part, scalar);
            }
        }
        (Ty::Struct(id), Value::Parts(parts)) => {
            for (at, part) in parts.iter_mut().enumerate() {
                let start = start + member(program, *id, at);
                visit(program, program.member(*id, at), start, part, scalar);
            }
        }
        (ty, value) => panic!("{value:?} is no {ty:?}"),
    }
}
