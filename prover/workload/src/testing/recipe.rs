//! Recipes of random jobs, and how they are drawn.
//!
//! Names in a recipe are relative ("the third latest word"), so any part can be left out or replaced.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::Shape;
use crate::ir::{AtomicOp, BarrierScope, BinaryOp, Builtin, Type};

/// A job.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) workgroup_size: [u32; 3],
    pub(super) workgroups: [u32; 3],
    /// Whether the linear id is made of the workgroup's and the local index, or of the global ids.
    pub(super) by_group: bool,
    pub(super) memories: Vec<MemoryRecipe>,
    pub(super) statements: Vec<Statement>,
    /// Where the contents of buffers come from, over and over.
    pub(super) words: Vec<u32>,
    /// Whether indices may leave their memory, and the step limit for such a job.
    pub(super) traps: Option<u32>,
    /// Whether output memories may be [`Sharing::Anything`].
    pub(super) races: bool,
}

/// A memory.
#[derive(Clone, Debug)]
pub(super) enum MemoryRecipe {
    Output {
        sharing: Sharing,
        fixed: bool,
    },
    /// Workgroup memory with some more words than the workgroup has invocations.
    Shared {
        extra: u32,
    },
    Input {
        words: u32,
        fixed: bool,
    },
    Uniform {
        words: u32,
    },
    Constant {
        words: Vec<u32>,
    },
    Private {
        words: u32,
    },
}

/// Which words of an output memory an invocation uses.
#[derive(Clone, Debug)]
pub(super) enum Sharing {
    /// That of its linear id.
    InPlace,
    /// That of its linear id with some bits flipped; only stores.
    Scatter { mask: u32 },
    /// This many words of its own.
    Stripe { words: u32 },
    /// All of them; as `InPlace` where the job must not race.
    Anything,
    /// Words of its workgroup's own, some more than it has invocations.
    Group { extra: u32 },
    /// All of them, by atomics of one family.
    Updates { words: u32, op: AtomicOp, ty: Type },
}

/// A value, of the type that its use asks for.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// The latest visible value, the one before, ...
    Recent(u8),
    Constant(u32),
}

/// One or a few instructions. Memories are counted modulo how many fit.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Binary {
        op: BinaryOp,
        ty: Type,
        lhs: Operand,
        rhs: Operand,
    },
    Select {
        ty: Type,
        condition: Operand,
        accept: Operand,
        reject: Operand,
    },
    Cast {
        from: Type,
        to: Type,
        operand: Operand,
    },
    Builtin(Builtin),
    Length {
        memory: u8,
    },
    Load {
        memory: u8,
        ty: Type,
        index: Operand,
        wild: bool,
    },
    Store {
        memory: u8,
        ty: Type,
        index: Operand,
        value: Operand,
        wild: bool,
    },
    Meter(u32),
    Atomic {
        memory: u8,
        op: AtomicOp,
        ty: Type,
        index: Operand,
        value: Operand,
        wild: bool,
    },
    /// Stands where control flow is uniform, and is nothing elsewhere.
    Barrier {
        scope: BarrierScope,
        /// Decides what memories are used for afterwards.
        seed: u32,
        /// Whether it is left out where the job may race.
        dropped: bool,
    },
    /// As `Barrier`.
    UniformLoad {
        memory: u8,
        ty: Type,
        index: Operand,
    },
    If {
        /// Whether the condition is the same in the workgroup, where control flow is.
        uniform: bool,
        condition: Operand,
        results: Vec<Type>,
        then: Arm,
        otherwise: Arm,
    },
    Loop(LoopRecipe),
}

/// An arm of an `if`.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    pub(super) body: Vec<Statement>,
    pub(super) leave: Leave,
    /// What is passed on, as often as needed.
    pub(super) values: Vec<Operand>,
}

/// How an arm ends; outside of loops it always yields.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leave {
    Yield,
    Break,
    Continue,
}

/// A loop with a counter that bounds it.
#[derive(Clone, Debug)]
pub(super) struct LoopRecipe {
    /// Whether the workgroup leaves it together, where it came together.
    pub(super) uniform: bool,
    pub(super) rounds: u32,
    /// A value that decides, modulo `rounds + 1`, how many rounds there are; else it is `rounds`.
    pub(super) data_rounds: Option<Operand>,
    /// Whether the counter is checked after the body, which then runs at least once.
    pub(super) check_last: bool,
    pub(super) carried: Vec<Carried>,
    pub(super) body: Vec<Statement>,
}

/// A value carried from round to round, which is also a result.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) ty: Type,
    pub(super) initial: Operand,
    pub(super) next: Operand,
}

/// Words at which operations behave differently.
const EDGES: [u32; 18] = [
    0,
    1,
    2,
    3,
    31,
    32,
    33,
    255,
    256,
    0xffff,
    0x1_0000,
    0x1_0001,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_0000,
    0xffff_fffe,
    0xffff_ffff,
];

fn word() -> impl Strategy<Value = u32> {
    prop_oneof![3 => select(&EDGES[..]), 1 => 0..20u32, 1 => any::<u32>()]
}

fn ty() -> impl Strategy<Value = Type> {
    prop_oneof![4 => Just(Type::U32), 3 => Just(Type::I32), 2 => Just(Type::Bool)]
}

fn word_type() -> impl Strategy<Value = Type> {
    select(&[Type::U32, Type::I32][..])
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        3 => (0..6u8).prop_map(Operand::Recent),
        1 => word().prop_map(Operand::Constant),
    ]
}

fn atomic_op() -> impl Strategy<Value = AtomicOp> {
    select(&AtomicOp::ALL[..])
}

fn percent(share: u8) -> impl Strategy<Value = bool> {
    prop::bool::weighted(f64::from(share.min(100)) / 100.0)
}

/// Recipes of jobs of a shape.
pub(super) fn recipe(shape: Shape) -> impl Strategy<Value = Recipe> {
    let axes = |most: u32| {
        prop_oneof![
            (1..=most).prop_map(|x| [x, 1, 1]),
            ([1..=most, 1..=3, 1..=2u32]),
        ]
    };
    let traps =
        (percent(shape.trap_percent), 0..40u32).prop_map(|(traps, steps)| traps.then_some(steps));
    let statements = vec(statement(shape), 0..14);
    (
        (axes(9), axes(5), any::<bool>()),
        vec(memory(shape.sharing), 0..6),
        statements,
        vec(word(), 1..24),
        traps,
        percent(shape.race_percent),
    )
        .prop_map(
            |(
                (workgroup_size, workgroups, by_group),
                memories,
                statements,
                words,
                traps,
                races,
            )| {
                Recipe {
                    workgroup_size,
                    workgroups,
                    by_group,
                    memories,
                    statements,
                    words,
                    traps,
                    races,
                }
            },
        )
}

fn memory(shared: bool) -> impl Strategy<Value = MemoryRecipe> {
    let weight = u32::from(shared);
    let sharing = prop_oneof![
        3 => Just(Sharing::InPlace),
        2 => any::<u32>().prop_map(|mask| Sharing::Scatter { mask }),
        2 => (1..=4u32).prop_map(|words| Sharing::Stripe { words }),
        2 => Just(Sharing::Anything),
        3 * weight => (0..3u32).prop_map(|extra| Sharing::Group { extra }),
        3 * weight => (1..8u32, atomic_op(), word_type())
            .prop_map(|(words, op, ty)| Sharing::Updates { words, op, ty }),
    ];
    prop_oneof![
        3 => (sharing, any::<bool>())
            .prop_map(|(sharing, fixed)| MemoryRecipe::Output { sharing, fixed }),
        2 => (1..20u32, any::<bool>())
            .prop_map(|(words, fixed)| MemoryRecipe::Input { words, fixed }),
        1 => (1..=8u32).prop_map(|words| MemoryRecipe::Uniform { words }),
        1 => vec(word(), 1..9).prop_map(|words| MemoryRecipe::Constant { words }),
        2 => (1..9u32).prop_map(|words| MemoryRecipe::Private { words }),
        6 * weight => (0..3u32).prop_map(|extra| MemoryRecipe::Shared { extra }),
    ]
}

fn statement(shape: Shape) -> impl Strategy<Value = Statement> {
    simple(shape).prop_recursive(shape.depth, 24, 5, move |inner| {
        let body = vec(inner, 0..5).boxed();
        prop_oneof![branch(body.clone()), repeat(shape, body)]
    })
}

fn simple(shape: Shape) -> impl Strategy<Value = Statement> {
    let binary = (select(&BinaryOp::ALL[..]), ty(), operand(), operand())
        .prop_map(|(op, ty, lhs, rhs)| Statement::Binary { op, ty, lhs, rhs });
    let selection =
        (ty(), operand(), operand(), operand()).prop_map(|(ty, condition, accept, reject)| {
            Statement::Select {
                ty,
                condition,
                accept,
                reject,
            }
        });
    let cast = (ty(), ty(), operand()).prop_map(|(from, to, operand)| Statement::Cast {
        from,
        to,
        operand,
    });
    let load = (any::<u8>(), word_type(), operand(), any::<bool>()).prop_map(
        |(memory, ty, index, wild)| Statement::Load {
            memory,
            ty,
            index,
            wild,
        },
    );
    let store = (
        any::<u8>(),
        word_type(),
        operand(),
        operand(),
        any::<bool>(),
    )
        .prop_map(|(memory, ty, index, value, wild)| Statement::Store {
            memory,
            ty,
            index,
            value,
            wild,
        });
    prop_oneof![
        12 => binary,
        2 => selection,
        2 => cast,
        1 => select(&Builtin::ALL[..]).prop_map(Statement::Builtin),
        1 => any::<u8>().prop_map(|memory| Statement::Length { memory }),
        4 => load,
        4 => store,
        u32::from(shape.meter) => (0..4u32).prop_map(Statement::Meter),
        12 * u32::from(shape.sharing) => together(),
    ]
}

/// What a workgroup does together.
fn together() -> impl Strategy<Value = Statement> {
    let atomic = (
        any::<u8>(),
        atomic_op(),
        word_type(),
        operand(),
        operand(),
        any::<bool>(),
    )
        .prop_map(|(memory, op, ty, index, value, wild)| Statement::Atomic {
            memory,
            op,
            ty,
            index,
            value,
            wild,
        });
    let barrier = (select(&BarrierScope::ALL[..]), any::<u32>(), percent(30)).prop_map(
        |(scope, seed, dropped)| Statement::Barrier {
            scope,
            seed,
            dropped,
        },
    );
    let load = (any::<u8>(), word_type(), operand())
        .prop_map(|(memory, ty, index)| Statement::UniformLoad { memory, ty, index });
    prop_oneof![4 => atomic, 4 => barrier, 1 => load]
}

fn branch(body: BoxedStrategy<Vec<Statement>>) -> impl Strategy<Value = Statement> {
    let arm = move || {
        let leave = prop_oneof![
            5 => Just(Leave::Yield),
            2 => Just(Leave::Break),
            2 => Just(Leave::Continue),
        ];
        (body.clone(), leave, vec(operand(), 0..4)).prop_map(|(body, leave, values)| Arm {
            body,
            leave,
            values,
        })
    };
    (any::<bool>(), operand(), vec(ty(), 0..3), arm(), arm()).prop_map(
        |(uniform, condition, results, then, otherwise)| Statement::If {
            uniform,
            condition,
            results,
            then,
            otherwise,
        },
    )
}

fn repeat(shape: Shape, body: BoxedStrategy<Vec<Statement>>) -> impl Strategy<Value = Statement> {
    let carried =
        (ty(), operand(), operand()).prop_map(|(ty, initial, next)| Carried { ty, initial, next });
    (
        any::<bool>(),
        0..=shape.rounds,
        prop::option::of(operand()),
        any::<bool>(),
        vec(carried, 0..4),
        body,
    )
        .prop_map(
            |(uniform, rounds, data_rounds, check_last, carried, body)| {
                Statement::Loop(LoopRecipe {
                    uniform,
                    rounds,
                    data_rounds,
                    check_last,
                    carried,
                    body,
                })
            },
        )
}
