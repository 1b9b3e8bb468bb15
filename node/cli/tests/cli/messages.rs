//! What messages say, and that nothing from a file reaches the terminal as it is.

use crate::arknet::{Folder, Outcome, arknet};

const FINE: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    data[id.x] = id.x;
}
";

fn json(outcome: &Outcome) -> serde_json::Value {
    serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("not one JSON object ({error}): {outcome:#?}"))
}

#[test]
fn wrong_use_is_json_where_that_is_asked_for() {
    for arguments in [
        &["--json"][..],
        &["run", "--json"],
        &["run", "x", "--json", "--backend", "nothing"],
        &["run", "x", "--json", "--quiet"],
        &["--json", "frobnicate"],
        &["verify", "x", "--min-bits", "many", "x", "--json"],
        &["run", "no/such/folder", "--json"],
    ] {
        let outcome = arknet(arguments).expect(2);
        let object = json(&outcome);
        assert_eq!(object["exit_code"], 2, "{arguments:?}");
        let error = object["error"].as_str().expect("a message");
        assert!(!error.is_empty() && !error.starts_with("error"), "{error}");
    }
    // After `--` it is the name of a file.
    let outcome = arknet(["run", "--nothing", "--", "--json"]).expect(2);
    assert!(outcome.stdout.is_empty(), "{outcome:#?}");
    let help = arknet(["run", "--json", "--help"]).expect(0).stdout;
    assert!(help.contains("Examples:"), "{help}");
}

#[test]
fn escapes_from_files_do_not_reach_the_terminal() {
    let folder = Folder::with_data(FINE, 1, 4);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    let evil = "\\u001b[2J\\u001b[1;1H\\nVALID\\u202e\\u009b";
    let mut outcomes = Vec::new();
    for (from, to) in [
        ("\"data\"", format!("\"{evil}\"")),
        ("\"data.out\"", format!("\"{evil}\"")),
        ("\"kernel.wgsl\"", format!("\"{evil}\"")),
        ("\"1MiB\"", format!("\"{evil}\"")),
        ("steps", format!("\"{evil}\"")),
        ("workgroups", format!("entry = \"{evil}\"\nworkgroups")),
        ("workgroups", format!("\"{evil}\" = 1\nworkgroups")),
        ("\"1MiB\"", "\"\u{202e}1MiB\"".to_owned()),
    ] {
        folder.write("job.toml", job.replacen(from, &to, 1));
        outcomes.push(folder.run("run", &["--backend", "cpu"]));
    }
    folder.write("job.toml", &job);
    for kernel in [
        "\u{1b}[2J",
        "fn \u{1b}[2J() {}",
        "// \u{202e} hidden\nfn f() { \u{9b}1m }",
        "@compute @workgroup_size(1) fn main() { let \u{1b}]0;x\u{7} = 1u; }",
    ] {
        folder.write("kernel.wgsl", kernel);
        outcomes.push(folder.run("run", &["--backend", "cpu"]));
    }
    folder.write("odd\u{1b}[2J\n.wgsl", "fn");
    let odd = folder.file("odd\u{1b}[2J\n.wgsl");
    outcomes.push(arknet(["inspect", odd.to_str().expect("text")]));
    outcomes.push(arknet(["inspect", "\u{1b}[2J\nVALID"]));
    outcomes.push(arknet(["run", "x", "--\u{1b}[2J"]));
    for outcome in outcomes {
        assert!(matches!(outcome.code, 2 | 3), "{outcome:#?}");
        let hidden = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{9b}');
        assert!(!outcome.stderr.contains(hidden), "{outcome:#?}");
        assert!(
            !outcome.stderr.lines().any(|line| line.starts_with("VALID")),
            "{outcome:#?}"
        );
    }
}

#[test]
fn a_buffer_that_is_not_used_is_told_from_one_that_is_not_there() {
    let spare = "@group(0) @binding(1) var<storage, read_write> spare: array<u32>;\n";
    let folder = Folder::with_data(&format!("{spare}{FINE}"), 1, 4);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    for (name, part) in [
        (
            "spare",
            "job.toml:12: `kernel.wgsl` declares the buffer `spare`, but the entry point never uses it",
        ),
        (
            "other",
            "job.toml:12: `kernel.wgsl` declares no buffer `other`",
        ),
    ] {
        folder.write(
            "job.toml",
            format!("{job}[[buffer]]\nname = \"{name}\"\nsize = 16\n"),
        );
        folder
            .run("run", &[])
            .expect(2)
            .says(&[part, "`main` uses `data`"]);
    }
}

#[test]
fn an_output_that_is_not_kept_is_mentioned() {
    let folder = Folder::with_data(FINE, 1, 4);
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    let kept = folder.run("run", &["--backend", "cpu"]).expect(0);
    assert!(!kept.stdout.contains("not kept"), "{kept:#?}");
    folder.write("job.toml", job.replace("output = \"data.out\"", ""));
    let dropped = folder.run("run", &["--backend", "cpu"]).expect(0);
    let line = dropped.stdout.lines().find(|line| line.contains("data:"));
    assert!(
        line.is_some_and(|line| line.contains("not kept (no `output` in the job file)")),
        "{dropped:#?}"
    );
}

#[test]
fn the_entry_point_of_a_job_is_its_own() {
    let folder = Folder::with_data(FINE, 1, 4);
    for file in ["job.toml", "receipt", ""] {
        folder.write("receipt", "ArkNetRc");
        let path = folder.file(file);
        arknet(["inspect", path.to_str().expect("text"), "--entry", "main"])
            .expect(2)
            .says(&["`--entry` is for a .wgsl file", "job.toml"]);
    }
    let kernel = folder.file("kernel.wgsl");
    let kernel = kernel.to_str().expect("text");
    arknet(["inspect", kernel, "--entry", "main"]).expect(0);
    arknet(["inspect", kernel, "--entry", "other"])
        .expect(3)
        .says(&["`other`", "`main`"]);
}

/// Mistakes that people make, and the words for them.
#[test]
fn wgsl_mistakes_are_named_in_the_words_of_wgsl() {
    let data = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;\n";
    let shape = "struct U { a: u32, b: i32 }\n@group(0) @binding(1) var<uniform> u: U;\n";
    let call = "fn f(a: u32) -> u32 { return a; }\n";
    for (declarations, body, part) in [
        (
            "",
            "let x = data[0] + u.b;",
            "`+` does not take `u32` and `i32`",
        ),
        ("", "if 1u && true { }", "`&&` does not take `u32`"),
        ("", "if data[0] { }", "a condition must be a `bool`"),
        ("", "u.a = 1u;", "this cannot be written: it is read-only"),
        ("", "break;", "`break` is outside of a loop or `switch`"),
        ("", "let x = u.a[0];", "this value cannot be indexed"),
        ("", "data[0] = arrayLength(data);", "no fixed size"),
        (
            "",
            "let x = array<u32, 4>(1, 2, 3);",
            "4 components are needed, 3 are given",
        ),
        (
            "",
            "switch data[0] { case 1u: { } }",
            "needs a `default` case",
        ),
        ("", "data[0] = 1.5;", "float"),
        (
            call,
            "data[0] = f(1i);",
            "argument 1 of `f` must be of type `u32`",
        ),
        (call, "data[0] = f(1u, 2u);", "`f` takes 1 arguments, not 2"),
        (
            "fn g() -> u32 { }\n",
            "data[0] = g();",
            "`g` must return a value of type `u32`",
        ),
        (
            "var x: u32;\n",
            "data[0] = x;",
            "variable `x` needs an address space",
        ),
        (
            "var<storage> x: array<u32>;\n",
            "data[0] = x[0];",
            "buffer `x` needs `@group(…)`",
        ),
        (
            "@group(0) @binding(2) var<storage> x: array<bool>;\n",
            "data[0] = 1u;",
            "buffer `x` cannot be of type `array<bool>`",
        ),
    ] {
        let kernel = format!(
            "{data}{shape}{declarations}@compute @workgroup_size(1) fn main() {{\n    {body}\n}}\n"
        );
        let folder = Folder::with_data(&kernel, 1, 4);
        let outcome = folder.run("run", &[]).expect(3).says(&[part]);
        for leak in [
            "Scalar",
            "TypeFlags",
            "Handle",
            " [0]",
            " [1]",
            "Some(",
            "see msg",
            "Naga",
        ] {
            assert!(!outcome.stderr.contains(leak), "`{leak}` in {outcome:#?}");
        }
    }
}
