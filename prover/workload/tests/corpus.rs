//! Every kernel of the corpus compiles, runs, traps or is refused as the comments at its head say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use arknet_workload::emit;
use arknet_workload::interpreter::{self, RunError};
use arknet_workload::ir::{Workload, canonical, text};
use arknet_workload::job::Trap;
use arknet_workload::testing::corpus::{Case, Expected, corpus, features};

fn kind(trap: &Trap) -> &'static str {
    match trap {
        Trap::OutOfBounds { .. } => "out of bounds",
        Trap::OutOfSteps { .. } => "steps",
        Trap::Race { .. } => "race",
    }
}

fn check(case: &Case) {
    let name = case.name;
    let refusal = match (case.compile(), case.expected) {
        (Err(refusal), Expected::Refused(text)) => {
            let message = refusal.to_string();
            assert!(message.contains(text), "{name}: {message}");
            return;
        }
        (Ok(_), Expected::Refused(text)) => panic!("{name} is accepted, not refused: {text}"),
        (Err(refusal), _) => Some(refusal),
        (Ok(_), _) => None,
    };
    if let Some(refusal) = refusal {
        panic!("{}", refusal.render(name, case.source));
    }
    match (interpreter::run(&case.job()), case.expected) {
        (Ok(execution), Expected::Ok) => case.check(&execution.buffers),
        (Err(RunError::Trap(trap)), Expected::Trap(expected)) => {
            assert_eq!(kind(&trap), expected, "{name}: {trap}");
            let span = trap.span();
            assert!(span.start < span.end, "{name}: a trap without a place");
        }
        (result, expected) => panic!("{name}: {result:?} instead of {expected:?}"),
    }
}

#[test]
fn every_kernel_does_what_it_says() {
    let failed: Vec<String> = corpus()
        .iter()
        .filter_map(|case| {
            let result = std::panic::catch_unwind(|| check(case));
            result.err().map(|_| case.name.to_owned())
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_file_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = corpus()
        .iter()
        .map(|case| format!("{}.wgsl", case.name))
        .collect();
    assert_eq!(files, listed);
    assert!(listed.len() >= 100);
}

#[test]
fn every_kernel_that_compiles_survives_its_other_forms() {
    for case in corpus() {
        let Ok(workload) = case.compile() else {
            continue;
        };
        let program = text::parse(&workload.to_string()).unwrap();
        assert_eq!(Workload::new(program).unwrap().id(), workload.id());
        let decoded = canonical::decode(&canonical::encode(&workload)).unwrap();
        assert_eq!(decoded.id(), workload.id(), "{}", case.name);
    }
}

/// What is printed for a GPU is WGSL again: checked as a driver's front end does, with the uniformity of barriers.
#[test]
fn every_kernel_that_compiles_prints_as_valid_wgsl() {
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    for case in corpus() {
        let Ok(workload) = case.compile() else {
            continue;
        };
        let source = emit::wgsl(&workload).source;
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{}: {}", case.name, error.emit_to_string(&source)));
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {}", case.name, error.emit_to_string(&source)));
    }
}

/// The table of features in the documentation has one row for each example, and no other.
#[test]
fn every_feature_has_its_row_in_the_documentation() {
    let semantics = include_str!("../../../docs/semantics.md");
    let rows: Vec<&str> = semantics
        .lines()
        .skip_while(|line| !line.starts_with("| feature |"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| "))
        .filter_map(|row| row.split(" | ").next())
        .collect();
    let features = features();
    let names: BTreeSet<&str> = features.iter().filter_map(|case| case.feature).collect();
    assert_eq!(names.len(), features.len(), "two kernels for one feature");
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), names);
    assert_eq!(rows.len(), names.len());
    for case in &features {
        assert_eq!(case.expected, Expected::Ok, "{}", case.name);
        assert!(!case.after.is_empty(), "{}", case.name);
    }
}
