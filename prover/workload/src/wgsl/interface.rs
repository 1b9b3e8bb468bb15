//! The entry point's interface: its buffers, its built-in arguments, its workgroup size.

use std::collections::HashSet;

use naga::{
    AddressSpace, Binding, BuiltIn, EntryPoint, Expression, FunctionArgument, GlobalVariable,
    Handle, Module, ShaderStage, Statement, StorageAccess, TypeInner,
};

use crate::ir::{self, Axis, Builtin, Length, Space, Span, Workload};

use super::facts::for_each_statement;
use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::module::span_of;
use super::names::{refuse_subgroups, type_name};
use super::operand::{Address, Composite, Operand, Place, Term};
use super::refusal::Refusal;
use super::shape::Layout;

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
    /// Adds the module-scope variables that the entry point and the functions it calls mention, in the order of
    /// their declarations.
    pub(super) fn declare_globals(&mut self, entry: &'m EntryPoint) -> Result<(), Refusal> {
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
                self.declare_global(handle, variable)?;
            }
        }
        Ok(())
    }

    fn declare_global(
        &mut self,
        handle: Handle<GlobalVariable>,
        variable: &'m GlobalVariable,
    ) -> Result<(), Refusal> {
        let module = self.module;
        let span = span_of(module.global_variables.get_span(handle));
        let (uniform, writable) = match variable.space {
            AddressSpace::Uniform => (true, false),
            AddressSpace::Storage { access } => (false, access.contains(StorageAccess::STORE)),
            AddressSpace::WorkGroup => return self.declare_shared(handle, variable, span),
            AddressSpace::Private => return self.declare_private(handle, variable, span),
            AddressSpace::Handle => {
                let name = type_name(module, &module.types[variable.ty].inner);
                return Err(Refusal::unsupported(
                    format!("`{name}` variables"),
                    "a kernel computes on storage and uniform buffers; put the data into one",
                    span,
                ));
            }
            AddressSpace::Function
            | AddressSpace::Immediate
            | AddressSpace::TaskPayload
            | AddressSpace::RayPayload
            | AddressSpace::IncomingRayPayload => {
                return Err(Refusal::without_remedy("this kind of variable", span));
            }
        };
        let binding = variable
            .binding
            .map(|binding| ir::Binding {
                group: binding.group,
                binding: binding.binding,
            })
            .ok_or_else(|| Refusal::internal("a buffer without a binding", span))?;
        let shape = self
            .shape(variable.ty, span)
            .map_err(|refusal| in_buffer(refusal, variable))?;
        let length = if shape.is_runtime_sized() {
            Length::Runtime
        } else {
            Length::Words(shape.words(Layout::Buffer))
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
        let place = Place::Memory {
            memory,
            layout: Layout::Buffer,
            shape,
            address: Address::default(),
        };
        self.globals.insert(handle, place);
        Ok(())
    }

    /// Adds workgroup memory.
    fn declare_shared(
        &mut self,
        handle: Handle<GlobalVariable>,
        variable: &'m GlobalVariable,
        span: Span,
    ) -> Result<(), Refusal> {
        let shape = self.shape(variable.ty, span)?;
        let words = shape.words(Layout::Dense);
        self.used.shared_words = self.used.shared_words.saturating_add(words as usize);
        over(
            Limit::SharedWords,
            self.used.shared_words,
            self.limits.shared_words,
            span,
        )?;
        let name = variable.name.as_deref().unwrap_or("shared");
        let memory = self.new_inner_memory(name, Space::Shared { words }, span)?;
        let place = Place::Memory {
            memory,
            layout: Layout::Dense,
            shape,
            address: Address::default(),
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
            let terms = self.built_in(binding, span)?;
            return Composite::scalar_or_vector(terms)
                .map(Operand::from)
                .ok_or_else(|| Refusal::internal("a built-in value of nothing", span));
        }
        let module = self.module;
        let TypeInner::Struct { members, .. } = &module.types[argument.ty].inner else {
            return Err(Refusal::internal("an argument without a binding", span));
        };
        let mut terms = Vec::new();
        for member in members {
            match &member.binding {
                Some(binding) => terms.extend(self.built_in(binding, span)?),
                None => return Err(Refusal::internal("an argument without a binding", span)),
            }
        }
        let shape = self.shape(argument.ty, span)?;
        Ok(Composite {
            shape,
            terms: terms.into(),
        }
        .into())
    }

    /// The components of a built-in value.
    fn built_in(&mut self, binding: &Binding, span: Span) -> Result<Vec<Term>, Refusal> {
        let Binding::BuiltIn(built_in) = binding else {
            return Err(Refusal::internal("an argument with a location", span));
        };
        let vector: fn(Axis) -> Builtin = match built_in {
            BuiltIn::GlobalInvocationId => Builtin::GlobalInvocationId,
            BuiltIn::LocalInvocationId => Builtin::LocalInvocationId,
            BuiltIn::WorkGroupId => Builtin::WorkgroupId,
            BuiltIn::NumWorkGroups => Builtin::NumWorkgroups,
            BuiltIn::LocalInvocationIndex => {
                return Ok(vec![self.builtin(Builtin::LocalInvocationIndex)]);
            }
            BuiltIn::NumSubgroups
            | BuiltIn::SubgroupId
            | BuiltIn::SubgroupSize
            | BuiltIn::SubgroupInvocationId => return Err(refuse_subgroups(span)),
            other => {
                return Err(Refusal::without_remedy(
                    format!("the built-in value {other:?}"),
                    span,
                ));
            }
        };
        Ok([Axis::X, Axis::Y, Axis::Z]
            .map(|axis| self.builtin(vector(axis)))
            .to_vec())
    }
}

/// Says in which buffer a refused type is.
fn in_buffer(refusal: Refusal, variable: &GlobalVariable) -> Refusal {
    match refusal {
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
