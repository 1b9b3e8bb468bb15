//! Runs without a meaning: each exits 4 and names the line of the WGSL and the invocation.

use crate::arknet::{Folder, Outcome, backends};

/// A kernel whose body is `body`, from line 4 on.
fn kernel(body: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> data: array<u32>;\n\
         @compute @workgroup_size(4)\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {{\n{body}\n}}\n"
    )
}

/// The run must trap at `line` (whose text is `source`) and leave no output.
fn traps(folder: &Folder, backend: &str, line: usize, source: &str, parts: &[&str]) -> Outcome {
    let outcome = folder.run("run", &["--backend", backend]).expect(4);
    assert!(!folder.file("data.out").exists());
    outcome
        .says(parts)
        .says(&[&format!("kernel.wgsl:{line}:"), source])
}

#[test]
fn an_access_out_of_bounds_traps() {
    let read = "let x = data[id.x];\nlet y = data[id.x + 5u];\ndata[id.x] = x + y;";
    let write = "let x = id.x;\nif x == 3u {\n    data[x * 1000000000u] = 1u;\n}\ndata[x] = x;";
    for backend in backends() {
        let folder = Folder::with_data(&kernel(read), 1, 8);
        let read = traps(
            &folder,
            backend,
            5,
            "data[id.x + 5u]",
            &["out of bounds", "reads"],
        );
        read.says(&["invocation 3", "word 8 of `data`", "8 words"]);
        let folder = Folder::with_data(&kernel(write), 1, 8);
        let write = traps(&folder, backend, 6, "data[x * 1000000000u]", &["writes"]);
        write.says(&["invocation 3", "word 3000000000 of `data`"]);
    }
}

#[test]
fn a_local_array_has_bounds_too() {
    let body = "var local: array<u32, 4>;\nlocal[id.x] = 1u;\ndata[id.x] = local[data[id.x] + select(0u, 4u, id.x == 2u)];";
    for backend in backends() {
        let folder = Folder::with_data(&kernel(body), 1, 8);
        traps(
            &folder,
            backend,
            6,
            "local[data[id.x] + select",
            &["word 4 of `local`", "invocation 2"],
        );
    }
}

#[test]
fn an_endless_loop_runs_out_of_steps() {
    let body = "var x = data[id.x];\nloop {\n    x = x * 3u + 1u;\n    if x == 0u && x == 1u {\n        break;\n    }\n}\ndata[id.x] = x;";
    for backend in backends() {
        let folder = Folder::with_data(&kernel(body), 1, 8);
        traps(
            &folder,
            backend,
            5,
            "loop {",
            &["out of steps", "1000", "limits.steps"],
        );
    }
}

/// Races are found by the reference interpreter, which `prove` runs as well.
#[test]
fn races_name_both_invocations() {
    let both_write = "data[id.x / 2u] = id.x;";
    let folder = Folder::with_data(&kernel(both_write), 1, 8);
    traps(
        &folder,
        "cpu",
        4,
        both_write,
        &[
            "data race",
            "writes",
            "word 0 of `data`",
            "invocation 1",
            "invocation 0",
        ],
    );

    let read_other =
        "data[id.x] = id.x;\nlet other = data[(id.x + 1u) % 4u];\ndata[id.x + 4u] = other;";
    let folder = Folder::with_data(&kernel(read_other), 1, 8);
    let outcome = folder.run("run", &["--backend", "cpu"]).expect(4);
    outcome.says(&["data race", "reads", "writes", "kernel.wgsl:"]);
}

#[cfg(feature = "prove")]
#[test]
fn what_traps_is_not_proven() {
    let folder = Folder::with_data(&kernel("data[id.x / 2u] = id.x;"), 1, 8);
    let receipt = folder.file("receipt");
    let outcome = folder.run(
        "prove",
        &["--receipt", receipt.to_str().expect("a plain path")],
    );
    outcome.expect(4).says(&["data race", "kernel.wgsl:4:"]);
    assert!(!receipt.exists() && !folder.file("data.out").exists());
}

#[test]
fn a_failing_run_leaves_earlier_outputs_alone() {
    let folder = Folder::with_data(&kernel("data[id.x + 8u] = id.x;"), 1, 8);
    folder.write("data.out", "before");
    folder.run("run", &["--backend", "cpu"]).expect(4);
    assert_eq!(folder.read("data.out"), b"before");
}
