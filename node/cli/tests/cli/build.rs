//! A validator's build has no GPU code and no prover in it.

use std::process::Command;

fn tree(features: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "arknet",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--locked",
        ])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_validator_builds_without_gpu_crates() {
    const NAMES: [&str; 14] = [
        "landlock",
        "seccompiler",
        "wgpu",
        "wgpu-core",
        "wgpu-hal",
        "ash",
        "cudarc",
        "arknet-client",
        "arknet-node",
        "arknet-sandbox",
        "arknet-stark",
        "axum",
        "reqwest",
        "tokio",
    ];
    let names = |tree: String| -> Vec<String> {
        let names = tree.lines().filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect()
    };
    let validator = names(tree(&["--no-default-features"]));
    assert!(validator.iter().any(|name| name == "arknet-receipt"));
    for name in NAMES {
        assert!(
            !validator.iter().any(|present| present == name),
            "{name} is in the validator's build"
        );
    }
    let full = names(tree(&[]));
    assert!(
        full.iter().any(|name| name == "wgpu"),
        "the test looks for the wrong names"
    );
}
