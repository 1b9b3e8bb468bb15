//! What naga's validator finds wrong with a module, said in the words of WGSL.
//!
//! naga names things by their handles and prints its own types. The rules that people break are said here by
//! name; the rest goes through [`wording::plain`].

use std::error::Error;

use naga::valid::{
    CallError, ComposeError, EntryPointError, ExpressionError, FunctionError, GlobalVariableError,
    LocalVariableError, TypeError, ValidationError, VaryingError,
};
use naga::{
    AddressSpace, BinaryOperator, Function, GlobalVariable, Handle, Module, SwitchValue, Type,
    TypeInner, UnaryOperator,
};

use super::names::{builtin_function, type_name};
use super::wording;

/// The rule that a module breaks.
pub(super) fn message(module: &Module, error: &ValidationError) -> String {
    let validated = Validated { module };
    match error {
        ValidationError::Type { name, source, .. } => match source {
            TypeError::InvalidDynamicArray(member, _) => format!(
                "struct `{name}`: only the last member can be a run-time sized array, not `{member}`"
            ),
            TypeError::EmptyStruct => format!("struct `{name}` has no members"),
            source => format!("type `{name}`: {}", chain(source)),
        },
        ValidationError::GlobalVariable {
            handle,
            name,
            source,
        } => validated.global(&module.global_variables[*handle], name, source),
        ValidationError::Function {
            handle,
            name,
            source,
        } => validated.function(&module.functions[*handle], name, source),
        ValidationError::EntryPoint {
            stage,
            name,
            source,
        } => {
            let entry = module
                .entry_points
                .iter()
                .find(|entry| entry.name == *name && entry.stage == *stage);
            match (source, entry) {
                (EntryPointError::Function(source), Some(entry)) => {
                    validated.function(&entry.function, name, source)
                }
                _ => validated.entry_point(name, source),
            }
        }
        error => chain(error),
    }
}

/// An error with its causes, in plain words.
fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    wording::plain(&message)
}

struct Validated<'m> {
    module: &'m Module,
}

impl Validated<'_> {
    fn type_of(&self, handle: Handle<Type>) -> String {
        self.type_name(&self.module.types[handle].inner)
    }

    fn type_name(&self, inner: &TypeInner) -> String {
        type_name(self.module, inner)
    }

    fn global(&self, variable: &GlobalVariable, name: &str, error: &GlobalVariableError) -> String {
        let ty = self.type_of(variable.ty);
        let is_buffer = matches!(
            variable.space,
            AddressSpace::Storage { .. } | AddressSpace::Uniform
        );
        match error {
            GlobalVariableError::InvalidType(AddressSpace::Handle) => format!(
                "variable `{name}` needs an address space, such as `var<private>`, `var<workgroup>` or \
                 `var<storage, read_write>`"
            ),
            GlobalVariableError::InvalidType(_) | GlobalVariableError::MissingTypeFlags { .. }
                if is_buffer =>
            {
                format!(
                    "buffer `{name}` cannot be of type `{ty}`: buffers hold numbers, and arrays and structs of \
                     them, but no `bool`"
                )
            }
            GlobalVariableError::InvalidType(_) | GlobalVariableError::MissingTypeFlags { .. } => {
                format!("variable `{name}` cannot be of type `{ty}` in its address space")
            }
            GlobalVariableError::InvalidBinding if is_buffer => {
                format!("buffer `{name}` needs `@group(…)` and `@binding(…)`")
            }
            GlobalVariableError::InvalidBinding => {
                format!("variable `{name}` is no buffer and cannot have `@group` and `@binding`")
            }
            GlobalVariableError::Alignment(space, ty, source) => {
                let buffer = match space {
                    AddressSpace::Uniform => "uniform buffer",
                    _ => "buffer",
                };
                format!(
                    "the layout of `{}` does not fit the {buffer} `{name}`: {}",
                    self.type_of(*ty),
                    chain(source)
                )
            }
            GlobalVariableError::InitializerType => {
                format!("variable `{name}` starts with a value of another type than `{ty}`")
            }
            GlobalVariableError::InitializerNotAllowed(_) => {
                format!("variable `{name}` cannot have a value to start with in its address space")
            }
            GlobalVariableError::StorageAddressSpaceWriteOnlyNotSupported => {
                format!("buffer `{name}` must be `read` or `read_write`")
            }
            error => format!("variable `{name}`: {}", chain(error)),
        }
    }

    fn entry_point(&self, name: &str, error: &EntryPointError) -> String {
        match error {
            EntryPointError::OutOfRangeWorkgroupSize => {
                format!("the workgroup size of `{name}` has a zero or is too large")
            }
            EntryPointError::ForbiddenStageOperations => format!(
                "`{name}` uses what a compute shader does not have, such as `discard` or derivatives"
            ),
            EntryPointError::BindingCollision(variable) => {
                let variable = &self.module.global_variables[*variable];
                format!(
                    "buffer `{}` has the `@group` and `@binding` of another one that `{name}` uses",
                    variable.name.as_deref().unwrap_or_default()
                )
            }
            EntryPointError::Argument(_, source) | EntryPointError::Result(source) => {
                self.varying(name, source)
            }
            EntryPointError::InvalidGlobalUsage(variable, _) => {
                let variable = &self.module.global_variables[*variable];
                format!(
                    "`{name}` uses `{}` in a way that its declaration does not allow",
                    variable.name.as_deref().unwrap_or_default()
                )
            }
            error => format!("entry point `{name}`: {}", chain(error)),
        }
    }

    fn varying(&self, name: &str, error: &VaryingError) -> String {
        match error {
            VaryingError::InvalidBuiltInStage(builtin) => format!(
                "a parameter of `{name}` is `{}`, which a compute shader does not have",
                wording::snake_case(&format!("{builtin:?}"))
            ),
            VaryingError::InvalidBuiltInType(builtin, ty) => format!(
                "a parameter of `{name}` declares `{}` as `{}`, which is not its type",
                wording::snake_case(&format!("{builtin:?}")),
                self.type_name(ty)
            ),
            VaryingError::DuplicateBuiltIn(builtin) => format!(
                "two parameters of `{name}` are `{}`",
                wording::snake_case(&format!("{builtin:?}"))
            ),
            VaryingError::MissingBinding | VaryingError::MemberMissingBinding(_) => format!(
                "every parameter of the entry point `{name}` needs `@builtin(…)`, and it returns nothing"
            ),
            error => format!("entry point `{name}`: {}", chain(error)),
        }
    }

    fn function(&self, function: &Function, name: &str, error: &FunctionError) -> String {
        let returned = || {
            let result = function.result.as_ref();
            result.map_or_else(|| "nothing".to_owned(), |result| self.type_of(result.ty))
        };
        match error {
            FunctionError::Expression { source, .. } => self.expression(source),
            FunctionError::LocalVariable {
                name: local,
                source,
                ..
            } => match source {
                LocalVariableError::InvalidType(ty) => format!(
                    "local variable `{local}` cannot be of type `{}`, which has no fixed size or cannot be \
                     stored",
                    self.type_of(*ty)
                ),
                LocalVariableError::InitializerType => {
                    format!("local variable `{local}` starts with a value of another type than its own")
                }
                source => format!("local variable `{local}`: {}", chain(source)),
            },
            FunctionError::InvalidArgumentType { name: argument, .. } => {
                format!("parameter `{argument}` of `{name}` has a type that cannot be passed")
            }
            FunctionError::InvalidArgumentPointerSpace { name: argument, .. } => format!(
                "parameter `{argument}` of `{name}` points into an address space that cannot be passed"
            ),
            FunctionError::BreakOutsideOfLoopOrSwitch => {
                "`break` is outside of a loop or `switch`".to_owned()
            }
            FunctionError::ContinueOutsideOfLoop => "`continue` is outside of a loop".to_owned(),
            FunctionError::InvalidReturnSpot => "`return` is in a `continuing` block".to_owned(),
            FunctionError::InvalidReturnType {
                expression: None, ..
            } => format!(
                "`{name}` must return a value of type `{}`, but can end without one",
                returned()
            ),
            FunctionError::InvalidReturnType {
                expected_ty: None, ..
            } => format!("`{name}` returns a value, but declares no type for it"),
            FunctionError::InvalidReturnType { .. } => format!(
                "`{name}` returns a value of another type than its `{}`",
                returned()
            ),
            FunctionError::InvalidIfType(_) => "a condition must be a `bool`".to_owned(),
            FunctionError::InvalidSwitchType(_) => {
                "`switch` needs an `i32` or a `u32`".to_owned()
            }
            FunctionError::ConflictingSwitchCase(value) => match value {
                SwitchValue::I32(value) => format!("a `switch` has two cases for {value}"),
                SwitchValue::U32(value) => format!("a `switch` has two cases for {value}u"),
                SwitchValue::Default => "a `switch` has two `default` cases".to_owned(),
            },
            FunctionError::ConflictingCaseType => {
                "a case of a `switch` has another type than its value".to_owned()
            }
            FunctionError::MissingDefaultCase => "a `switch` needs a `default` case".to_owned(),
            FunctionError::MultipleDefaultCases => {
                "a `switch` has two `default` cases".to_owned()
            }
            FunctionError::InvalidStorePointer(_) => {
                "this cannot be written: it is read-only (as `var<uniform>`, `var<storage>` and \
                 `var<storage, read>` are), or no variable"
                    .to_owned()
            }
            FunctionError::InvalidStoreTypes { .. } => {
                "the value has another type than what it is stored to".to_owned()
            }
            FunctionError::InvalidCall { function, error } => {
                let callee = &self.module.functions[*function];
                self.call(callee.name.as_deref().unwrap_or_default(), error)
            }
            FunctionError::NonUniformControlFlow(..) => {
                "all invocations of a workgroup must get here together, but a condition before it may differ \
                 between them"
                    .to_owned()
            }
            FunctionError::NonUniformWorkgroupUniformLoad(_) => {
                "all invocations of a workgroup must get to a `workgroupUniformLoad` together, with one index, \
                 but a condition or index before it may differ between them"
                    .to_owned()
            }
            error => chain(error),
        }
    }

    fn call(&self, callee: &str, error: &CallError) -> String {
        match error {
            CallError::ArgumentCount { required, seen } => {
                format!("`{callee}` takes {required} arguments, not {seen}")
            }
            CallError::ArgumentType {
                index, required, ..
            } => format!(
                "argument {} of `{callee}` must be of type `{}`",
                index + 1,
                self.type_of(*required)
            ),
            CallError::Argument { source, .. } => self.expression(source),
            error => format!("the call of `{callee}`: {}", chain(error)),
        }
    }

    fn expression(&self, error: &ExpressionError) -> String {
        match error {
            ExpressionError::InvalidBinaryOperandTypes {
                op,
                lhs_type,
                rhs_type,
                ..
            } => {
                let symbol = binary_symbol(*op);
                let (left, right) = (self.type_name(lhs_type), self.type_name(rhs_type));
                match (lhs_type, rhs_type) {
                    (TypeInner::Scalar(a), TypeInner::Scalar(b)) if a != b => format!(
                        "`{symbol}` does not take `{left}` and `{right}`; convert one of them, as in \
                         `{left}(…)`"
                    ),
                    _ => format!("`{symbol}` does not take `{left}` and `{right}`"),
                }
            }
            ExpressionError::InvalidUnaryOperandType(op, _) => {
                let symbol = match op {
                    UnaryOperator::Negate => "-",
                    UnaryOperator::LogicalNot => "!",
                    UnaryOperator::BitwiseNot => "~",
                };
                format!("`{symbol}` does not take a value of this type")
            }
            ExpressionError::SelectValuesTypeMismatch { accept, reject } => format!(
                "`select` takes two values of one type, not `{}` and `{}`",
                self.type_name(reject),
                self.type_name(accept)
            ),
            ExpressionError::SelectConditionNotABool { actual } => format!(
                "the condition of `select` must be a `bool`, not `{}`",
                self.type_name(actual)
            ),
            ExpressionError::NegativeIndex(_) => "an index must not be negative".to_owned(),
            ExpressionError::IndexOutOfBounds(_, index) => {
                format!("index {index} is out of bounds")
            }
            ExpressionError::InvalidIndexType(_) => {
                "an index must be an `i32` or a `u32`".to_owned()
            }
            ExpressionError::InvalidBaseType(_) => "this value cannot be indexed so".to_owned(),
            ExpressionError::InvalidPointerType(_) => {
                "this cannot be read as one value: it is no variable, or has no fixed size".to_owned()
            }
            ExpressionError::InvalidArrayType(_) => {
                "`arrayLength` takes a pointer to a run-time sized array, as in `arrayLength(&data)`"
                    .to_owned()
            }
            ExpressionError::Compose(source) => match source {
                ComposeError::Type(ty) => {
                    format!("a `{}` cannot be made of components", self.type_of(*ty))
                }
                ComposeError::ComponentCount { given, expected } => {
                    format!("{expected} components are needed, {given} are given")
                }
                ComposeError::ComponentType { index } => {
                    format!("component {} has the wrong type", index + 1)
                }
            },
            ExpressionError::InvalidZeroValue(ty) => {
                format!("there is no zero of type `{}`", self.type_of(*ty))
            }
            ExpressionError::InvalidCastArgument => "there is no such conversion".to_owned(),
            ExpressionError::WrongArgumentCount(function) => format!(
                "`{}` takes another number of arguments",
                builtin_function(function)
            ),
            ExpressionError::InvalidArgumentType(function, index, _) => format!(
                "argument {} of `{}` has the wrong type",
                index + 1,
                builtin_function(function)
            ),
            ExpressionError::ShiftAmountTooLarge { lhs_type, .. } => format!(
                "a shift of `{}` by as many bits as it has, or more",
                self.type_name(lhs_type)
            ),
            ExpressionError::DivideByZero => "division by zero".to_owned(),
            error => chain(error),
        }
    }
}

/// An operator as WGSL writes it.
pub(super) fn binary_symbol(op: BinaryOperator) -> &'static str {
    match op {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::Equal => "==",
        BinaryOperator::NotEqual => "!=",
        BinaryOperator::Less => "<",
        BinaryOperator::LessEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterEqual => ">=",
        BinaryOperator::And => "&",
        BinaryOperator::ExclusiveOr => "^",
        BinaryOperator::InclusiveOr => "|",
        BinaryOperator::LogicalAnd => "&&",
        BinaryOperator::LogicalOr => "||",
        BinaryOperator::ShiftLeft => "<<",
        BinaryOperator::ShiftRight => ">>",
    }
}
