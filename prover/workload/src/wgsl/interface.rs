//! The entry point's interface: its buffers, its built-in arguments, its workgroup size.

use std::collections::HashSet;

use naga::{
    AddressSpace, ArraySize, Binding, BuiltIn, EntryPoint, Expression, FunctionArgument,
    GlobalVariable, Handle, Module, ShaderStage, Statement, StorageAccess, TypeInner,
};

use crate::ir::{self, Axis, Builtin, Length, Space, Span, Workload};

use super::facts::for_each_statement;
use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::module::span_of;
use super::names::{refuse_type, type_name};
use super::operand::{Operand, Place};
use super::refusal::Refusal;

/// Finds the compute entry point of a name; gives its index too.
pub(super) fn find<'m>(
    module: &'m Module,
    wanted: &str,
) -> Result<(usize, &'m EntryPoint), Refusal> {
    let mut compute = module
        .entry_points
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.stage == ShaderStage::Compute);
    match compute.clone().find(|(_, entry)| entry.name == wanted) {
        Some(found) => Ok(found),
        None => Err(Refusal::NoEntryPoint {
            wanted: wanted.to_owned(),
            available: compute
                .by_ref()
                .map(|(_, entry)| entry.name.clone())
                .collect(),
        }),
    }
}

/// Names of all buffers of a module.
pub(super) fn buffer_names(module: &Module) -> Vec<String> {
    module
        .global_variables
        .iter()
        .filter(|(_, variable)| {
            matches!(
                variable.space,
                AddressSpace::Storage { .. } | AddressSpace::Uniform
            )
        })
        .filter_map(|(_, variable)| variable.name.clone())
        .collect()
}

/// The workgroup size, which is at most what every adapter takes.
pub(super) fn workgroup_size(entry: &EntryPoint) -> Result<[u32; 3], Refusal> {
    if entry.workgroup_size_overrides.is_some() {
        return Err(Refusal::unsupported(
            "a workgroup size that is an `override`",
            "write a `const`",
            Span::default(),
        ));
    }
    let invocations = entry
        .workgroup_size
        .iter()
        .fold(1u32, |product, &axis| product.saturating_mul(axis));
    over(
        Limit::WorkgroupInvocations,
        invocations as usize,
        Workload::MAX_WORKGROUP_INVOCATIONS as usize,
        Span::default(),
    )?;
    Ok(entry.workgroup_size)
}

impl<'m> Lowering<'m> {
    /// Adds the buffers that the entry point and the functions it calls mention, in the order of their
    /// declarations.
    pub(super) fn declare_buffers(&mut self, entry: &'m EntryPoint) -> Result<(), Refusal> {
        let module = self.module;
        let mut mentioned = HashSet::new();
        let mut seen = HashSet::new();
        let mut pending = vec![&entry.function];
        while let Some(function) = pending.pop() {
            for (_, expression) in function.expressions.iter() {
                if let Expression::GlobalVariable(variable) = *expression {
                    mentioned.insert(variable);
                }
            }
            for_each_statement(&function.body, &mut |statement| {
                if let Statement::Call { function, .. } = *statement
                    && seen.insert(function)
                {
                    pending.push(&module.functions[function]);
                }
            });
        }
        for (handle, variable) in module.global_variables.iter() {
            if mentioned.contains(&handle) {
                self.declare_buffer(handle, variable)?;
            }
        }
        Ok(())
    }

    fn declare_buffer(
        &mut self,
        handle: Handle<GlobalVariable>,
        variable: &GlobalVariable,
    ) -> Result<(), Refusal> {
        let module = self.module;
        let span = span_of(module.global_variables.get_span(handle));
        let inner = &module.types[variable.ty].inner;
        let (uniform, writable) = match variable.space {
            AddressSpace::Uniform => (true, false),
            AddressSpace::Storage { access } => {
                if access.contains(StorageAccess::ATOMIC) {
                    return Err(Refusal::not_yet("atomics", span));
                }
                (false, access.contains(StorageAccess::STORE))
            }
            AddressSpace::WorkGroup => {
                return Err(Refusal::not_yet(
                    "workgroup memory (`var<workgroup>`)",
                    span,
                ));
            }
            AddressSpace::Private => {
                return Err(Refusal::unsupported(
                    "`var<private>`",
                    "declare the variable in the function and pass it on",
                    span,
                ));
            }
            AddressSpace::Handle => {
                return Err(Refusal::not_yet(
                    format!("`{}` variables", type_name(module, inner)),
                    span,
                ));
            }
            AddressSpace::Function
            | AddressSpace::Immediate
            | AddressSpace::TaskPayload
            | AddressSpace::RayPayload
            | AddressSpace::IncomingRayPayload => {
                return Err(Refusal::not_yet("this kind of variable", span));
            }
        };
        let binding = variable
            .binding
            .map(|binding| ir::Binding {
                group: binding.group,
                binding: binding.binding,
            })
            .ok_or_else(|| Refusal::internal("a buffer without a binding", span))?;
        let words = |bytes: u32| Length::Words(bytes / 4);
        let mut element = None;
        let length = match inner {
            TypeInner::Array { base, size, stride } => {
                element = self.scalar_of(*base).filter(|ty| ty.is_word());
                if element.is_none() {
                    return Err(refuse_buffer(module, variable, inner, span));
                }
                match *size {
                    // naga lays arrays of scalars out without gaps.
                    ArraySize::Constant(len) if *stride == 4 => Length::Words(len.get()),
                    ArraySize::Dynamic if *stride == 4 => Length::Runtime,
                    _ => return Err(refuse_buffer(module, variable, inner, span)),
                }
            }
            TypeInner::Scalar(_) if self.scalar_of(variable.ty).is_some_and(ir::Type::is_word) => {
                words(4)
            }
            TypeInner::Struct {
                members,
                span: bytes,
            } => {
                for member in members {
                    if !self.scalar_of(member.ty).is_some_and(ir::Type::is_word) {
                        let inner = &module.types[member.ty].inner;
                        return Err(refuse_buffer(module, variable, inner, span));
                    }
                }
                words(*bytes)
            }
            _ => return Err(refuse_buffer(module, variable, inner, span)),
        };
        let name = variable.name.as_deref().unwrap_or_default();
        if name.is_empty()
            || name.len() > Workload::MAX_NAME_BYTES
            || !name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
        {
            return Err(Refusal::unsupported(
                format!("a buffer called `{name}`"),
                "use up to 256 of the characters A-Z, a-z, 0-9 and _",
                span,
            ));
        }
        let space = if writable {
            Space::Output { binding, length }
        } else {
            Space::Input {
                binding,
                uniform,
                length,
            }
        };
        let memory = self.new_memory(name, space, span)?;
        let place = match (element, length, self.scalar_of(variable.ty)) {
            (Some(element), Length::Words(len), _) => Place::Array {
                memory,
                element,
                len: Some(len),
            },
            (Some(element), Length::Runtime, _) => Place::Array {
                memory,
                element,
                len: None,
            },
            (None, _, Some(element)) => Place::Word {
                memory,
                element,
                index: super::operand::Term::zero(ir::Type::U32),
            },
            (None, _, None) => Place::Buffer {
                memory,
                ty: variable.ty,
            },
        };
        self.globals.insert(handle, place);
        Ok(())
    }

    /// The values of the entry point's arguments.
    pub(super) fn entry_arguments(&mut self, entry: &EntryPoint) -> Result<Vec<Operand>, Refusal> {
        let arguments = &entry.function.arguments;
        arguments
            .iter()
            .enumerate()
            .map(|(index, argument)| {
                let span = entry
                    .function
                    .expressions
                    .iter()
                    .find(|(_, expression)| {
                        matches!(expression, Expression::FunctionArgument(at) if *at as usize == index)
                    })
                    .map_or(Span::default(), |(handle, _)| {
                        span_of(entry.function.expressions.get_span(handle))
                    });
                self.entry_argument(argument, span)
            })
            .collect()
    }

    fn entry_argument(
        &mut self,
        argument: &FunctionArgument,
        span: Span,
    ) -> Result<Operand, Refusal> {
        if let Some(binding) = &argument.binding {
            return self.built_in(binding, span);
        }
        match &self.module.types[argument.ty].inner {
            TypeInner::Struct { members, .. } => members
                .iter()
                .map(|member| match &member.binding {
                    Some(binding) => self.built_in(binding, span),
                    None => Err(Refusal::internal("an argument without a binding", span)),
                })
                .collect::<Result<_, _>>()
                .map(Operand::Composite),
            _ => Err(Refusal::internal("an argument without a binding", span)),
        }
    }

    fn built_in(&mut self, binding: &Binding, span: Span) -> Result<Operand, Refusal> {
        let Binding::BuiltIn(built_in) = binding else {
            return Err(Refusal::internal("an argument with a location", span));
        };
        let vector: fn(Axis) -> Builtin = match built_in {
            BuiltIn::GlobalInvocationId => Builtin::GlobalInvocationId,
            BuiltIn::LocalInvocationId => Builtin::LocalInvocationId,
            BuiltIn::WorkGroupId => Builtin::WorkgroupId,
            BuiltIn::NumWorkGroups => Builtin::NumWorkgroups,
            BuiltIn::LocalInvocationIndex => {
                return Ok(Operand::Scalar(self.builtin(Builtin::LocalInvocationIndex)));
            }
            other => {
                return Err(Refusal::not_yet(
                    format!("the built-in value {other:?}"),
                    span,
                ));
            }
        };
        Ok(Operand::Composite(
            [Axis::X, Axis::Y, Axis::Z]
                .into_iter()
                .map(|axis| Operand::Scalar(self.builtin(vector(axis))))
                .collect(),
        ))
    }
}

/// Refuses a buffer for a type in it.
fn refuse_buffer(
    module: &Module,
    variable: &GlobalVariable,
    inner: &TypeInner,
    span: Span,
) -> Refusal {
    match refuse_type(module, inner, span) {
        Refusal::Unsupported {
            construct,
            instead,
            span,
        } => Refusal::Unsupported {
            construct: format!(
                "{construct} in the buffer `{}`",
                variable.name.as_deref().unwrap_or_default()
            ),
            instead,
            span,
        },
        other => other,
    }
}
