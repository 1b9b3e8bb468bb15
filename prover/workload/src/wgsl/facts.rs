//! What a function does to variables, before it is lowered: which parts it stores to, and which arrays it indexes
//! at run time. A variable's parts become values or memory accordingly, and loops carry what they store to.
//!
//! Facts about pointer parameters and module-scope variables reach the callers, so the facts of a function cover
//! what it calls. A part is a path of constant indices from the variable on.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{
    Block, Expression, Function, GlobalVariable, Handle, Literal, LocalVariable, Module, Statement,
    TypeInner,
};

/// Parts of one variable that are told apart; of more, the whole variable is meant.
const MAX_PATHS: usize = 64;

/// A part of a variable: constant indices of members and elements.
pub(super) type Path = Vec<u32>;

/// What a pointer leads into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Root {
    /// A variable of the function.
    Local(Handle<LocalVariable>),
    /// What a pointer parameter points to.
    Parameter(u32),
    /// A module-scope variable.
    Global(Handle<GlobalVariable>),
}

/// What happens to one variable.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// Arrays that are indexed by something that is not a constant.
    pub(super) indexed_at_run_time: BTreeSet<Path>,
    /// Parts that are stored to.
    pub(super) stored: BTreeSet<Path>,
}

impl Uses {
    /// Whether an array inside of this part, and not the part itself, is indexed at run time.
    pub(super) fn indexed_within(&self, part: &Path) -> bool {
        self.indexed_at_run_time
            .range(part.clone()..)
            .next()
            .is_some_and(|path| path.starts_with(part))
    }
}

/// Facts about one function and what it calls.
#[derive(Debug, Default)]
pub(super) struct FunctionFacts {
    uses: HashMap<Root, Uses>,
    /// The first literal that is a float, used or not.
    pub(super) float: Option<Handle<Expression>>,
}

/// The facts about all functions and one entry point.
#[derive(Debug)]
pub(super) struct Facts {
    functions: Vec<Rc<FunctionFacts>>,
    entry: Rc<FunctionFacts>,
}

impl Facts {
    /// Collects the facts; naga lists a function after those it calls.
    pub(super) fn of(module: &Module, info: &ModuleInfo, entry: usize) -> Self {
        let mut functions = Vec::with_capacity(module.functions.len());
        for (handle, function) in module.functions.iter() {
            let facts = FunctionFacts::of(module, function, &info[handle], &functions);
            functions.push(Rc::new(facts));
        }
        let function = &module.entry_points[entry].function;
        let facts = FunctionFacts::of(module, function, info.get_entry_point(entry), &functions);
        Self {
            functions,
            entry: Rc::new(facts),
        }
    }

    /// The facts about a function.
    pub(super) fn function(&self, function: Handle<Function>) -> &Rc<FunctionFacts> {
        &self.functions[function.index()]
    }

    /// The facts about the entry point.
    pub(super) fn entry(&self) -> &Rc<FunctionFacts> {
        &self.entry
    }
}

impl FunctionFacts {
    fn of(module: &Module, function: &Function, info: &FunctionInfo, callees: &[Rc<Self>]) -> Self {
        let mut facts = Self::default();
        for (handle, expression) in function.expressions.iter() {
            match *expression {
                Expression::Access { base, index }
                    if !matches!(function.expressions[index], Expression::Literal(_))
                        && !points_to_vector(module, info, base) =>
                {
                    if let Some((root, path)) = trace(function, base) {
                        let uses = facts.uses.entry(root).or_default();
                        add(&mut uses.indexed_at_run_time, path);
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
            for_each_store(function, statement, callees, &mut |root, path| {
                add(&mut facts.uses.entry(root).or_default().stored, path);
            });
            let Statement::Call {
                function: callee,
                ref arguments,
                ..
            } = *statement
            else {
                return;
            };
            for (&of, uses) in &callees[callee.index()].uses {
                if let Some((root, path)) = in_caller(function, arguments, of) {
                    let uses_here = facts.uses.entry(root).or_default();
                    for part in &uses.indexed_at_run_time {
                        add(
                            &mut uses_here.indexed_at_run_time,
                            [path.as_slice(), part].concat(),
                        );
                    }
                }
            }
        });
        facts
    }

    /// What happens to a variable.
    pub(super) fn uses(&self, root: Root) -> Option<&Uses> {
        self.uses.get(&root)
    }
}

/// Adds a part to a set of bounded size.
fn add(paths: &mut BTreeSet<Path>, path: Path) {
    if paths.len() >= MAX_PATHS && !paths.contains(&path) {
        paths.clear();
        paths.insert(Path::new());
    } else if !paths.contains(&Path::new()) {
        paths.insert(path);
    }
}

/// Visits the parts of variables that a statement stores to, itself or in a function that it calls.
pub(super) fn for_each_store(
    function: &Function,
    statement: &Statement,
    callees: &[Rc<FunctionFacts>],
    visit: &mut impl FnMut(Root, Path),
) {
    match statement {
        Statement::Store { pointer, .. } => {
            if let Some((root, path)) = trace(function, *pointer) {
                visit(root, path);
            }
        }
        Statement::Call {
            function: callee,
            arguments,
            ..
        } => {
            for (&of, uses) in &callees[callee.index()].uses {
                if let Some((root, path)) = in_caller(function, arguments, of) {
                    for part in &uses.stored {
                        visit(root, [path.as_slice(), part].concat());
                    }
                }
            }
        }
        _ => {}
    }
}

impl Facts {
    /// Visits the parts of variables that the statements of a block of `function` store to.
    pub(super) fn for_each_store_in(
        &self,
        function: &Function,
        block: &Block,
        visit: &mut impl FnMut(Root, Path),
    ) {
        for_each_statement(block, &mut |statement| {
            for_each_store(function, statement, &self.functions, visit);
        });
    }
}

/// What a variable of a callee is to its caller; nothing where it is the callee's own.
fn in_caller(
    caller: &Function,
    arguments: &[Handle<Expression>],
    of: Root,
) -> Option<(Root, Path)> {
    match of {
        Root::Local(_) => None,
        Root::Parameter(index) => trace(caller, *arguments.get(index as usize)?),
        Root::Global(_) => Some((of, Path::new())),
    }
}

/// The variable that a pointer leads into, and the part of it: up to the first index that is no constant.
fn trace(function: &Function, mut pointer: Handle<Expression>) -> Option<(Root, Path)> {
    let mut path = Path::new();
    let root = loop {
        match function.expressions[pointer] {
            Expression::LocalVariable(variable) => break Root::Local(variable),
            Expression::GlobalVariable(variable) => break Root::Global(variable),
            Expression::FunctionArgument(index) => break Root::Parameter(index),
            // Operands come before their users, so this ends.
            Expression::AccessIndex { base, index } => {
                path.push(index);
                pointer = base;
            }
            Expression::Access { base, index } => {
                match function.expressions[index] {
                    Expression::Literal(Literal::U32(index)) => path.push(index),
                    Expression::Literal(Literal::I32(index)) if index >= 0 => {
                        path.push(index.cast_unsigned());
                    }
                    _ => path.clear(),
                }
                pointer = base;
            }
            _ => return None,
        }
    };
    path.reverse();
    Some((root, path))
}

/// Whether a reference is to a vector, whose components are told apart without memory.
fn points_to_vector(module: &Module, info: &FunctionInfo, base: Handle<Expression>) -> bool {
    match *info[base].ty.inner_with(&module.types) {
        TypeInner::Vector { .. } | TypeInner::ValuePointer { size: Some(_), .. } => true,
        TypeInner::Pointer { base, .. } => {
            matches!(module.types[base].inner, TypeInner::Vector { .. })
        }
        _ => false,
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

/// Visits the statements of a block and of the blocks in it.
pub(super) fn for_each_statement<'m>(block: &'m Block, visit: &mut impl FnMut(&'m Statement)) {
    let mut pending = vec![block];
    while let Some(block) = pending.pop() {
        for statement in block.iter() {
            visit(statement);
            match statement {
                Statement::Block(block) => pending.push(block),
                Statement::If { accept, reject, .. } => pending.extend([accept, reject]),
                Statement::Switch { cases, .. } => {
                    pending.extend(cases.iter().map(|case| &case.body));
                }
                Statement::Loop {
                    body, continuing, ..
                } => pending.extend([body, continuing]),
                _ => {}
            }
        }
    }
}
