//! Reads keys from the file and the environment, and collects everything that is wrong with either.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, Table};

use super::VERSION;
use super::error::{ConfigError, Place, Wrong};
use super::sections::{SECTIONS, Section};
use super::setting::Setting;
use super::suggestion::nearest;

/// The beginning of every variable.
const PREFIX: &str = "ARKNET_";

/// A file and an environment that are being read.
pub(super) struct Reader {
    path: PathBuf,
    text: String,
    document: Table,
    variables: BTreeMap<String, String>,
    wrong: Vec<Wrong>,
}

impl Reader {
    pub(super) fn new(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let document = Document::parse(text).map_err(|error| {
            let line = line(text, error.span().map_or(0, |span| span.start));
            ConfigError::Wrong(vec![Wrong {
                place: Place::Line(path.to_owned(), line),
                what: error.message().replace('\n', " "),
            }])
        })?;
        let mut reader = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            document: document.as_table().clone(),
            variables: environment
                .into_iter()
                .filter(|(name, _)| name.starts_with(PREFIX))
                .collect(),
            wrong: Vec::new(),
        };
        reader.check_version()?;
        reader.refuse_unknown();
        Ok(reader)
    }

    /// The version decides what everything else means, so it is checked first and alone.
    fn check_version(&mut self) -> Result<(), ConfigError> {
        let found = self.document.get("version");
        if found.and_then(Item::as_integer) == Some(VERSION) {
            return Ok(());
        }
        let what = match found {
            None => format!("`version` is missing: add `version = {VERSION}` at the top"),
            Some(other) => format!(
                "this program reads version {VERSION} of the configuration, and this is version {}: use the arknet that \
                 wrote it, or see docs/operations.md",
                other.to_string().trim()
            ),
        };
        let place = self.key_place(&self.document, "version");
        Err(ConfigError::Wrong(vec![Wrong { place, what }]))
    }

    fn refuse_unknown(&mut self) {
        let mut wrong = Vec::new();
        for (name, item) in self.document.iter().filter(|(name, _)| *name != "version") {
            let place = self.key_place(&self.document, name);
            let Some(section) = SECTIONS.iter().find(|section| section.name == name) else {
                let what = unknown(
                    "section or key",
                    name,
                    "",
                    SECTIONS.iter().map(|it| it.name),
                );
                wrong.push(Wrong { place, what });
                continue;
            };
            let Some(table) = item.as_table() else {
                let what =
                    format!("`{name}` must be a section: write `[{name}]` on a line of its own");
                wrong.push(Wrong { place, what });
                continue;
            };
            let keys = (section.keys)();
            for (key, _) in table.iter() {
                if !keys.iter().any(|known| known.name == key) {
                    let names = keys.iter().map(|known| known.name);
                    wrong.push(Wrong {
                        place: self.key_place(table, key),
                        what: unknown("key", key, &format!(" in [{name}]"), names),
                    });
                }
            }
        }
        for variable in self.variables.keys() {
            // Variables of other parts of the program have names that start with no section.
            let section = SECTIONS
                .iter()
                .find(|section| variable.starts_with(&self::variable(section.name, "")));
            let Some(section) = section else { continue };
            let names: Vec<String> = (section.keys)()
                .iter()
                .map(|key| self::variable(section.name, key.name))
                .collect();
            if !names.contains(variable) {
                wrong.push(Wrong {
                    place: Place::Variable(variable.clone()),
                    what: unknown("variable", variable, "", names.iter().map(String::as_str)),
                });
            }
        }
        self.wrong.append(&mut wrong);
    }

    /// Reads a section.
    pub(super) fn section<S: Section>(&mut self) -> S {
        S::read(self)
    }

    /// The value of a key: of its variable, else of the file, else `default`. A wrong one is noted.
    pub(super) fn value<T: Setting>(&mut self, section: &str, key: &str, default: T) -> T {
        let variable = variable(section, key);
        if let Some(text) = self.variables.get(&variable) {
            return T::from_text(text).unwrap_or_else(|| {
                self.wrong.push(Wrong {
                    place: Place::Variable(variable),
                    what: format!("must be {}", T::EXPECTED),
                });
                default
            });
        }
        let Some(item) = self.item(section, key) else {
            return default;
        };
        match item.as_value().and_then(T::from_toml) {
            Some(value) => value,
            None => {
                let what = format!("`{key}` must be {}", T::EXPECTED);
                self.refuse(section, key, what);
                default
            }
        }
    }

    fn item(&self, section: &str, key: &str) -> Option<&Item> {
        self.document.get(section)?.as_table()?.get(key)
    }

    /// Notes that the value of a key is wrong.
    pub(super) fn refuse(&mut self, section: &str, key: &str, what: String) {
        let variable = variable(section, key);
        let place = match (
            self.variables.contains_key(&variable),
            self.document.get(section).and_then(Item::as_table),
        ) {
            (true, _) => Place::Variable(variable),
            (false, Some(table)) if table.contains_key(key) => self.key_place(table, key),
            // What is wrong is that it is not there, or its default beside what is.
            (false, _) => self.key_place(&self.document, section),
        };
        self.wrong.push(Wrong { place, what });
    }

    /// Everything that is wrong, if anything is.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        match self.wrong.is_empty() {
            true => Ok(()),
            false => Err(ConfigError::Wrong(self.wrong)),
        }
    }

    fn key_place(&self, table: &Table, key: &str) -> Place {
        let span = table
            .get_key_value(key)
            .and_then(|(key, item)| key.span().or_else(|| item.span()));
        let line = span.map_or(1, |span| line(&self.text, span.start));
        Place::Line(self.path.clone(), line)
    }
}

/// The name of a key's variable.
fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}_{key}").to_uppercase()
}

fn unknown<'a>(
    what: &str,
    name: &str,
    section: &str,
    known: impl Iterator<Item = &'a str>,
) -> String {
    let unknown = format!("unknown {what} `{name}`{section}");
    match nearest(name, known) {
        Some(nearest) => format!("{unknown}: did you mean `{nearest}`?"),
        None => unknown,
    }
}

fn line(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}
