//! Kernels as typed trees.

/// Invocations of a workgroup.
pub(super) const INVOCATIONS: u32 = 4;
/// Workgroups of the dispatch.
pub(super) const WORKGROUPS: u32 = 2;
/// Words that each invocation writes at its end.
pub(super) const RESULTS: usize = 8;
/// Words of workgroup memory, and of atomics.
pub(super) const SHARED: usize = INVOCATIONS as usize;

/// The type of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    U32,
    I32,
    Bool,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    Scalar(Scalar),
    Vector(Scalar, usize),
    Array(Box<Self>, usize),
    /// A struct of the program.
    Struct(usize),
}

pub(super) const U32: Ty = Ty::Scalar(Scalar::U32);
pub(super) const BOOL: Ty = Ty::Scalar(Scalar::Bool);

/// A kernel.
#[derive(Debug)]
pub(super) struct Program {
    /// Member types of the structs. The first struct is the element of the input.
    pub(super) structs: Vec<Vec<Ty>>,
    /// Types of the private variables.
    pub(super) privates: Vec<Ty>,
    /// Functions; each calls earlier ones only.
    pub(super) functions: Vec<Function>,
    /// Types of the variables of `main`.
    pub(super) locals: Vec<Ty>,
    /// What `main` does.
    pub(super) stages: Vec<Stage>,
    /// What each invocation writes at its end.
    pub(super) results: Vec<Expr>,
    /// Words of the input.
    pub(super) input: Vec<u32>,
}

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    /// Types of the value parameters, which are the first locals.
    pub(super) parameters: Vec<Ty>,
    /// What the pointer parameter points to.
    pub(super) pointer: Option<Ty>,
    pub(super) result: Ty,
    /// Types of all locals.
    pub(super) locals: Vec<Ty>,
    pub(super) body: Vec<Statement>,
    /// What it returns at its end.
    pub(super) value: Expr,
}

/// A part of `main`; all invocations do one before any does the next.
#[derive(Debug)]
pub(super) enum Stage {
    /// Statements on the invocation's own variables.
    Own(Vec<Statement>),
    /// `shared[index] = value`, a barrier, `local = shared[(index + by) % SHARED]`, a barrier.
    Exchange { value: Expr, local: usize, by: u32 },
    /// An atomic on workgroup memory, a barrier, a load, a barrier.
    Atomic {
        op: AtomicOp,
        signed: bool,
        cell: Expr,
        value: Expr,
        local: usize,
        by: u32,
    },
    /// A uniform load of a word of the shared memory.
    UniformLoad { at: u32, local: usize },
    /// An atomic on storage; a program has one kind.
    Total { cell: Expr, value: Expr },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum AtomicOp {
    Add,
    Sub,
    Min,
    Max,
    And,
    Or,
    Xor,
}

#[derive(Debug)]
pub(super) enum Statement {
    /// `var vN = value;`
    Declare(usize, Expr),
    Assign(Place, Expr),
    If(Expr, Vec<Self>, Vec<Self>),
    /// Runs `rounds` times at most; the counter is a local.
    Loop {
        counter: usize,
        rounds: u32,
        body: Vec<Self>,
        continuing: Vec<Self>,
        break_if: Option<Expr>,
    },
    Switch {
        selector: Expr,
        /// Selectors and body; no selectors for the default.
        cases: Vec<(Vec<u32>, Vec<Self>)>,
    },
    /// `if condition { break; }`; leaves a loop or a `switch`.
    Break(Expr),
    Continue(Expr),
    Return(Expr, Expr),
}

/// A variable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Root {
    Local(usize),
    Private(usize),
    /// What the pointer parameter points to.
    Pointer,
}

/// A variable or a part of it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
}

/// A way into a value.
#[derive(Debug)]
pub(super) enum Step {
    Member(usize),
    Component(usize),
    Element(usize),
    /// An index, taken modulo the length.
    Index(Box<Expr>, usize),
}

#[derive(Debug)]
pub(super) enum Expr {
    Literal(Scalar, u32),
    /// `input[global id].member…`
    Input(Vec<Step>),
    LocalIndex,
    GlobalIndex,
    Read(Place),
    Unary(&'static str, Box<Self>),
    /// Component by component; operands of one length.
    Binary(&'static str, Box<Self>, Box<Self>),
    /// `&&` and `||`.
    Logical(bool, Box<Self>, Box<Self>),
    Construct(Ty, Vec<Self>),
    Swizzle(Box<Self>, Vec<usize>),
    Select(Box<Self>, Box<Self>, Box<Self>),
    /// To scalars of a type, component by component.
    Cast {
        to: Scalar,
        /// Components.
        len: usize,
        /// `bitcast`, else a conversion.
        bits: bool,
        operand: Box<Self>,
    },
    BuiltIn(&'static str, Vec<Self>),
    /// Value arguments, and the pointer argument.
    Call(usize, Vec<Self>, Option<Place>),
}

impl Program {
    /// The type of a member of a struct.
    pub(super) fn member(&self, id: usize, at: usize) -> &Ty {
        &self.structs[id][at]
    }

    /// The first words of the buffers.
    pub(super) fn buffers(&self) -> Vec<Vec<u32>> {
        let invocations = (INVOCATIONS * WORKGROUPS) as usize;
        vec![
            self.input.clone(),
            vec![0; invocations * RESULTS],
            vec![7; SHARED],
        ]
    }
}
