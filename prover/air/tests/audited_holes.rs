//! Kernels that tables once got wrong: each had false outputs that they accepted, and an honest run that they
//! refused. The honest run must pass, and the false outputs that were once forged must not.

use std::time::Duration;

use arknet_air::{Machine, Statement, check};
use arknet_workload::interpreter::run;
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Job, Limits};

fn job(code: &str, buffers: Vec<Vec<u32>>) -> Job {
    let workload = Workload::new(text::parse(code).unwrap()).unwrap();
    let limits = Limits {
        steps: 100_000,
        memory: 1 << 26,
        time: Duration::from_secs(60),
    };
    Job::new(workload, [1, 1, 1], buffers, limits).unwrap()
}

/// The run ends with `truth` and its witness passes; the same rows under the statement that it ends with `lie`
/// do not.
fn assert_only(code: &str, buffers: Vec<Vec<u32>>, truth: Vec<Vec<u32>>, lie: Vec<Vec<u32>>) {
    let job = job(code, buffers);
    let execution = run(&job).unwrap();
    assert_eq!(execution.buffers, truth);
    let compile = |outputs| {
        Machine::compile(&Statement::new(&job, outputs, execution.steps).unwrap()).unwrap()
    };
    let honest = compile(truth);
    let witness = honest.witness().unwrap();
    check(honest.tables(), &witness.traces).unwrap();
    let dishonest = compile(lie);
    assert!(dishonest.witness().is_err());
    assert!(check(dishonest.tables(), &witness.traces).is_err());
}

/// Loop parameters that trade places: each may hold what the other began with. Once, each kept the range of its
/// own initial value, and `a < b` was a constant.
#[test]
fn swapped_loop_parameters() {
    assert_only(
        r#"workload workgroup_size(1, 1, 1)
memory m0 "out": output binding(0, 0) runtime
body {
  %0: u32 = const 0
  %1: u32 = const 1
  %10: u32 = load m0[%0]
  %2: u32 = const 100
  %3: u32 = const 0
  %4: u32 = loop(%5: u32 = %3, %6: u32 = %2, %7: u32 = %0) {
    %8: bool = le %10, %7
    %11: bool = lt %5, %6
    %12: u32 = cast %11
    if %8 { break(%12) }
    %9: u32 = add %7, %1
    continue(%6, %5, %9)
  }
  store m0[%0] = %4
}"#,
        vec![vec![3]],
        vec![vec![0]],
        vec![vec![1]],
    );
}

/// A word that a loop's header reads and its body writes behind an inner loop. Once, the header's read had an
/// earlier time than the write of the round before.
#[test]
fn header_reads_what_the_round_before_wrote() {
    assert_only(
        r#"workload workgroup_size(1, 1, 1)
memory m0 "out": output binding(0, 0) runtime
memory m1 "in": input binding(0, 1) runtime
body {
  %0: u32 = const 0
  %1: u32 = const 1
  %2: u32 = load m1[%0]
  loop(%3: u32 = %0) {
    %4: u32 = load m0[%0]
    %5: bool = le %2, %3
    if %5 { break }
    loop(%20: u32 = %0) {
       %21: bool = le %2, %20
       if %21 { break }
       %22: u32 = add %20, %1
       continue(%22)
    }
    %6: u32 = add %4, %1
    store m0[%0] = %6
    %7: u32 = add %3, %1
    continue(%7)
  }
}"#,
        vec![vec![3], vec![2]],
        vec![vec![5], vec![2]],
        vec![vec![4], vec![2]],
    );
}

/// A conditional step behind a flag from outside the loop. Once, that flag could be −1 in a row that nothing
/// visits, which turned the clock back and let the row feed itself. `lower::tests` shows that it is a bit.
#[test]
fn conditional_steps_in_a_loop() {
    assert_only(
        r#"workload workgroup_size(1, 1, 1)
memory m0 "out": output binding(0, 0) runtime
memory m1 "in": input binding(0, 1) runtime
body {
  %0: u32 = const 0
  %1: u32 = const 1
  %2: u32 = load m1[%0]
  %3: u32 = load m1[%1]
  %4: bool = ne %3, %0
  loop(%5: u32 = %2) {
    %6: bool = eq %5, %1
    if %6 { break }
    if %4 { meter 1 }
    %7: u32 = shr %5, %1
    store m0[%0] = %7
    continue(%7)
  }
}"#,
        vec![vec![9], vec![2, 1]],
        vec![vec![1], vec![2, 1]],
        vec![vec![0], vec![2, 1]],
    );
}

/// The square of a word that is always 2^16. Once, its range was the wrapped product's, and the field's product,
/// which wraps elsewhere, passed for it.
#[test]
fn product_of_one_point_ranges() {
    assert_only(
        r#"workload workgroup_size(1, 1, 1)
memory m0 "out": output binding(0, 0) runtime
body {
  %0: u32 = const 0
  %1: u32 = const 1
  %2: u32 = load m0[%0]
  %3: u32 = rem %2, %1
  %4: u32 = const 65536
  %5: u32 = add %3, %4
  %6: u32 = mul %5, %5
  %7: bool = eq %6, %0
  %8: u32 = const 2
  %9: u32 = select %7, %1, %8
  store m0[%0] = %9
}"#,
        vec![vec![7]],
        vec![vec![1]],
        vec![vec![2]],
    );
}
