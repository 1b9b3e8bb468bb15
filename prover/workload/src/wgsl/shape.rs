//! Types as the lowering sees them: which scalars a value has, and where they lie in memory.

use std::rc::Rc;

use naga::{ArraySize, Handle, TypeInner};

use crate::ir::{Span, Type};

use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::names::{refuse_type, scalar_type};
use super::refusal::Refusal;

/// A type. Its *leaves* are the scalars of a value in the order of members, elements and components.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// One scalar; also an atomic one.
    Scalar(Type),
    /// Two to four scalars.
    Vector {
        /// Type of a component.
        element: Type,
        /// Components.
        len: u32,
    },
    /// Elements of one shape.
    Array(Rc<ArrayShape>),
    /// Members.
    Struct(Rc<StructShape>),
}

/// An array.
#[derive(Debug)]
pub(super) struct ArrayShape {
    element: Shape,
    /// Elements, unless a buffer decides.
    len: Option<u32>,
    /// Words from one element of a buffer to the next.
    stride: u32,
    leaves: usize,
    depth: usize,
}

/// A struct.
#[derive(Debug)]
pub(super) struct StructShape {
    members: Vec<Member>,
    /// Words of one in a buffer.
    words: u32,
    leaves: usize,
    depth: usize,
}

#[derive(Debug)]
struct Member {
    shape: Shape,
    /// Its first word in a buffer.
    word: u32,
    /// Its first leaf.
    leaf: usize,
}

/// How the leaves of a value lie in words of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// As WGSL says for buffers, with gaps where alignment or attributes ask for them.
    Buffer,
    /// One after the other. No one sees how local and workgroup variables lie.
    Dense,
}

/// A member, element or component.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) shape: Shape,
    /// Its first leaf.
    pub(super) leaf: usize,
    /// Its first word.
    pub(super) word: u32,
}

impl Shape {
    /// Scalars of a value; 0 for run-time sized arrays, which are no values.
    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Scalar(_) => 1,
            Self::Vector { len, .. } => *len as usize,
            Self::Array(array) => array.leaves,
            Self::Struct(shape) => shape.leaves,
        }
    }

    /// Words that a value takes. naga bounds the bytes of a type below 2^31.
    pub(super) fn words(&self, layout: Layout) -> u32 {
        match (self, layout) {
            (Self::Array(array), Layout::Buffer) => {
                array.stride.saturating_mul(array.len.unwrap_or(0))
            }
            (Self::Struct(shape), Layout::Buffer) => shape.words,
            _ => u32::try_from(self.leaves()).unwrap_or(u32::MAX),
        }
    }

    /// Members, elements or components; `None` where a buffer decides.
    pub(super) fn parts(&self) -> Option<u32> {
        match self {
            Self::Scalar(_) => Some(0),
            Self::Vector { len, .. } => Some(*len),
            Self::Array(array) => array.len,
            Self::Struct(shape) => u32::try_from(shape.members.len()).ok(),
        }
    }

    /// What indexing gives: the shape of an element or component and the words from one to the next.
    pub(super) fn element(&self, layout: Layout) -> Option<(Self, u32)> {
        match self {
            Self::Vector { element, .. } => Some((Self::Scalar(*element), 1)),
            Self::Array(array) => {
                let stride = match layout {
                    Layout::Buffer => array.stride,
                    Layout::Dense => array.element.words(layout),
                };
                Some((array.element.clone(), stride))
            }
            Self::Scalar(_) | Self::Struct(_) => None,
        }
    }

    /// The part at a constant index.
    pub(super) fn part(&self, at: u32, layout: Layout) -> Option<Part> {
        if let Self::Struct(shape) = self {
            let member = shape.members.get(at as usize)?;
            return Some(Part {
                shape: member.shape.clone(),
                leaf: member.leaf,
                word: match layout {
                    Layout::Buffer => member.word,
                    Layout::Dense => u32::try_from(member.leaf).ok()?,
                },
            });
        }
        if self.parts().is_some_and(|len| at >= len) {
            return None;
        }
        let (shape, stride) = self.element(layout)?;
        Some(Part {
            leaf: shape.leaves().checked_mul(at as usize)?,
            word: stride.checked_mul(at)?,
            shape,
        })
    }

    /// Whether it is an array whose length a buffer decides, or ends in one.
    pub(super) fn is_runtime_sized(&self) -> bool {
        match self {
            Self::Scalar(_) | Self::Vector { .. } => false,
            Self::Array(array) => array.len.is_none(),
            Self::Struct(shape) => shape
                .members
                .last()
                .is_some_and(|member| member.shape.is_runtime_sized()),
        }
    }

    /// Visits the leaves in order: the type of each and its word, counted from `base`.
    pub(super) fn for_each_leaf(
        &self,
        layout: Layout,
        base: u32,
        visit: &mut impl FnMut(Type, u32),
    ) {
        match self {
            Self::Scalar(ty) => visit(*ty, base),
            Self::Vector { element, len } => (0..*len).for_each(|at| visit(*element, base + at)),
            Self::Array(_) => {
                if let (Some((element, stride)), Some(len)) = (self.element(layout), self.parts()) {
                    for at in 0..len {
                        element.for_each_leaf(layout, base + at * stride, visit);
                    }
                }
            }
            Self::Struct(shape) => {
                for (at, member) in (0..).zip(&shape.members) {
                    if let Some(part) = self.part(at, layout) {
                        member.shape.for_each_leaf(layout, base + part.word, visit);
                    }
                }
            }
        }
    }

    /// The leaves' types and words, counted from 0.
    pub(super) fn leaf_words(&self, layout: Layout) -> Vec<(Type, u32)> {
        let mut leaves = Vec::with_capacity(self.leaves());
        self.for_each_leaf(layout, 0, &mut |ty, word| leaves.push((ty, word)));
        leaves
    }

    fn depth(&self) -> usize {
        match self {
            Self::Scalar(_) | Self::Vector { .. } => 0,
            Self::Array(array) => array.depth,
            Self::Struct(shape) => shape.depth,
        }
    }
}

impl Lowering<'_> {
    /// The shape of a type. `span` is where it is used.
    pub(super) fn shape(
        &mut self,
        handle: Handle<naga::Type>,
        span: Span,
    ) -> Result<Shape, Refusal> {
        if let Some(shape) = self.shapes.get(&handle) {
            return Ok(shape.clone());
        }
        let module = self.module;
        let inner = &module.types[handle].inner;
        let shape = match *inner {
            TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar) => {
                scalar_type(scalar).map(Shape::Scalar)
            }
            TypeInner::Vector { size, scalar } => {
                scalar_type(scalar).map(|element| Shape::Vector {
                    element,
                    len: size.into(),
                })
            }
            TypeInner::Array { base, size, stride } => {
                let element = self.shape(base, span)?;
                let len = match size {
                    ArraySize::Constant(len) => Some(len.get()),
                    ArraySize::Dynamic => None,
                    ArraySize::Pending(_) => {
                        return Err(Refusal::internal("an array of unknown length", span));
                    }
                };
                Some(Shape::Array(Rc::new(ArrayShape {
                    len,
                    stride: stride / 4,
                    leaves: element.leaves().saturating_mul(len.unwrap_or(0) as usize),
                    depth: element.depth() + 1,
                    element,
                })))
            }
            TypeInner::Struct {
                ref members,
                span: bytes,
            } => {
                let (mut leaves, mut depth) = (0usize, 0);
                let mut shapes = Vec::with_capacity(members.len());
                for member in members {
                    let shape = self.shape(member.ty, span)?;
                    let leaf = leaves;
                    leaves = leaves.saturating_add(shape.leaves());
                    depth = depth.max(shape.depth());
                    shapes.push(Member {
                        shape,
                        word: member.offset / 4,
                        leaf,
                    });
                }
                Some(Shape::Struct(Rc::new(StructShape {
                    members: shapes,
                    words: bytes / 4,
                    leaves,
                    depth: depth + 1,
                })))
            }
            _ => None,
        };
        let shape = shape.ok_or_else(|| refuse_type(module, inner, span))?;
        over(
            Limit::TypeDepth,
            shape.depth(),
            self.limits.type_depth,
            span,
        )?;
        self.shapes.insert(handle, shape.clone());
        Ok(shape)
    }
}
