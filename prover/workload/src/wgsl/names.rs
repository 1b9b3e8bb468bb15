//! WGSL names of what the front end refuses, and what to use instead.

use naga::{Expression, Module, Scalar, ScalarKind, Statement, Type, TypeInner};

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
        TypeInner::Scalar(scalar)
        | TypeInner::Vector { scalar, .. }
        | TypeInner::Atomic(scalar)
            if scalar.width == 8 =>
        {
            Refusal::unsupported(
                format!("64-bit integers (`{name}`)"),
                "use pairs of `u32`",
                span,
            )
        }
        TypeInner::Array { base, .. } => refuse_type(module, &module.types[*base].inner, span),
        _ => Refusal::without_remedy(format!("the type `{name}`"), span),
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

/// Refuses a statement that the language does not have.
pub(super) fn refuse_statement(statement: &Statement, span: Span) -> Refusal {
    let name = match statement {
        Statement::Kill => "`discard`",
        Statement::ControlBarrier(_) | Statement::MemoryBarrier(_) => {
            "barriers other than `workgroupBarrier` and `storageBarrier`"
        }
        Statement::ImageStore { .. } | Statement::ImageAtomic { .. } => "textures",
        Statement::RayQuery { .. } | Statement::RayPipelineFunction(_) => "ray tracing",
        Statement::SubgroupBallot { .. }
        | Statement::SubgroupGather { .. }
        | Statement::SubgroupCollectiveOperation { .. } => return refuse_subgroups(span),
        Statement::CooperativeStore { .. } => "cooperative matrices",
        _ => "this statement",
    };
    Refusal::without_remedy(name, span)
}

/// Refuses an expression that the language does not have.
pub(super) fn refuse_expression(expression: &Expression, span: Span) -> Refusal {
    let name = match expression {
        Expression::ImageSample { .. }
        | Expression::ImageLoad { .. }
        | Expression::ImageQuery { .. } => "textures",
        Expression::Derivative { .. } => "derivatives",
        Expression::Relational { fun, .. } => {
            let name = format!("the built-in function `{}`", builtin_function(fun));
            return Refusal::without_remedy(name, span);
        }
        Expression::Math { fun, .. } => {
            let name = format!("the built-in function `{}`", builtin_function(fun));
            return Refusal::without_remedy(name, span);
        }
        Expression::SubgroupBallotResult | Expression::SubgroupOperationResult { .. } => {
            return refuse_subgroups(span);
        }
        Expression::RayQueryVertexPositions { .. }
        | Expression::RayQueryProceedResult
        | Expression::RayQueryGetIntersection { .. } => "ray tracing",
        Expression::CooperativeLoad { .. } | Expression::CooperativeMultiplyAdd { .. } => {
            "cooperative matrices"
        }
        _ => "this expression",
    };
    Refusal::without_remedy(name, span)
}

/// Refuses what depends on how a device groups invocations.
pub(super) fn refuse_subgroups(span: Span) -> Refusal {
    Refusal::unsupported(
        "subgroup operations",
        "their result depends on the device; use workgroup memory and barriers",
        span,
    )
}
