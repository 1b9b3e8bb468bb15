//! Job files from a stranger.

use std::fs;
use std::path::PathBuf;

use arknet_workload::job::folder;
use arknet_workload::wgsl::FrontEndLimits;
use tempfile::TempDir;

/// The kernel that a job file of the corpus names.
const KERNEL: &str = "
override rounds: u32 = 3;
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { out[id.x] = a[id.x] * rounds; }
";

thread_local! {
    static FOLDER: (TempDir, PathBuf) = folder();
}

/// A folder with everything that a good job file needs, and a file outside of it.
fn folder() -> (TempDir, PathBuf) {
    let outside = tempfile::tempdir().expect("a folder");
    let inside = outside.path().join("job");
    fs::create_dir(&inside).expect("a folder");
    for (path, bytes) in [
        (inside.join("kernel.wgsl"), KERNEL.as_bytes()),
        (inside.join("a.bin"), &[1, 0, 0, 0, 2, 0, 0, 0]),
        (outside.path().join("secret.bin"), &[9, 9, 9, 9]),
    ] {
        fs::write(path, bytes).expect("a file");
    }
    (outside, inside)
}

/// A `job.toml`, in a folder with the files of an example: it gives a job or an error that can be shown, and nothing
/// of what is outside the folder.
pub fn job_file(data: &[u8]) -> bool {
    FOLDER.with(|(_, inside)| {
        let path = inside.join("job.toml");
        fs::write(&path, data).expect("a file");
        let folder = match folder::load(&path) {
            Ok(folder) => folder,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return false;
            }
        };
        let Ok(workload) = folder.compile(&FrontEndLimits::default()) else {
            return false;
        };
        match folder.assemble(workload) {
            Ok(job) => {
                let secret = |words: &Vec<u32>| words.contains(&0x0909_0909);
                assert!(!job.job().buffers().iter().any(secret));
                assert!(job.job().memory_bytes() <= job.job().limits().memory);
                true
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        }
    })
}
