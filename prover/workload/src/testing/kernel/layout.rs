//! Where the scalars of a type lie in a storage buffer, by the rules of WGSL.

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
pub(super) fn member(program: &Program, id: usize, at: usize) -> usize {
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
