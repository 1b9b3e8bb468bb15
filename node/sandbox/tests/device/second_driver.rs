//! The same tests on another driver, which shares no code with the first: an error that both make is more likely
//! ours. `ci/install-swiftshader` provides it.

use std::path::Path;
use std::process::Command;

/// SwiftShader's threads serve all its devices, so a kernel that nobody can call off would keep every other test
/// waiting.
const LEFT_OUT: [&str; 2] = [
    "second_driver::",
    "limits::a_job_over_its_time_ends_promptly_and_leaves_the_device_closed",
];

#[test]
fn swiftshader_passes_the_tests() {
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.swiftshader/vk_swiftshader_icd.json");
    let set = |name| std::env::var(name).is_ok_and(|value| value == "1");
    if !manifest.exists() || set("ARKNET_SKIP_WGPU") {
        assert!(
            !set("ARKNET_REQUIRE_SWIFTSHADER"),
            "run `ci/install-swiftshader`"
        );
        eprintln!("NOT TESTED: SwiftShader is not installed (`ci/install-swiftshader`)");
        return;
    }
    // The Vulkan loader reads the environment of its process.
    let output = Command::new(std::env::current_exe().unwrap())
        .env("VK_DRIVER_FILES", manifest)
        .arg("--nocapture")
        .args(LEFT_OUT.iter().flat_map(|name| ["--skip", name]))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("device: SwiftShader"), "{said}");
}
