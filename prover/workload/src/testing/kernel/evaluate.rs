//! What a kernel does, on its tree.

use super::arithmetic::{Value, atomic, binary, built_in, each};
use super::layout;
use super::tree::{
    Expr, INVOCATIONS, Place, Program, RESULTS, Root, SHARED, Scalar, Stage, Statement, Step, Ty,
    WORKGROUPS,
};

/// A variable: the frame and the local in it, or a private variable; and a part of it.
#[derive(Clone, Debug)]
struct Target {
    frame: Option<usize>,
    variable: usize,
    path: Vec<usize>,
}

/// A function that runs.
struct Frame {
    locals: Vec<Value>,
    pointer: Option<Target>,
}

struct Invocation<'a> {
    program: &'a Program,
    input: &'a [u32],
    local_index: u32,
    global_index: u32,
    privates: Vec<Value>,
    frames: Vec<Frame>,
}

/// How a list of statements ends.
enum Exit {
    Falls,
    Breaks,
    Continues,
    Returns(Value),
}

/// The last words of the buffers.
pub(super) fn run(program: &Program, buffers: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut after = buffers.to_vec();
    for group in 0..WORKGROUPS {
        let mut invocations: Vec<Invocation<'_>> = (0..INVOCATIONS)
            .map(|index| Invocation::new(program, &buffers[0], group, index))
            .collect();
        let mut shared = [0; SHARED];
        let mut unsigned = [0; SHARED];
        let mut signed = [0; SHARED];
        for stage in &program.stages {
            match stage {
                Stage::Own(body) => {
                    for invocation in &mut invocations {
                        invocation.run(body);
                    }
                }
                Stage::Exchange { value, local, by } => {
                    for (word, invocation) in shared.iter_mut().zip(&mut invocations) {
                        *word = invocation.word(value);
                    }
                    for (at, invocation) in invocations.iter_mut().enumerate() {
                        invocation.set(*local, shared[(at + *by as usize) % SHARED]);
                    }
                }
                Stage::Atomic {
                    op,
                    signed: is_signed,
                    cell,
                    value,
                    local,
                    by,
                } => {
                    let cells = if *is_signed {
                        &mut signed
                    } else {
                        &mut unsigned
                    };
                    for invocation in &mut invocations {
                        let cell = &mut cells[invocation.word(cell) as usize % SHARED];
                        *cell = atomic(*op, *is_signed, *cell, invocation.word(value));
                    }
                    for (at, invocation) in invocations.iter_mut().enumerate() {
                        invocation.set(*local, cells[(at + *by as usize) % SHARED]);
                    }
                }
                Stage::UniformLoad { at, local } => {
                    for invocation in &mut invocations {
                        invocation.set(*local, shared[*at as usize]);
                    }
                }
                Stage::Total { cell, value } => {
                    for invocation in &mut invocations {
                        let cell = &mut after[2][invocation.word(cell) as usize % SHARED];
                        *cell = cell.wrapping_add(invocation.word(value));
                    }
                }
            }
        }
        for invocation in &mut invocations {
            let start = invocation.global_index as usize * RESULTS;
            for (at, result) in program.results.iter().enumerate() {
                after[1][start + at] = invocation.word(result);
            }
        }
    }
    after
}

impl<'a> Invocation<'a> {
    fn new(program: &'a Program, input: &'a [u32], group: u32, index: u32) -> Self {
        let zeros = |types: &[Ty]| types.iter().map(|ty| Value::zero(program, ty)).collect();
        Self {
            program,
            input,
            local_index: index,
            global_index: group * INVOCATIONS + index,
            privates: zeros(&program.privates),
            frames: vec![Frame {
                locals: zeros(&program.locals),
                pointer: None,
            }],
        }
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("something runs")
    }

    fn set(&mut self, local: usize, word: u32) {
        self.frame().locals[local] = Value::Scalar(Scalar::U32, word);
    }

    fn word(&mut self, of: &Expr) -> u32 {
        self.value(of).bits()
    }

    fn run(&mut self, list: &[Statement]) -> Exit {
        for statement in list {
            match self.step(statement) {
                Exit::Falls => {}
                exit => return exit,
            }
        }
        Exit::Falls
    }

    fn step(&mut self, statement: &Statement) -> Exit {
        match statement {
            Statement::Declare(local, value) => {
                let value = self.value(value);
                self.frame().locals[*local] = value;
            }
            Statement::Assign(to, value) => {
                // References come first.
                let target = self.target(to);
                let value = self.value(value);
                *self.at(&target) = value;
            }
            Statement::If(condition, accept, reject) => {
                let arm = if self.value(condition).truth() {
                    accept
                } else {
                    reject
                };
                return self.run(arm);
            }
            Statement::Loop {
                counter,
                rounds,
                body,
                continuing,
                break_if,
            } => {
                for round in 1..=*rounds {
                    self.set(*counter, round);
                    match self.run(body) {
                        Exit::Falls | Exit::Continues => {}
                        Exit::Breaks => break,
                        exit @ Exit::Returns(_) => return exit,
                    }
                    self.run(continuing);
                    if let Some(condition) = break_if
                        && self.value(condition).truth()
                    {
                        break;
                    }
                }
            }
            Statement::Switch { selector, cases } => {
                let selector = self.word(selector);
                let chosen = cases
                    .iter()
                    .find(|(selectors, _)| selectors.contains(&selector))
                    .or_else(|| cases.iter().find(|(selectors, _)| selectors.is_empty()));
                if let Some((_, body)) = chosen {
                    return match self.run(body) {
                        Exit::Breaks => Exit::Falls,
                        exit => exit,
                    };
                }
            }
            Statement::Break(condition) => {
                if self.value(condition).truth() {
                    return Exit::Breaks;
                }
            }
            Statement::Continue(condition) => {
                if self.value(condition).truth() {
                    return Exit::Continues;
                }
            }
            Statement::Return(condition, value) => {
                if self.value(condition).truth() {
                    return Exit::Returns(self.value(value));
                }
            }
        }
        Exit::Falls
    }

    fn target(&mut self, place: &Place) -> Target {
        let mut target = match place.root {
            Root::Local(variable) => Target {
                frame: Some(self.frames.len() - 1),
                variable,
                path: Vec::new(),
            },
            Root::Private(variable) => Target {
                frame: None,
                variable,
                path: Vec::new(),
            },
            Root::Pointer => self.frame().pointer.clone().expect("a pointer parameter"),
        };
        for step in &place.steps {
            let at = self.index(step);
            target.path.push(at);
        }
        target
    }

    fn index(&mut self, step: &Step) -> usize {
        match step {
            Step::Member(at) | Step::Component(at) | Step::Element(at) => *at,
            Step::Index(index, len) => self.word(index) as usize % len,
        }
    }

    fn at(&mut self, target: &Target) -> &mut Value {
        let variable = match target.frame {
            Some(frame) => &mut self.frames[frame].locals[target.variable],
            None => &mut self.privates[target.variable],
        };
        variable.at(&target.path)
    }

    fn values(&mut self, of: &[Expr]) -> Vec<Value> {
        of.iter().map(|expr| self.value(expr)).collect()
    }

    fn value(&mut self, of: &Expr) -> Value {
        match of {
            Expr::Literal(ty, bits) => Value::Scalar(*ty, *bits),
            Expr::Input(path) => self.input(path),
            Expr::LocalIndex => Value::Scalar(Scalar::U32, self.local_index),
            Expr::GlobalIndex => Value::Scalar(Scalar::U32, self.global_index),
            Expr::Read(place) => {
                let target = self.target(place);
                self.at(&target).clone()
            }
            Expr::Unary(op, operand) => each(&[self.value(operand)], |of, bits| match *op {
                "-" => (of, bits[0].wrapping_neg()),
                "~" => (of, !bits[0]),
                _ => (of, bits[0] ^ 1),
            }),
            Expr::Binary(op, left, right) => {
                let operands = [self.value(left), self.value(right)];
                each(&operands, |of, bits| binary(op, of, bits[0], bits[1]))
            }
            Expr::Logical(and, left, right) => {
                let left = self.value(left);
                if left.truth() == *and {
                    self.value(right)
                } else {
                    left
                }
            }
            Expr::Construct(ty, parts) => {
                let parts = self.values(parts);
                match ty {
                    Ty::Vector(..) => Value::Parts(
                        parts
                            .iter()
                            .flat_map(|part| part.parts().to_vec())
                            .collect(),
                    ),
                    _ => Value::Parts(parts),
                }
            }
            Expr::Swizzle(vector, components) => {
                let vector = self.value(vector);
                Value::of(
                    components
                        .iter()
                        .map(|&at| vector.parts()[at].clone())
                        .collect(),
                )
            }
            Expr::Select(condition, accept, reject) => {
                let (reject, accept) = (self.value(reject), self.value(accept));
                let condition = self.value(condition);
                let len = accept.parts().len();
                Value::of(
                    (0..len)
                        .map(|at| {
                            let conditions = condition.parts();
                            let condition = &conditions[at % conditions.len()];
                            let chosen = if condition.truth() { &accept } else { &reject };
                            chosen.parts()[at].clone()
                        })
                        .collect(),
                )
            }
            Expr::Cast { to, operand, .. } => {
                let operand = self.value(operand);
                each(&[operand], |_, bits| match to {
                    Scalar::Bool => (*to, u32::from(bits[0] != 0)),
                    _ => (*to, bits[0]),
                })
            }
            Expr::BuiltIn(name, arguments) => {
                let arguments = self.values(arguments);
                built_in(name, &arguments)
            }
            Expr::Call(function, arguments, pointer) => {
                let arguments = self.values(arguments);
                let pointer = pointer.as_ref().map(|place| self.target(place));
                self.call(*function, arguments, pointer)
            }
        }
    }

    fn call(&mut self, function: usize, arguments: Vec<Value>, pointer: Option<Target>) -> Value {
        let program = self.program;
        let function = &program.functions[function];
        let mut locals = arguments;
        let rest = &function.locals[locals.len()..];
        locals.extend(rest.iter().map(|ty| Value::zero(program, ty)));
        self.frames.push(Frame { locals, pointer });
        let result = match self.run(&function.body) {
            Exit::Returns(value) => value,
            _ => self.value(&function.value),
        };
        self.frames.pop();
        result
    }

    /// A scalar or vector of this invocation's element of the input.
    fn input(&mut self, path: &[Step]) -> Value {
        let program = self.program;
        let mut ty = &Ty::Struct(0);
        let mut word = self.global_index as usize * layout::stride(&program.structs, ty);
        for step in path {
            let at = self.index(step);
            match ty {
                Ty::Struct(id) => {
                    word += layout::member(program, *id, at);
                    ty = program.member(*id, at);
                }
                Ty::Array(element, _) => {
                    word += at * layout::stride(&program.structs, element);
                    ty = element;
                }
                Ty::Vector(of, _) => return Value::Scalar(*of, self.input[word + at]),
                Ty::Scalar(_) => panic!("a scalar has no parts"),
            }
        }
        match ty {
            Ty::Scalar(of) => Value::Scalar(*of, self.input[word]),
            Ty::Vector(of, len) => Value::Parts(
                self.input[word..word + len]
                    .iter()
                    .map(|&bits| Value::Scalar(*of, bits))
                    .collect(),
            ),
            _ => panic!("scalars and vectors are read, not {ty:?}"),
        }
    }
}
