//! Data races: found on the CPU always, on a GPU with `--check-races`, and the summary says which it was.

use serde_json::Value;

use crate::arknet::{Folder, Outcome, backends};

/// Invocations of a workgroup write to words of each other.
const STORAGE: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    data[id.x] = id.x;
    data[(id.x + 1u) % 4u] = 7u;
}
";

/// They read what others wrote before the barrier that should be between.
const WORKGROUP: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
var<workgroup> shared_words: array<u32, 4>;
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) at: u32) {
    shared_words[at] = at + 1u;
    data[at] = shared_words[3u - at];
}
";

/// Invocations of different workgroups meet, where no barrier helps.
const ACROSS: &str = "@group(0) @binding(0) var<storage, read_write> data: array<atomic<u32>>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
    atomicAdd(&data[0], 1u);
    atomicStore(&data[1u + group.x], atomicLoad(&data[0]));
}
";

/// The kernel with its barrier.
fn fixed() -> String {
    let line = "    data[at] =";
    WORKGROUP.replace(line, &format!("    workgroupBarrier();\n{line}"))
}

fn checked(folder: &Folder, backend: &str) -> Outcome {
    let outcome = folder
        .run("run", &["--backend", backend, "--check-races"])
        .expect(4)
        .says(&["data race"]);
    assert!(!folder.file("data.out").exists());
    outcome
}

#[test]
fn a_race_is_the_same_trap_on_every_backend() {
    for backend in backends() {
        let folder = Folder::with_data(STORAGE, 1, 4);
        checked(&folder, backend).says(&[
            "word 1 of `data`",
            "invocation 1 writes it, invocation 0 writes it",
            "kernel.wgsl:4:",
            "data[id.x] = id.x",
            "kernel.wgsl:5:",
            "data[(id.x + 1u) % 4u] = 7u",
        ]);
        let folder = Folder::with_data(WORKGROUP, 1, 4);
        checked(&folder, backend).says(&[
            "of `shared_words`",
            "invocation",
            "kernel.wgsl:5:",
            "kernel.wgsl:6:",
        ]);
        let folder = Folder::with_data(ACROSS, 3, 4);
        checked(&folder, backend).says(&[
            "word 0 of `data`",
            "invocation 1 updates it, invocation 0 reads it",
            "kernel.wgsl:4:",
            "kernel.wgsl:5:",
        ]);
    }
}

#[test]
fn a_job_without_a_race_has_the_interpreters_result() {
    for backend in backends() {
        let folder = Folder::with_data(&fixed(), 1, 4);
        let arguments = ["--backend", backend, "--check-races", "--json"];
        let outcome = folder.run("run", &arguments).expect(0);
        let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        assert_eq!(json["races"], "checked", "{json:#}");
        assert_eq!(json["backend"], *backend);
        assert_eq!(folder.words("data.out"), [4, 3, 2, 1]);
    }
    let histogram = Folder::copy_of("histogram");
    for backend in backends() {
        let arguments = ["--backend", backend, "--check-races"];
        histogram.run("run", &arguments).expect(0);
    }
}

#[test]
fn the_summary_says_whether_races_were_looked_for() {
    for backend in backends() {
        let folder = Folder::with_data(&fixed(), 1, 4);
        let said = |more: &[&str]| {
            let arguments = [&["--backend", backend], more].concat();
            let outcome = folder.run("run", &arguments).expect(0);
            let row = outcome
                .stdout
                .lines()
                .find(|line| line.starts_with("races "));
            row.expect("a row")
                .split_once(' ')
                .expect("two columns")
                .1
                .trim()
                .to_owned()
        };
        // The interpreter looks for them whatever it is told.
        let without = match *backend {
            "cpu" => "checked",
            _ => "not checked (--check-races)",
        };
        assert_eq!(said(&[]), without);
        assert_eq!(said(&["--check-races"]), "checked");

        let outcome = folder
            .run("run", &["--backend", backend, "--json"])
            .expect(0);
        let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        let without = if *backend == "cpu" {
            "checked"
        } else {
            "not checked"
        };
        assert_eq!(json["races"], without);
    }
}

/// A GPU that does not look for races finishes, and says what its result is worth.
#[test]
fn what_is_not_looked_for_is_not_found() {
    for backend in backends().iter().filter(|backend| **backend != "cpu") {
        let folder = Folder::with_data(STORAGE, 1, 4);
        let outcome = folder.run("run", &["--backend", backend]).expect(0);
        assert!(
            outcome.stdout.contains("not checked (--check-races)"),
            "{outcome:#?}"
        );
    }
}

#[test]
fn other_traps_come_out_as_they_are() {
    for backend in backends() {
        let kernel = STORAGE.replace("(id.x + 1u) % 4u", "id.x + 1u");
        let folder = Folder::with_data(&kernel, 1, 4);
        folder
            .run("run", &["--backend", backend, "--check-races"])
            .expect(4)
            .says(&[
                "out of bounds",
                "invocation 3 writes word 4 of `data`",
                "kernel.wgsl:5:",
            ]);
    }
}

/// The check is held to the job's time as well, and says that it was the check.
#[cfg(feature = "gpu")]
#[test]
fn a_check_that_takes_too_long_ends() {
    if !crate::arknet::has_gpu_driver() {
        return;
    }
    let endless = STORAGE.replace(
        "data[id.x] = id.x;",
        "loop { if data[id.x] == 1u { break; } }",
    );
    let folder = Folder::with_data(&endless, 1, 4);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    let job = job
        .replace("1000", "4294967295")
        .replace("\"30s\"", "\"200ms\"");
    folder.write("job.toml", job);
    folder
        .run("run", &["--backend", "wgpu", "--check-races"])
        .expect(5)
        .says(&["limits.time", "--check-races"]);
}
