//! What a kernel does, on its tree.

use super::layout;
use super::tree::{
    AtomicOp, Expr, INVOCATIONS, Place, Program, RESULTS, Root, SHARED, Scalar, Stage, Statement,
    Step, Ty, WORKGROUPS,
};

/// A value: a scalar with its bits, or the parts of a vector, array or struct.
#[derive(Clone, Debug)]
enum Value {
    Scalar(Scalar, u32),
    Parts(Vec<Self>),
}

impl Value {
    fn zero(program: &Program, ty: &Ty) -> Self {
        match ty {
            Ty::Scalar(of) => Self::Scalar(*of, 0),
            Ty::Vector(of, len) => Self::Parts(vec![Self::Scalar(*of, 0); *len]),
            Ty::Array(element, len) => Self::Parts(vec![Self::zero(program, element); *len]),
            Ty::Struct(id) => Self::Parts(
                program.structs[*id]
                    .iter()
                    .map(|member| Self::zero(program, member))
                    .collect(),
            ),
        }
    }

    fn bits(&self) -> u32 {
        match self {
            Self::Scalar(_, bits) => *bits,
            Self::Parts(_) => panic!("a scalar, not {self:?}"),
        }
    }

    fn truth(&self) -> bool {
        self.bits() != 0
    }

    fn parts(&self) -> &[Self] {
        match self {
            Self::Scalar(..) => std::slice::from_ref(self),
            Self::Parts(parts) => parts,
        }
    }

    /// The value of components: a scalar if there is one.
    fn of(mut components: Vec<Self>) -> Self {
        match components.len() {
            1 => components.remove(0),
            _ => Self::Parts(components),
        }
    }

    fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |value, &at| match value {
            Self::Parts(parts) => &mut parts[at],
            Self::Scalar(..) => panic!("a scalar has no parts"),
        })
    }
}

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

fn atomic(op: AtomicOp, signed: bool, old: u32, value: u32) -> u32 {
    let of = if signed { Scalar::I32 } else { Scalar::U32 };
    match op {
        AtomicOp::Add => old.wrapping_add(value),
        AtomicOp::Sub => old.wrapping_sub(value),
        AtomicOp::And => old & value,
        AtomicOp::Or => old | value,
        AtomicOp::Xor => old ^ value,
        AtomicOp::Min if less(of, old, value) => old,
        AtomicOp::Max if less(of, value, old) => old,
        AtomicOp::Min | AtomicOp::Max => value,
    }
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

/// Applies an operation to each component.
fn each(operands: &[Value], apply: impl Fn(Scalar, &[u32]) -> (Scalar, u32)) -> Value {
    let len = operands[0].parts().len();
    Value::of(
        (0..len)
            .map(|at| {
                let Value::Scalar(of, _) = operands[0].parts()[at] else {
                    panic!("a component is a scalar");
                };
                let bits: Vec<u32> = operands
                    .iter()
                    .map(|operand| operand.parts()[at % operand.parts().len()].bits())
                    .collect();
                let (of, bits) = apply(of, &bits);
                Value::Scalar(of, bits)
            })
            .collect(),
    )
}

fn less(of: Scalar, left: u32, right: u32) -> bool {
    match of {
        Scalar::I32 => left.cast_signed() < right.cast_signed(),
        _ => left < right,
    }
}

fn binary(op: &str, of: Scalar, left: u32, right: u32) -> (Scalar, u32) {
    let (l, r) = (left.cast_signed(), right.cast_signed());
    let signed = of == Scalar::I32;
    let truth = |value: bool| (Scalar::Bool, u32::from(value));
    match op {
        "+" => (of, left.wrapping_add(right)),
        "-" => (of, left.wrapping_sub(right)),
        "*" => (of, left.wrapping_mul(right)),
        "/" if right == 0 => (of, left),
        "/" if signed => (of, l.wrapping_div(r).cast_unsigned()),
        "/" => (of, left / right),
        "%" if right == 0 => (of, 0),
        "%" if signed => (of, l.wrapping_rem(r).cast_unsigned()),
        "%" => (of, left % right),
        "&" => (of, left & right),
        "|" => (of, left | right),
        "^" => (of, left ^ right),
        "<<" => (of, left << (right % 32)),
        ">>" if signed => (of, (l >> (right % 32)).cast_unsigned()),
        ">>" => (of, left >> (right % 32)),
        "==" => truth(left == right),
        "!=" => truth(left != right),
        "<" => truth(less(of, left, right)),
        "<=" => truth(!less(of, right, left)),
        ">" => truth(less(of, right, left)),
        ">=" => truth(!less(of, left, right)),
        _ => panic!("the operator {op}"),
    }
}

fn built_in(name: &str, arguments: &[Value]) -> Value {
    let word = |bits| Value::Scalar(Scalar::U32, bits);
    match name {
        "any" => {
            let any = arguments[0].parts().iter().any(Value::truth);
            return Value::Scalar(Scalar::Bool, u32::from(any));
        }
        "all" => {
            let all = arguments[0].parts().iter().all(Value::truth);
            return Value::Scalar(Scalar::Bool, u32::from(all));
        }
        "dot" => {
            let products = each(arguments, |of, bits| (of, bits[0].wrapping_mul(bits[1])));
            let sum = products
                .parts()
                .iter()
                .fold(0u32, |sum, product| sum.wrapping_add(product.bits()));
            let Value::Scalar(of, _) = arguments[0].parts()[0] else {
                panic!("a component is a scalar");
            };
            return Value::Scalar(of, sum);
        }
        "dot4U8Packed" => {
            let [a, b] = [0, 1].map(|at| arguments[at].bits().to_le_bytes());
            let products = a.iter().zip(b).map(|(a, b)| u32::from(*a) * u32::from(b));
            return word(products.sum());
        }
        "pack4xI8Clamp" => {
            let bytes: Vec<u8> = arguments[0]
                .parts()
                .iter()
                .map(|part| part.bits().cast_signed().clamp(-128, 127) as u8)
                .collect();
            return word(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
        "unpack4xU8" => {
            let bytes = arguments[0].bits().to_le_bytes();
            return Value::Parts(bytes.iter().map(|&byte| word(byte.into())).collect());
        }
        _ => {}
    }
    each(arguments, |of, bits| {
        let x = bits[0];
        let signed = of == Scalar::I32;
        let least = |a: u32, b: u32| if less(of, a, b) { a } else { b };
        let most = |a: u32, b: u32| if less(of, a, b) { b } else { a };
        let result = match name {
            "min" => least(x, bits[1]),
            "max" => most(x, bits[1]),
            "clamp" => least(most(x, bits[1]), bits[2]),
            "abs" if signed => x.cast_signed().wrapping_abs().cast_unsigned(),
            "abs" => x,
            "sign" => x.cast_signed().signum().cast_unsigned(),
            "countOneBits" => x.count_ones(),
            "countLeadingZeros" => x.leading_zeros(),
            "countTrailingZeros" => x.trailing_zeros(),
            "reverseBits" => x.reverse_bits(),
            "firstLeadingBit" => {
                let magnitude = if signed && x.cast_signed() < 0 { !x } else { x };
                31u32.wrapping_sub(magnitude.leading_zeros())
            }
            "firstTrailingBit" if x == 0 => u32::MAX,
            "firstTrailingBit" => x.trailing_zeros(),
            "extractBits" => {
                let (offset, count) = range(bits[1], bits[2]);
                match (count, signed) {
                    (0, _) => 0,
                    (_, true) => {
                        ((i64::from(x.cast_signed()) << (64 - count - offset)) >> (64 - count))
                            as u32
                    }
                    (_, false) => ((u64::from(x) << (64 - count - offset)) >> (64 - count)) as u32,
                }
            }
            "insertBits" => {
                let (offset, count) = range(bits[2], bits[3]);
                let mask = (((1u64 << count) - 1) << offset) as u32;
                x & !mask | ((u64::from(bits[1]) << offset) as u32 & mask)
            }
            _ => panic!("the function {name}"),
        };
        (of, result)
    })
}

/// An offset and count of bits, cut to the word.
fn range(offset: u32, count: u32) -> (u32, u32) {
    let offset = offset.min(32);
    (offset, count.min(32 - offset))
}
