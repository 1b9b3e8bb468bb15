//! Every operation on edge operands, in every form that operands take: the result is what plain Rust says,
//! the honest witness is accepted, and no other result is.
//!
//! Operands come from buffers, so nothing folds; masked to few bits, so that range analysis puts them in one
//! field element; as constants on either side; and as one value twice.

use std::fmt::Write;

use arknet_air::{Machine, check};
use arknet_workload::interpreter::run;
use arknet_workload::job::Job;
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use rayon::prelude::*;

use super::forger::{Forger, Goal};
use super::kernels;
use super::scene::{Scene, element, text_job};

const P: u32 = 0x7f00_0001;

/// Words at which limbs, bytes, signs and the field come round.
const EDGES: [u32; 17] = [
    0,
    1,
    2,
    7,
    0xff,
    0x8000,
    0xffff,
    0x1_0000,
    0x1_0001,
    (1 << 30) - 1,
    P - 1,
    P,
    (1 << 31) - 1,
    1 << 31,
    P.wrapping_mul(2),
    u32::MAX - 1,
    u32::MAX,
];

const CONSTANTS: [u32; 21] = [
    0,
    1,
    2,
    3,
    7,
    10,
    0xff,
    (1 << 14) - 1,
    1 << 14,
    0xffff,
    1 << 16,
    0x1_0001,
    1 << 30,
    P,
    (1 << 31) - 1,
    1 << 31,
    P.wrapping_mul(2),
    -4096i32 as u32,
    -4097i32 as u32,
    -2i32 as u32,
    u32::MAX,
];

const AMOUNTS: [u32; 16] = [
    0,
    1,
    4,
    5,
    8,
    12,
    13,
    15,
    16,
    17,
    24,
    31,
    32,
    33,
    69,
    u32::MAX,
];

const OPERATIONS: [&str; 16] = [
    "add", "sub", "mul", "div", "rem", "and", "or", "xor", "shl", "shr", "eq", "ne", "lt", "le",
    "min", "max",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    U32,
    I32,
    Bool,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::Bool => "bool",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operand {
    /// Any word of the buffer.
    Word,
    /// That many low bits of it.
    Bits(u32),
    Constant(u32),
    /// The left operand again.
    Same,
}

/// One operation in one form.
#[derive(Clone, Copy, Debug)]
struct Case {
    operation: &'static str,
    ty: Type,
    left: Operand,
    right: Operand,
}

impl Case {
    fn is_shift(&self) -> bool {
        matches!(self.operation, "shl" | "shr")
    }

    fn is_test(&self) -> bool {
        matches!(self.operation, "eq" | "ne" | "lt" | "le")
    }

    /// Reads words `a[i]` and `b[i]`, writes the result to `out[i]`.
    fn source(&self) -> String {
        let mut text = String::from(
            "workload workgroup_size(1, 1, 1)
            memory m0 \"a\": input binding(0, 0) runtime
            memory m1 \"b\": input binding(0, 1) runtime
            memory m2 \"out\": output binding(0, 2) runtime
            body {\n%0: u32 = builtin global_invocation_id.x\n",
        );
        let mut next = 1;
        let left = operand(&mut text, &mut next, 0, self.left, self.ty);
        let right = match self.right {
            Operand::Same => left,
            right => {
                let ty = if self.is_shift() { Type::U32 } else { self.ty };
                operand(&mut text, &mut next, 1, right, ty)
            }
        };
        let result = if self.is_test() { Type::Bool } else { self.ty };
        let (operation, name) = (self.operation, result.name());
        writeln!(text, "%{next}: {name} = {operation} %{left}, %{right}").unwrap();
        if result == Type::Bool {
            writeln!(text, "%{}: u32 = cast %{next}", next + 1).unwrap();
            next += 1;
        }
        writeln!(text, "store m2[%0] = %{next} }}").unwrap();
        text
    }

    /// What the operation has as its operand where the buffer has this word.
    fn operand(&self, operand: Operand, word: u32) -> u32 {
        let bits = match operand {
            Operand::Bits(bits) => word & ((1u64 << bits) - 1) as u32,
            Operand::Constant(bits) => bits,
            Operand::Word | Operand::Same => word,
        };
        if self.ty == Type::Bool {
            u32::from(bits != 0)
        } else {
            bits
        }
    }

    fn expected(&self, left: u32, right: u32) -> u32 {
        let x = self.operand(self.left, left);
        let y = match self.right {
            Operand::Same => x,
            operand => self.operand(operand, right),
        };
        match self.ty {
            Type::I32 => signed(self.operation, x as i32, y),
            Type::U32 | Type::Bool => unsigned(self.operation, x, y),
        }
    }

    fn job(&self) -> Job {
        let rights: &[u32] = if self.is_shift() { &AMOUNTS } else { &EDGES };
        let ends = [EDGES[0]];
        let lefts: &[u32] = match self.left {
            Operand::Constant(_) => &ends,
            _ => &EDGES,
        };
        let rights = match self.right {
            Operand::Constant(_) | Operand::Same => &ends,
            _ => rights,
        };
        let (a, b): (Vec<u32>, Vec<u32>) = lefts
            .iter()
            .flat_map(|&x| rights.iter().map(move |&y| (x, y)))
            .unzip();
        let count = a.len();
        text_job(
            &self.source(),
            [count as u32, 1, 1],
            vec![a, b, vec![0; count]],
        )
    }
}

/// Writes the instructions of an operand and gives its value's number.
fn operand(text: &mut String, next: &mut u32, memory: u32, operand: Operand, ty: Type) -> u32 {
    let word = if ty == Type::Bool { Type::U32 } else { ty }.name();
    let mut define = |definition: String, ty: &str| {
        writeln!(text, "%{next}: {ty} = {definition}").unwrap();
        *next += 1;
        *next - 1
    };
    let value = match operand {
        Operand::Constant(bits) if ty == Type::Bool => {
            return define(format!("const {}", bits != 0), "bool");
        }
        Operand::Constant(bits) => return define(format!("const {bits}"), word),
        Operand::Word | Operand::Same => define(format!("load m{memory}[%0]"), word),
        Operand::Bits(bits) => {
            let value = define(format!("load m{memory}[%0]"), word);
            let mask = define(format!("const {}", (1u64 << bits) - 1), word);
            define(format!("and %{value}, %{mask}"), word)
        }
    };
    if ty == Type::Bool {
        define(format!("cast %{value}"), "bool")
    } else {
        value
    }
}

fn unsigned(operation: &str, x: u32, y: u32) -> u32 {
    match operation {
        "add" => x.wrapping_add(y),
        "sub" => x.wrapping_sub(y),
        "mul" => x.wrapping_mul(y),
        "div" => x.checked_div(y).unwrap_or(x),
        "rem" => x.checked_rem(y).unwrap_or(0),
        "and" => x & y,
        "or" => x | y,
        "xor" => x ^ y,
        "shl" => x << (y % 32),
        "shr" => x >> (y % 32),
        "eq" => u32::from(x == y),
        "ne" => u32::from(x != y),
        "lt" => u32::from(x < y),
        "le" => u32::from(x <= y),
        "min" => x.min(y),
        "max" => x.max(y),
        _ => panic!("no operation `{operation}`"),
    }
}

fn signed(operation: &str, x: i32, bits: u32) -> u32 {
    let y = bits as i32;
    match operation {
        "div" if y == 0 => x as u32,
        "div" => x.wrapping_div(y) as u32,
        "rem" if y == 0 => 0,
        "rem" => x.wrapping_rem(y) as u32,
        "shr" => (x >> (bits % 32)) as u32,
        "lt" => u32::from(x < y),
        "le" => u32::from(x <= y),
        "min" => x.min(y) as u32,
        "max" => x.max(y) as u32,
        _ => unsigned(operation, x as u32, bits),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for operation in OPERATIONS {
        let is_shift = matches!(operation, "shl" | "shr");
        let constants: &[u32] = if is_shift { &AMOUNTS } else { &CONSTANTS };
        for ty in [Type::U32, Type::I32] {
            let mut add = |left, right| {
                cases.push(Case {
                    operation,
                    ty,
                    left,
                    right,
                });
            };
            add(Operand::Word, Operand::Word);
            for bits in [8, 16, 20, 30, 31] {
                add(Operand::Bits(bits), Operand::Bits(bits));
                add(Operand::Bits(bits), Operand::Word);
                add(Operand::Word, Operand::Bits(bits));
            }
            add(Operand::Bits(20), Operand::Bits(8));
            add(Operand::Bits(16), Operand::Bits(1));
            for &constant in constants {
                add(Operand::Word, Operand::Constant(constant));
                add(Operand::Bits(29), Operand::Constant(constant));
            }
            for constant in EDGES {
                add(Operand::Constant(constant), Operand::Word);
            }
            add(Operand::Constant(1000), Operand::Bits(16));
            if !is_shift || ty == Type::U32 {
                add(Operand::Word, Operand::Same);
                add(Operand::Bits(16), Operand::Same);
            }
        }
        if matches!(operation, "and" | "or" | "xor" | "eq" | "ne") {
            for (left, right) in [
                (Operand::Word, Operand::Word),
                (Operand::Bits(1), Operand::Word),
                (Operand::Word, Operand::Constant(0)),
                (Operand::Constant(1), Operand::Word),
                (Operand::Word, Operand::Same),
            ] {
                let ty = Type::Bool;
                cases.push(Case {
                    operation,
                    ty,
                    left,
                    right,
                });
            }
        }
    }
    cases
}

/// Wrong results for a right one, among them what carries, borrows, signs and the field could confuse.
fn wrong_words(right: u32) -> Vec<u32> {
    let mut words = vec![
        right.wrapping_add(1),
        right.wrapping_sub(1),
        right ^ 1 << 31,
        right ^ 1 << 16,
        right.wrapping_add(1 << 16),
        right.wrapping_add(P),
        right.wrapping_sub(P),
        !right,
        0,
    ];
    words.retain(|&word| word != right);
    words.dedup();
    words
}

/// The limbs of wrong results, and forms of the right one that are not limbs.
fn wrong_limbs(right: u32) -> Vec<[KoalaBear; 2]> {
    let (low, high) = (element(right & 0xffff), element(right >> 16));
    let wrap = element(1 << 16);
    let mut limbs: Vec<[KoalaBear; 2]> = wrong_words(right)
        .into_iter()
        .map(|word| [element(word & 0xffff), element(word >> 16)])
        .collect();
    limbs.push([low + wrap, high - KoalaBear::ONE]);
    limbs.push([low - wrap, high + KoalaBear::ONE]);
    limbs.push([low, high + wrap]);
    limbs
}

/// The one row that stores a word of the output, its store, and the goal it has.
fn store_of(scene: &Scene, forger: &mut Forger<'_>, row: usize) -> (Goal, usize) {
    let goal = forger.goal_of(row, scene.row(1, row));
    let stores: Vec<usize> = (0..goal.len())
        .filter(|&message| {
            let fields = goal[message].as_ref().map_or(0, |(_, fields)| fields.len());
            fields == DATA_FIELDS
        })
        .collect();
    assert_eq!(
        stores.len(),
        1,
        "one store and nothing else on the data bus"
    );
    (goal, stores[0])
}

/// Fields of a message about a word; the value's limbs are the fourth and the fifth.
const DATA_FIELDS: usize = 5;
const VALUE: usize = 3;

/// Tries to make the block's row store something else. Gives what was stored where that works.
fn forged(
    scene: &Scene,
    forger: &mut Forger<'_>,
    row: usize,
    right: u32,
    budget: usize,
) -> Option<[KoalaBear; 2]> {
    let (mut goal, store) = store_of(scene, forger, row);
    wrong_limbs(right).into_iter().find(|limbs| {
        let fields = &mut goal[store].as_mut().expect("the store is a link").1;
        fields[VALUE..].copy_from_slice(limbs);
        let forgery = forger.forge(row, scene.row(1, row), &goal, budget);
        forgery.is_some_and(|columns| forger.accepts(row, &columns, &goal))
    })
}

#[test]
fn every_operation_has_its_one_result() {
    cases().into_par_iter().for_each(|case| {
        let job = case.job();
        let execution = run(&job).unwrap();
        let [a, b, _] = job.buffers() else {
            panic!("three buffers")
        };
        let expected: Vec<u32> = a
            .iter()
            .zip(b)
            .map(|(&x, &y)| case.expected(x, y))
            .collect();
        assert_eq!(execution.buffers[2], expected, "{case:?}");

        let scene = Scene::new(&job, None);
        let offers = scene.offers();
        let mut forger = Forger::new(&scene.tables()[1], &offers);
        let rows = expected.len();
        for row in [rows / 3, rows - 1] {
            let forged = forged(&scene, &mut forger, row, expected[row], 24);
            let operands = (a[row], b[row]);
            assert_eq!(
                forged, None,
                "{case:?} of {operands:x?} gives something else"
            );
        }
        let word = rows / 2;
        let wrong = wrong_words(expected[word])[word % 5];
        refuses(&scene, 2, word, wrong);
    });
}

/// A statement with one other output word has no honest witness, and the true one's rows, with the public
/// columns that the statement wants, do not balance.
fn refuses(scene: &Scene, buffer: usize, word: usize, wrong: u32) {
    let mut statement = scene.machine.statement().clone();
    let right = std::mem::replace(&mut statement.outputs[buffer][word], wrong);
    let place = format!("word {word} of buffer {buffer} is {right:#x}, not {wrong:#x}");
    let Ok(machine) = Machine::compile(&statement) else {
        // The workload does not write this buffer at all.
        return;
    };
    let mut forged = Scene {
        machine,
        traces: scene.traces.clone(),
    };
    if let Ok(witness) = forged.machine.witness() {
        assert!(check(forged.tables(), &witness.traces).is_err(), "{place}");
    }
    forged.follow_public_columns();
    forged.rebalance();
    assert!(forged.verdict().is_err(), "{place}");
}

#[test]
fn every_kernel_has_its_one_output() {
    kernels::all().into_par_iter().for_each(|kernel| {
        let job = kernel.job();
        assert_eq!(run(&job).unwrap().buffers, kernel.after, "{}", kernel.name);
        let scene = kernel.scene();
        for (buffer, words) in kernel.after.iter().enumerate() {
            for word in [0, words.len() / 2, words.len() - 1] {
                for wrong in wrong_words(words[word]).into_iter().step_by(3) {
                    refuses(&scene, buffer, word, wrong);
                }
            }
        }
    });
}

/// Requirements of an operation that are taken away, one at a time.
const REQUIREMENTS: usize = 50;

/// The forger above is no straw man: with one constraint or lookup taken away it forges most operations.
#[test]
fn a_missing_requirement_is_exploited() {
    let mut reports = Vec::new();
    for (operation, ty, left, right) in [
        ("add", Type::U32, Operand::Word, Operand::Word),
        ("sub", Type::U32, Operand::Word, Operand::Word),
        ("mul", Type::U32, Operand::Word, Operand::Word),
        ("div", Type::U32, Operand::Word, Operand::Word),
        ("rem", Type::U32, Operand::Word, Operand::Word),
        ("div", Type::U32, Operand::Bits(20), Operand::Constant(1000)),
        ("div", Type::I32, Operand::Word, Operand::Word),
        ("xor", Type::U32, Operand::Word, Operand::Word),
        ("shl", Type::U32, Operand::Word, Operand::Word),
        ("shr", Type::I32, Operand::Word, Operand::Constant(5)),
        ("shl", Type::U32, Operand::Word, Operand::Constant(20)),
        ("eq", Type::U32, Operand::Word, Operand::Word),
        ("lt", Type::I32, Operand::Word, Operand::Word),
        ("lt", Type::U32, Operand::Bits(16), Operand::Bits(16)),
        ("max", Type::U32, Operand::Word, Operand::Word),
    ] {
        let case = Case {
            operation,
            ty,
            left,
            right,
        };
        let job = case.job();
        let scene = Scene::new(&job, None);
        let offers = scene.offers();
        let mut forger = Forger::new(&scene.tables()[1], &offers);
        let outputs = run(&job).unwrap().buffers.remove(2);
        let mut requirements = forger.requirements();
        let stride = requirements.len().div_ceil(REQUIREMENTS);
        requirements = requirements.into_iter().step_by(stride).collect();
        let total = requirements.len();
        let exploited = requirements
            .into_iter()
            .filter(|&requirement| {
                forger.without(Some(requirement));
                [0, outputs.len() / 2, outputs.len() - 1]
                    .into_iter()
                    .any(|row| forged(&scene, &mut forger, row, outputs[row], 100).is_some())
            })
            .count();
        reports.push((case, exploited, total));
    }
    let sum = |part: fn(&(Case, usize, usize)) -> usize| reports.iter().map(part).sum::<usize>();
    let (exploited, total) = (sum(|report| report.1), sum(|report| report.2));
    assert!(
        2 * exploited > total,
        "only {exploited} of {total}: {reports:#?}"
    );
    for (case, exploited, _) in &reports {
        assert!(*exploited > 0, "{case:?} is never forged");
    }
}
