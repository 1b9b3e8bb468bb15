//! Kernels compiled for the processor by the host's C++ compiler, over `shim.h`.

use std::fmt::Write as _;
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

use crate::emit::{Emitted, Role};

/// Unoptimised, so that no access or operation is dropped before the sanitizers see it; compiling is most of
/// the time anyway.
const FLAGS: [&str; 6] = [
    "-std=c++17",
    "-O0",
    // Lines in the sanitizers' reports.
    "-g1",
    "-w",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// A kernel's text, and the arguments of its entry point made from `a`, an array of pointers to words.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The text.
    pub source: String,
    /// The arguments.
    pub arguments: String,
}

impl Kernel {
    /// What is printed for a workload.
    pub fn of(emitted: &Emitted) -> Self {
        let arguments = emitted.layout.bindings.iter().enumerate();
        let arguments = arguments.map(|(at, role)| match role {
            Role::Input(_) | Role::Output(_) | Role::Tables => format!("a[{at}]"),
            Role::Parameters => format!("*(const Job*)a[{at}]"),
            Role::Report => format!("(Report*)a[{at}]"),
        });
        Self {
            source: emitted.source.clone(),
            arguments: arguments.collect::<Vec<_>>().join(", "),
        }
    }
}

/// One run of a kernel.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Index of the kernel in its executable.
    pub kernel: usize,
    /// Decides the order of blocks and threads.
    pub seed: u32,
    /// Blocks.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub threads: u32,
    /// The words of each argument.
    pub arguments: Vec<Vec<u32>>,
}

/// Kernels, compiled.
#[derive(Debug)]
pub struct Executable {
    folder: TempDir,
}

impl Executable {
    /// Compiles kernels.
    pub fn build(kernels: &[Kernel]) -> Self {
        let mut text = String::from("#include \"shim.h\"\n");
        let mut table = String::new();
        for (number, kernel) in kernels.iter().enumerate() {
            // The entry point has C linkage, so a namespace alone would not tell the kernels apart.
            let entry = Emitted::ENTRY_POINT;
            let Kernel { source, arguments } = kernel;
            writeln!(
                text,
                "namespace p{number} {{
#define {entry} {entry}_{number}
{source}
static void launch(unsigned* const* a) {{ {entry}({arguments}); }}
#undef {entry}
}}"
            )
            .unwrap();
            writeln!(table, "p{number}::launch,").unwrap();
        }
        writeln!(
            text,
            "int main(int argc, char** argv) {{
static const shim::Kernel kernels[] = {{ {table} }};
return shim::run_jobs(kernels, {}, argc, argv);
}}",
            kernels.len()
        )
        .unwrap();

        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("kernels.cpp");
        fs::write(&source, text).unwrap();
        fs::write(folder.path().join("shim.h"), include_str!("shim.h")).unwrap();
        let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
        let output = Command::new(&compiler)
            .args(FLAGS)
            .arg("-o")
            .arg(folder.path().join("kernels"))
            .arg(&source)
            .output()
            .unwrap_or_else(|error| {
                panic!(
                    "{compiler}: {error}; these tests need a C++ compiler, named by CXX or `c++`"
                )
            });
        if !output.status.success() {
            let kept = folder.keep();
            panic!("{} does not compile: {}", kept.display(), errors(&output));
        }
        Self { folder }
    }

    /// The words of all arguments after each launch; else what the process said before it failed.
    pub fn run(&self, launches: &[Launch]) -> Result<Vec<Vec<Vec<u32>>>, String> {
        let mut words = vec![launches.len() as u32];
        for launch in launches {
            words.extend([launch.kernel as u32, launch.seed]);
            words.extend(launch.grid);
            words.extend([launch.threads, launch.arguments.len() as u32]);
            for argument in &launch.arguments {
                words.push(argument.len() as u32);
                words.extend(argument);
            }
        }
        let path = |name| self.folder.path().join(name);
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        fs::write(path("jobs"), bytes).unwrap();
        let output = Command::new(path("kernels"))
            .args([path("jobs"), path("results")])
            // Leaks cannot be looked for where a debugger may not attach, as in many containers.
            .env("ASAN_OPTIONS", "detect_leaks=0")
            .env("UBSAN_OPTIONS", "print_stacktrace=1")
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(errors(&output));
        }
        let results = fs::read(path("results")).unwrap();
        let mut words = results
            .chunks_exact(4)
            .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let mut take = |count| words.by_ref().take(count).collect::<Vec<u32>>();
        let results = launches
            .iter()
            .map(|launch| {
                launch
                    .arguments
                    .iter()
                    .map(|words| take(words.len()))
                    .collect()
            })
            .collect();
        Ok(results)
    }
}

/// What a process said and how it ended, cut to the part that says why.
fn errors(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().take(40).collect();
    format!("{}\n{}", output.status, lines.join("\n"))
}
