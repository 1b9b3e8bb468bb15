//! The job in the child's folder.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use arknet_workload::interpreter::{self, RunError};
use arknet_workload::job::folder::{self, FolderJob, JobFileError, JobFolder};
use arknet_workload::job::{Job, Trap};
use arknet_workload::regular::{self, OpenError};
use arknet_workload::wgsl::{FrontEndLimits, Refusal};

use super::Stop;
use crate::task::message::{RefusalKind, Trouble};
use crate::task::spec::output_file;

/// A job with its folder.
pub(super) struct Loaded {
    folder: JobFolder,
    assembled: FolderJob,
}

impl Loaded {
    /// Loads and compiles the job of a `job.toml`.
    pub(super) fn open(path: &Path) -> Result<Self, Stop> {
        let folder = folder::load(path).map_err(|error| bad_folder(&error))?;
        let workload = folder
            .compile(&FrontEndLimits::default())
            .map_err(|refusal| {
                let text = folder.explain_refusal(folder.workload_name(), &refusal);
                match refusal {
                    Refusal::Internal { .. } => Stop::failed(Trouble::Defect, text),
                    _ => Stop::refused(RefusalKind::Malformed, text),
                }
            })?;
        let assembled = folder
            .assemble(workload)
            .map_err(|error| bad_folder(&error))?;
        Ok(Self { folder, assembled })
    }

    pub(super) fn job(&self) -> &Job {
        self.assembled.job()
    }

    /// Refuses to run the job on the CPU where that does not fit.
    pub(super) fn check_run(&self, memory: u64) -> Result<(), Stop> {
        let job = self.job();
        let needed = job
            .memory_bytes()
            .saturating_add(interpreter::memory_bytes(job));
        if needed <= memory {
            return Ok(());
        }
        Err(Stop::refused(
            RefusalKind::OverLimit,
            format!(
                "running the job on the CPU takes about {needed} bytes of memory, and this node allows {memory}; split \
                 it into smaller ones"
            ),
        ))
    }

    /// The end of a run in the interpreter that has no result.
    pub(super) fn failed_run(&self, error: &RunError) -> Stop {
        match error {
            RunError::Trap(trap) => self.trapped(trap),
            RunError::OverTime { .. } => Stop::refused(RefusalKind::OverLimit, error),
            RunError::OutOfMemory { .. } => Stop::failed(Trouble::Memory, error),
        }
    }

    /// A trap with the line of the WGSL that it comes from.
    pub(super) fn trapped(&self, trap: &Trap) -> Stop {
        let text = self.folder.explain_trap(self.folder.workload_name(), trap);
        Stop::refused(RefusalKind::Trapped, text)
    }

    /// Writes what the kernel wrote, out of the final words of all buffers.
    pub(super) fn write_outputs(&self, buffers: &[Vec<u32>]) -> Result<(), Stop> {
        for output in self.assembled.outputs() {
            let path = output_file(&output.name);
            write(Path::new(&path), |to| {
                write_words(to, &buffers[output.buffer])
            })?;
        }
        Ok(())
    }

    /// The final words of all buffers, as a child left them. A file for a buffer that is only read would be taken for an
    /// output, so there must be none.
    pub(super) fn read_outputs(&self) -> Result<Vec<Vec<u32>>, BadOutput> {
        let job = self.job();
        let mut buffers = job.buffers().to_vec();
        for ((_, memory), words) in job.buffer_memories().zip(&mut buffers) {
            let name = &memory.name;
            let path = output_file(name);
            let opened = regular::open_unlinked(Path::new(&path));
            let mut file = match (opened, memory.is_writable()) {
                (Ok(file), true) => file,
                (Err(OpenError::Missing), false) => continue,
                (Err(source), true) => {
                    return Err(BadOutput::Open {
                        name: name.clone(),
                        source,
                    });
                }
                (Ok(_) | Err(_), false) => return Err(BadOutput::ReadOnly { name: name.clone() }),
            };
            read_words(&mut file, words).map_err(|source| BadOutput::Length {
                name: name.clone(),
                source,
            })?;
        }
        Ok(buffers)
    }
}

/// Outputs that are none.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadOutput {
    #[error("the output `{name}` {source}")]
    Open { name: String, source: OpenError },
    #[error("the output `{name}` is not of the buffer's length: {source}")]
    Length { name: String, source: io::Error },
    #[error("there is an output `{name}`, which the kernel only reads")]
    ReadOnly { name: String },
}

/// Reads exactly these words, and finds the end after them.
fn read_words(file: &mut File, words: &mut [u32]) -> io::Result<()> {
    let mut bytes = vec![0; 1 << 16];
    for chunk in words.chunks_mut(1 << 14) {
        let bytes = &mut bytes[..4 * chunk.len()];
        file.read_exact(bytes)?;
        for (word, bytes) in chunk.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
    }
    match file.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it goes on")),
    }
}

/// Writes a file that the node looks at once this process has ended.
pub(super) fn write(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Stop> {
    File::create(path)
        .and_then(|mut file| fill(&mut file))
        .map_err(|error| {
            let name = path.file_name().unwrap_or_default().display();
            Stop::failed(
                Trouble::Defect,
                format!("`{name}` cannot be written: {error}"),
            )
        })
}

fn write_words(file: &mut File, words: &[u32]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(1 << 16);
    for chunk in words.chunks(1 << 14) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|word| word.to_le_bytes()));
        file.write_all(&bytes)?;
    }
    Ok(())
}

fn bad_folder(error: &JobFileError) -> Stop {
    match error {
        JobFileError::OutOfMemory { .. } => Stop::failed(Trouble::Memory, error),
        error if error.is_over_limit() => Stop::refused(RefusalKind::OverLimit, error),
        error => Stop::refused(RefusalKind::Malformed, error),
    }
}
