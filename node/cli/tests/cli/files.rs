//! Files that are not what they should be: missing, pipes, in each other's place.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::arknet::{Folder, Outcome, arknet, example};

const FINE: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    data[id.x] = id.x;
}
";

/// Puts a pipe where nobody writes to it in the place of a file.
#[cfg(unix)]
fn pipe(path: &Path) {
    let _ = std::fs::remove_file(path);
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo is there").success());
}

/// Runs `arknet`, but not for ever.
#[cfg(unix)]
fn soon(arguments: &[&Path]) -> Outcome {
    let output = Command::new("timeout")
        .arg("60")
        .arg(env!("CARGO_BIN_EXE_arknet"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("timeout is there");
    Outcome {
        code: output.status.code().expect("it exits by itself"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_pipe() {
    let folder = Folder::copy_of("collatz");
    folder.write("values.out", folder.read("values.bin"));
    let (job, fifo) = (folder.path(), folder.file("fifo"));
    pipe(&fifo);
    let [run, verify, inspect] = ["run", "verify", "inspect"].map(Path::new);
    soon(&[verify, &fifo, job])
        .expect(2)
        .says(&["fifo` is a pipe", "expected a receipt"]);
    soon(&[verify, &fifo, &fifo]).expect(2).says(&["is a pipe"]);
    soon(&[inspect, &fifo]).expect(2).says(&["is a pipe"]);
    soon(&[run, &fifo])
        .expect(2)
        .says(&["is a pipe", "expected a job folder"]);
    soon(&[verify, Path::new("/dev/zero"), job])
        .expect(2)
        .says(&["is a device"]);

    folder.write("receipt", "x");
    for file in ["values.out", "values.bin", "collatz.wgsl", "job.toml"] {
        pipe(&folder.file(file));
        soon(&[verify, &folder.file("receipt"), job])
            .expect(2)
            .says(&["is a pipe, not a regular file"]);
    }
    soon(&[inspect, &folder.file("collatz.wgsl")])
        .expect(2)
        .says(&["is a pipe"]);
}

#[test]
fn what_is_missing_is_named_with_what_was_expected() {
    let folder = Folder::new(FINE, "");
    std::fs::remove_file(folder.file("job.toml")).expect("it was there");
    folder
        .run("run", &[])
        .expect(2)
        .says(&["job.toml` does not exist; expected the job file of the folder"]);
    arknet(["run", "no/such/job"])
        .expect(2)
        .says(&["`no/such/job` does not exist; expected a job folder or its job.toml"]);
    arknet(["inspect", "no/such/kernel.wgsl"])
        .expect(2)
        .says(&["`no/such/kernel.wgsl` does not exist; expected a WGSL file"]);
    let sha256 = example("sha256");
    arknet([
        "verify",
        "no/receipt",
        sha256.to_str().expect("a plain path"),
    ])
    .expect(2);

    let folder = Folder::with_data(FINE, 1, 4);
    folder.write("receipt", "x");
    let receipt = folder.file("receipt");
    let job = folder.path().to_str().expect("a plain path");
    arknet(["verify", receipt.to_str().expect("a plain path"), job])
        .expect(2)
        .says(&["`output` names `data.out`, which does not exist; expected the words that a run"]);
    let text = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", text.replace("size = 16", "input = \"in.bin\""));
    folder.run("run", &[]).expect(2).says(&[
        "job.toml:9: `input` names `in.bin`, which does not exist; expected a file of little-endian 32-bit \
         words in the folder of the job file",
    ]);
    folder.write("job.toml", text.replace("kernel.wgsl", "other.wgsl"));
    folder
        .run("run", &[])
        .expect(2)
        .says(&["`workload` names `other.wgsl`, which does not exist"]);
}

#[test]
fn a_job_and_a_receipt_in_each_others_place_are_told_apart() {
    let folder = Folder::with_data(FINE, 1, 4);
    let receipt = folder.file("the.receipt");
    folder.write("the.receipt", b"ArkNetRc and more");
    let receipt = receipt.to_str().expect("a plain path");
    let job = folder.path().to_str().expect("a plain path");
    let toml = folder.file("job.toml");
    let toml = toml.to_str().expect("a plain path");
    for job in [job, toml] {
        arknet(["verify", job, receipt]).expect(2).says(&[
            "is a job, not a receipt",
            &format!("arknet verify {receipt} {job}"),
        ]);
    }
    let wrong = folder.file("data.out");
    let wrong = wrong.to_str().expect("a plain path");
    arknet(["verify", wrong, receipt])
        .expect(2)
        .says(&["is a receipt, not a job", "the receipt comes first"]);
}

const TWO: &str = "@group(0) @binding(0) var<storage, read_write> one: array<u32>;
@group(0) @binding(1) var<storage, read_write> two: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    one[id.x] = id.x;
    two[id.x] = id.x;
}
";

#[cfg(unix)]
#[test]
fn all_outputs_are_written_or_none() {
    let folder = Folder::new(
        TWO,
        "workload = \"kernel.wgsl\"\nworkgroups = [1, 1, 1]\n\
         [limits]\nsteps = 10\nmemory = \"1KiB\"\ntime = \"30s\"\n\
         [[buffer]]\nname = \"one\"\nsize = 16\noutput = \"one.out\"\n\
         [[buffer]]\nname = \"two\"\nsize = 16\noutput = \"two.out\"\n",
    );
    let (job, receipt, two) = (
        folder.path(),
        folder.file("receipt"),
        folder.file("two.out"),
    );
    let [run, prove, flag] = ["run", "prove", "--receipt"].map(Path::new);
    let verbs: &[&[&Path]] = if cfg!(feature = "prove") {
        &[&[run, job], &[prove, job, flag, &receipt]]
    } else {
        &[&[run, job]]
    };
    let link = || std::os::unix::fs::symlink(job.join("else"), &two).expect("a link");
    let obstacles: [&dyn Fn(); 3] = [&link, &|| pipe(&two), &|| {
        std::fs::create_dir(&two).expect("a folder");
    }];
    for verb in verbs {
        for obstacle in obstacles {
            obstacle();
            soon(verb).expect(2).says(&["two.out"]);
            let _ = std::fs::remove_file(&two);
            let _ = std::fs::remove_dir(&two);
            for file in ["one.out", "else", "receipt"] {
                assert!(!folder.file(file).exists(), "{file}");
            }
        }
        soon(verb).expect(0);
        for file in ["one.out", "two.out"] {
            std::fs::remove_file(folder.file(file)).expect("an output");
        }
    }
}
