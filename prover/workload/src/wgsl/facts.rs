//! What the statements of a function tell about its local arrays, before it is lowered.

use std::collections::HashSet;

use naga::{Block, Expression, Function, Handle, Literal, LocalVariable, Statement};

/// Facts about one function.
#[derive(Debug, Default)]
pub(super) struct FunctionFacts {
    /// Variables that are indexed by something that is not a constant.
    pub(super) indexed_at_run_time: HashSet<Handle<LocalVariable>>,
    /// Variables that are stored to, as a whole or in part.
    pub(super) stored: HashSet<Handle<LocalVariable>>,
    /// The first literal that is a float, used or not.
    pub(super) float: Option<Handle<Expression>>,
}

impl FunctionFacts {
    pub(super) fn of(function: &Function) -> Self {
        let mut facts = Self::default();
        for (handle, expression) in function.expressions.iter() {
            match *expression {
                Expression::Access { base, index } => {
                    if let Expression::LocalVariable(variable) = function.expressions[base]
                        && !matches!(function.expressions[index], Expression::Literal(_))
                    {
                        facts.indexed_at_run_time.insert(variable);
                    }
                }
                Expression::Literal(
                    Literal::F16(_) | Literal::F32(_) | Literal::F64(_) | Literal::AbstractFloat(_),
                ) => {
                    facts.float.get_or_insert(handle);
                }
                _ => {}
            }
        }
        for_each_statement(&function.body, &mut |statement| {
            if let Statement::Store { pointer, .. } = *statement
                && let Some(variable) = root_variable(function, pointer)
            {
                facts.stored.insert(variable);
            }
        });
        facts
    }
}

/// The local variable that a pointer leads into.
pub(super) fn root_variable(
    function: &Function,
    mut pointer: Handle<Expression>,
) -> Option<Handle<LocalVariable>> {
    loop {
        match function.expressions[pointer] {
            Expression::LocalVariable(variable) => return Some(variable),
            // Operands come before their users, so this ends.
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => {
                pointer = base;
            }
            _ => return None,
        }
    }
}

/// Whether a block returns from its function somewhere.
pub(super) fn returns(block: &Block) -> bool {
    let mut found = false;
    for_each_statement(block, &mut |statement| {
        found |= matches!(statement, Statement::Return { .. });
    });
    found
}

/// Visits the statements of a block and of the blocks in it, of `switch` excepted, which is refused.
pub(super) fn for_each_statement<'m>(block: &'m Block, visit: &mut impl FnMut(&'m Statement)) {
    let mut pending = vec![block];
    while let Some(block) = pending.pop() {
        for statement in block.iter() {
            visit(statement);
            match statement {
                Statement::Block(block) => pending.push(block),
                Statement::If { accept, reject, .. } => pending.extend([accept, reject]),
                Statement::Loop {
                    body, continuing, ..
                } => pending.extend([body, continuing]),
                _ => {}
            }
        }
    }
}
