//! What can be wrong with a job folder, said with the file, the line and the key.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::job::InvalidJob;
use crate::printable::{printable, printable_path};
use crate::regular::OpenError;

/// A line of a file, printed as `job.toml:12`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
}

impl Place {
    pub(super) fn new(file: &Path, line: usize) -> Self {
        Self {
            file: file.to_owned(),
            line,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", printable_path(&self.file), self.line)
    }
}

/// Why a job folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JobFileError {
    /// A file that cannot be read.
    #[error("`{}` {source}; expected {expected}", printable_path(path))]
    File {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
        /// What is wrong with it.
        source: OpenError,
    },
    /// A file that the job names and that cannot be read.
    #[error(
        "{place}: `{key}` names `{}`, which {source}; expected {} in the folder of the job file",
        printable(path),
        expected(key)
    )]
    NamedFile {
        /// Where it is named.
        place: Place,
        /// The key that names it.
        key: &'static str,
        /// The name.
        path: String,
        /// What is wrong with it.
        source: OpenError,
    },
    /// A file that the job names and that cannot be written.
    #[error(
        "{place}: `{key}` names `{}`, which cannot be written: {source}",
        printable(path)
    )]
    Unwritable {
        /// Where it is named.
        place: Place,
        /// The key that names it.
        key: &'static str,
        /// The name.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A job or workload file over its size limit.
    #[error(
        "`{}` is over the limit of {limit} bytes for such a file",
        printable_path(path)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A text file that is not UTF-8.
    #[error(
        "`{}` is not UTF-8 text (first bad byte at offset {offset})",
        printable_path(path)
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset of the first byte that does not fit.
        offset: usize,
    },
    /// Text that is not TOML.
    #[error("{place}: not valid TOML: {}", printable(message))]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// A key that means nothing here.
    #[error("{place}: unknown key `{}`; {table} knows {known}", printable(key))]
    UnknownKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// The table it stands in.
        table: &'static str,
        /// The keys there are.
        known: String,
    },
    /// A key that must be there and is not.
    #[error("{place}: {table} lacks the key `{key}`")]
    MissingKey {
        /// The table's place.
        place: Place,
        /// The key.
        key: &'static str,
        /// The table.
        table: &'static str,
    },
    /// A value of the wrong type or out of its range.
    #[error("{place}: `{key}` must be {expected}, but is {}", printable(found))]
    Value {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// What fits.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A constant of a type that no `override` has.
    #[error(
        "{place}: the constant `{name}` must be an integer, `true` or `false`, but is of type {found}"
    )]
    Constant {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
        /// The type that it has in the file.
        found: &'static str,
    },
    /// A path that is not inside the folder.
    #[error(
        "{place}: `{key} = \"{}\"` {reason}; a job's files lie inside its folder and are named by \
         paths relative to it, with `/` between the parts",
        printable(path)
    )]
    Path {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// The path as written.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two tables for one buffer.
    #[error("{place}: buffer `{name}` is described twice, first on line {first_line}")]
    DuplicateBuffer {
        /// The second description.
        place: Place,
        /// The buffer.
        name: String,
        /// Line of the first description.
        first_line: usize,
    },
    /// A file written that is also read, or written twice.
    #[error(
        "{place}: `{key}` would write `{path}`, which the job also uses as {other}; \
         choose another file name"
    )]
    FileClash {
        /// Where.
        place: Place,
        /// The key that leads to the write.
        key: &'static str,
        /// The file.
        path: String,
        /// Its other use.
        other: &'static str,
    },
    /// A buffer with both or neither of `input` and `size`.
    #[error(
        "{place}: buffer `{name}` has {found} `input` and `size`; give `input` to fill it from a file, \
         or `size` to start it at zero"
    )]
    Contents {
        /// The buffer's place.
        place: Place,
        /// The buffer.
        name: String,
        /// `both` or `neither`.
        found: &'static str,
    },
    /// A description of a buffer that the workload does not have.
    #[error("{place}: `{workload}` declares no buffer `{name}`; {used}")]
    UnknownBuffer {
        /// Where.
        place: Place,
        /// The name given.
        name: String,
        /// The workload's file.
        workload: String,
        /// What the entry point uses.
        used: String,
    },
    /// A description of a buffer that the workload declares and leaves alone.
    #[error(
        "{place}: `{workload}` declares the buffer `{name}`, but the entry point never uses it: remove its \
         [[buffer]]; {used}"
    )]
    UnusedBuffer {
        /// Where.
        place: Place,
        /// The name given.
        name: String,
        /// The workload's file.
        workload: String,
        /// What the entry point uses.
        used: String,
    },
    /// A buffer of the workload that the job does not describe.
    #[error("{place}: `{workload}` has the buffer `{name}`, which no [[buffer]] describes")]
    MissingBuffer {
        /// The job file.
        place: Place,
        /// The buffer.
        name: String,
        /// The workload's file.
        workload: String,
    },
    /// A key for results on a buffer that no kernel can change.
    #[error(
        "{place}: buffer `{name}` has the key `{key}`, but `{workload}` declares it read-only (as \
         `var<uniform>` or `var<storage, read>`)"
    )]
    ReadOnlyOutput {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// The buffer.
        name: String,
        /// The workload's file.
        workload: String,
    },
    /// A written buffer whose result has no file, where one is needed.
    #[error(
        "{place}: buffer `{name}` has no `output`; a proof speaks about every buffer that the kernel may \
         write, so proving and verifying need a file for each: add `output = \"{name}.out\"`"
    )]
    NoOutput {
        /// The buffer's place.
        place: Place,
        /// The buffer.
        name: String,
    },
    /// An output file that does not have its buffer's length.
    #[error(
        "{place}: output file `{path}` of buffer `{name}` has {got} bytes, but the buffer has {expected}"
    )]
    OutputLength {
        /// The buffer's place.
        place: Place,
        /// The buffer.
        name: String,
        /// The file.
        path: String,
        /// Bytes of the buffer.
        expected: u64,
        /// Bytes of the file.
        got: u64,
    },
    /// An input file that is not a whole number of words.
    #[error(
        "{place}: input file `{path}` of buffer `{name}` has {bytes} bytes; buffers hold 32-bit words, so \
         its length must be a multiple of 4"
    )]
    PartialWord {
        /// The buffer's place.
        place: Place,
        /// The buffer.
        name: String,
        /// The file.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// An image whose pixels are not the buffer's words.
    #[error(
        "{place}: the image of buffer `{name}` has {width} x {height} pixels, one word each, but the buffer \
         has {words} words"
    )]
    ImageSize {
        /// The buffer's place.
        place: Place,
        /// The buffer.
        name: String,
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Words of the buffer.
        words: u64,
    },
    /// The machine has not the memory that the job declares.
    #[error("{place}: this machine cannot give buffer `{name}` its {bytes} bytes of memory")]
    OutOfMemory {
        /// The buffer's place.
        place: Place,
        /// The buffer.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// The parts do not make a job.
    #[error("{place}: {source}")]
    Job {
        /// The key it comes from.
        place: Place,
        /// What is wrong.
        source: InvalidJob,
    },
}

/// What a job names by a key.
fn expected(key: &str) -> &'static str {
    match key {
        "workload" => "a WGSL file",
        "input" => "a file of little-endian 32-bit words",
        _ => "the words that a run of the job left",
    }
}

impl JobFileError {
    /// Whether the job is well-formed but needs more than it declares (`limits.memory`).
    pub fn is_over_limit(&self) -> bool {
        matches!(
            self,
            Self::Job {
                source: InvalidJob::OverMemory { .. },
                ..
            }
        )
    }
}
