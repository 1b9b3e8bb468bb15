//! What is left for the next job: nothing.

use std::time::{Duration, Instant};

use arknet_sandbox::{Pool, PoolSettings, Reuse, RunError};
use arknet_workload::job::Job;

use crate::acts::{Act, SECRET};
use crate::harness::{assert_works, job, order, settings, start, sum};

/// Fills its buffer, and workgroup memory.
fn writer(words: usize) -> Job {
    job(
        &format!(
            r#"workload workgroup_size(1, 1, 1)
            memory m0 "data": output binding(0, 0) runtime
            memory m1 "common": shared 4096
            body {{
                %0: u32 = const 0
                %1: u32 = const 1
                %2: u32 = array_length m0
                %3: u32 = const {SECRET}
                %7: u32 = const 4095
                loop (%4: u32 = %0) {{
                    %5: bool = lt %4, %2
                    if %5 {{
                        store m0[%4] = %3
                        %8: u32 = and %4, %7
                        store m1[%8] = %3
                        %6: u32 = add %4, %1
                        continue(%6)
                    }} else {{
                        break
                    }}
                    unreachable
                }}
            }}"#
        ),
        vec![vec![0; words]],
    )
}

/// Copies an array of its own and one of its workgroup, neither of which it ever wrote, to its buffers.
fn reader(words: u32) -> Job {
    job(
        &format!(
            r#"workload workgroup_size(1, 1, 1)
            memory m0 "data": output binding(0, 0) runtime
            memory m1 "own": private {words}
            memory m2 "more": output binding(0, 1) runtime
            memory m3 "common": shared {words}
            body {{
                %0: u32 = const 0
                %1: u32 = const 1
                %2: u32 = const {words}
                loop (%4: u32 = %0) {{
                    %5: bool = lt %4, %2
                    if %5 {{
                        %7: u32 = load m1[%4]
                        store m0[%4] = %7
                        %8: u32 = load m3[%4]
                        store m2[%4] = %8
                        %6: u32 = add %4, %1
                        continue(%6)
                    }} else {{
                        break
                    }}
                    unreachable
                }}
            }}"#
        ),
        vec![vec![1; words as usize]; 2],
    )
}

#[test]
fn a_job_sees_nothing_of_the_one_before() {
    let Some(worker) = settings() else { return };
    for reuse in [Reuse::Never, Reuse::Jobs(100)] {
        let pool = Pool::new(PoolSettings {
            worker: worker.clone(),
            reuse,
            ready: 0,
        })
        .unwrap();
        for _ in 0..4 {
            let written = pool.run(&writer(1 << 16)).unwrap();
            assert!(
                written.execution.buffers[0]
                    .iter()
                    .all(|word| *word == SECRET)
            );
            pool.run(&order(Act::LeaveData, 0)).unwrap();
            let read = pool.run(&reader(256)).unwrap();
            assert_eq!(read.execution.buffers, vec![vec![0; 256]; 2], "{reuse:?}");
        }
    }
}

#[test]
fn a_pool_outlives_whatever_its_workers_do() {
    let Some(worker) = settings() else { return };
    let pool = Pool::new(PoolSettings {
        worker,
        reuse: Reuse::Jobs(3),
        ready: 1,
    })
    .unwrap();
    for act in [
        Act::Crash,
        Act::FillPipe,
        Act::Exit,
        Act::RunProgram,
        Act::Panic,
    ] {
        assert!(pool.run(&order(act, 0)).is_err(), "{act:?}");
        let ran = pool.run(&sum()).unwrap();
        assert_eq!(ran.execution.buffers, [[12, 5]], "after {act:?}");
    }
    let start = Instant::now();
    while pool.ready() == 0 {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "no worker is kept ready"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_worker_runs_as_many_jobs_as_it_is_allowed() {
    let Some(worker) = settings() else { return };
    let pool = Pool::new(PoolSettings {
        worker,
        reuse: Reuse::Jobs(2),
        ready: 0,
    })
    .unwrap();
    assert_eq!(pool.ready(), 1);
    pool.run(&sum()).unwrap();
    assert_eq!(pool.ready(), 1);
    pool.run(&sum()).unwrap();
    assert_eq!(pool.ready(), 0);
}

#[test]
fn jobs_of_several_threads_each_have_a_worker() {
    let Some(worker) = settings() else { return };
    let pool = Pool::new(PoolSettings {
        worker,
        reuse: Reuse::Never,
        ready: 1,
    })
    .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let ran = pool.run(&sum()).unwrap();
                assert_eq!(ran.execution.buffers, [[12, 5]]);
            });
        }
    });
}

#[test]
fn a_refused_job_costs_no_worker() {
    let Some(mut worker) = start() else { return };
    let words = (64 << 20) / 4 + 1;
    let error = worker.run(&writer(words)).unwrap_err();
    assert!(matches!(error, RunError::OverWorker { .. }), "{error}");
    // Traps and refusals by the adapter leave it in order as well.
    let trapping = job(
        r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = const 9
            store m0[%0] = %0
        }"#,
        vec![vec![0; 9]],
    );
    for _ in 0..2 {
        let error = worker.run(&trapping).unwrap_err();
        assert!(matches!(error, RunError::Trap(_)), "{error}");
    }
    assert_works(&mut worker);
    assert!(worker.is_usable());
}

#[test]
fn a_worker_outlives_the_thread_that_started_it() {
    let Some(worker) = std::thread::spawn(start).join().unwrap() else {
        return;
    };
    let mut worker = worker;
    std::thread::sleep(Duration::from_millis(100));
    assert_works(&mut worker);
}
