//! WGSL names of what the front end refuses, and what to use instead.

use naga::{Module, Scalar, ScalarKind, Type, TypeInner};

use crate::ir::{self, Span};

use super::refusal::Refusal;

/// The IR type of a scalar the language has.
pub(super) fn scalar_type(scalar: Scalar) -> Option<ir::Type> {
    match scalar {
        Scalar::U32 => Some(ir::Type::U32),
        Scalar::I32 => Some(ir::Type::I32),
        Scalar::BOOL => Some(ir::Type::Bool),
        _ => None,
    }
}

/// Refuses a value or variable of a type that the language does not have there.
pub(super) fn refuse_type(module: &Module, inner: &TypeInner, span: Span) -> Refusal {
    let name = type_name(module, inner);
    if is_float(module, inner) {
        return Refusal::unsupported(
            format!("floating point (`{name}`)"),
            "use fixed-point arithmetic in `i32` or `u32`",
            span,
        );
    }
    match inner {
        TypeInner::Scalar(scalar) if scalar.width == 8 => Refusal::unsupported(
            format!("64-bit integers (`{name}`)"),
            "use pairs of `u32`",
            span,
        ),
        TypeInner::Scalar(_) => Refusal::not_yet(format!("the type `{name}`"), span),
        TypeInner::Vector { .. } => Refusal::unsupported(
            format!("vectors (`{name}`)"),
            "use one scalar per component",
            span,
        ),
        TypeInner::Atomic(_) => Refusal::not_yet(format!("atomics (`{name}`)"), span),
        TypeInner::Pointer { .. } | TypeInner::ValuePointer { .. } => Refusal::unsupported(
            format!("pointer parameters (`{name}`)"),
            "pass the value and return the new one",
            span,
        ),
        TypeInner::Array { base, .. } => match module.types[*base].inner {
            TypeInner::Scalar(_) => Refusal::not_yet(format!("`{name}` here"), span),
            TypeInner::Array { .. } => Refusal::unsupported(
                format!("arrays of arrays (`{name}`)"),
                "use one array and compute the index",
                span,
            ),
            ref base => refuse_type(module, base, span),
        },
        TypeInner::Struct { .. } => Refusal::unsupported(
            format!("struct variables and values (`{name}`)"),
            "use one variable per member; a buffer may be a struct of `u32` and `i32`",
            span,
        ),
        _ => Refusal::not_yet(format!("`{name}`"), span),
    }
}

/// Whether a type is made of floats.
pub(super) fn is_float(module: &Module, inner: &TypeInner) -> bool {
    match *inner {
        TypeInner::Scalar(scalar)
        | TypeInner::Vector { scalar, .. }
        | TypeInner::Matrix { scalar, .. }
        | TypeInner::Atomic(scalar)
        | TypeInner::ValuePointer { scalar, .. } => {
            matches!(scalar.kind, ScalarKind::Float | ScalarKind::AbstractFloat)
        }
        TypeInner::Array { base, .. } | TypeInner::Pointer { base, .. } => {
            let base = &module.types[base].inner;
            !matches!(base, TypeInner::Array { .. } | TypeInner::Pointer { .. })
                && is_float(module, base)
        }
        _ => false,
    }
}

/// A type as WGSL writes it.
pub(super) fn type_name(module: &Module, inner: &TypeInner) -> String {
    let named = |handle: naga::Handle<Type>| {
        let Type { name, inner } = &module.types[handle];
        match (name, inner) {
            (Some(name), _) => name.clone(),
            // Types nest no deeper than the source does.
            (None, inner) => type_name(module, inner),
        }
    };
    match *inner {
        TypeInner::Scalar(scalar) => scalar_name(scalar).to_owned(),
        TypeInner::Vector { size, scalar } => {
            format!("vec{}<{}>", u8::from(size), scalar_name(scalar))
        }
        TypeInner::Matrix {
            columns,
            rows,
            scalar,
        } => format!(
            "mat{}x{}<{}>",
            u8::from(columns),
            u8::from(rows),
            scalar_name(scalar)
        ),
        TypeInner::Atomic(scalar) => format!("atomic<{}>", scalar_name(scalar)),
        TypeInner::Pointer { base, .. } => format!("ptr<_, {}>", named(base)),
        TypeInner::ValuePointer { scalar, .. } => format!("ptr<_, {}>", scalar_name(scalar)),
        TypeInner::Array { base, size, .. } => match size {
            naga::ArraySize::Constant(len) => format!("array<{}, {len}>", named(base)),
            naga::ArraySize::Pending(_) => format!("array<{}, _>", named(base)),
            naga::ArraySize::Dynamic => format!("array<{}>", named(base)),
        },
        TypeInner::Struct { .. } => module
            .types
            .iter()
            .find(|(_, ty)| ty.inner == *inner)
            .and_then(|(_, ty)| ty.name.clone())
            .unwrap_or_else(|| "struct".to_owned()),
        TypeInner::Image { .. } => "texture".to_owned(),
        TypeInner::Sampler { .. } => "sampler".to_owned(),
        TypeInner::AccelerationStructure { .. } => "acceleration_structure".to_owned(),
        TypeInner::RayQuery { .. } => "ray_query".to_owned(),
        TypeInner::BindingArray { .. } => "binding_array".to_owned(),
        TypeInner::CooperativeMatrix { .. } => "coop_mat".to_owned(),
    }
}

fn scalar_name(scalar: Scalar) -> &'static str {
    match (scalar.kind, scalar.width) {
        (ScalarKind::Bool, _) => "bool",
        (ScalarKind::Uint, 2) => "u16",
        (ScalarKind::Uint, 8) => "u64",
        (ScalarKind::Uint, _) => "u32",
        (ScalarKind::Sint, 2) => "i16",
        (ScalarKind::Sint, 8) => "i64",
        (ScalarKind::Sint, _) => "i32",
        (ScalarKind::Float, 2) => "f16",
        (ScalarKind::Float, 8) => "f64",
        (ScalarKind::Float, _) => "f32",
        (ScalarKind::AbstractInt, _) => "abstract integer",
        (ScalarKind::AbstractFloat, _) => "abstract float",
    }
}

/// A built-in function as WGSL writes it: naga's variant with a small first letter.
pub(super) fn builtin_function(variant: &impl std::fmt::Debug) -> String {
    let variant = format!("{variant:?}");
    let mut chars = variant.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// What a statement outside of the language is called; `None` for one inside.
pub(super) fn foreign_statement(statement: &naga::Statement) -> Option<&'static str> {
    use naga::Statement as S;
    Some(match statement {
        S::Emit(_)
        | S::Block(_)
        | S::If { .. }
        | S::Loop { .. }
        | S::Break
        | S::Continue
        | S::Return { .. }
        | S::Store { .. }
        | S::Call { .. } => return None,
        S::Switch { .. } => "`switch`",
        S::Kill => "`discard`",
        S::ControlBarrier(_) | S::MemoryBarrier(_) => {
            "barriers (`workgroupBarrier`, `storageBarrier`)"
        }
        S::Atomic { .. } => "atomics",
        S::WorkGroupUniformLoad { .. } => "`workgroupUniformLoad`",
        S::ImageStore { .. } | S::ImageAtomic { .. } => "textures",
        S::RayQuery { .. } | S::RayPipelineFunction(_) => "ray tracing",
        S::SubgroupBallot { .. }
        | S::SubgroupGather { .. }
        | S::SubgroupCollectiveOperation { .. } => "subgroup operations",
        S::CooperativeStore { .. } => "cooperative matrices",
    })
}

/// What an expression outside of the language is called.
pub(super) fn foreign_expression(expression: &naga::Expression) -> String {
    use naga::Expression as E;
    let name = match expression {
        E::Override(_) => "`override` constants",
        E::ImageSample { .. } | E::ImageLoad { .. } | E::ImageQuery { .. } => "textures",
        E::Derivative { .. } => "derivatives",
        E::AtomicResult { .. } => "atomics",
        E::WorkGroupUniformLoadResult { .. } => "`workgroupUniformLoad`",
        E::Relational { fun, .. } => {
            return format!("the built-in function `{}`", builtin_function(fun));
        }
        E::Math { fun, .. } => return format!("the built-in function `{}`", builtin_function(fun)),
        E::SubgroupBallotResult | E::SubgroupOperationResult { .. } => "subgroup operations",
        E::RayQueryVertexPositions { .. }
        | E::RayQueryProceedResult
        | E::RayQueryGetIntersection { .. } => "ray tracing",
        E::CooperativeLoad { .. } | E::CooperativeMultiplyAdd { .. } => "cooperative matrices",
        _ => "this expression",
    };
    name.to_owned()
}
