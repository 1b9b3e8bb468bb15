//! The drivers. `ci/install-mesa` and `ci/install-swiftshader` provide two that share no code.

use std::env;
use std::path::Path;
use std::process::Command;

use arknet_sandbox::{WgpuRunner, adapters};

/// Set in a process that sees all drivers.
const SEES_ALL: &str = "ARKNET_SEES_ALL_DRIVERS";

fn is_set(name: &str) -> bool {
    env::var(name).is_ok_and(|value| value == "1")
}

/// Whether this process sees all drivers. The Vulkan loader reads the environment of its process, so where it does
/// not, the test runs again in one that does, and there is nothing left to do here.
pub(crate) fn visible(test: &str) -> bool {
    if is_set(SEES_ALL) {
        return true;
    }
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.swiftshader/vk_swiftshader_icd.json");
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(SEES_ALL, "1");
    if manifest.exists() {
        match env::var("VK_DRIVER_FILES") {
            Ok(others) => command.env(
                "VK_DRIVER_FILES",
                format!("{others}:{}", manifest.display()),
            ),
            Err(_) => command.env("VK_ADD_DRIVER_FILES", &manifest),
        };
    }
    let output = command
        .args(["--exact", test, "--nocapture"])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "no test {test}\n{said}");
    eprintln!("{said}");
    false
}

/// A device of each driver. None where the environment says to do without.
///
/// Having no device is a failure, so that nobody takes a green run for tested backends.
pub(crate) fn open() -> Vec<WgpuRunner> {
    if is_set("ARKNET_SKIP_WGPU") {
        eprintln!("NOT TESTED on wgpu: ARKNET_SKIP_WGPU=1");
        return Vec::new();
    }
    let mut runners: Vec<WgpuRunner> = Vec::new();
    for adapter in adapters() {
        match WgpuRunner::on(&adapter) {
            Ok(runner) => runners.push(runner),
            Err(error) => eprintln!("NOT TESTED on {adapter}: {error}"),
        }
    }
    let swiftshader = |runner: &WgpuRunner| runner.adapter().name.contains("SwiftShader");
    if !runners.iter().any(swiftshader) {
        assert!(
            !is_set("ARKNET_REQUIRE_SWIFTSHADER"),
            "run `ci/install-swiftshader`"
        );
        eprintln!("NOT TESTED on SwiftShader: not installed (`ci/install-swiftshader`)");
    }
    assert!(
        !runners.iter().all(swiftshader),
        "run `ci/install-mesa` and source `.mesa/env`, or set ARKNET_SKIP_WGPU=1 to do without"
    );
    runners
}
