//! The second step of loading: the job file meets the compiled workload, and the inputs are read.

use std::collections::HashMap;
use std::fs::File;

use super::error::{JobFileError, Place};
use super::outputs::{FolderJob, Output, OutputFile};
use super::path::read_words;
use super::schema::{self, BufferEntry, Contents};
use super::{Image, JobFolder, list};
use crate::ir::{Memory, Space, Workload};
use crate::job::{InvalidJob, Job, check_length};
use crate::{regular, wgsl};

impl JobFolder {
    /// Puts the job together with its compiled workload: matches the buffers by name and reads the
    /// inputs.
    pub fn assemble(&self, workload: Workload) -> Result<FolderJob, JobFileError> {
        let memories: Vec<Memory> = workload
            .program()
            .memories
            .iter()
            .filter(|memory| memory.is_buffer())
            .cloned()
            .collect();
        let entries = self.match_buffers(&memories)?;
        let mut sources = Vec::with_capacity(entries.len());
        let mut bytes: u64 = 0;
        for entry in &entries {
            let source = self.measure(entry)?;
            bytes = bytes.saturating_add(source.words.saturating_mul(4));
            sources.push(source);
        }
        let limit = self.file.limits.memory;
        if bytes > limit {
            return Err(JobFileError::Job {
                place: self.file.memory_place.clone(),
                source: InvalidJob::OverMemory { bytes, limit },
            });
        }
        for (memory, source) in memories.iter().zip(&sources) {
            check_length(memory, source.words).map_err(|source| self.locate(source, &entries))?;
        }
        let outputs = self.outputs(&entries, &memories)?;
        let mut buffers = Vec::with_capacity(entries.len());
        for (entry, source) in entries.iter().zip(&sources) {
            buffers.push(source.fill(entry)?);
        }
        let job = Job::new(workload, self.file.workgroups, buffers, self.file.limits)
            .map_err(|source| self.locate(source, &entries))?;
        Ok(FolderJob::new(job, outputs))
    }

    /// The entry of each buffer of the workload, in its order.
    fn match_buffers(&self, memories: &[Memory]) -> Result<Vec<&BufferEntry>, JobFileError> {
        let mut by_name: HashMap<&str, &BufferEntry> = HashMap::new();
        for entry in &self.file.buffers {
            if !memories.iter().any(|memory| memory.name == entry.name) {
                return Err(self.unused(entry, memories));
            }
            by_name.insert(&entry.name, entry);
        }
        memories
            .iter()
            .map(|memory| {
                by_name.get(memory.name.as_str()).copied().ok_or_else(|| {
                    JobFileError::MissingBuffer {
                        place: Place::new(&self.job_file, 1),
                        name: memory.name.clone(),
                        workload: self.workload_name().to_owned(),
                    }
                })
            })
            .collect()
    }

    /// The error of a buffer that the workload does not have.
    fn unused(&self, entry: &BufferEntry, memories: &[Memory]) -> JobFileError {
        let place = entry.place.clone();
        let name = entry.name.clone();
        let workload = self.workload_name().to_owned();
        let used = match list(memories.iter().map(|memory| memory.name.as_str())) {
            _ if memories.is_empty() => format!("`{}` uses no buffer", self.entry()),
            names => format!("`{}` uses {names}", self.entry()),
        };
        if wgsl::declared_buffers(&self.source).contains(&name) {
            JobFileError::UnusedBuffer {
                place,
                name,
                workload,
                used,
            }
        } else {
            JobFileError::UnknownBuffer {
                place,
                name,
                workload,
                used,
            }
        }
    }

    /// Finds out how long a buffer is without reading it.
    fn measure(&self, entry: &BufferEntry) -> Result<Source, JobFileError> {
        let source = match &entry.contents {
            Contents::Zeros(words) => Source {
                words: *words,
                file: None,
            },
            Contents::File(input) => {
                let path = input.existing(&self.directory)?;
                let file = regular::open(&path).map_err(|error| input.unreadable(error))?;
                let metadata = file.metadata().map_err(|error| input.unreadable(error))?;
                let bytes = metadata.len();
                if !bytes.is_multiple_of(4) {
                    return Err(JobFileError::PartialWord {
                        place: entry.place.clone(),
                        name: entry.name.clone(),
                        path: input.as_str().to_owned(),
                        bytes,
                    });
                }
                Source {
                    words: bytes / 4,
                    file: Some(file),
                }
            }
        };
        match entry.image {
            Some(Image { width, height })
                if u64::from(width) * u64::from(height) != source.words =>
            {
                Err(JobFileError::ImageSize {
                    place: entry.place.clone(),
                    name: entry.name.clone(),
                    width,
                    height,
                    words: source.words,
                })
            }
            _ => Ok(source),
        }
    }

    fn outputs(
        &self,
        entries: &[&BufferEntry],
        memories: &[Memory],
    ) -> Result<Vec<Output>, JobFileError> {
        let mut outputs = Vec::new();
        for (buffer, (entry, memory)) in entries.iter().zip(memories).enumerate() {
            if !matches!(memory.space, Space::Output { .. }) {
                let output = entry.output.as_ref();
                let output = output.map(|output| ("output", output.place()));
                let print = entry.print.as_ref().map(|print| ("print", &print.place));
                if let Some((key, place)) = output.or(print) {
                    return Err(JobFileError::ReadOnlyOutput {
                        place: place.clone(),
                        key,
                        name: entry.name.clone(),
                        workload: self.workload_name().to_owned(),
                    });
                }
                continue;
            }
            let file = match &entry.output {
                Some(output) => Some(OutputFile {
                    name: output.as_str().to_owned(),
                    path: output.writable(&self.directory)?,
                    image: match entry.image {
                        Some(image) => {
                            let path = schema::image_path(output).writable(&self.directory)?;
                            Some((image, path))
                        }
                        None => None,
                    },
                }),
                None => None,
            };
            outputs.push(Output {
                name: entry.name.clone(),
                buffer,
                file,
                print: entry.print.as_ref().map(|entry| entry.print),
                place: entry.place.clone(),
            });
        }
        Ok(outputs)
    }

    /// Where in the job file an error of the whole job comes from.
    fn locate(&self, source: InvalidJob, entries: &[&BufferEntry]) -> JobFileError {
        let place = match &source {
            InvalidJob::Dispatch(_) => self.file.workgroups_place.clone(),
            InvalidJob::OverMemory { .. } => self.file.memory_place.clone(),
            InvalidJob::BufferLength { name, .. }
            | InvalidJob::BufferTooLong { name, .. }
            | InvalidJob::EmptyBuffer { name } => entries
                .iter()
                .find(|entry| entry.name == *name)
                .map_or_else(
                    || Place::new(&self.job_file, 1),
                    |entry| entry.place.clone(),
                ),
            InvalidJob::BufferCount { .. } => Place::new(&self.job_file, 1),
        };
        JobFileError::Job { place, source }
    }
}

/// A buffer's initial contents, measured.
struct Source {
    words: u64,
    file: Option<File>,
}

impl Source {
    fn fill(&self, entry: &BufferEntry) -> Result<Vec<u32>, JobFileError> {
        let mut words = zeros(self.words, &entry.name, &entry.place)?;
        if let (Some(file), Contents::File(input)) = (&self.file, &entry.contents) {
            read_words(file, &mut words).map_err(|error| input.unreadable(error))?;
        }
        Ok(words)
    }
}

/// A zeroed buffer, or an error where the machine has not the memory.
fn zeros(words: u64, name: &str, place: &Place) -> Result<Vec<u32>, JobFileError> {
    let mut buffer = Vec::new();
    usize::try_from(words)
        .ok()
        .and_then(|words| {
            buffer.try_reserve_exact(words).ok()?;
            buffer.resize(words, 0);
            Some(())
        })
        .ok_or_else(|| JobFileError::OutOfMemory {
            place: place.clone(),
            name: name.to_owned(),
            bytes: words.saturating_mul(4),
        })?;
    Ok(buffer)
}
