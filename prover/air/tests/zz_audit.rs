//! Temporary audit.
use arknet_air::{Machine, Statement, check};
use arknet_workload::interpreter::run;
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Job, Limits};
use p3_matrix::Matrix;

fn job(code: &str, buffers: Vec<Vec<u32>>) -> Job {
    let workload = Workload::new(text::parse(code).unwrap()).unwrap();
    let limits = Limits {
        steps: 100_000,
        memory: 1 << 26,
        time: std::time::Duration::from_secs(60),
    };
    Job::new(workload, [1, 1, 1], buffers, limits).unwrap()
}

fn honest(name: &str, code: &str, buffers: Vec<Vec<u32>>) {
    let job = job(code, buffers);
    let execution = run(&job).unwrap();
    println!(
        "{name}: outputs {:?} steps {}",
        execution.buffers, execution.steps
    );
    let statement = Statement::new(&job, execution.buffers, execution.steps).unwrap();
    let machine = Machine::compile(&statement).unwrap();
    match machine.witness() {
        Ok(witness) => {
            println!(
                "{name}: check {:?}",
                check(machine.tables(), &witness.traces)
            );
            for (t, tr) in machine.tables().iter().zip(&witness.traces) {
                if let Some(tr) = tr
                    && tr.height() < 64
                {
                    println!(
                        "   table {} width {} weight {}",
                        t.name(),
                        t.main_width(),
                        t.clock_weight()
                    );
                    for row in tr.row_slices() {
                        println!("      {row:?}");
                    }
                }
            }
        }
        Err(e) => println!("{name}: witness {e}"),
    }
}

#[test]
fn swapped_params() {
    honest(
        "swap",
        r#"workload workgroup_size(1,1,1)
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
    );
}

#[test]
fn times() {
    honest(
        "times",
        r#"workload workgroup_size(1,1,1)
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
    );
}

#[test]
fn selffeed() {
    honest(
        "selffeed",
        r#"workload workgroup_size(1,1,1)
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
    );
}

#[test]
fn breaks() {
    for n in [100, 400, 1600] {
        let mut code = String::from(
            r#"workload workgroup_size(1,1,1)
memory m0 "out": output binding(0, 0) runtime
body {
  %0: u32 = const 0
  %1: u32 = const 1
  %2: u32 = load m0[%0]
  %3: u32 = loop(%4: u32 = %0, %5: u32 = %0) {
"#,
        );
        let mut next = 100;
        for k in 0..n {
            code += &format!(
                "%{}: u32 = const {k}\n %{}: bool = eq %4, %{}\n if %{} {{ break(%5) }}\n",
                next,
                next + 1,
                next,
                next + 1
            );
            next += 2;
        }
        code += "%7: u32 = add %4, %1\ncontinue(%7, %4) } store m0[%0] = %3 }";
        let job = job(&code, vec![vec![5]]);
        let execution = run(&job).unwrap();
        let statement = Statement::new(&job, execution.buffers, execution.steps).unwrap();
        let start = std::time::Instant::now();
        let machine = Machine::compile(&statement).unwrap();
        println!(
            "breaks n={n}: {:?}, {} tables",
            start.elapsed(),
            machine.tables().len()
        );
    }
}

#[test]
fn many_loops() {
    for n in [100, 400, 800, 1600] {
        let mut code = String::from(
            r#"workload workgroup_size(1,1,1)
memory m0 "out": output binding(0, 0) runtime
body {
  %0: u32 = const 0
  %1: u32 = load m0[%0]
"#,
        );
        let mut next = 100;
        let mut last = 1;
        for _ in 0..n {
            code += &format!(
                "%{}: u32 = add %{last}, %1\n %{}: u32 = loop(%{}: u32 = %{}) {{ break(%{}) }}\n",
                next,
                next + 1,
                next + 2,
                next,
                next + 2
            );
            last = next + 1;
            next += 3;
        }
        let mut sum = 1;
        let top = next;
        for k in (101..top).step_by(3) {
            code += &format!("%{next}: u32 = add %{sum}, %{k}\n");
            sum = next;
            next += 1;
        }
        code += &format!("store m0[%0] = %{sum} }}");
        let job = job(&code, vec![vec![5]]);
        let execution = run(&job).unwrap();
        let statement = Statement::new(&job, execution.buffers, execution.steps).unwrap();
        let start = std::time::Instant::now();
        match Machine::compile(&statement) {
            Ok(machine) => println!(
                "loops n={n}: {:?}, {} tables, width {}",
                start.elapsed(),
                machine.tables().len(),
                machine.tables()[1].main_width()
            ),
            Err(e) => println!("loops n={n}: {:?}, {e}", start.elapsed()),
        }
    }
}
