//! The text of `job.toml` as typed values. Every key is known, every value has the type it needs, and
//! every complaint names the key and the line.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, TableLike};

use super::error::{JobFileError, Place};
use super::path::FolderPath;
use super::{Image, Print, quantity};
use crate::job::Limits;
use crate::printable::is_printable;
use crate::wgsl::Constant;

/// The most memory that `limits.memory` may declare: what 32-bit indices into bytes reach.
const MAX_MEMORY: u64 = 4 << 30;
const MEMORY: &str = "at most \"4GiB\"";
/// Side of an image; larger ones are not pictures for people.
const MAX_SIDE: u32 = 1 << 15;

/// A job file.
#[derive(Clone, Debug)]
pub(super) struct JobFile {
    pub(super) workload: FolderPath,
    pub(super) entry: String,
    pub(super) workgroups: [u32; 3],
    pub(super) workgroups_place: Place,
    pub(super) limits: Limits,
    pub(super) memory_place: Place,
    pub(super) constants: Vec<ConstantEntry>,
    pub(super) buffers: Vec<BufferEntry>,
}

/// One line of `[constants]`.
#[derive(Clone, Debug)]
pub(super) struct ConstantEntry {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) value: Constant,
}

/// One `[[buffer]]`.
#[derive(Clone, Debug)]
pub(super) struct BufferEntry {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) contents: Contents,
    pub(super) output: Option<FolderPath>,
    pub(super) image: Option<Image>,
    pub(super) print: Option<PrintEntry>,
}

/// The key `print` of a buffer.
#[derive(Clone, Debug)]
pub(super) struct PrintEntry {
    pub(super) print: Print,
    pub(super) place: Place,
}

/// What a buffer holds at the start.
#[derive(Clone, Debug)]
pub(super) enum Contents {
    /// The words of a file.
    File(FolderPath),
    /// This many words, all zero.
    Zeros(u64),
}

/// Parses the text of the job file `file`.
pub(super) fn parse(file: &Path, text: &str) -> Result<JobFile, JobFileError> {
    let lines = Lines { file, text };
    let document = Document::parse(text).map_err(|error| JobFileError::Syntax {
        place: lines.at(error.span()),
        message: error.message().replace('\n', " "),
    })?;
    let root = Table {
        lines,
        table: document.as_table(),
        label: "a job file",
        place: Place::new(file, 1),
    };
    root.only(&[
        "workload",
        "entry",
        "workgroups",
        "limits",
        "constants",
        "buffer",
    ])?;

    let limits = root.required("limits")?.table("the table [limits]")?;
    limits.only(&["steps", "memory", "time"])?;
    let memory = limits.required("memory")?;
    let steps = limits.required("steps")?.int(
        "an integer between 0 and 4294967295",
        0..=i64::from(u32::MAX),
    )?;
    let workgroups = root.required("workgroups")?;
    let job = JobFile {
        workload: root.required("workload")?.path()?,
        entry: match root.optional("entry") {
            Some(entry) => entry.name("the name of a WGSL function")?.to_owned(),
            None => "main".to_owned(),
        },
        workgroups: workgroups.extent()?,
        workgroups_place: workgroups.place,
        limits: Limits {
            steps: steps as u32,
            memory: memory.bytes(MAX_MEMORY, MEMORY)?,
            time: limits.required("time")?.time()?,
        },
        memory_place: memory.place,
        constants: constants(&root)?,
        buffers: buffers(&root)?,
    };
    refuse_clashes(&job, file)?;
    Ok(job)
}

fn constants(root: &Table<'_>) -> Result<Vec<ConstantEntry>, JobFileError> {
    let Some(entry) = root.optional("constants") else {
        return Ok(Vec::new());
    };
    let table = entry.table("the table [constants]")?;
    let names = table.table.iter().map(|(name, _)| name);
    names.map(|name| table.constant(name)).collect()
}

fn buffers(root: &Table<'_>) -> Result<Vec<BufferEntry>, JobFileError> {
    let Some(list) = root.optional("buffer") else {
        return Ok(Vec::new());
    };
    let mut lines: HashMap<String, usize> = HashMap::new();
    let mut buffers = Vec::new();
    for table in list.tables("a [[buffer]]")? {
        let entry = buffer(&table)?;
        if let Some(&first_line) = lines.get(&entry.name) {
            return Err(JobFileError::DuplicateBuffer {
                place: entry.place,
                name: entry.name,
                first_line,
            });
        }
        lines.insert(entry.name.clone(), entry.place.line);
        buffers.push(entry);
    }
    Ok(buffers)
}

fn buffer(table: &Table<'_>) -> Result<BufferEntry, JobFileError> {
    table.only(&["name", "input", "size", "output", "image", "print"])?;
    let name = table.required("name")?;
    let place = name.place.clone();
    let name = name.name("the name of a WGSL variable")?.to_owned();
    let contents = match (table.optional("input"), table.optional("size")) {
        (Some(input), None) => Contents::File(input.path()?),
        (None, Some(size)) => Contents::Zeros(size.words()?),
        (input, _) => {
            return Err(JobFileError::Contents {
                place,
                name,
                found: if input.is_some() { "both" } else { "neither" },
            });
        }
    };
    let output = match table.optional("output") {
        Some(output) => Some(output.path()?),
        None => None,
    };
    let image = match table.optional("image") {
        Some(image) => {
            if output.is_none() {
                return Err(JobFileError::MissingKey {
                    place,
                    key: "output",
                    table: "a [[buffer]] with an `image`",
                });
            }
            let image = image.table("the table `image`")?;
            image.only(&["width", "height"])?;
            let side = |key| {
                let range = 1..=i64::from(MAX_SIDE);
                image
                    .required(key)?
                    .int("a number of pixels between 1 and 32768", range)
            };
            Some(Image {
                width: side("width")? as u32,
                height: side("height")? as u32,
            })
        }
        None => None,
    };
    let print = match table.optional("print") {
        Some(print) => Some(print.print()?),
        None => None,
    };
    Ok(BufferEntry {
        name,
        place,
        contents,
        output,
        image,
        print,
    })
}

/// No file is written that the job reads or writes otherwise: a run must not change its own job, and a
/// receipt could not be checked against inputs that are gone.
fn refuse_clashes(job: &JobFile, file: &Path) -> Result<(), JobFileError> {
    let mut uses: HashMap<String, &'static str> = HashMap::new();
    if let Some(name) = file.file_name() {
        uses.insert(name.to_string_lossy().to_lowercase(), "its job file");
    }
    uses.insert(job.workload.identity(), "its workload");
    for buffer in &job.buffers {
        if let Contents::File(input) = &buffer.contents {
            uses.insert(input.identity(), "an input");
        }
    }
    for buffer in &job.buffers {
        let Some(output) = &buffer.output else {
            continue;
        };
        let image = buffer.image.map(|_| image_path(output));
        for written in std::iter::once(output).chain(&image) {
            if let Some(other) = uses.insert(written.identity(), "an output") {
                return Err(JobFileError::FileClash {
                    place: written.place().clone(),
                    key: written.key(),
                    path: written.as_str().to_owned(),
                    other,
                });
            }
        }
    }
    Ok(())
}

/// Where the picture of an output goes.
pub(super) fn image_path(output: &FolderPath) -> FolderPath {
    output.with_extension("png", "image")
}

/// Turns byte offsets into lines.
#[derive(Clone, Copy)]
struct Lines<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Lines<'_> {
    fn at(&self, span: Option<Range<usize>>) -> Place {
        let offset = span.map_or(0, |span| span.start).min(self.text.len());
        let newlines = self.text.as_bytes()[..offset]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        Place::new(self.file, newlines + 1)
    }
}

/// A table with what error messages need.
struct Table<'a> {
    lines: Lines<'a>,
    table: &'a dyn TableLike,
    label: &'static str,
    place: Place,
}

impl<'a> Table<'a> {
    fn only(&self, known: &[&str]) -> Result<(), JobFileError> {
        for (key, _) in self.table.iter() {
            if !known.contains(&key) {
                return Err(JobFileError::UnknownKey {
                    place: self
                        .lines
                        .at(self.table.key(key).and_then(|key| key.span())),
                    key: key.to_owned(),
                    table: self.label,
                    known: super::list(known.iter().copied()),
                });
            }
        }
        Ok(())
    }

    fn optional(&self, key: &'static str) -> Option<Entry<'a>> {
        let (spelled, item) = self.table.get_key_value(key)?;
        let span = spelled.span().or_else(|| item.span());
        Some(Entry {
            lines: self.lines,
            key,
            item,
            place: self.lines.at(span),
        })
    }

    /// The value that this table gives to a constant.
    fn constant(&self, name: &str) -> Result<ConstantEntry, JobFileError> {
        let entry = self.table.get_key_value(name);
        let place = self.lines.at(entry.and_then(|(key, _)| key.span()));
        let value = entry.and_then(|(_, item)| match (item.as_integer(), item.as_bool()) {
            (Some(value), _) => Some(Constant::Integer(value)),
            (None, Some(value)) => Some(Constant::Bool(value)),
            (None, None) => None,
        });
        match value {
            Some(value) => Ok(ConstantEntry {
                name: name.to_owned(),
                place,
                value,
            }),
            None => Err(JobFileError::Constant {
                place,
                name: name.escape_debug().to_string(),
                found: entry.map_or("nothing", |(_, item)| item.type_name()),
            }),
        }
    }

    fn required(&self, key: &'static str) -> Result<Entry<'a>, JobFileError> {
        self.optional(key).ok_or_else(|| JobFileError::MissingKey {
            place: self.place.clone(),
            key,
            table: self.label,
        })
    }
}

/// A key with its value.
struct Entry<'a> {
    lines: Lines<'a>,
    key: &'static str,
    item: &'a Item,
    place: Place,
}

impl<'a> Entry<'a> {
    fn mismatch(&self, expected: &'static str) -> JobFileError {
        let found = match self.item {
            Item::Value(value) if value.as_inline_table().is_none() => {
                let text: String = value.to_string().trim().chars().take(60).collect();
                format!("{} {text}", value.type_name())
            }
            other => other.type_name().to_owned(),
        };
        JobFileError::Value {
            place: self.place.clone(),
            key: self.key,
            expected,
            found,
        }
    }

    fn text(&self, expected: &'static str) -> Result<&'a str, JobFileError> {
        self.item.as_str().ok_or_else(|| self.mismatch(expected))
    }

    /// A name, which messages may then show as it is.
    fn name(&self, expected: &'static str) -> Result<&'a str, JobFileError> {
        let name = self.text(expected)?;
        let is_name = !name.is_empty() && name.chars().all(|c| is_printable(c) && c != ' ');
        is_name
            .then_some(name)
            .ok_or_else(|| self.mismatch(expected))
    }

    fn int(
        &self,
        expected: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<i64, JobFileError> {
        self.item
            .as_integer()
            .filter(|value| range.contains(value))
            .ok_or_else(|| self.mismatch(expected))
    }

    fn path(&self) -> Result<FolderPath, JobFileError> {
        let text = self.text("the path of a file in the folder")?;
        FolderPath::new(text, self.key, self.place.clone())
    }

    fn bytes(&self, limit: u64, over: &'static str) -> Result<u64, JobFileError> {
        let bytes = match self.item.as_integer() {
            Some(bytes) => u64::try_from(bytes).ok(),
            None => self.item.as_str().and_then(quantity::size),
        };
        let bytes = bytes.ok_or_else(|| self.mismatch(quantity::SIZE))?;
        if bytes > limit {
            return Err(self.mismatch(over));
        }
        Ok(bytes)
    }

    fn words(&self) -> Result<u64, JobFileError> {
        let bytes = self.bytes(MAX_MEMORY, MEMORY)?;
        if bytes == 0 || !bytes.is_multiple_of(4) {
            return Err(
                self.mismatch("a multiple of 4 bytes, and not 0 (buffers hold 32-bit words)")
            );
        }
        Ok(bytes / 4)
    }

    fn print(self) -> Result<PrintEntry, JobFileError> {
        let print = self.item.as_str().and_then(Print::named);
        Ok(PrintEntry {
            print: print.ok_or_else(|| self.mismatch(Print::EXPECTED))?,
            place: self.place,
        })
    }

    fn time(&self) -> Result<std::time::Duration, JobFileError> {
        self.item
            .as_str()
            .and_then(quantity::time)
            .ok_or_else(|| self.mismatch(quantity::TIME))
    }

    fn extent(&self) -> Result<[u32; 3], JobFileError> {
        const EXPECTED: &str = "three numbers of workgroups, such as [64, 1, 1]";
        let array = self.item.as_array().filter(|array| array.len() == 3);
        let array = array.ok_or_else(|| self.mismatch(EXPECTED))?;
        let mut extent = [0; 3];
        for (axis, value) in extent.iter_mut().zip(array) {
            *axis = value
                .as_integer()
                .and_then(|value| u32::try_from(value).ok())
                .ok_or_else(|| self.mismatch(EXPECTED))?;
        }
        Ok(extent)
    }

    fn table(&self, label: &'static str) -> Result<Table<'a>, JobFileError> {
        match self.item.as_table_like() {
            Some(table) => Ok(Table {
                lines: self.lines,
                table,
                label,
                place: self.place.clone(),
            }),
            None => Err(self.mismatch("a table")),
        }
    }

    /// The tables of `[[key]]`, or of `key = [{ … }, …]`.
    fn tables(&self, label: &'static str) -> Result<Vec<Table<'a>>, JobFileError> {
        let found: Option<Vec<(&'a dyn TableLike, _)>> = match self.item {
            Item::ArrayOfTables(array) => Some(
                array
                    .iter()
                    .map(|table| (table as &dyn TableLike, table.span()))
                    .collect(),
            ),
            Item::Value(value) => value.as_array().and_then(|array| {
                let tables = array.iter().map(|value| {
                    let table = value.as_inline_table()?;
                    Some((table as &dyn TableLike, value.span()))
                });
                tables.collect()
            }),
            _ => None,
        };
        let found = found.ok_or_else(|| self.mismatch("an array of tables: [[buffer]]"))?;
        Ok(found
            .into_iter()
            .map(|(table, span)| Table {
                lines: self.lines,
                table,
                label,
                place: self.lines.at(span),
            })
            .collect())
    }
}
