//! What an invocation of a kernel does, on the kernel's tree.

use super::arithmetic::{Value, binary, built_in, each};
use super::layout;
use super::tree::{
    Buffer, ELEMENT, Expr, Id, Index, Place, Program, Root, SETTINGS, Scalar, Statement, Step,
    Style, Ty,
};

/// Why an invocation stops early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    OutOfBounds,
    OutOfSteps,
}

/// A variable: the frame and the local in it, a private variable, or the cell; and a part of it.
#[derive(Clone, Debug)]
struct Target {
    variable: Variable,
    path: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Variable {
    Local { frame: usize, at: usize },
    Private(usize),
    Cell,
}

/// A function that runs.
struct Frame {
    locals: Vec<Value>,
    pointer: Option<Target>,
}

/// An invocation in the course of `main`.
pub(super) struct Invocation<'a> {
    program: &'a Program,
    /// Its number in the workgroup.
    pub(super) local_index: usize,
    /// Its number in the dispatch.
    pub(super) global_index: usize,
    /// Its element of the cells.
    pub(super) cell: Value,
    /// Starts of loop bodies.
    pub(super) steps: u32,
    ids: [[u32; 3]; 4],
    input: Value,
    settings: Value,
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

/// The coordinates of the element with this number in a box.
fn coordinates(number: usize, extent: [u32; 3]) -> [u32; 3] {
    let number = number as u32;
    [
        number % extent[0],
        number / extent[0] % extent[1],
        number / extent[0] / extent[1],
    ]
}

impl<'a> Invocation<'a> {
    pub(super) fn new(program: &'a Program, group: usize, index: usize) -> Self {
        let zeros = |types: &[Ty]| types.iter().map(|ty| Value::zero(program, ty)).collect();
        let global_index = group * program.group() + index;
        let element = Ty::Struct(ELEMENT);
        let stride = layout::stride(&program.structs, &element);
        let own = |words: &[u32]| layout::read(program, &element, &words[global_index * stride..]);
        let local = coordinates(index, program.workgroup_size);
        let group = coordinates(group, program.workgroups);
        let global = [0, 1, 2].map(|axis| group[axis] * program.workgroup_size[axis] + local[axis]);
        Self {
            program,
            local_index: index,
            global_index,
            cell: own(&program.cells),
            steps: 0,
            ids: [local, group, global, program.workgroups],
            input: own(&program.input),
            settings: layout::read(program, &Ty::Struct(SETTINGS), &program.settings),
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

    /// Sets a local of the function that runs.
    pub(super) fn set(&mut self, local: usize, value: Value) {
        self.frame().locals[local] = value;
    }

    pub(super) fn word(&mut self, of: &Expr) -> Result<u32, Stop> {
        Ok(self.value(of)?.bits())
    }

    /// Counts the start of a loop's body.
    pub(super) fn start_round(&mut self) -> Result<(), Stop> {
        if self.steps == self.program.steps {
            return Err(Stop::OutOfSteps);
        }
        self.steps += 1;
        Ok(())
    }

    /// Runs statements of `main`, which never leave it.
    pub(super) fn run_own(&mut self, list: &[Statement]) -> Result<(), Stop> {
        self.run(list).map(|_| ())
    }

    fn run(&mut self, list: &[Statement]) -> Result<Exit, Stop> {
        for statement in list {
            match self.step(statement)? {
                Exit::Falls => {}
                exit => return Ok(exit),
            }
        }
        Ok(Exit::Falls)
    }

    fn step(&mut self, statement: &Statement) -> Result<Exit, Stop> {
        match statement {
            Statement::Declare(local, value) => {
                let value = self.value(value)?;
                self.set(*local, value);
            }
            Statement::Assign(to, value) | Statement::AssignThrough(to, value) => {
                // References come first.
                let target = self.target(to)?;
                let value = self.value(value)?;
                *self.at(&target) = value;
            }
            Statement::Update(to, op, value) => {
                let target = self.target(to)?;
                let old = self.at(&target).clone();
                let operands = [old, self.value(value)?];
                let new = each(&operands, |of, bits| binary(op, of, bits[0], bits[1]));
                *self.at(&target) = new;
            }
            Statement::Count(place, up) => {
                let target = self.target(place)?;
                if let Value::Scalar(_, bits) = self.at(&target) {
                    *bits = bits.wrapping_add(if *up { 1 } else { u32::MAX });
                }
            }
            Statement::If(condition, accept, reject) => {
                let arm = if self.value(condition)?.truth() {
                    accept
                } else {
                    reject
                };
                return self.run(arm);
            }
            Statement::Loop { .. } => return self.repeat(statement),
            Statement::Switch { selector, cases } => {
                let selector = self.word(selector)?;
                let chosen = cases
                    .iter()
                    .find(|(selectors, _)| selectors.contains(&selector))
                    .or_else(|| cases.iter().find(|(selectors, _)| selectors.is_empty()));
                if let Some((_, body)) = chosen {
                    return Ok(match self.run(body)? {
                        Exit::Breaks => Exit::Falls,
                        exit => exit,
                    });
                }
            }
            Statement::Break(condition) => {
                if self.value(condition)?.truth() {
                    return Ok(Exit::Breaks);
                }
            }
            Statement::Continue(condition) => {
                if self.value(condition)?.truth() {
                    return Ok(Exit::Continues);
                }
            }
            Statement::Return(condition, value) => {
                if self.value(condition)?.truth() {
                    return Ok(Exit::Returns(self.value(value)?));
                }
            }
        }
        Ok(Exit::Falls)
    }

    fn repeat(&mut self, statement: &Statement) -> Result<Exit, Stop> {
        let Statement::Loop {
            style,
            counter,
            rounds,
            body,
            continuing,
            break_if,
        } = statement
        else {
            panic!("a loop, not {statement:?}");
        };
        for round in 0.. {
            self.start_round()?;
            if round == *rounds {
                break;
            }
            let count = round + u32::from(*style != Style::For);
            self.set(*counter, Value::Scalar(Scalar::U32, count));
            match self.run(body)? {
                Exit::Falls | Exit::Continues => {}
                Exit::Breaks => break,
                exit @ Exit::Returns(_) => return Ok(exit),
            }
            self.run(continuing)?;
            if let Some(condition) = break_if
                && self.value(condition)?.truth()
            {
                break;
            }
        }
        Ok(Exit::Falls)
    }

    fn target(&mut self, place: &Place) -> Result<Target, Stop> {
        let whole = |variable| Target {
            variable,
            path: Vec::new(),
        };
        let frame = self.frames.len() - 1;
        let mut target = match place.root {
            Root::Local(at) => whole(Variable::Local { frame, at }),
            Root::Private(at) => whole(Variable::Private(at)),
            Root::Cell => whole(Variable::Cell),
            Root::Pointer => self.frame().pointer.clone().expect("a pointer parameter"),
        };
        target.path.extend(self.path(&place.steps)?);
        Ok(target)
    }

    fn path(&mut self, steps: &[Step]) -> Result<Vec<usize>, Stop> {
        let at = |step: &Step| match step {
            Step::Member(at) | Step::Component(at) | Step::Element(at) => Ok(*at),
            Step::Index(index) => self.index(index),
        };
        steps.iter().map(at).collect()
    }

    fn index(&mut self, index: &Index) -> Result<usize, Stop> {
        let value = self.word(&index.value)?;
        let value = index.modulo.map_or(value, |modulo| value % modulo) as usize;
        if value < index.len {
            Ok(value)
        } else {
            Err(Stop::OutOfBounds)
        }
    }

    fn at(&mut self, target: &Target) -> &mut Value {
        let variable = match target.variable {
            Variable::Local { frame, at } => &mut self.frames[frame].locals[at],
            Variable::Private(at) => &mut self.privates[at],
            Variable::Cell => &mut self.cell,
        };
        variable.at(&target.path)
    }

    fn values(&mut self, of: &[Expr]) -> Result<Vec<Value>, Stop> {
        of.iter().map(|expr| self.value(expr)).collect()
    }

    pub(super) fn value(&mut self, of: &Expr) -> Result<Value, Stop> {
        let program = self.program;
        Ok(match of {
            Expr::Literal(ty, bits) => Value::Scalar(*ty, *bits),
            Expr::Override(at) => {
                let (ty, bits) = program.overrides[*at];
                Value::Scalar(ty, bits)
            }
            Expr::Buffer(buffer, steps) => {
                let path = self.path(steps)?;
                let value = match buffer {
                    Buffer::Input => &mut self.input,
                    Buffer::Settings => &mut self.settings,
                };
                value.at(&path).clone()
            }
            Expr::Table(index) => Value::Scalar(Scalar::U32, program.table[self.index(index)?]),
            Expr::LocalIndex => Value::Scalar(Scalar::U32, self.local_index as u32),
            Expr::GlobalIndex => Value::Scalar(Scalar::U32, self.global_index as u32),
            Expr::Id(id, axis) => {
                let ids = match id {
                    Id::Local => self.ids[0],
                    Id::Group => self.ids[1],
                    Id::Global => self.ids[2],
                    Id::Groups => self.ids[3],
                };
                Value::Scalar(Scalar::U32, ids[*axis])
            }
            Expr::Read(place) => {
                let target = self.target(place)?;
                self.at(&target).clone()
            }
            Expr::Unary(op, operand) => each(&[self.value(operand)?], |of, bits| match *op {
                "-" => (of, bits[0].wrapping_neg()),
                "~" => (of, !bits[0]),
                _ => (of, bits[0] ^ 1),
            }),
            Expr::Binary(op, left, right) => {
                let operands = [self.value(left)?, self.value(right)?];
                each(&operands, |of, bits| binary(op, of, bits[0], bits[1]))
            }
            Expr::Logical(and, left, right) => {
                let left = self.value(left)?;
                if left.truth() == *and {
                    self.value(right)?
                } else {
                    left
                }
            }
            Expr::Construct(ty, parts) => {
                let parts = self.values(parts)?;
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
                let vector = self.value(vector)?;
                Value::of(
                    components
                        .iter()
                        .map(|&at| vector.parts()[at].clone())
                        .collect(),
                )
            }
            Expr::Select(condition, accept, reject) => {
                let (reject, accept) = (self.value(reject)?, self.value(accept)?);
                let condition = self.value(condition)?;
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
                let operand = self.value(operand)?;
                each(&[operand], |_, bits| match to {
                    Scalar::Bool => (*to, u32::from(bits[0] != 0)),
                    _ => (*to, bits[0]),
                })
            }
            Expr::BuiltIn(name, arguments) => {
                let arguments = self.values(arguments)?;
                built_in(name, &arguments)
            }
            Expr::Call(function, arguments, pointer) => {
                let arguments = self.values(arguments)?;
                let pointer = match pointer {
                    Some(place) => Some(self.target(place)?),
                    None => None,
                };
                self.call(*function, arguments, pointer)?
            }
        })
    }

    fn call(
        &mut self,
        function: usize,
        arguments: Vec<Value>,
        pointer: Option<Target>,
    ) -> Result<Value, Stop> {
        let program = self.program;
        let function = &program.functions[function];
        let mut locals = arguments;
        let rest = &function.locals[locals.len()..];
        locals.extend(rest.iter().map(|ty| Value::zero(program, ty)));
        self.frames.push(Frame { locals, pointer });
        let result = match self.run(&function.body)? {
            Exit::Returns(value) => value,
            _ => self.value(&function.value)?,
        };
        self.frames.pop();
        Ok(result)
    }
}
