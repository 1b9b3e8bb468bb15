//! What proving takes of memory: told before anything is filled, and refused where it is not there.

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
        .says(&["proving takes about", "`--max-memory` allows 1.0 MiB"]);
    assert!(!folder.file("c.out").exists());
    for nonsense in ["", "much", "1.5GiB", "-1"] {
        refused(&folder, nonsense).expect(2);
    }

    let json = folder.run("inspect", &["--json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let needed = json["proof"]["costs"]["s100"]["proving_memory"].as_u64();
    let needed = needed.expect("an estimate");
    refused(&folder, &(needed - 1).to_string()).expect(5);
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
    let help = arknet(["prove", "--help"]).expect(0).stdout;
    assert!(help.contains("--max-memory <SIZE>"), "{help}");
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
