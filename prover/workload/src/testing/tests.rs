//! Random jobs are valid, keep the promises of their shape, and reach every corner of the IR.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::interpreter::{RunError, run};
use crate::ir::{Block, InstKind, Terminator, Workload, canonical, text};
use crate::job::Trap;

/// The same jobs on every run.
fn sample(shape: Shape, count: usize) -> Vec<RandomJob> {
    let mut runner = TestRunner::deterministic();
    let strategy = jobs(shape);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn clean_jobs_finish(job in jobs(Shape::clean())) {
        prop_assert!(job.dispatch().invocations() <= 64);
        let execution = run(&job);
        prop_assert!(execution.is_ok(), "{execution:?}");
    }

    #[test]
    fn clean_jobs_that_share_finish(job in jobs(Shape::clean().with_sharing())) {
        let execution = run(&job);
        prop_assert!(execution.is_ok(), "{execution:?}");
    }

    #[test]
    fn text_and_bytes_round_trip(job in jobs(Shape::default().with_sharing())) {
        let workload = job.workload();
        let parsed = text::parse(&workload.to_string()).unwrap();
        prop_assert_eq!(&parsed, workload.program());
        let bytes = canonical::encode(workload);
        let decoded = canonical::decode(&bytes).unwrap();
        prop_assert_eq!(&decoded, workload);
        prop_assert_eq!(canonical::encode(&decoded), bytes);
    }
}

#[test]
fn shapes_with_traps_and_races_have_them() {
    let shape = Shape {
        trap_percent: 100,
        race_percent: 100,
        ..Shape::default()
    };
    let (mut bounds, mut steps, mut races) = (0, 0, 0);
    for job in sample(shape, 300) {
        match run(&job) {
            Err(RunError::Trap(Trap::OutOfBounds { .. })) => bounds += 1,
            Err(RunError::Trap(Trap::OutOfSteps { .. })) => steps += 1,
            Err(RunError::Trap(Trap::Race { .. })) => races += 1,
            Ok(_) => {}
            Err(error) => panic!("{error}\n{job:?}"),
        }
    }
    assert!(
        bounds > 30 && steps > 5 && races > 10,
        "{bounds} {steps} {races}"
    );
}

#[test]
fn jobs_that_share_reach_every_way_to_share() {
    let mut seen = HashSet::new();
    let (mut changed, mut looping) = (0, 0);
    for job in sample(Shape::clean().with_sharing(), 1000) {
        let program = job.workload().program();
        features(job.workload(), &program.body, 0, &mut seen);
        let execution = run(&job).unwrap();
        let barriers = program.to_string().matches("barrier").count();
        changed += usize::from(barriers > 1 && execution.buffers != job.buffers());
        looping += usize::from(barriers_in_loops(&program.body, false));
    }
    for op in ["add", "min", "max", "and", "or", "xor"] {
        for memory in ["sha", "out"] {
            let feature = format!("atomic {op} {memory}");
            assert!(seen.contains(&feature), "no `{feature}` in any job");
        }
    }
    for feature in [
        "barrier workgroup",
        "barrier storage",
        "uniform_load",
        "load sha",
        "store sha",
    ] {
        assert!(seen.contains(feature), "no `{feature}` in any job");
    }
    assert!(changed > 200 && looping > 50, "{changed} {looping}");
}

/// Whether a barrier stands in a loop.
fn barriers_in_loops(block: &Block, in_loop: bool) -> bool {
    block.insts.iter().any(|inst| match &inst.kind {
        InstKind::Barrier { .. } => in_loop,
        InstKind::If {
            then, otherwise, ..
        } => barriers_in_loops(then, in_loop) || barriers_in_loops(otherwise, in_loop),
        InstKind::Loop { body, .. } => barriers_in_loops(body, true),
        _ => false,
    })
}

#[test]
fn jobs_that_share_may_race_in_each_space() {
    let shape = Shape {
        race_percent: 100,
        trap_percent: 0,
        ..Shape::default()
    };
    let (mut shared, mut output) = (0, 0);
    for job in sample(shape.with_sharing(), 1000) {
        if let Err(RunError::Trap(Trap::Race { memory, .. })) = run(&job) {
            *if memory.starts_with("shared") {
                &mut shared
            } else {
                &mut output
            } += 1;
        }
    }
    assert!(shared > 10 && output > 20, "{shared} {output}");
}

/// Marks what a block contains.
fn features(workload: &Workload, block: &Block, depth: usize, seen: &mut HashSet<String>) {
    for inst in &block.insts {
        let name = match &inst.kind {
            InstKind::Binary { op, lhs, rhs, .. } => {
                if lhs == rhs {
                    seen.insert("aliased".to_owned());
                }
                format!("{} {}", op.name(), workload.program().type_of(*lhs))
            }
            InstKind::If {
                then, otherwise, ..
            } => {
                features(workload, then, depth + 1, seen);
                features(workload, otherwise, depth + 1, seen);
                "if".to_owned()
            }
            InstKind::Loop { body, .. } => {
                features(workload, body, depth + 1, seen);
                format!("loop at {depth}")
            }
            InstKind::Load { memory, .. } => {
                format!("load {}", &workload.program().memory(*memory).name[..3])
            }
            InstKind::Store { memory, .. } => {
                format!("store {}", &workload.program().memory(*memory).name[..3])
            }
            InstKind::Builtin { builtin, .. } => builtin.name().to_owned(),
            InstKind::Const { .. } => "const".to_owned(),
            InstKind::Select { .. } => "select".to_owned(),
            InstKind::Cast { .. } => "cast".to_owned(),
            InstKind::ArrayLength { .. } => "array_length".to_owned(),
            InstKind::Meter { .. } => "meter".to_owned(),
            InstKind::Atomic { op, memory, .. } => {
                let memory = &workload.program().memory(*memory).name;
                format!("atomic {} {}", op.name(), &memory[..3])
            }
            InstKind::Barrier { scope } => format!("barrier {}", scope.name()),
            InstKind::UniformLoad { .. } => "uniform_load".to_owned(),
        };
        seen.insert(name);
    }
    seen.insert(
        match block.end {
            Terminator::Yield(_) => "yield",
            Terminator::Break(_) => "break",
            Terminator::Continue(_) => "continue",
            Terminator::Unreachable => "unreachable",
        }
        .to_owned(),
    );
}

#[test]
fn every_feature_occurs() {
    let mut seen = HashSet::new();
    let (mut busy, mut in_place_only) = (0, 0);
    for job in sample(Shape::clean(), 1000) {
        features(job.workload(), &job.workload().program().body, 0, &mut seen);
        let [x, y, z] = job.dispatch().workgroups();
        let invocations = job.dispatch().invocations();
        seen.insert(format!(
            "{} axes",
            [x, y, z].iter().filter(|&&n| n > 1).count()
        ));
        seen.insert(format!("single {}", invocations == 1));
        seen.insert(format!("power {}", invocations.is_power_of_two()));
        let execution = run(&job).unwrap();
        busy += usize::from(execution.steps > 3);
        in_place_only += usize::from(job.workload().program().memories.len() == 1);
    }
    let names = [
        "add", "sub", "mul", "div", "rem", "shl", "shr", "lt", "le", "min", "max", "eq", "ne",
        "and", "or", "xor",
    ];
    let words = names
        .iter()
        .flat_map(|name| ["u32", "i32"].map(|ty| format!("{name} {ty}")));
    let others = [
        "aliased",
        "and bool",
        "or bool",
        "xor bool",
        "eq bool",
        "ne bool",
        "if",
        "loop at 0",
        "loop at 1",
        "loop at 2",
        "load out",
        "load inp",
        "load uni",
        "load tab",
        "load arr",
        "store out",
        "store arr",
        "const",
        "select",
        "cast",
        "array_length",
        "meter",
        "yield",
        "break",
        "continue",
        "unreachable",
        "0 axes",
        "1 axes",
        "2 axes",
        "3 axes",
        "single true",
        "single false",
        "power true",
        "power false",
    ];
    let builtins = crate::ir::Builtin::ALL.map(|builtin| builtin.name().to_owned());
    for feature in words.chain(others.map(str::to_owned)).chain(builtins) {
        assert!(seen.contains(&feature), "no `{feature}` in any job");
    }
    assert!(busy > 200, "{busy} jobs take more than three steps");
    assert!(in_place_only > 20, "{in_place_only} jobs have one memory");
}

#[test]
fn failures_show_the_workload_and_its_buffers() {
    let job = &sample(Shape::clean(), 1)[0];
    let shown = format!("{job:?}");
    assert!(shown.contains("workload workgroup_size("), "{shown}");
    assert!(shown.contains("output0 = ["), "{shown}");
}
