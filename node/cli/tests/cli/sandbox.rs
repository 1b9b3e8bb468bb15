//! Jobs on a GPU run in a process of their own, which the user need not know about.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::arknet::{Folder, arknet, has_gpu_driver};

const FINE: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    data[id.x] = id.x;
}
";

const ENDLESS: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(1)
fn main() {
    loop { if data[0] == 1u { break; } }
}
";

/// A job folder whose kernel runs on and on.
fn endless(time: &str) -> Folder {
    let folder = Folder::with_data(ENDLESS, 1, 1);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    let job = job
        .replace("1000", "4294967295")
        .replace("\"30s\"", &format!("\"{time}\""));
    folder.write("job.toml", job);
    folder
}

#[test]
fn the_summary_says_which_walls_stand() {
    if !has_gpu_driver() {
        return;
    }
    let folder = Folder::with_data(FINE, 1, 4);
    let outcome = folder
        .run("run", &["--backend", "wgpu", "--json"])
        .expect(0);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let walls = json["sandbox"].as_array().expect("a list of walls");
    let stands = |name: &str| {
        let wall = walls.iter().find(|wall| wall["wall"] == name);
        wall.unwrap_or_else(|| panic!("no {name}"))["stands"].clone()
    };
    for wall in ["files", "system calls", "descriptors", "limits"] {
        assert_eq!(stands(wall), true, "{json:#}");
    }
    let outcome = folder.run("run", &["--backend", "wgpu"]).expect(0);
    assert!(outcome.stdout.contains("\nsandbox "), "{outcome:#?}");
    // The interpreter needs none.
    let outcome = folder.run("run", &["--backend", "cpu", "--json"]).expect(0);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert!(json["sandbox"].is_null(), "{json:#}");
}

#[test]
fn time_is_up_when_it_is_up() {
    if !has_gpu_driver() {
        return;
    }
    let folder = endless("300ms");
    let start = Instant::now();
    folder
        .run("run", &["--backend", "wgpu"])
        .expect(5)
        .says(&["limits.time"]);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_worker_is_not_for_people() {
    let outcome = arknet(["sandbox-worker"]).expect(2);
    outcome.says(&["arknet starts by itself"]);
}

/// The process that a process has started.
fn child_of(parent: u32) -> Option<u32> {
    fs::read_dir("/proc").ok()?.find_map(|entry| {
        let process: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name, which may hold anything, is in parentheses.
        let (_, fields) = stat.rsplit_once(") ")?;
        let of: u32 = fields.split(' ').nth(1)?.parse().ok()?;
        (of == parent).then_some(process)
    })
}

fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "no {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_does_not_outlive_the_command() {
    if !has_gpu_driver() {
        return;
    }
    let folder = endless("60s");
    let mut command = Command::new(env!("CARGO_BIN_EXE_arknet"))
        .args(["run", "--backend", "wgpu"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let worker = wait_for("worker", || child_of(command.id()));
    // Locked in, so busy with the job.
    let status = format!("/proc/{worker}/status");
    wait_for("lock-down", || {
        fs::read_to_string(&status)
            .ok()?
            .contains("Seccomp:\t2")
            .then_some(())
    });
    command.kill().expect("it still runs");
    command.wait().expect("it ended");
    wait_for("end of the worker", || {
        // What is left may be a status that nobody has asked for yet.
        fs::read_to_string(&status)
            .map_or(true, |status| status.contains("State:\tZ"))
            .then_some(())
    });
}

/// With an NVIDIA GPU it runs; without one the error says what is missing, and there is no fallback.
#[test]
fn cuda_is_used_where_it_is_asked_for_or_not_at_all() {
    let folder = Folder::with_data(FINE, 1, 4);
    let outcome = folder.run("run", &["--backend", "cuda", "--json"]);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    if outcome.code == 0 {
        assert_eq!(json["backend"], "cuda");
        return;
    }
    let outcome = outcome.expect(6);
    assert!(outcome.stdout.contains("NVIDIA"), "{outcome:#?}");
    assert!(outcome.stdout.contains("cpu backend"), "{outcome:#?}");
}
