//! A job as commands use it: loaded, compiled, assembled, and able to show places in its source.

use std::path::{Path, PathBuf};

use arknet_receipt::Digest;
use arknet_workload::interpreter::RunError;
use arknet_workload::ir::Workload;
use arknet_workload::job::folder::{self, FolderJob, JobFolder};
use arknet_workload::job::{Job, Trap};
use arknet_workload::wgsl::{self, FrontEndLimits, Refusal};
use serde_json::{Value, json};

use crate::answer::{Rows, bytes, count};
use crate::error::CliError;
use crate::{files, picture};

/// A job folder with its compiled job.
pub(crate) struct OpenJob {
    folder: JobFolder,
    assembled: FolderJob,
}

/// Compiles WGSL; a refusal shows its place in `name`.
pub(crate) fn compile(name: &Path, source: &str, entry: &str) -> Result<Workload, CliError> {
    wgsl::compile(source, entry, &FrontEndLimits::default()).map_err(|refusal| {
        let text = refusal.render(&name.display().to_string(), source);
        refused(&refusal, text)
    })
}

/// The error of a refusal, as this text has it.
fn refused(refusal: &Refusal, text: String) -> CliError {
    match refusal {
        Refusal::Internal { .. } => CliError::Internal { what: text },
        _ => CliError::Refused(text),
    }
}

impl OpenJob {
    /// Loads the job at a folder or a `job.toml`.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let folder = folder::load(path)?;
        let workload = folder
            .compile(&FrontEndLimits::default())
            .map_err(|refusal| {
                let name = folder.source_name().display().to_string();
                refused(&refusal, folder.explain_refusal(&name, &refusal))
            })?;
        let assembled = folder.assemble(workload)?;
        Ok(Self { folder, assembled })
    }

    pub(crate) fn job(&self) -> &Job {
        self.assembled.job()
    }

    pub(crate) fn assembled(&self) -> &FolderJob {
        &self.assembled
    }

    #[cfg(feature = "prove")]
    pub(crate) fn folder(&self) -> &JobFolder {
        &self.folder
    }

    /// Finds out whether a receipt can go to `path`, which must not be one of the job's own files.
    #[cfg(feature = "prove")]
    pub(crate) fn check_receipt(&self, path: &Path) -> Result<(), CliError> {
        if self.folder.owns(path) {
            return Err(CliError::ReceiptInJob {
                path: path.to_owned(),
            });
        }
        files::check_destination(path)
    }

    /// The WGSL file, as the user would name it.
    pub(crate) fn source_name(&self) -> PathBuf {
        self.folder.source_name()
    }

    /// The error of a run that has no result.
    pub(crate) fn failed_run(&self, error: RunError) -> CliError {
        match error {
            RunError::Trap(trap) => self.trapped(&trap),
            over @ (RunError::OverTime { .. } | RunError::OutOfMemory { .. }) => {
                CliError::OverLimit(over.to_string())
            }
        }
    }

    /// A trap with the line of the WGSL that it comes from.
    pub(crate) fn trapped(&self, trap: &Trap) -> CliError {
        let name = self.source_name().display().to_string();
        CliError::Trapped(self.folder.explain_trap(&name, trap))
    }

    /// Finds out whether all outputs can go where the job wants them.
    pub(crate) fn check_outputs(&self) -> Result<(), CliError> {
        for file in self
            .assembled
            .outputs()
            .iter()
            .flat_map(|output| &output.file)
        {
            files::check_destination(&file.path)?;
            if let Some((_, path)) = &file.image {
                files::check_destination(path)?;
            }
        }
        Ok(())
    }

    /// Writes the outputs that the job names, out of the final words of all buffers. Where one cannot be written to
    /// its place, none is.
    pub(crate) fn write_outputs(&self, buffers: &[Vec<u32>]) -> Result<(), CliError> {
        self.check_outputs()?;
        for output in self.assembled.outputs() {
            let Some(file) = &output.file else { continue };
            let words = &buffers[output.buffer];
            files::write_words(&file.path, words)?;
            if let Some((image, path)) = &file.image {
                picture::write(path, *image, words)?;
            }
        }
        Ok(())
    }

    /// Describes every buffer after a run: its size, its digest, its files, and the first words of those that the
    /// job wants printed.
    pub(crate) fn describe_buffers(&self, buffers: &[Vec<u32>], rows: &mut Rows) -> Value {
        let mut objects = Vec::new();
        let mut results = Vec::new();
        let job = self.job();
        for (index, ((_, memory), words)) in job.buffer_memories().zip(buffers).enumerate() {
            let output = self
                .assembled
                .outputs()
                .iter()
                .find(|output| output.buffer == index);
            let file = output.and_then(|output| output.file.as_ref());
            let digest = Digest::of_words(words).to_string();
            let wrote = match file {
                Some(file) if file.image.is_some() => {
                    format!(", wrote {} and its picture", file.name)
                }
                Some(file) => format!(", wrote {}", file.name),
                None if output.is_some() => {
                    ", written by the kernel but not kept (no `output` in the job file)".to_owned()
                }
                None => String::new(),
            };
            let size = 4 * words.len() as u64;
            rows.row(
                "buffer",
                format!("{}: {}{wrote}\n{digest}", memory.name, bytes(size)),
            );
            let print = output.and_then(|output| output.print);
            let numbers = print.map(|print| print.numbers(words));
            if let Some(numbers) = &numbers {
                results.push(shown(&memory.name, numbers, words.len()));
            }
            objects.push(json!({
                "name": memory.name,
                "bytes": size,
                "written": output.is_some(),
                "digest": digest,
                "printed": numbers,
                "output": file.map(|file| file.path.display().to_string()),
                "image": file.and_then(|file| Some(file.image.as_ref()?.1.display().to_string())),
            }));
        }
        if !results.is_empty() {
            rows.row("results", results.join("\n"));
        }
        Value::Array(objects)
    }

    /// Describes what a run took of the limits.
    pub(crate) fn describe_usage(&self, steps: u32, rows: &mut Rows) {
        let job = self.job();
        let limits = job.limits();
        rows.row("invocations", count(job.dispatch().invocations().into()));
        rows.row(
            "steps",
            format!(
                "{} of {} an invocation",
                count(steps.into()),
                count(limits.steps.into())
            ),
        );
        rows.row(
            "memory",
            format!("{} of {}", bytes(job.memory_bytes()), bytes(limits.memory)),
        );
    }
}

/// The first words of a buffer of `length` words, as in `correct: 351`.
fn shown(name: &str, numbers: &[i64], length: usize) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let more = match length - numbers.len() {
        0 => String::new(),
        more => format!(" and {} more", count(more as u64)),
    };
    format!("{name}: {}{more}", numbers.join(" "))
}
