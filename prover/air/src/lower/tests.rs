//! Properties of rows that no invocation visits.

use std::time::Duration;

use arknet_workload::interpreter::run;
use arknet_workload::ir::{Type, Workload, text};
use arknet_workload::job::{Job, Limits};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use p3_matrix::Matrix;

use super::{Hint, SlotContent, param_nodes};
use crate::{Machine, Statement, Violation, check};

const FLAG_FROM_OUTSIDE: &str = r#"workload workgroup_size(1, 1, 1)
memory m0 "out": output binding(0, 0) runtime
body {
  %0: u32 = const 0
  %1: u32 = const 1
  %2: u32 = load m0[%0]
  %3: bool = lt %1, %2
  %4: u32 = loop(%5: u32 = %2) {
    %6: bool = lt %5, %1
    if %6 { break(%5) }
    if %3 { meter 1 }
    %7: u32 = shr %5, %1
    continue(%7)
  }
  store m0[%0] = %4
}"#;

/// A truth parameter must be a bit even in a row that nothing fed: its constraint, not the sender, says so.
#[test]
fn truth_parameters_are_bits_in_any_row() {
    let workload = Workload::new(text::parse(FLAG_FROM_OUTSIDE).unwrap()).unwrap();
    let limits = Limits {
        steps: 1000,
        memory: 1 << 20,
        time: Duration::from_secs(60),
    };
    let job = Job::new(workload, [1, 1, 1], vec![vec![9]], limits).unwrap();
    let execution = run(&job).unwrap();
    let statement = Statement::new(&job, execution.buffers, execution.steps).unwrap();
    let machine = Machine::compile(&statement).unwrap();
    let witness = machine.witness().unwrap();
    check(machine.tables(), &witness.traces).unwrap();

    let mut tried = 0;
    for (position, block) in machine.blocks.iter().enumerate() {
        let table = position + 1;
        let id = machine.graph.order[position];
        let params = param_nodes(&block.block);
        for (slot, content) in machine.control.contents[id.0 as usize].iter().enumerate() {
            let SlotContent::Param(param, _) = content else {
                continue;
            };
            if block.block.node(params[*param as usize]).ty != Type::Bool {
                continue;
            }
            let column = block
                .hints
                .iter()
                .position(|hint| *hint == Hint::Slot(slot as u32))
                .expect("a truth parameter has a column");
            for value in [-KoalaBear::ONE, KoalaBear::TWO] {
                let mut traces = witness.traces.clone();
                let Some(trace) = &mut traces[table] else {
                    continue;
                };
                trace.row_mut(trace.height() - 1)[column] = value;
                let violation = check(machine.tables(), &traces);
                assert!(
                    matches!(violation, Err(Violation::Constraint { .. })),
                    "{violation:?}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 0, "the kernel has no truth parameter");
}

/// Plonky3 walks expressions as trees. A bit doubled 29 times would be one of 2^29 leaves, and proving and verifying
/// it would take as long.
#[test]
fn expressions_stay_short_as_trees() {
    let doublings: String = (4..33)
        .map(|value| format!("  %{value}: u32 = add %{0}, %{0}\n", value - 1))
        .collect();
    let code = format!(
        r#"workload workgroup_size(1, 1, 1)
memory m0 "out": output binding(0, 0) runtime
body {{
  %0: u32 = const 0
  %1: u32 = const 1
  %2: u32 = load m0[%0]
  %3: u32 = and %2, %1
{doublings}  store m0[%32] = %1
}}"#
    );
    let workload = Workload::new(text::parse(&code).unwrap()).unwrap();
    let limits = Limits {
        steps: 1,
        memory: 1 << 20,
        time: Duration::from_secs(60),
    };
    let job = Job::new(workload, [1, 1, 1], vec![vec![0]], limits).unwrap();
    let statement = Statement::new(&job, vec![vec![1]], 0).unwrap();
    let machine = Machine::compile(&statement).unwrap();
    for table in machine.tables() {
        let body = table.body();
        let fields = body.interactions.iter().flat_map(|message| &message.fields);
        for &expr in fields.chain(&body.constraints) {
            assert!(body.expressions.leaves(expr) < 1 << 13, "{}", table.name());
        }
    }
    check(machine.tables(), &machine.witness().unwrap().traces).unwrap();
}
