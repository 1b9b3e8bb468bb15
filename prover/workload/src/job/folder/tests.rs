use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::ir::{Binding, Block, Length, Memory, Program, Space, Workload};
use crate::job::InvalidJob;
use crate::printable::is_printable;
use crate::regular::OpenError;
use crate::wgsl::Constant;

const JOB: &str = r#"workload = "k.wgsl"
workgroups = [2, 1, 1]

[limits]
steps = 10
memory = "1KiB"
time = "500ms"

[[buffer]]
name = "blocks"
input = "in/blocks.bin"

[[buffer]]
name = "digests"
size = 8
output = "digests.out"
"#;

/// A folder with a job file, a workload and an input of four words.
fn folder(job: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("job.toml"), job).unwrap();
    fs::write(dir.path().join("k.wgsl"), "source").unwrap();
    fs::create_dir(dir.path().join("in")).unwrap();
    let words: Vec<u8> = [1u32, 2, 3, 0xdead_beef]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    fs::write(dir.path().join("in/blocks.bin"), words).unwrap();
    dir
}

fn buffer(name: &str, binding: u32, space: impl Fn(Binding) -> Space) -> Memory {
    Memory {
        name: name.to_owned(),
        space: space(Binding { group: 0, binding }),
    }
}

/// `blocks` is read, `digests` written.
fn workload() -> Workload {
    let blocks = buffer("blocks", 0, |binding| Space::Input {
        binding,
        uniform: false,
        length: Length::Runtime,
    });
    let digests = buffer("digests", 1, |binding| Space::Output {
        binding,
        length: Length::Words(2),
    });
    Workload::new(Program {
        workgroup_size: [1, 1, 1],
        memories: vec![digests, blocks],
        values: Vec::new(),
        body: Block::default(),
    })
    .unwrap()
}

fn assemble(job: &str) -> Result<FolderJob, JobFileError> {
    let dir = folder(job);
    load(dir.path())?.assemble(workload())
}

/// The message of a job file that must fail, without the folder's name.
fn message(job: &str) -> String {
    let dir = folder(job);
    let error = load(dir.path())
        .and_then(|folder| folder.assemble(workload()))
        .expect_err(job);
    error
        .to_string()
        .replace(&format!("{}/", dir.path().display()), "")
}

/// Each edit of the good job file must give a message that starts and continues as expected.
fn refused(edits: &[(&str, &str, &str, &str)]) {
    for (from, to, start, part) in edits {
        assert!(JOB.contains(from), "{from}");
        let message = message(&JOB.replace(from, to));
        assert!(message.starts_with(start), "{to}: {message}");
        assert!(message.contains(part), "{to}: {message}");
    }
}

#[test]
fn a_job_is_read_in_the_order_of_the_workload() {
    let dir = folder(JOB);
    for path in [dir.path().to_owned(), dir.path().join("job.toml")] {
        let folder = load(&path).unwrap();
        assert_eq!(folder.entry(), "main");
        assert_eq!(folder.source(), "source");
        assert_eq!(folder.limits().time.as_millis(), 500);
        let job = folder.assemble(workload()).unwrap();
        assert_eq!(
            job.job().buffers(),
            [vec![0, 0], vec![1, 2, 3, 0xdead_beef]]
        );
        let [output] = job.outputs() else {
            panic!("one output")
        };
        assert_eq!((output.name.as_str(), output.buffer), ("digests", 0));
        assert!(job.require_outputs().is_ok());
        assert!(folder.owns(&dir.path().join("in/../in/blocks.bin")));
        assert!(!folder.owns(&dir.path().join("other")));
    }
}

#[test]
fn outputs_are_read_back_only_at_their_length() {
    let dir = folder(JOB);
    let job = load(dir.path()).unwrap().assemble(workload()).unwrap();
    let output = dir.path().join("digests.out");
    assert!(matches!(
        job.final_buffers(),
        Err(JobFileError::NamedFile { .. })
    ));
    fs::write(&output, [1, 0, 0, 0, 2, 0, 0, 0]).unwrap();
    assert_eq!(
        job.final_buffers().unwrap(),
        [vec![1, 2], vec![1, 2, 3, 0xdead_beef]]
    );
    for length in [0, 4, 7, 12] {
        fs::write(&output, vec![0; length]).unwrap();
        assert!(matches!(
            job.final_buffers(),
            Err(JobFileError::OutputLength { .. })
        ));
    }
}

#[test]
fn keys_and_values_are_named_with_their_line() {
    refused(&[
        (
            "workgroups",
            "workgruops",
            "job.toml:2: unknown key `workgruops`",
            "`entry`",
        ),
        (
            "steps = 10",
            "stesp = 10",
            "job.toml:5: unknown key `stesp`",
            "`steps`",
        ),
        (
            "size = 8",
            "size = 8\nsise = 1",
            "job.toml:16: unknown key `sise`",
            "`image`",
        ),
        (
            "time = \"500ms\"",
            "",
            "job.toml:4: the table [limits] lacks the key `time`",
            "",
        ),
        (
            "name = \"blocks\"\n",
            "",
            "job.toml:9: a [[buffer]] lacks the key `name`",
            "",
        ),
        (
            "workload = \"k.wgsl\"\n",
            "",
            "job.toml:1: a job file lacks the key `workload`",
            "",
        ),
        (
            "steps = 10",
            "steps = \"10\"",
            "job.toml:5: `steps` must be an integer",
            "string \"10\"",
        ),
        (
            "steps = 10",
            "steps = -1",
            "job.toml:5: `steps`",
            "integer -1",
        ),
        (
            "steps = 10",
            "steps = 4294967296",
            "job.toml:5: `steps`",
            "",
        ),
        (
            "\"1KiB\"",
            "\"1KB\"",
            "job.toml:6: `memory` must be a size",
            "1KB",
        ),
        (
            "\"1KiB\"",
            "\"5GiB\"",
            "job.toml:6: `memory` must be at most",
            "",
        ),
        ("\"500ms\"", "5", "job.toml:7: `time` must be a time", ""),
        (
            "[2, 1, 1]",
            "[2, 1]",
            "job.toml:2: `workgroups` must be three",
            "",
        ),
        (
            "[2, 1, 1]",
            "[2, 1, -1]",
            "job.toml:2: `workgroups` must be three",
            "",
        ),
        (
            "[2, 1, 1]",
            "[2, 0, 1]",
            "job.toml:2: workgroups[1] is 0",
            "",
        ),
        (
            "size = 8",
            "size = 6",
            "job.toml:15: `size` must be a multiple of 4",
            "",
        ),
        (
            "size = 8",
            "size = 0",
            "job.toml:15: `size` must be a multiple of 4",
            "",
        ),
        (
            "size = 8",
            "size = 12",
            "job.toml:14: buffer `digests` has 12 bytes",
            "8",
        ),
        ("[limits]", "[limits", "job.toml:4: not valid TOML", ""),
        (
            "steps = 10",
            "steps = 10\nsteps = 11",
            "job.toml:6: not valid TOML",
            "duplicate key",
        ),
        (
            "name = \"digests\"",
            "name = \"blocks\"",
            "job.toml:14: buffer `blocks` is described twice",
            "line 10",
        ),
        (
            "name = \"digests\"",
            "name = \"digest\"",
            "job.toml:14: `k.wgsl` declares no buffer `digest`",
            "`main` uses `digests`, `blocks`",
        ),
        (
            "size = 8\n",
            "",
            "job.toml:14: buffer `digests` has neither",
            "",
        ),
        (
            "size = 8\n",
            "size = 8\ninput = \"x\"\n",
            "job.toml:14: buffer `digests` has both",
            "",
        ),
        ("[[buffer]]", "[buffer]", "job.toml:13: not valid TOML", ""),
    ]);
    let missing = JOB.split("[[buffer]]\nname = \"digests\"").next().unwrap();
    assert!(message(missing).contains("`digests`, which no [[buffer]] describes"));
    assert!(message("buffer = 3").starts_with("job.toml:1: a job file lacks the key `limits`"));
    let inline = JOB.split("[[buffer]]").next().unwrap().replace(
        "[limits]",
        "buffer = [{ name = \"blocks\", input = \"in/blocks.bin\" },\n { name = \"digests\", size = 8, outptu = \"x\" }]\n[limits]",
    );
    assert!(message(&inline).starts_with("job.toml:5: unknown key `outptu`"));
}

#[test]
fn paths_stay_inside_the_folder() {
    let escapes = [
        ("/etc/passwd", "absolute"),
        ("../blocks.bin", "leads out"),
        ("in/../../x", "leads out"),
        ("in//x", "empty part"),
        ("./x", "empty part"),
        ("", "empty part"),
        ("in\\\\x", "backslash"),
        ("c:x", "colon"),
        ("a\\u0000b", "invisible"),
    ];
    for (path, part) in escapes {
        for original in ["in/blocks.bin", "digests.out", "k.wgsl"] {
            let message = message(&JOB.replace(original, path));
            assert!(message.contains(part), "{path}: {message}");
        }
    }
    refused(&[
        (
            "in/blocks.bin",
            "nothing",
            "job.toml:11: `input` names `nothing`",
            "",
        ),
        (
            "digests.out",
            "no/digests.out",
            "job.toml:16: `output` names `no/digests.out`",
            "",
        ),
        (
            "digests.out",
            "in",
            "job.toml:16: `output` names `in`",
            "directory",
        ),
    ]);
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_folder() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), [0; 16]).unwrap();
    let link = |from: &Path, to: &Path| std::os::unix::fs::symlink(to, from).unwrap();
    let dir = folder(&JOB.replace("in/blocks.bin", "link"));
    link(&dir.path().join("link"), &outside.path().join("secret"));
    let error = load(dir.path()).unwrap().assemble(workload()).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");

    let dir = folder(&JOB.replace("digests.out", "link/digests.out"));
    link(&dir.path().join("link"), outside.path());
    let error = load(dir.path()).unwrap().assemble(workload()).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");

    // A link at the output itself is replaced by a run, and not read through by a check.
    let dir = folder(JOB);
    link(
        &dir.path().join("digests.out"),
        &outside.path().join("secret"),
    );
    let job = load(dir.path()).unwrap().assemble(workload()).unwrap();
    assert!(matches!(
        job.final_buffers(),
        Err(JobFileError::NamedFile {
            source: OpenError::NotRegular("a link"),
            ..
        })
    ));

    let dir = folder(&JOB.replace("in/blocks.bin", "link"));
    link(&dir.path().join("link"), &dir.path().join("in/blocks.bin"));
    assert!(load(dir.path()).unwrap().assemble(workload()).is_ok());
}

#[test]
fn nothing_is_written_over_what_the_job_uses() {
    for (name, other) in [
        ("job.toml", "job file"),
        ("JOB.TOML", "job file"),
        ("k.wgsl", "workload"),
        ("in/blocks.bin", "input"),
    ] {
        let message = message(&JOB.replace("digests.out", name));
        assert!(
            message.starts_with("job.toml:16: `output` would write"),
            "{message}"
        );
        assert!(message.contains(other), "{message}");
    }
    let image = "digests.png\"\nimage = { width = 2, height = 1 }#\"";
    let message = message(&JOB.replace("digests.out", image));
    assert!(
        message.contains("`image` would write `digests.png`"),
        "{message}"
    );
}

#[test]
fn images_have_a_word_a_pixel() {
    let with = |image: &str| JOB.replace("size = 8", &format!("size = 8\nimage = {image}"));
    let job = assemble(&with("{ width = 1, height = 2 }")).unwrap();
    let (image, path) = job.outputs()[0]
        .file
        .as_ref()
        .unwrap()
        .image
        .clone()
        .unwrap();
    assert_eq!((image.width, image.height), (1, 2));
    assert!(path.ends_with("digests.png"));
    for (image, part) in [
        ("{ width = 2, height = 2 }", "2 x 2 pixels"),
        ("{ width = 2 }", "lacks the key `height`"),
        ("{ width = 0, height = 2 }", "between 1 and 32768"),
        (
            "{ width = 1, height = 2, depth = 1 }",
            "unknown key `depth`",
        ),
        ("3", "must be a table"),
    ] {
        let message = message(&with(image));
        assert!(message.contains(part), "{message}");
    }
    let message =
        message(&with("{ width = 1, height = 2 }").replace("output = \"digests.out\"", ""));
    assert!(message.contains("lacks the key `output`"), "{message}");
}

#[test]
fn results_are_printed_as_words_of_a_type() {
    let with = |print: &str| JOB.replace("size = 8", &format!("size = 8\nprint = {print}"));
    for (name, print) in [("\"u32\"", Print::U32), ("\"i32\"", Print::I32)] {
        let job = assemble(&with(name)).unwrap();
        assert_eq!(job.outputs()[0].print, Some(print));
    }
    assert_eq!(assemble(JOB).unwrap().outputs()[0].print, None);
    // What is printed needs no file.
    let job = assemble(&with("\"i32\"").replace("output = \"digests.out\"", "")).unwrap();
    assert_eq!(job.outputs()[0].print, Some(Print::I32));
    for wrong in ["\"f32\"", "\"U32\"", "\"\"", "true", "16", "[\"u32\"]"] {
        let message = message(&with(wrong));
        let start = "job.toml:16: `print` must be \"u32\" or \"i32\", but is ";
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn memory_is_checked_before_anything_is_read() {
    let error = assemble(&JOB.replace("1KiB", "20")).unwrap_err();
    assert!(error.is_over_limit(), "{error}");
    assert!(assemble(&JOB.replace("1KiB", "24")).is_ok());
    let huge = JOB.replace("size = 8", "size = \"4GiB\"");
    let error = assemble(&huge).unwrap_err();
    assert!(matches!(
        error,
        JobFileError::Job { source: InvalidJob::OverMemory { bytes, limit: 1024 }, .. } if bytes == (4 << 30) + 16
    ));

    // A sparse file that would not fit in any memory.
    let dir = folder(JOB);
    let file = fs::File::create(dir.path().join("in/blocks.bin")).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = load(dir.path()).unwrap().assemble(workload()).unwrap_err();
    assert!(error.is_over_limit(), "{error}");
    file.set_len(6).unwrap();
    let error = load(dir.path()).unwrap().assemble(workload()).unwrap_err();
    assert!(matches!(error, JobFileError::PartialWord { bytes: 6, .. }));
}

#[test]
fn outputs_belong_to_writable_buffers() {
    for (key, value) in [("output", "blocks.out"), ("print", "u32")] {
        refused(&[(
            "input = \"in/blocks.bin\"",
            &format!("input = \"in/blocks.bin\"\n{key} = \"{value}\""),
            &format!("job.toml:12: buffer `blocks` has the key `{key}`"),
            "read-only",
        )]);
    }
    let job = assemble(&JOB.replace("output = \"digests.out\"", "")).unwrap();
    let error = job.require_outputs().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("buffer `digests` has no `output`")
    );
    assert!(matches!(
        job.final_buffers(),
        Err(JobFileError::NoOutput { .. })
    ));
}

#[test]
fn text_files_are_bounded_text() {
    let dir = folder(JOB);
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    let large = vec![b'#'; MAX_TEXT_BYTES as usize + 1];
    write("k.wgsl", &large);
    assert!(matches!(
        load(dir.path()),
        Err(JobFileError::TooLarge { .. })
    ));
    write("k.wgsl", &large[1..]);
    assert!(load(dir.path()).is_ok());
    write("k.wgsl", b"ab\xff");
    assert!(matches!(
        load(dir.path()),
        Err(JobFileError::NotUtf8 { offset: 2, .. })
    ));
    write("job.toml", &large);
    assert!(matches!(
        load(dir.path()),
        Err(JobFileError::TooLarge { .. })
    ));
    fs::remove_file(dir.path().join("job.toml")).unwrap();
    assert!(matches!(
        load(dir.path()),
        Err(JobFileError::File {
            source: OpenError::Missing,
            ..
        })
    ));
    fs::create_dir(dir.path().join("job.toml")).unwrap();
    assert!(matches!(
        load(dir.path()),
        Err(JobFileError::File {
            source: OpenError::NotRegular("a folder"),
            ..
        })
    ));
}

#[test]
fn a_buffer_that_the_kernel_leaves_alone_is_named() {
    let dir = folder(&JOB.replace("name = \"digests\"", "name = \"spare\""));
    let source = "@group(0) @binding(7) var<storage, read_write> spare: array<u32>;";
    fs::write(dir.path().join("k.wgsl"), source).unwrap();
    let error = load(dir.path()).unwrap().assemble(workload()).unwrap_err();
    assert!(
        matches!(error, JobFileError::UnusedBuffer { .. }),
        "{error}"
    );
    let error = error.to_string();
    assert!(
        error.contains("declares the buffer `spare`, but the entry point never uses it"),
        "{error}"
    );
}

#[test]
fn text_of_a_job_file_is_escaped() {
    for (from, to) in [
        ("name = \"digests\"", "name = \"\\u001b[2J\\nVALID\""),
        (
            "name = \"digests\"",
            "\"a\\u001b[2J\" = 1\nname = \"digests\"",
        ),
        ("\"digests.out\"", "\"a\\u001b[2J\\n\""),
        ("\"digests.out\"", "\"a\\u202eb\""),
        ("\"500ms\"", "\"\u{202e}5\""),
        ("workgroups", "entry = \"a\\nb\"\nworkgroups"),
    ] {
        let changed = JOB.replacen(from, to, 1);
        assert_ne!(changed, JOB, "the job has no `{from}`");
        let text = message(&changed);
        assert!(text.chars().all(is_printable), "{text:?}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_are_refused_instead_of_waited_for() {
    let pipe = |path: &Path| {
        let _ = fs::remove_file(path);
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    let dir = folder(JOB);
    fs::write(dir.path().join("digests.out"), [0; 8]).unwrap();
    let job = load(dir.path()).unwrap().assemble(workload()).unwrap();
    pipe(&dir.path().join("digests.out"));
    let error = job.final_buffers().unwrap_err().to_string();
    assert!(error.contains("`digests.out`, which is a pipe"), "{error}");

    pipe(&dir.path().join("in/blocks.bin"));
    let error = load(dir.path()).unwrap().assemble(workload()).unwrap_err();
    assert!(error.to_string().contains("is a pipe"), "{error}");
    for file in ["k.wgsl", "job.toml"] {
        pipe(&dir.path().join(file));
        let error = load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("is a pipe, not a regular file"), "{error}");
    }
}

/// Shapes that break careless parsers, each up to the size limit.
#[test]
fn hostile_toml_ends_in_an_error() {
    let size = MAX_TEXT_BYTES as usize;
    let hostile = [
        format!("a = {}", "[".repeat(size - 8)),
        format!("a = {}", "{a=".repeat(size / 3 - 8)),
        format!("{}a = 1", "a.".repeat(size / 2 - 8)),
        format!("[{}a]", "a.".repeat(size / 2 - 8)),
        "[[a]]\n".repeat(size / 6 - 1),
        (0..60_000).map(|i| format!("k{i} = 1\n")).collect(),
        (0..16_000)
            .map(|i| format!("[[buffer]]\nname = \"b{i}\"\nsize = 4\n"))
            .collect(),
        "workload = \"\"\"".to_owned() + &"x".repeat(size - 40),
    ];
    for text in hostile {
        assert!(text.len() <= size);
        let _ = message(&text);
    }
}

#[test]
fn damaged_job_files_never_panic() {
    let file = Path::new("job.toml");
    for at in 0..JOB.len() {
        let _ = schema::parse(file, &JOB[..at]);
        for bit in 0..7 {
            let mut bytes = JOB.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let _ = schema::parse(file, std::str::from_utf8(&bytes).unwrap());
        }
    }
}

#[test]
fn constants_are_integers_and_truth_values() {
    let job = |lines: &str| {
        JOB.replace(
            "[[buffer]]\nname = \"blocks\"",
            &format!("[constants]\n{lines}\n[[buffer]]\nname = \"blocks\""),
        )
    };
    let dir = folder(&job("width = 64\n7 = -3\non = true"));
    let folder = load(dir.path()).unwrap();
    let constants = folder.constants();
    assert_eq!(constants.len(), 3);
    assert_eq!(constants["width"], Constant::Integer(64));
    assert_eq!(constants["7"], Constant::Integer(-3));
    assert_eq!(constants["on"], Constant::Bool(true));
    assert_eq!(folder.constant_place("7").map(|place| place.line), Some(11));
    assert_eq!(folder.constant_place("other"), None);
    for (value, found) in [("1.5", "float"), ("\"4\"", "string"), ("[1]", "array")] {
        let message = message(&job(&format!("width = {value}")));
        assert!(
            message.starts_with("job.toml:10: the constant `width` must be an integer"),
            "{message}"
        );
        assert!(message.ends_with(found), "{message}");
    }
    assert!(message(&job("width = 1\nwidth = 2")).starts_with("job.toml:11: not valid TOML"));
}

#[test]
fn constants_reach_the_kernel() {
    let job = JOB.replace(
        "[[buffer]]\nname = \"blocks\"",
        "[constants]\nwidth = 16\n\n[[buffer]]\nname = \"blocks\"",
    );
    let dir = folder(&job);
    fs::write(
        dir.path().join("k.wgsl"),
        "override width: u32; @compute @workgroup_size(width) fn main() {}",
    )
    .unwrap();
    let workload = load(dir.path())
        .unwrap()
        .compile(&FrontEndLimits::default())
        .unwrap();
    assert_eq!(workload.program().workgroup_size, [16, 1, 1]);
}
