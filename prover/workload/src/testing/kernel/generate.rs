//! Random kernels, as typed trees.

use super::layout;
use super::tree::{
    AtomicOp, BOOL, Expr, Function, INVOCATIONS, Place, Program, RESULTS, Root, SHARED, Scalar,
    Stage, Statement, Step, Ty, U32, WORKGROUPS,
};

/// Expressions within expressions.
const DEPTH: u32 = 3;
/// Control flow within control flow.
const NESTING: u32 = 3;

/// The kernel of a seed.
pub(super) fn program(seed: u64) -> Program {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..8 {
        random.below(2);
    }
    let mut structs: Vec<Vec<Ty>> = Vec::new();
    for id in 0..3 {
        let members = 1 + random.below(4);
        let members = (0..members).map(|_| member_type(&mut random, id)).collect();
        structs.push(members);
    }
    let words = layout::stride(&structs, &Ty::Struct(0));
    let input = (0..words * (INVOCATIONS * WORKGROUPS) as usize)
        .map(|_| random.word())
        .collect();
    let privates = (0..2).map(|_| any_type(&mut random)).collect();
    let mut program = Program {
        structs,
        privates,
        functions: Vec::new(),
        locals: Vec::new(),
        stages: Vec::new(),
        results: Vec::new(),
        input,
    };
    for _ in 0..1 + random.below(3) {
        let function = function(&program, &mut random);
        program.functions.push(function);
    }
    main(&mut program, &mut random);
    program
}

struct Random(u64);

impl Random {
    fn below(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(below)) as u32
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u32) as usize]
    }

    /// A word; small ones and those at the edges are likely.
    fn word(&mut self) -> u32 {
        match self.below(4) {
            0 => self.below(4),
            1 => self.below(100),
            2 => *self.pick(&[
                u32::MAX,
                1 << 31,
                i32::MAX as u32,
                32,
                31,
                1 << 16,
                u32::MAX - 1,
            ]),
            _ => (self.below(1 << 16) << 16) | self.below(1 << 16),
        }
    }
}

/// The type of a member of struct `id`; the first struct is in a buffer, which holds no truth values.
fn member_type(random: &mut Random, id: usize) -> Ty {
    let scalar = if id == 0 {
        number(random)
    } else {
        scalar(random)
    };
    match random.below(6) {
        0 | 1 => Ty::Scalar(scalar),
        2 | 3 => Ty::Vector(scalar, 2 + random.below(3) as usize),
        4 => {
            let element = match random.below(3) {
                0 => Ty::Vector(scalar, 3),
                _ => Ty::Scalar(scalar),
            };
            Ty::Array(Box::new(element), 2 + random.below(3) as usize)
        }
        // Of the first struct, a struct would have to hold no truth values either.
        _ if id < 2 => Ty::Vector(scalar, 3),
        _ => Ty::Struct(1),
    }
}

fn number(random: &mut Random) -> Scalar {
    *random.pick(&[Scalar::U32, Scalar::U32, Scalar::I32])
}

fn scalar(random: &mut Random) -> Scalar {
    *random.pick(&[Scalar::U32, Scalar::U32, Scalar::I32, Scalar::Bool])
}

fn any_type(random: &mut Random) -> Ty {
    match random.below(8) {
        0..=2 => Ty::Scalar(scalar(random)),
        3 | 4 => Ty::Vector(scalar(random), 2 + random.below(3) as usize),
        5 => {
            let element = match random.below(3) {
                0 => Ty::Struct(1),
                1 => Ty::Vector(number(random), 2),
                _ => Ty::Scalar(number(random)),
            };
            Ty::Array(Box::new(element), 2 + random.below(3) as usize)
        }
        _ => Ty::Struct(1 + random.below(2) as usize),
    }
}

/// A function being generated.
struct Builder<'a> {
    program: &'a Program,
    random: &'a mut Random,
    /// Types of all locals.
    locals: Vec<Ty>,
    /// Locals that can be seen, and whether they may be assigned to.
    scope: Vec<(usize, bool)>,
    pointer: Option<Ty>,
    result: Option<Ty>,
    nesting: u32,
    in_loop: bool,
    in_switch: bool,
    /// Whether an index is being generated; there is none within it.
    in_index: bool,
    /// Calls that may still be made; they multiply.
    calls: u32,
}

fn function(program: &Program, random: &mut Random) -> Function {
    let parameters: Vec<Ty> = (0..1 + random.below(3)).map(|_| any_type(random)).collect();
    let pointer = random.one_in(2).then(|| any_type(random));
    let result = any_type(random);
    let mut builder = Builder {
        program,
        locals: parameters.clone(),
        scope: (0..parameters.len()).map(|at| (at, true)).collect(),
        pointer: pointer.clone(),
        result: Some(result.clone()),
        nesting: 0,
        in_loop: false,
        in_switch: false,
        in_index: false,
        calls: 1,
        random,
    };
    let count = 2 + builder.random.below(4);
    let body = builder.statements(count);
    let value = builder.expr(&result, DEPTH);
    Function {
        parameters,
        pointer,
        result,
        locals: builder.locals,
        body,
        value,
    }
}

fn main(program: &mut Program, random: &mut Random) {
    let mut builder = Builder {
        program,
        locals: Vec::new(),
        scope: Vec::new(),
        pointer: None,
        result: None,
        nesting: 0,
        in_loop: false,
        in_switch: false,
        in_index: false,
        calls: 3,
        random,
    };
    let mut stages = Vec::new();
    let mut declared = Vec::new();
    // Two words that barriers pass on, and two others.
    for ty in [U32, U32, any_type(builder.random), any_type(builder.random)] {
        let value = builder.expr(&ty, 1);
        declared.push(builder.declare(ty, value));
    }
    stages.push(Stage::Own(declared));
    for _ in 0..2 + builder.random.below(4) {
        let count = 1 + builder.random.below(3);
        stages.push(Stage::Own(builder.statements(count)));
        let local = builder.random.below(2) as usize;
        let by = builder.random.below(SHARED as u32);
        let stage = match builder.random.below(5) {
            0 | 1 => Stage::Exchange {
                value: builder.expr(&U32, DEPTH),
                local,
                by,
            },
            2 => {
                let signed = builder.random.one_in(2);
                let ops = [
                    AtomicOp::Add,
                    AtomicOp::Sub,
                    AtomicOp::Min,
                    AtomicOp::Max,
                    AtomicOp::And,
                    AtomicOp::Or,
                    AtomicOp::Xor,
                ];
                let op = *builder.random.pick(&ops);
                Stage::Atomic {
                    op,
                    signed,
                    cell: builder.expr(&U32, 1),
                    value: builder.expr(&U32, DEPTH),
                    local,
                    by,
                }
            }
            3 => Stage::UniformLoad { at: by, local },
            _ => Stage::Total {
                cell: builder.expr(&U32, 1),
                value: builder.expr(&U32, 2),
            },
        };
        stages.push(stage);
    }
    let results = (0..RESULTS).map(|_| builder.expr(&U32, DEPTH)).collect();
    let locals = builder.locals;
    program.locals = locals;
    program.stages = stages;
    program.results = results;
}

impl Builder<'_> {
    fn declare(&mut self, ty: Ty, value: Expr) -> Statement {
        let local = self.locals.len();
        self.locals.push(ty);
        self.scope.push((local, true));
        Statement::Declare(local, value)
    }

    fn block(&mut self, count: u32) -> Vec<Statement> {
        let height = self.scope.len();
        self.nesting += 1;
        let statements = self.statements(count);
        self.nesting -= 1;
        self.scope.truncate(height);
        statements
    }

    fn statements(&mut self, count: u32) -> Vec<Statement> {
        (0..count).map(|_| self.statement()).collect()
    }

    fn statement(&mut self) -> Statement {
        loop {
            let nested = self.nesting < NESTING;
            return match self.random.below(14) {
                0 | 1 => {
                    let ty = any_type(self.random);
                    let value = self.expr(&ty, DEPTH);
                    self.declare(ty, value)
                }
                2..=6 => match self.assignment() {
                    Some(statement) => statement,
                    None => continue,
                },
                7 | 8 if nested => {
                    let condition = self.expr(&BOOL, DEPTH);
                    let accept = self.some_statements();
                    let reject = if self.random.one_in(2) {
                        self.some_statements()
                    } else {
                        Vec::new()
                    };
                    Statement::If(condition, accept, reject)
                }
                9 if nested => self.loop_statement(),
                10 if nested => self.switch(),
                11 if self.in_loop || self.in_switch => Statement::Break(self.expr(&BOOL, 2)),
                12 if self.in_loop => Statement::Continue(self.expr(&BOOL, 2)),
                13 if self.result.is_some() && self.nesting > 0 => {
                    let result = self.result.clone().unwrap_or(U32);
                    let condition = self.expr(&BOOL, 2);
                    Statement::Return(condition, self.expr(&result, 2))
                }
                _ => continue,
            };
        }
    }

    fn some_statements(&mut self) -> Vec<Statement> {
        let count = 1 + self.random.below(3);
        self.block(count)
    }

    fn loop_statement(&mut self) -> Statement {
        let height = self.scope.len();
        let counter = self.locals.len();
        self.locals.push(U32);
        self.scope.push((counter, false));
        let outer = (self.in_loop, self.in_switch);
        (self.in_loop, self.in_switch) = (true, false);
        let body = self.some_statements();
        (self.in_loop, self.in_switch) = (false, false);
        // What leaves the function must not stand in `continuing`.
        let result = self.result.take();
        let continuing = if self.random.one_in(2) {
            self.some_statements()
        } else {
            Vec::new()
        };
        let break_if = self.random.one_in(3).then(|| self.expr(&BOOL, 2));
        self.result = result;
        (self.in_loop, self.in_switch) = outer;
        self.scope.truncate(height);
        Statement::Loop {
            counter,
            rounds: 1 + self.random.below(4),
            body,
            continuing,
            break_if,
        }
    }

    fn switch(&mut self) -> Statement {
        let many = self.random.one_in(3);
        let values = if many { 12 } else { 4 };
        let selector = Expr::Binary(
            "%",
            Box::new(self.expr(&U32, 2)),
            Box::new(Expr::Literal(Scalar::U32, values)),
        );
        let outer = self.in_switch;
        self.in_switch = true;
        let mut cases = Vec::new();
        let mut next = 0;
        while next < values && cases.len() < 8 {
            let mut selectors = vec![next];
            while self.random.one_in(4) {
                next += 1;
                selectors.push(next);
            }
            next += 1 + self.random.below(2);
            cases.push((selectors, self.some_statements()));
        }
        let default = self.random.below(cases.len() as u32 + 1) as usize;
        let body = if self.random.one_in(3) {
            Vec::new()
        } else {
            self.some_statements()
        };
        cases.insert(default, (Vec::new(), body));
        self.in_switch = outer;
        Statement::Switch { selector, cases }
    }

    fn assignment(&mut self) -> Option<Statement> {
        let (root, ty) = self.variable(true)?;
        let (place, ty) = self.part(root, ty, 2);
        let value = self.expr(&ty, DEPTH);
        Some(Statement::Assign(place, value))
    }

    /// A variable in sight.
    fn variable(&mut self, assigned: bool) -> Option<(Root, Ty)> {
        let mut roots: Vec<(Root, Ty)> = self
            .scope
            .iter()
            .filter(|(_, assignable)| *assignable || !assigned)
            .map(|&(local, _)| (Root::Local(local), self.locals[local].clone()))
            .collect();
        for (at, ty) in self.program.privates.iter().enumerate() {
            roots.push((Root::Private(at), ty.clone()));
        }
        if let Some(ty) = &self.pointer {
            roots.push((Root::Pointer, ty.clone()));
        }
        let at = self.random.below(roots.len().max(1) as u32) as usize;
        roots.into_iter().nth(at)
    }

    /// A part of a variable, perhaps all of it.
    fn part(&mut self, root: Root, mut ty: Ty, mut depth: u32) -> (Place, Ty) {
        let mut steps = Vec::new();
        while depth > 0 && !self.random.one_in(3) {
            let Some((step, inner)) = self.step(&ty) else {
                break;
            };
            steps.push(step);
            ty = inner;
            depth -= 1;
        }
        (Place { root, steps }, ty)
    }

    fn step(&mut self, ty: &Ty) -> Option<(Step, Ty)> {
        match ty {
            Ty::Scalar(_) => None,
            Ty::Vector(of, len) => {
                let step = if self.random.one_in(3) && !self.in_index {
                    Step::Index(self.index(), *len)
                } else {
                    Step::Component(self.random.below(*len as u32) as usize)
                };
                Some((step, Ty::Scalar(*of)))
            }
            Ty::Array(element, len) => {
                let step = if self.random.one_in(2) && !self.in_index {
                    Step::Index(self.index(), *len)
                } else {
                    Step::Element(self.random.below(*len as u32) as usize)
                };
                Some((step, Ty::clone(element)))
            }
            Ty::Struct(id) => {
                let members = &self.program.structs[*id];
                let at = self.random.below(members.len() as u32) as usize;
                Some((Step::Member(at), members[at].clone()))
            }
        }
    }

    fn index(&mut self) -> Box<Expr> {
        self.in_index = true;
        let index = self.boxed(&U32, 1);
        self.in_index = false;
        index
    }

    /// A variable or a part of one that has a type.
    fn read(&mut self, wanted: &Ty) -> Option<Expr> {
        for _ in 0..6 {
            let (root, ty) = self.variable(false)?;
            if ty == *wanted {
                let steps = Vec::new();
                return Some(Expr::Read(Place { root, steps }));
            }
            let (place, ty) = self.part(root, ty, 3);
            if ty == *wanted {
                return Some(Expr::Read(place));
            }
        }
        None
    }

    /// A part of the input that has a type.
    fn input(&mut self, wanted: &Ty) -> Option<Expr> {
        for _ in 0..4 {
            let mut ty = Ty::Struct(0);
            let mut steps = Vec::new();
            while ty != *wanted {
                let Some((step, inner)) = self.step(&ty) else {
                    break;
                };
                steps.push(step);
                ty = inner;
            }
            let is_plain = matches!(ty, Ty::Scalar(_) | Ty::Vector(..));
            if ty == *wanted && is_plain {
                return Some(Expr::Input(steps));
            }
        }
        None
    }

    /// A call of a function with a result of this type.
    fn call(&mut self, wanted: &Ty, depth: u32) -> Option<Expr> {
        let program = self.program;
        let candidates: Vec<usize> = (0..program.functions.len())
            .filter(|&at| program.functions[at].result == *wanted)
            .collect();
        if candidates.is_empty() || self.calls == 0 {
            return None;
        }
        let at = *self.random.pick(&candidates);
        let function = &program.functions[at];
        let pointer = match &function.pointer {
            None => None,
            Some(ty) => {
                let locals = &self.locals;
                let local = self
                    .scope
                    .iter()
                    .rev()
                    .find(|&&(local, assignable)| assignable && locals[local] == *ty)?
                    .0;
                Some(Place {
                    root: Root::Local(local),
                    steps: Vec::new(),
                })
            }
        };
        self.calls -= 1;
        let arguments = function
            .parameters
            .iter()
            .map(|parameter| self.expr(parameter, depth.min(1)))
            .collect();
        Some(Expr::Call(at, arguments, pointer))
    }

    /// An expression of a type.
    fn expr(&mut self, wanted: &Ty, depth: u32) -> Expr {
        if depth > 0
            && self.random.one_in(3)
            && let Some(call) = self.call(wanted, depth)
        {
            return call;
        }
        let known = match self.random.below(8) {
            0..=3 => self.read(wanted),
            4 => self.input(wanted),
            _ => None,
        };
        if let Some(expr) = known {
            return expr;
        }
        match wanted {
            Ty::Scalar(of) if depth == 0 => self.leaf(*of),
            Ty::Scalar(of) => self.operation(*of, 1, depth),
            Ty::Vector(of, len) if depth > 0 && !self.random.one_in(3) => {
                self.operation(*of, *len, depth)
            }
            Ty::Vector(of, len) => {
                let mut parts = Vec::new();
                let mut rest = *len;
                if rest > 2 && self.random.one_in(3) {
                    parts.push(self.expr(&Ty::Vector(*of, 2), depth.saturating_sub(1)));
                    rest -= 2;
                }
                for _ in 0..rest {
                    parts.push(self.expr(&Ty::Scalar(*of), depth.saturating_sub(1)));
                }
                Expr::Construct(wanted.clone(), parts)
            }
            Ty::Array(element, len) => {
                let parts = (0..*len)
                    .map(|_| self.expr(element, depth.saturating_sub(1)))
                    .collect();
                Expr::Construct(wanted.clone(), parts)
            }
            Ty::Struct(id) => {
                let members = &self.program.structs[*id];
                let parts = members
                    .iter()
                    .map(|member| self.expr(member, depth.saturating_sub(1)))
                    .collect();
                Expr::Construct(wanted.clone(), parts)
            }
        }
    }

    fn leaf(&mut self, of: Scalar) -> Expr {
        match (of, self.random.below(6)) {
            (Scalar::U32, 0) => Expr::LocalIndex,
            (Scalar::U32, 1) => Expr::GlobalIndex,
            (Scalar::Bool, _) => Expr::Literal(of, self.random.below(2)),
            _ => Expr::Literal(of, self.random.word()),
        }
    }

    /// An operation with components of a type as its result.
    fn operation(&mut self, of: Scalar, len: usize, depth: u32) -> Expr {
        let ty = |of: Scalar| match len {
            1 => Ty::Scalar(of),
            len => Ty::Vector(of, len),
        };
        let wanted = ty(of);
        let depth = depth - 1;
        if self.random.one_in(6) {
            let condition = if self.random.one_in(2) {
                ty(Scalar::Bool)
            } else {
                BOOL
            };
            let condition = self.boxed(&condition, depth);
            return Expr::Select(
                condition,
                self.boxed(&wanted, depth),
                self.boxed(&wanted, depth),
            );
        }
        if self.random.one_in(8) {
            let source = 2 + self.random.below(3) as usize;
            let vector = self.boxed(&Ty::Vector(of, source), depth);
            let components = (0..len)
                .map(|_| self.random.below(source as u32) as usize)
                .collect();
            return Expr::Swizzle(vector, components);
        }
        match of {
            Scalar::Bool => self.truth(len, depth),
            Scalar::U32 | Scalar::I32 => self.arithmetic(of, &wanted, len, depth),
        }
    }

    fn boxed(&mut self, ty: &Ty, depth: u32) -> Box<Expr> {
        Box::new(self.expr(ty, depth))
    }

    fn truth(&mut self, len: usize, depth: u32) -> Expr {
        let ty = |of: Scalar| match len {
            1 => Ty::Scalar(of),
            len => Ty::Vector(of, len),
        };
        match self.random.below(7) {
            0 => Expr::Unary("!", self.boxed(&ty(Scalar::Bool), depth)),
            1 if len == 1 => {
                let and = self.random.one_in(2);
                Expr::Logical(and, self.boxed(&BOOL, depth), self.boxed(&BOOL, depth))
            }
            2 if len == 1 => {
                let name = *self.random.pick(&["any", "all"]);
                let vector = Ty::Vector(Scalar::Bool, 2 + self.random.below(3) as usize);
                Expr::BuiltIn(name, vec![self.expr(&vector, depth)])
            }
            3 => {
                let op = *self.random.pick(&["&", "|", "==", "!="]);
                let ty = ty(Scalar::Bool);
                Expr::Binary(op, self.boxed(&ty, depth), self.boxed(&ty, depth))
            }
            4 => {
                let from = number(self.random);
                Expr::Cast {
                    to: Scalar::Bool,
                    len,
                    bits: false,
                    operand: self.boxed(&ty(from), depth),
                }
            }
            _ => {
                let op = *self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
                let ty = ty(number(self.random));
                Expr::Binary(op, self.boxed(&ty, depth), self.boxed(&ty, depth))
            }
        }
    }

    fn arithmetic(&mut self, of: Scalar, wanted: &Ty, len: usize, depth: u32) -> Expr {
        let ty = |of: Scalar| match len {
            1 => Ty::Scalar(of),
            len => Ty::Vector(of, len),
        };
        match self.random.below(12) {
            0 => {
                let op = if of == Scalar::I32 { "-" } else { "~" };
                Expr::Unary(op, self.boxed(wanted, depth))
            }
            1 => {
                let op = *self.random.pick(&["<<", ">>"]);
                let amount = self.boxed(&ty(Scalar::U32), depth);
                Expr::Binary(op, self.boxed(wanted, depth), amount)
            }
            2 => {
                let from = scalar(self.random);
                let bits = from != Scalar::Bool && self.random.one_in(2);
                Expr::Cast {
                    to: of,
                    len,
                    bits,
                    operand: self.boxed(&ty(from), depth),
                }
            }
            3 => {
                let name = *self.random.pick(&[
                    "countOneBits",
                    "countLeadingZeros",
                    "countTrailingZeros",
                    "reverseBits",
                    "firstLeadingBit",
                    "firstTrailingBit",
                    "abs",
                ]);
                Expr::BuiltIn(name, vec![self.expr(wanted, depth)])
            }
            4 => match (of, len, self.random.below(2)) {
                (Scalar::U32, 1, 0) => Expr::BuiltIn(
                    "pack4xI8Clamp",
                    vec![self.expr(&Ty::Vector(Scalar::I32, 4), depth)],
                ),
                (Scalar::U32, 1, _) => Expr::BuiltIn(
                    "dot4U8Packed",
                    vec![self.expr(&U32, depth), self.expr(&U32, depth)],
                ),
                (Scalar::U32, 4, _) => Expr::BuiltIn("unpack4xU8", vec![self.expr(&U32, depth)]),
                (Scalar::I32, ..) => Expr::BuiltIn("sign", vec![self.expr(wanted, depth)]),
                _ => Expr::BuiltIn("abs", vec![self.expr(wanted, depth)]),
            },
            5 => {
                let name = *self.random.pick(&["extractBits", "insertBits"]);
                let mut arguments = vec![self.expr(wanted, depth)];
                if name == "insertBits" {
                    arguments.push(self.expr(wanted, depth));
                }
                for _ in 0..2 {
                    let number = if self.random.one_in(3) {
                        self.expr(&U32, depth)
                    } else {
                        Expr::Literal(Scalar::U32, self.random.below(36))
                    };
                    arguments.push(number);
                }
                Expr::BuiltIn(name, arguments)
            }
            6 => {
                let name = *self.random.pick(&["min", "max", "clamp"]);
                let count = if name == "clamp" { 3 } else { 2 };
                let arguments = (0..count).map(|_| self.expr(wanted, depth)).collect();
                Expr::BuiltIn(name, arguments)
            }
            7 if len == 1 => {
                let vector = Ty::Vector(of, 2 + self.random.below(3) as usize);
                let arguments = vec![self.expr(&vector, depth), self.expr(&vector, depth)];
                Expr::BuiltIn("dot", arguments)
            }
            _ => {
                let op = *self
                    .random
                    .pick(&["+", "-", "*", "/", "%", "&", "|", "^", "+", "*"]);
                Expr::Binary(op, self.boxed(wanted, depth), self.boxed(wanted, depth))
            }
        }
    }
}
