//! The walls as the rest of the system sees them, not as the worker tells.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use arknet_sandbox::protocol::ProtocolError;
use arknet_sandbox::{StartError, Wall, Worker, WorkerSettings};

use crate::harness::{assert_works, settings, start};

fn status(process: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {field} in {status}"))
        .trim()
        .to_owned()
}

#[test]
fn the_kernel_confirms_the_walls() {
    let Some(worker) = start() else { return };
    println!("{}", worker.walls());
    assert!(worker.walls().hold());
    let process = worker.process_id();
    assert_eq!(status(process, "NoNewPrivs"), "1");
    assert_eq!(status(process, "Seccomp"), "2");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(
            u64::from_str_radix(&status(process, set), 16),
            Ok(0),
            "{set}"
        );
    }
    // All threads, not only the first one.
    for thread in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        let path = thread.unwrap().path().join("status");
        let status = fs::read_to_string(path).unwrap();
        assert!(status.contains("Seccomp:\t2\n"), "{status}");
        assert!(status.contains("CapEff:\t0000000000000000\n"), "{status}");
    }
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_ascii_whitespace().nth(4), Some("0"));
    // It goes before its parent where the machine runs out of memory.
    let score = fs::read_to_string(format!("/proc/{process}/oom_score_adj")).unwrap();
    assert_eq!(score.trim(), "1000");
    // Its group is its own.
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let group = stat
        .rsplit(") ")
        .next()
        .and_then(|fields| fields.split(' ').nth(2));
    assert_eq!(group, Some(process.to_string().as_str()));
}

#[test]
fn the_worker_has_nothing_of_its_parents() {
    let Some(worker) = start() else { return };
    let process = worker.process_id();
    // Closed to all but root, which this test may not be.
    if let Ok(environment) = fs::read(format!("/proc/{process}/environ")) {
        let environment = String::from_utf8_lossy(&environment).into_owned();
        assert!(!environment.contains("PATH=/usr"), "{environment}");
        assert!(!environment.contains("CARGO"), "{environment}");
    }
    if let Ok(descriptors) = fs::read_dir(format!("/proc/{process}/fd")) {
        let mut sockets = 0;
        for descriptor in descriptors {
            let Ok(target) = fs::read_link(descriptor.unwrap().path()) else {
                continue;
            };
            let target = target.to_string_lossy().into_owned();
            sockets += usize::from(target.starts_with("socket:"));
            let known = ["socket:", "/dev/", "/memfd:", "anon_inode:", "pipe:"];
            assert!(
                known.iter().any(|kind| target.starts_with(kind)),
                "{target} is open"
            );
        }
        assert_eq!(sockets, 1);
    }
}

#[test]
fn a_program_that_is_no_worker_is_an_error() {
    let Some(settings) = settings() else { return };
    let folder = tempfile::tempdir().unwrap();
    let with = |path: &str| WorkerSettings {
        program: arknet_sandbox::Program::at(path),
        ..settings.clone()
    };
    assert!(matches!(
        Worker::start(&with("/nonexistent")),
        Err(StartError::Spawn(_))
    ));
    assert!(matches!(
        Worker::start(&with("/bin/true")),
        Err(StartError::Died(_) | StartError::Protocol(_))
    ));
    let script = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    // It says nothing, and neither does what it starts, which ends with it.
    let mark = folder.path().join("alive");
    let silent = script(
        "silent",
        &format!(
            "(while true; do touch {}; sleep 0.05; done) & sleep 600",
            mark.display()
        ),
    );
    let start = Instant::now();
    let settings_of_silent = WorkerSettings {
        program: arknet_sandbox::Program::at(&silent),
        start_time: Duration::from_millis(500),
        ..settings.clone()
    };
    assert_eq!(
        until_not_busy(&settings_of_silent).unwrap_err(),
        StartError::Protocol(ProtocolError::Late)
    );
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(mark.exists());
    std::thread::sleep(Duration::from_millis(200));
    fs::remove_file(&mark).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!mark.exists(), "something that the program started goes on");
    // It says too much. Its standard input is the socket.
    let endless = script("endless", "exec cat /dev/zero >&0");
    assert!(matches!(
        until_not_busy(&with(endless.to_str().unwrap())),
        Err(StartError::Protocol(ProtocolError::Kind { got: 0, .. }))
    ));
    // It gives back what it is sent.
    assert!(matches!(
        Worker::start(&with("/bin/cat")),
        Err(StartError::Died(_) | StartError::Protocol(_))
    ));
}

/// Starts a worker from a script that was just written: a process that another test is starting at that moment may still
/// have it open for writing.
fn until_not_busy(settings: &WorkerSettings) -> Result<Worker, StartError> {
    loop {
        match Worker::start(settings) {
            Err(StartError::Spawn(reason)) if reason.contains("busy") => {}
            started => return started,
        }
    }
}

/// A worker behind a script that leaves variables of its own, so that one wall is missing.
#[test]
fn a_missing_wall_is_refused_unless_it_is_allowed() {
    let Some(settings) = settings() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("worker");
    let worker = env!("CARGO_BIN_EXE_arknet-hostile-worker");
    fs::write(
        &script,
        format!("#!/bin/sh\nSECRET=1 exec {worker} \"$@\"\n"),
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let start = |allow_weak| {
        let settings = WorkerSettings {
            program: arknet_sandbox::Program::at(&script),
            allow_weak,
            ..settings.clone()
        };
        until_not_busy(&settings)
    };
    let error = start(false).unwrap_err();
    let StartError::Weak { walls } = &error else {
        panic!("{error}");
    };
    let required = walls.missing().filter(|(wall, _)| wall.is_required());
    let required: Vec<Wall> = required.map(|(wall, _)| wall).collect();
    assert_eq!(required, [Wall::Environment]);
    assert!(error.to_string().contains("no environment: "), "{error}");

    let mut worker = start(true).unwrap();
    assert!(!worker.walls().hold());
    assert_works(&mut worker);
}

#[test]
fn walls_have_names_and_reasons() {
    let Some(worker) = start() else { return };
    for (wall, state) in worker.walls().iter() {
        println!("{wall}: {state:?}");
        assert!(state.is_up() || !wall.is_required());
    }
    assert!(worker.walls().get(Wall::SystemCalls).is_up());
}
