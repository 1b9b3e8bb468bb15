//! A job out of a folder, and the files that its outputs live in.

use std::path::PathBuf;

use super::error::{JobFileError, Place};
use super::path::read_words;
use super::{Image, Print};
use crate::job::Job;
use crate::regular::{self, OpenError};

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
    /// How its first words are printed after a run, where the job asks for it.
    pub print: Option<Print>,
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

    /// The final words of every buffer of the job, in the order of [`Job::buffer_memories`], as they lie in
    /// the folder: those of written buffers in the output files, those of read-only buffers in the inputs.
    pub fn final_buffers(&self) -> Result<Vec<Vec<u32>>, JobFileError> {
        self.require_outputs()?;
        let mut buffers = self.job.buffers().to_vec();
        for output in &self.outputs {
            if let Some(file) = &output.file {
                output.read(file, &mut buffers[output.buffer])?;
            }
        }
        Ok(buffers)
    }
}

impl Output {
    /// Replaces the words of the buffer by those of its output file.
    fn read(&self, file: &OutputFile, words: &mut [u32]) -> Result<(), JobFileError> {
        let unreadable = |source: OpenError| JobFileError::NamedFile {
            place: self.place.clone(),
            key: "output",
            path: file.name.clone(),
            source,
        };
        let opened = regular::open_unlinked(&file.path).map_err(unreadable)?;
        let got = opened
            .metadata()
            .map_err(|error| unreadable(error.into()))?
            .len();
        let expected = 4 * words.len() as u64;
        if got != expected {
            return Err(JobFileError::OutputLength {
                place: self.place.clone(),
                name: self.name.clone(),
                path: file.name.clone(),
                expected,
                got,
            });
        }
        read_words(&opened, words).map_err(|error| unreadable(error.into()))
    }
}
