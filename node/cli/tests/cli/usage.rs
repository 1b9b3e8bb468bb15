//! The command line itself: help, exit codes of wrong use, limits, JSON and quiet output.

use crate::arknet::{Folder, arknet, example};

const FINE: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    data[id.x] = id.x;
}
";

#[test]
fn help_teaches() {
    let help = arknet(["--help"]).expect(0).stdout;
    for part in [
        "Exit codes:",
        "Examples:",
        "inspect",
        "verify",
        "7  arknet itself failed",
    ] {
        assert!(help.contains(part), "{part}");
    }
    for verb in ["run", "verify", "inspect"] {
        let help = arknet([verb, "--help"]).expect(0).stdout;
        assert!(help.contains("Examples:\n  arknet "), "{help}");
        assert!(help.contains("--json"), "{help}");
    }
    assert!(
        arknet(["--version"])
            .expect(0)
            .stdout
            .starts_with("arknet ")
    );
}

#[test]
fn wrong_use_exits_2() {
    let sha256 = example("sha256");
    let sha256 = sha256.to_str().expect("a plain path");
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["run"],
        &["run", sha256, "--backend", "abacus"],
        &["run", sha256, "--quiet", "--json"],
        &["verify", sha256],
        &["run", "no/such/folder"],
        &["inspect", "no/such/file"],
        &["verify", "no/such/receipt", sha256],
    ] {
        let outcome = arknet(arguments).expect(2);
        let is_json = arguments.contains(&"--json");
        assert_eq!(outcome.stdout.is_empty(), !is_json, "{outcome:#?}");
    }
    #[cfg(feature = "prove")]
    for arguments in [
        &["prove", sha256][..],
        &["prove", sha256, "--receipt", "no/such/folder/receipt"],
        &["prove", sha256, "--receipt", "x", "--preset", "s64"],
    ] {
        arknet(arguments).expect(2);
    }
}

#[cfg(feature = "prove")]
#[test]
fn a_receipt_never_overwrites_the_job() {
    let folder = Folder::with_data(FINE, 1, 4);
    for name in ["job.toml", "kernel.wgsl"] {
        let path = folder.file(name);
        let outcome = folder.run(
            "prove",
            &["--receipt", path.to_str().expect("a plain path")],
        );
        outcome.expect(2).says(&["belongs to the job"]);
    }
    assert_eq!(folder.read("kernel.wgsl"), FINE.as_bytes());
}

#[test]
fn a_bad_job_file_names_the_key_and_the_line() {
    let folder = Folder::with_data(FINE, 1, 4);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    for (from, to, part) in [
        ("steps", "stepz", "job.toml:4: unknown key `stepz`"),
        (
            "\"data\"",
            "\"dota\"",
            "`kernel.wgsl` declares no buffer `dota`; `main` uses `data`",
        ),
        (
            "size = 16",
            "size = 16\nsize = 16",
            "job.toml:10: not valid TOML",
        ),
        ("data.out", "../data.out", "leads out of the folder"),
    ] {
        folder.write("job.toml", job.replace(from, to));
        folder.run("run", &[]).expect(2).says(&[part]);
    }
}

#[test]
fn what_is_not_in_the_language_exits_3_at_its_line() {
    for (from, to, line, part) in [
        ("= id.x;", "= u32(f32(id.x));", 4, "f32"),
        ("= id.x;", "= id.y +;", 4, "+;"),
        (
            "data[id.x] =",
            "atomicAdd(&data[id.x], 1u);\n    data[id.x] =",
            4,
            "atomicAdd",
        ),
    ] {
        let folder = Folder::with_data(&FINE.replace(from, to), 1, 4);
        let outcome = folder.run("run", &[]).expect(3);
        outcome.says(&[&format!("kernel.wgsl:{line}:"), part, "^"]);
    }
    let folder = Folder::with_data(&FINE.replace("fn main", "fn other"), 1, 4);
    folder.run("run", &[]).expect(3).says(&["`main`"]);
}

#[test]
fn declared_limits_hold() {
    let folder = Folder::with_data(FINE, 1, 4);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", job.replace("\"1MiB\"", "15"));
    folder
        .run("run", &[])
        .expect(5)
        .says(&["job.toml:5", "limits.memory", "16 bytes"]);
    assert!(!folder.file("data.out").exists());

    let busy = FINE.replace(
        "= id.x;",
        "= 0u;\n    var x = id.x;\n    for (var i = 0u; i < 4000000000u; i++) { x = x * 5u + i; }\n    data[id.x] = x;",
    );
    let folder = Folder::with_data(&busy, 1, 4);
    let job = job
        .replace("1000", "4294967295")
        .replace("\"30s\"", "\"50ms\"");
    folder.write("job.toml", job);
    let outcome = folder.run("run", &["--backend", "cpu"]).expect(5);
    outcome.says(&["limits.time"]);
}

#[test]
fn a_backend_that_is_not_there_exits_6() {
    let folder = Folder::with_data(FINE, 1, 4);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_arknet"));
    let output = command
        .args(["run", "--backend", "wgpu"])
        .arg(folder.path())
        .env("VK_DRIVER_FILES", folder.file("no-driver.json"))
        .env("VK_ICD_FILENAMES", folder.file("no-driver.json"))
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert!(!folder.file("data.out").exists());
}

#[test]
fn json_is_one_object_on_success_and_on_failure() {
    let folder = Folder::with_data(FINE, 1, 4);
    let outcome = folder.run("run", &["--backend", "cpu", "--json"]).expect(0);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(json["backend"], "cpu");
    assert_eq!(json["invocations"], 4);
    assert_eq!(json["steps"], 0);
    assert_eq!(json["buffers"][0]["name"], "data");

    folder.write(
        "kernel.wgsl",
        FINE.replace("data[id.x] =", "data[id.x + 1u] ="),
    );
    let outcome = folder.run("run", &["--backend", "cpu", "--json"]).expect(4);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(json["exit_code"], 4);
    assert!(
        json["error"]
            .as_str()
            .is_some_and(|text| text.contains("out of bounds"))
    );
}

#[test]
fn results_are_printed_where_the_job_asks() {
    let folder = Folder::with_data(&FINE.replace("= id.x", "= id.x - 2u"), 5, 20);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    let outcome = folder.run("run", &["--backend", "cpu"]).expect(0);
    assert!(!outcome.stdout.contains("results"), "{outcome:#?}");

    for (print, first) in [("u32", 4_294_967_294i64), ("i32", -2)] {
        folder.write("job.toml", format!("{job}print = \"{print}\"\n"));
        let outcome = folder.run("run", &["--backend", "cpu"]).expect(0);
        let second = first + 1;
        let line = format!(
            "results      data: {first} {second} 0 1 2 3 4 5 6 7 8 9 10 11 12 13 and 4 more\n"
        );
        assert!(outcome.stdout.ends_with(&line), "{outcome:#?}");

        let outcome = folder.run("run", &["--backend", "cpu", "--json"]).expect(0);
        let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        let printed = &json["buffers"][0]["printed"];
        assert_eq!(printed.as_array().map(Vec::len), Some(16), "{json}");
        assert_eq!(printed[0], first);
        assert_eq!(printed[15], 13);
    }

    #[cfg(feature = "prove")]
    {
        let receipt = folder.file("receipt");
        let receipt = receipt.to_str().expect("a plain path");
        let outcome = folder.run("prove", &["--receipt", receipt]).expect(0);
        assert!(
            outcome.stdout.contains("results      data: -2 -1 0 1 "),
            "{outcome:#?}"
        );
    }

    folder.write("job.toml", format!("{job}print = \"hex\"\n"));
    let outcome = folder.run("run", &[]).expect(2);
    outcome.says(&["job.toml:11: `print` must be \"u32\" or \"i32\""]);
}

#[test]
fn quiet_prints_nothing() {
    let folder = Folder::with_data(FINE, 1, 4);
    for arguments in [
        &["--backend", "cpu", "--quiet"][..],
        &["--backend", "cpu", "-q"],
    ] {
        let outcome = folder.run("run", arguments).expect(0);
        assert!(outcome.stdout.is_empty());
        assert_eq!(folder.words("data.out"), [0, 1, 2, 3]);
    }
}

#[test]
fn inspect_shows_workloads_and_jobs() {
    let folder = Folder::with_data(FINE, 1, 4);
    for file in [
        folder.path().to_owned(),
        folder.file("job.toml"),
        folder.file("kernel.wgsl"),
    ] {
        let file = file.to_str().expect("a plain path");
        let outcome = arknet(["inspect", file]).expect(0);
        assert!(outcome.stdout.contains("data"), "{outcome:#?}");
        let json = arknet(["inspect", file, "--json"]).expect(0).stdout;
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert!(json["workload"]["program"].is_string(), "{json}");
    }
    let json = folder.run("inspect", &["--json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let tables = json["proof"]["tables"].as_array().expect("tables");
    assert!(
        tables
            .iter()
            .any(|table| table["columns"].as_u64() > Some(0)),
        "{json}"
    );
    assert!(json["proof"]["main_cells"].as_u64() > Some(0), "{json}");
}
