//! A job as a folder of files: `job.toml`, the WGSL, the inputs, and later the outputs.
//!
//! ```toml
//! workload = "sha256.wgsl"
//! entry = "main"            # the WGSL entry point; `main` where it is not given
//! workgroups = [64, 1, 1]
//!
//! [limits]
//! steps = 100000            # loop iterations of one invocation, all its loops together
//! memory = "64MiB"          # all buffers together
//! time = "60s"
//!
//! [constants]
//! rounds = 64               # values for the WGSL's `override` declarations, by name or `@id`
//!
//! [[buffer]]
//! name = "blocks"           # the variable's name in the WGSL
//! input = "blocks.bin"      # little-endian words; a file relative to the folder
//!
//! [[buffer]]
//! name = "digests"
//! size = 2048               # bytes, zero-filled, where there is no input
//! output = "digests.out"
//! ```
//!
//! Each buffer of the workload (uniforms too) is described exactly once, by `input` or by `size`. One
//! that is read and written has both `input` and `output`. `image = { width = 64, height = 48 }` on a
//! buffer with an `output` says that its words are pixels, row by row, each `0xAABBGGRR` (so the bytes
//! of the output file are R, G, B, A); the picture goes beside the output, with the extension `png`.
//! `print = "u32"` or `"i32"` on a buffer that the kernel may write asks for its first words in what a
//! run says.
//!
//! A folder may come from a stranger: its text files are capped, its paths must stay inside it, and no
//! input is read or buffer allocated before all of them together fit the declared memory.
//!
//! Loading has two steps because the workload is compiled in between: [`load`] reads the text files,
//! [`JobFolder::assemble`] reads the inputs into a [`Job`](super::Job).

mod assemble;
mod error;
mod explain;
mod outputs;
mod path;
mod print;
mod quantity;
mod schema;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

pub use error::{JobFileError, Place};
pub use outputs::{FolderJob, Output, OutputFile};
pub use print::Print;
pub use quantity::{SIZE, size as parse_size};

use super::Limits;
use crate::ir::Workload;
use crate::wgsl::{Constants, FrontEndLimits, Refusal, compile_with};
use schema::{Contents, JobFile};

/// The most bytes of a `job.toml` or of a WGSL file.
pub const MAX_TEXT_BYTES: u64 = 1 << 20;

/// A picture's extent in pixels, each of which is one word `0xAABBGGRR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Where the words of a buffer come from at the start of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BufferSource {
    /// From this file, which lies in the folder.
    File(PathBuf),
    /// There are none: so many bytes are zero.
    Zeros {
        /// How many.
        bytes: u64,
    },
}

/// The text files of a job folder, read and checked; the inputs are not read yet.
#[derive(Clone, Debug)]
pub struct JobFolder {
    directory: PathBuf,
    job_file: PathBuf,
    source: String,
    file: JobFile,
}

/// Reads a WGSL file on its own, with the same limit as one in a job folder.
pub fn load_source(path: &Path) -> Result<String, JobFileError> {
    path::read_text(path, "a WGSL file", MAX_TEXT_BYTES)
}

/// Reads the job file and the WGSL of a job. `path` is the folder or the `job.toml` in it.
pub fn load(path: &Path) -> Result<JobFolder, JobFileError> {
    let (job_file, expected) = if path.is_dir() {
        (path.join("job.toml"), "the job file of the folder")
    } else {
        (path.to_owned(), "a job folder or its job.toml")
    };
    let text = path::read_text(&job_file, expected, MAX_TEXT_BYTES)?;
    let file = schema::parse(&job_file, &text)?;
    let directory = match job_file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let directory = fs::canonicalize(directory).map_err(|source| JobFileError::File {
        path: directory.to_owned(),
        expected: "the folder of the job",
        source: source.into(),
    })?;
    let path = file.workload.existing(&directory)?;
    let source = path::read_text(&path, "the WGSL file that the job names", MAX_TEXT_BYTES)?;
    Ok(JobFolder {
        directory,
        job_file,
        source,
        file,
    })
}

impl JobFolder {
    /// The folder, as a canonical path.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The job file, as the caller named it.
    pub fn job_file(&self) -> &Path {
        &self.job_file
    }

    /// Name of the WGSL file in the folder.
    pub fn workload_name(&self) -> &str {
        self.file.workload.as_str()
    }

    /// Text of the WGSL file.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Name of the entry point.
    pub fn entry(&self) -> &str {
        &self.file.entry
    }

    /// The declared limits.
    pub fn limits(&self) -> &Limits {
        &self.file.limits
    }

    /// Values for the `override` declarations of the WGSL.
    pub fn constants(&self) -> Constants {
        let constants = self.file.constants.iter();
        constants
            .map(|constant| (constant.name.clone(), constant.value))
            .collect()
    }

    /// Each buffer by name, in the order of the job file, with where its words come from.
    pub fn buffer_sources(&self) -> Result<Vec<(&str, BufferSource)>, JobFileError> {
        let sources = self.file.buffers.iter().map(|buffer| {
            let source = match &buffer.contents {
                Contents::File(input) => BufferSource::File(input.existing(&self.directory)?),
                Contents::Zeros(words) => BufferSource::Zeros {
                    bytes: words.saturating_mul(4),
                },
            };
            Ok((buffer.name.as_str(), source))
        });
        sources.collect()
    }

    /// Where the job file gives a constant its value.
    pub fn constant_place(&self, name: &str) -> Option<&Place> {
        let mut constants = self.file.constants.iter();
        constants
            .find(|constant| constant.name == name)
            .map(|constant| &constant.place)
    }

    /// Compiles the job's kernel.
    pub fn compile(&self, limits: &FrontEndLimits) -> Result<Workload, Refusal> {
        compile_with(&self.source, self.entry(), &self.constants(), limits)
    }

    /// Whether a path is one of the job's own files, which nothing else may overwrite.
    pub fn owns(&self, path: &Path) -> bool {
        let Ok(path) = fs::canonicalize(path) else {
            return false;
        };
        let inputs = self.file.buffers.iter().filter_map(|buffer| {
            if let Contents::File(input) = &buffer.contents {
                Some(input)
            } else {
                None
            }
        });
        let outputs = self
            .file
            .buffers
            .iter()
            .filter_map(|buffer| buffer.output.as_ref());
        let images = self
            .file
            .buffers
            .iter()
            .filter(|buffer| buffer.image.is_some())
            .filter_map(|buffer| buffer.output.as_ref().map(schema::image_path));
        let mut own = inputs
            .chain(outputs)
            .chain(std::iter::once(&self.file.workload))
            .map(|file| self.directory.join(file.as_str()))
            .chain(images.map(|file| self.directory.join(file.as_str())))
            .chain(std::iter::once(self.job_file.clone()));
        own.any(|own| fs::canonicalize(own).is_ok_and(|own| own == path))
    }
}

/// Names in backquotes, with commas.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
