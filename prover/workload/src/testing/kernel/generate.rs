//! Random kernels, as typed trees.

use super::layout;
use super::random::Random;
use super::statements::DEPTH;
use super::tree::{
    AtomicOp, ELEMENT, Function, Hazard, Index, Program, RESULTS, Race, SETTINGS, Scalar, Stage,
    Through, Ty, U32,
};

/// Sizes of workgroups. The smallest fit into what devices run in step, the others do not.
const WORKGROUP_SIZES: [[u32; 3]; 9] = [
    [4, 1, 1],
    [2, 2, 1],
    [1, 1, 5],
    [8, 1, 1],
    [3, 2, 2],
    [16, 1, 1],
    [4, 4, 1],
    [2, 3, 4],
    [32, 1, 1],
];

/// Dispatches.
const WORKGROUPS: [[u32; 3]; 5] = [[1, 1, 1], [2, 1, 1], [1, 2, 1], [1, 1, 2], [3, 1, 1]];

/// The kernel of a seed.
pub(super) fn program(seed: u64) -> Program {
    let mut random = Random::new(seed);
    let mut structs: Vec<Vec<Ty>> = Vec::new();
    for id in 0..3 {
        let members = 1 + random.below(4);
        let members = (0..members).map(|_| member_type(&mut random, id)).collect();
        structs.push(members);
    }
    structs.push(settings_type(&mut random));
    let workgroup_size = *random.pick(&WORKGROUP_SIZES);
    let workgroups = *random.pick(&WORKGROUPS);
    let invocations: u32 = workgroup_size.iter().chain(&workgroups).product();
    let mut words = |of: usize, count: u32| -> Vec<u32> {
        let words = layout::stride(&structs, &Ty::Struct(of)) * count as usize;
        (0..words).map(|_| random.word()).collect()
    };
    let (input, cells) = (words(ELEMENT, invocations), words(ELEMENT, invocations));
    let settings = words(SETTINGS, 1);
    let hazard = match random.below(20) {
        0..=3 => Hazard::Bounds,
        4 | 5 => Hazard::Steps,
        6 | 7 => Hazard::Race,
        _ => Hazard::None,
    };
    let total = *random.pick(&AtomicOp::ALL);
    let mut program = Program {
        shared: any_type(&mut random),
        privates: (0..2).map(|_| any_type(&mut random)).collect(),
        table: (0..2 + random.below(6)).map(|_| random.word()).collect(),
        overrides: (0..3).map(|_| override_value(&mut random)).collect(),
        functions: Vec::new(),
        locals: Vec::new(),
        stages: Vec::new(),
        results: Vec::new(),
        total: (total, number(&mut random)),
        input,
        cells,
        settings,
        workgroup_size,
        workgroups,
        hazard,
        steps: match hazard {
            Hazard::Steps => random.below(12),
            _ => 1 << 20,
        },
        structs,
    };
    for _ in 0..1 + random.below(2) {
        let function = function(&program, &mut random);
        program.functions.push(function);
    }
    main(&mut program, &mut random);
    program
}

/// The members of the uniform buffer, in which each element of an array fills 16 bytes. The first is the number
/// of rounds.
fn settings_type(random: &mut Random) -> Vec<Ty> {
    let mut members = vec![U32, Ty::Vector(Scalar::U32, 4)];
    for _ in 0..random.below(3) {
        let of = number(random);
        members.push(match random.below(3) {
            0 => Ty::Scalar(of),
            1 => Ty::Vector(of, 2 + random.below(3) as usize),
            _ => {
                let element = Ty::Vector(of, 3 + random.below(2) as usize);
                Ty::Array(Box::new(element), 2 + random.below(2) as usize)
            }
        });
    }
    members
}

fn override_value(random: &mut Random) -> (Scalar, u32) {
    let of = scalar(random);
    let bits = match of {
        Scalar::Bool => random.below(2),
        _ => random.word(),
    };
    (of, bits)
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

impl<'a> Builder<'a> {
    fn new(program: &'a Program, random: &'a mut Random) -> Self {
        Self {
            program,
            random,
            locals: Vec::new(),
            scope: Vec::new(),
            pointer: None,
            result: None,
            nesting: 0,
            in_loop: false,
            in_switch: false,
            in_index: false,
            calls: 3,
        }
    }

    /// An index into `len` elements. Where indices are the hazard, a few may miss.
    pub(super) fn index(&mut self, len: usize) -> Index {
        self.in_index = true;
        let value = self.expr(&U32, 1);
        self.in_index = false;
        let risky = self.program.hazard == Hazard::Bounds && self.random.one_in(6);
        let modulo = match self.random.below(4) {
            0 if risky => None,
            1 | 2 if risky => Some(len as u32 + 1),
            _ if risky => Some(2 * len as u32),
            _ => Some(len as u32),
        };
        Index { value, modulo, len }
    }
}

fn function(program: &Program, random: &mut Random) -> Function {
    let parameters: Vec<Ty> = (0..1 + random.below(3)).map(|_| any_type(random)).collect();
    let pointer = random.one_in(2).then(|| any_type(random));
    let result = any_type(random);
    let mut builder = Builder {
        locals: parameters.clone(),
        scope: (0..parameters.len()).map(|at| (at, true)).collect(),
        pointer: pointer.clone(),
        result: Some(result.clone()),
        calls: 1,
        ..Builder::new(program, random)
    };
    let count = 1 + builder.random.below(2);
    let body = builder.statements(count);
    let value = builder.expr(&result, DEPTH);
    Function {
        parameters,
        pointer,
        result,
        locals: builder.locals,
        body,
        value,
        dropped: false,
    }
}

/// The local of `main` that has the type of the typed array in workgroup memory.
const SHARED_LOCAL: usize = 2;

fn main(program: &mut Program, random: &mut Random) {
    let mut builder = Builder::new(program, random);
    let mut declared = Vec::new();
    // Two words and a value that barriers pass on, and another.
    let other = any_type(builder.random);
    for ty in [U32, U32, program.shared.clone(), other] {
        let value = builder.expr(&ty, 1);
        declared.push(builder.declare(ty, value));
    }
    let mut stages = vec![Stage::Own(declared)];
    for _ in 0..1 + builder.random.below(3) {
        if builder.random.one_in(5) {
            let inner = builder.rounds();
            stages.push(inner);
        } else {
            builder.stages(&mut stages);
        }
    }
    if program.hazard == Hazard::Race {
        let at = 1 + builder.random.below(stages.len() as u32) as usize;
        stages.insert(at, Stage::Race(*builder.random.pick(&Race::ALL)));
    }
    let results = (0..RESULTS).map(|_| builder.expr(&U32, 2)).collect();
    let locals = builder.locals;
    program.locals = locals;
    program.stages = stages;
    program.results = results;
}

impl Builder<'_> {
    fn rounds(&mut self) -> Stage {
        let height = self.scope.len();
        self.nesting += 1;
        let mut inner = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            self.stages(&mut inner);
        }
        self.nesting -= 1;
        self.scope.truncate(height);
        Stage::Rounds(inner)
    }

    /// Adds statements and something that invocations do with each other.
    fn stages(&mut self, stages: &mut Vec<Stage>) {
        let count = 1 + self.random.below(2);
        stages.push(Stage::Own(self.statements(count)));
        let stage = self.shared_stage();
        stages.push(stage);
    }

    fn shared_stage(&mut self) -> Stage {
        let group = self.program.group() as u32;
        let mut local = self.random.below(2) as usize;
        let by = self.random.below(group);
        match self.random.below(10) {
            0..=4 => {
                let through = *self.random.pick(&[
                    Through::Words,
                    Through::Function,
                    Through::Values,
                    Through::Atomics,
                    Through::Storage,
                ]);
                let mut ty = U32;
                if through == Through::Values {
                    (local, ty) = (SHARED_LOCAL, self.program.shared.clone());
                }
                // The functions' barriers have their index within, and a miss in storage may hit another's word.
                let stray = self.program.hazard == Hazard::Bounds
                    && !matches!(through, Through::Function | Through::Storage)
                    && self.random.one_in(4);
                Stage::Exchange {
                    through,
                    stray: stray.then(|| self.expr(&U32, 1)),
                    value: self.expr(&ty, 2),
                    local,
                    by,
                }
            }
            5 | 6 => Stage::Atomic {
                op: *self.random.pick(&AtomicOp::ALL),
                signed: self.random.one_in(2),
                cell: self.expr(&U32, 1),
                value: self.expr(&U32, 2),
                local,
                by,
            },
            7 => Stage::UniformLoad {
                through: Through::Words,
                at: by,
                local,
            },
            8 => Stage::UniformLoad {
                through: Through::Values,
                at: by,
                local: SHARED_LOCAL,
            },
            _ => Stage::Total {
                cell: self.expr(&U32, 1),
                value: self.expr(&U32, 2),
            },
        }
    }
}
