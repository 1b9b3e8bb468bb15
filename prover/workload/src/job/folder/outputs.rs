//! A job out of a folder, and the files that its outputs live in.

use std::fs;
use std::path::PathBuf;

use super::Image;
use super::assemble::zeros;
use super::error::{JobFileError, Place};
use super::path::read_words;
use crate::job::Job;

/// A job with the files that its outputs go to.
#[derive(Clone, Debug)]
pub struct FolderJob {
    job: Job,
    outputs: Vec<Output>,
}

/// A buffer that the kernel may write, and where its final words go.
#[derive(Clone, Debug)]
pub struct Output {
    /// The variable's name.
    pub name: String,
    /// Position among the job's buffers ([`Job::buffer_memories`]).
    pub buffer: usize,
    /// Its file, where the job names one.
    pub file: Option<OutputFile>,
    pub(super) place: Place,
}

/// A file that a finished run writes.
#[derive(Clone, Debug)]
pub struct OutputFile {
    /// The name as the job gives it.
    pub name: String,
    /// The path to write to; its folder is known to lie inside the job's.
    pub path: PathBuf,
    /// The picture to write beside it.
    pub image: Option<(Image, PathBuf)>,
}

impl FolderJob {
    pub(super) fn new(job: Job, outputs: Vec<Output>) -> Self {
        Self { job, outputs }
    }

    /// The job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The buffers that the kernel may write, in declaration order.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Checks that each of them has a file, as proving and verifying need.
    pub fn require_outputs(&self) -> Result<(), JobFileError> {
        match self.outputs.iter().find(|output| output.file.is_none()) {
            Some(output) => Err(JobFileError::NoOutput {
                place: output.place.clone(),
                name: output.name.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Reads the output files as they lie in the folder: the words of each of [`Self::outputs`].
    pub fn read_outputs(&self) -> Result<Vec<Vec<u32>>, JobFileError> {
        self.require_outputs()?;
        let files = self.outputs.iter().filter_map(|output| {
            let file = output.file.as_ref()?;
            Some((output, file))
        });
        files
            .map(|(output, file)| {
                let unusable = |source| JobFileError::NamedFile {
                    place: output.place.clone(),
                    key: "output",
                    path: file.name.clone(),
                    source,
                };
                let metadata = fs::symlink_metadata(&file.path).map_err(unusable)?;
                if !metadata.is_file() {
                    return Err(JobFileError::NotAFile {
                        path: file.path.clone(),
                    });
                }
                let words = self.job.buffers()[output.buffer].len();
                if metadata.len() != 4 * words as u64 {
                    return Err(JobFileError::OutputLength {
                        place: output.place.clone(),
                        name: output.name.clone(),
                        path: file.name.clone(),
                        expected: 4 * words as u64,
                        got: metadata.len(),
                    });
                }
                let mut contents = zeros(words as u64, &output.name, &output.place)?;
                read_words(&file.path, &mut contents).map_err(unusable)?;
                Ok(contents)
            })
            .collect()
    }
}
