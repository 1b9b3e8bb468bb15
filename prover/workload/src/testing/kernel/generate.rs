//! Random kernels, as typed trees.

use super::layout;
use super::statements::DEPTH;
use super::tree::{
    AtomicOp, Function, INVOCATIONS, Program, RESULTS, SHARED, Scalar, Stage, Ty, U32, WORKGROUPS,
};

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

pub(super) struct Random(u64);

impl Random {
    pub(super) fn below(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(below)) as u32
    }

    pub(super) fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u32) as usize]
    }

    /// A word; small ones and those at the edges are likely.
    pub(super) fn word(&mut self) -> u32 {
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

pub(super) fn number(random: &mut Random) -> Scalar {
    *random.pick(&[Scalar::U32, Scalar::U32, Scalar::I32])
}

pub(super) fn scalar(random: &mut Random) -> Scalar {
    *random.pick(&[Scalar::U32, Scalar::U32, Scalar::I32, Scalar::Bool])
}

pub(super) fn any_type(random: &mut Random) -> Ty {
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
pub(super) struct Builder<'a> {
    pub(super) program: &'a Program,
    pub(super) random: &'a mut Random,
    /// Types of all locals.
    pub(super) locals: Vec<Ty>,
    /// Locals that can be seen, and whether they may be assigned to.
    pub(super) scope: Vec<(usize, bool)>,
    pub(super) pointer: Option<Ty>,
    pub(super) result: Option<Ty>,
    pub(super) nesting: u32,
    pub(super) in_loop: bool,
    pub(super) in_switch: bool,
    /// Whether an index is being generated; there is none within it.
    pub(super) in_index: bool,
    /// Calls that may still be made; they multiply.
    pub(super) calls: u32,
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
