//! What running and proving take of memory: told before it is taken, and refused where it is not there.

use crate::arknet::{Folder, arknet};

fn refused(folder: &Folder, limit: &str) -> crate::arknet::Outcome {
    let receipt = folder.file("receipt");
    let path = receipt.to_str().expect("a plain path");
    let outcome = folder.run("prove", &["--receipt", path, "--max-memory", limit]);
    assert!(!receipt.exists(), "{outcome:#?}");
    outcome
}

#[test]
fn too_little_memory_is_told_in_advance() {
    let folder = Folder::copy_of("matmul");
    refused(&folder, "1MiB")
        .expect(5)
        .says(&["proving takes at least", "`--max-memory` allows 1.0 MiB"]);
    assert!(!folder.file("c.out").exists());
    for nonsense in ["", "much", "1.5GiB", "-1"] {
        refused(&folder, nonsense).expect(2);
    }

    let json = folder.run("inspect", &["--json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let needed = json["proof"]["costs"]["s100"]["proving_memory"].as_u64();
    let needed = needed.expect("an estimate");
    refused(&folder, &(needed - 1).to_string())
        .expect(5)
        .says(&["proving takes about"]);
    let receipt = folder.file("receipt");
    let path = receipt.to_str().expect("a plain path");
    let limit = needed.to_string();
    let proven = folder
        .run(
            "prove",
            &["--receipt", path, "--max-memory", &limit, "--json"],
        )
        .expect(0);
    let proven: serde_json::Value = serde_json::from_str(&proven.stdout).expect("JSON");
    assert_eq!(proven["proving_memory"].as_u64(), Some(needed));
    let least = json["proof"]["costs"]["s100"]["least_proof_bytes"].as_u64();
    let size = std::fs::metadata(&receipt).expect("the receipt").len();
    assert!(
        least.is_some_and(|least| least <= size),
        "{least:?}, {size}"
    );
}

#[test]
fn help_names_the_limit() {
    for verb in ["run", "prove", "inspect"] {
        let help = arknet([verb, "--help"]).expect(0).stdout;
        assert!(help.contains("--max-memory <SIZE>"), "{help}");
    }
}

const LOOP: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = id.x;
    for (var i = 0u; i < 1000u + (id.x & 1u); i++) {
        x = (x ^ (x >> 3u)) * 77u + i;
    }
    data[id.x] = x;
}
";

/// Inspecting counts rows and keeps none: an address space that the tables would not fit in is enough.
#[cfg(target_os = "linux")]
#[test]
fn inspecting_fills_no_table() {
    let folder = Folder::with_data(LOOP, 16, 1024);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", job.replace("steps = 1000", "steps = 5000"));
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 1000000; exec \"$0\" inspect \"$1\" --json"])
        .arg(env!("CARGO_BIN_EXE_arknet"))
        .arg(folder.path())
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let needed = json["proof"]["costs"]["s100"]["proving_memory"].as_u64();
    assert!(needed > Some(2_000_000_000), "{needed:?}");
}

#[test]
fn inspecting_obeys_the_time_limit() {
    let folder = Folder::with_data(LOOP, 1024, 65536);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    let job = job.replace("steps = 1000", "steps = 5000");
    folder.write("job.toml", job.replace("\"30s\"", "\"1ms\""));
    let start = std::time::Instant::now();
    folder.run("inspect", &[]).expect(5).says(&["limits.time"]);
    assert!(start.elapsed() < std::time::Duration::from_secs(20));
}

/// What a job of 2^18 words takes on the CPU: the buffer, its words with who touched them, and the result.
#[test]
fn a_run_that_does_not_fit_is_not_begun() {
    let folder = Folder::with_data(LOOP, 1, 1 << 18);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", job.replace("steps = 1000", "steps = 5000"));
    let run = |limit| folder.run("run", &["--backend", "cpu", "--max-memory", limit]);
    for limit in ["1MiB", "3MiB"] {
        run(limit).expect(5).says(&[
            "running the job on the CPU takes about 4.0 MiB",
            "`--max-memory` allows",
        ]);
        folder
            .run("inspect", &["--max-memory", limit])
            .expect(5)
            .says(&["takes about 9.0 MiB", "`--max-memory` allows"]);
        refused(&folder, limit).expect(5);
    }
    assert!(!folder.file("data.out").exists());
    run("5MiB").expect(0);
    assert_eq!(folder.read("data.out").len(), 1 << 20);
    folder
        .run("inspect", &["--max-memory", "9437184"])
        .expect(0);
}

/// Memory that the machine does not know to be missing: the system refuses it, and that is no crash.
#[cfg(target_os = "linux")]
#[test]
fn refused_memory_is_an_error() {
    let folder = Folder::with_data(LOOP, 1, 64 << 20);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", job.replace("\"1MiB\"", "\"1GiB\""));
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            "ulimit -v 700000; exec \"$0\" run \"$1\" --backend cpu",
        ])
        .arg(env!("CARGO_BIN_EXE_arknet"))
        .arg(folder.path())
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .expect("a shell");
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("this machine cannot give"), "{stderr}");
}

/// The dispatch alone decides: a run would trap.
#[test]
fn too_large_a_dispatch_is_refused_before_the_run() {
    let folder = Folder::with_data(LOOP, 65_535, 64);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", job.replace("[65535, 1, 1]", "[65535, 2, 1]"));
    let receipt = folder.file("receipt");
    let path = receipt.to_str().expect("a plain path");
    for outcome in [
        folder.run("inspect", &[]),
        folder.run("prove", &["--receipt", path]),
    ] {
        outcome
            .expect(5)
            .says(&["the table `dispatch` needs 2^23 rows"]);
    }
    folder.run("run", &["--backend", "cpu"]).expect(4);
}
