//! Kernels as typed trees.

/// Words that each invocation writes at its end.
pub(super) const RESULTS: usize = 4;
/// The struct that is the element of the input and of the cells.
pub(super) const ELEMENT: usize = 0;
/// The struct that is the uniform buffer.
pub(super) const SETTINGS: usize = 3;

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

/// What may go wrong in a kernel; one thing only, so that what comes of it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hazard {
    /// Nothing.
    None,
    /// Indices may be past their array's end. None of these reaches another invocation's words.
    Bounds,
    /// The steps may run out.
    Steps,
    /// Two invocations race for certain.
    Race,
}

/// A kernel.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Member types of the structs.
    pub(super) structs: Vec<Vec<Ty>>,
    /// Types of the private variables.
    pub(super) privates: Vec<Ty>,
    /// Element type of the typed array in workgroup memory.
    pub(super) shared: Ty,
    /// Words of a constant array.
    pub(super) table: Vec<u32>,
    /// Values of the `override` declarations; those at even positions are in the text.
    pub(super) overrides: Vec<(Scalar, u32)>,
    /// Functions; each calls earlier ones only.
    pub(super) functions: Vec<Function>,
    /// Types of the variables of `main`.
    pub(super) locals: Vec<Ty>,
    /// What `main` does.
    pub(super) stages: Vec<Stage>,
    /// What each invocation writes at its end.
    pub(super) results: Vec<Expr>,
    /// The kind of atomics on the totals.
    pub(super) total: (AtomicOp, Scalar),
    /// Words of the input.
    pub(super) input: Vec<u32>,
    /// First words of the cells, of which each invocation has one.
    pub(super) cells: Vec<u32>,
    /// Words of the uniform buffer.
    pub(super) settings: Vec<u32>,
    pub(super) workgroup_size: [u32; 3],
    pub(super) workgroups: [u32; 3],
    pub(super) hazard: Hazard,
    /// The job's limit on steps.
    pub(super) steps: u32,
}

/// A function.
#[derive(Clone, Debug)]
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
    /// Left out of the text: nothing calls it.
    pub(super) dropped: bool,
}

/// A part of `main`, which all invocations of a workgroup reach. `N` is their number.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// Statements on the invocation's own variables.
    Own(Vec<Statement>),
    /// The value goes to the invocation's own element; after a barrier `local` is another's, and after one more
    /// the elements may be used again.
    Exchange {
        through: Through,
        value: Expr,
        /// Where it is odd, the invocation writes past the end instead.
        stray: Option<Expr>,
        local: usize,
        by: u32,
    },
    /// An atomic on workgroup memory, a barrier, a load, a barrier.
    Atomic {
        op: AtomicOp,
        signed: bool,
        cell: Expr,
        value: Expr,
        local: usize,
        by: u32,
    },
    /// A uniform load of an element of workgroup memory, through words or values.
    UniformLoad {
        through: Through,
        at: u32,
        local: usize,
    },
    /// An atomic on storage of the program's kind.
    Total { cell: Expr, value: Expr },
    /// A loop of as many rounds as the settings say, modulo 3.
    Rounds(Vec<Self>),
    /// Two invocations race.
    Race(Race),
}

/// What an exchange goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Through {
    /// Words of workgroup memory.
    Words,
    /// The same, in a function with barriers.
    Function,
    /// Values of the program's type in workgroup memory.
    Values,
    /// Atomic words of workgroup memory.
    Atomics,
    /// Words of storage, with storage barriers.
    Storage,
}

/// A way to race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Race {
    /// An exchange through workgroup memory without the barrier.
    Barrier,
    /// Atomics of two families on one word.
    Families,
    /// Stores of all invocations to one word of storage.
    Stores,
    /// An exchange through storage with a barrier for workgroup memory.
    Scope,
}

impl Race {
    pub(super) const ALL: [Self; 4] = [Self::Barrier, Self::Families, Self::Stores, Self::Scope];
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

impl AtomicOp {
    pub(super) const ALL: [Self; 7] = [
        Self::Add,
        Self::Sub,
        Self::Min,
        Self::Max,
        Self::And,
        Self::Or,
        Self::Xor,
    ];
}

/// How a loop is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `loop`, which alone may have a `continuing` block; the counter is that of the round, from 1.
    Loop,
    /// `while`; likewise.
    While,
    /// `for`; the counter is one less.
    For,
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// `var vN = value;`
    Declare(usize, Expr),
    Assign(Place, Expr),
    /// The same through a pointer made for it.
    AssignThrough(Place, Expr),
    /// `place op= value;`
    Update(Place, &'static str, Expr),
    /// `place++;`, or `place--;`
    Count(Place, bool),
    If(Expr, Vec<Self>, Vec<Self>),
    /// Runs `rounds` times at most; the counter is a local.
    Loop {
        style: Style,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Local(usize),
    Private(usize),
    /// What the pointer parameter points to.
    Pointer,
    /// The invocation's own cell, in storage.
    Cell,
}

/// A variable or a part of it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
}

/// A way into a value.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Member(usize),
    Component(usize),
    Element(usize),
    Index(Box<Index>),
}

/// An index that is known at run time.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) value: Expr,
    /// What it is taken modulo.
    pub(super) modulo: Option<u32>,
    /// What it must be less than.
    pub(super) len: usize,
}

/// A buffer that is only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buffer {
    /// The invocation's own element of the input.
    Input,
    /// The uniform buffer.
    Settings,
}

/// A built-in position or number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Id {
    Local,
    Group,
    Global,
    Groups,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Literal(Scalar, u32),
    Override(usize),
    Read(Place),
    Buffer(Buffer, Vec<Step>),
    Table(Box<Index>),
    LocalIndex,
    /// The number of the invocation in the dispatch.
    GlobalIndex,
    Id(Id, usize),
    Unary(&'static str, Box<Self>),
    /// Component by component; operands of one length, or one of them a scalar.
    Binary(&'static str, Box<Self>, Box<Self>),
    /// `&&` and `||`.
    Logical(bool, Box<Self>, Box<Self>),
    Construct(Ty, Vec<Self>),
    Swizzle(Box<Self>, Vec<usize>),
    /// Condition, value if true, value if false.
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
    /// Invocations of a workgroup.
    pub(super) fn group(&self) -> usize {
        self.workgroup_size.iter().product::<u32>() as usize
    }

    /// Workgroups of the dispatch.
    pub(super) fn groups(&self) -> usize {
        self.workgroups.iter().product::<u32>() as usize
    }

    /// The type of a member of a struct.
    pub(super) fn member(&self, id: usize, at: usize) -> &Ty {
        &self.structs[id][at]
    }

    /// The first words of the buffers.
    pub(super) fn buffers(&self) -> Vec<Vec<u32>> {
        let invocations = self.group() * self.groups();
        vec![
            self.input.clone(),
            vec![0; invocations * RESULTS],
            vec![7; self.group()],
            self.settings.clone(),
            self.cells.clone(),
            vec![0; invocations],
        ]
    }
}
