//! What a command prints: rows for people, or one JSON object for machines.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use arknet_workload::printable::{printable, printable_lines};
use serde_json::Value;

/// The result of a command in both forms.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// Text in two columns, a label and what it says. What a terminal would obey is escaped on the way in: names and
/// paths come out of files.
#[derive(Default)]
pub(crate) struct Rows {
    text: String,
}

impl Rows {
    /// Width of the label column.
    const LABEL: usize = 12;

    /// Adds a row; further lines of `value` are indented to the same column.
    pub(crate) fn row(&mut self, label: &str, value: impl std::fmt::Display) {
        let value = value.to_string();
        for (index, line) in value.lines().enumerate() {
            let label = if index == 0 { label } else { "" };
            let line = printable(line);
            let row = format!("{label:<width$} {line}", width = Self::LABEL);
            self.text.push_str(row.trim_end());
            self.text.push('\n');
        }
    }

    /// Adds lines of their own.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(&printable_lines(line));
        self.text.push('\n');
    }

    /// Adds a word that stands out, where standard output is a terminal that shows colours.
    pub(crate) fn verdict(&mut self, word: &'static str) {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || !io::stdout().is_terminal();
        if plain {
            self.line(word);
        } else {
            self.text.push_str(&format!("\x1b[1;32m{word}\x1b[0m\n"));
        }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Prints to standard output. A reader that goes away (as `head` does) is not an error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints an error on standard error. Where that cannot be written there is nowhere left to say so.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "error: {}", printable_lines(message));
}

/// Says something in passing on standard error.
#[cfg(feature = "node")]
pub(crate) fn note(message: &str) {
    let _ = writeln!(io::stderr(), "note: {}", printable_lines(message));
}

/// A number of bytes for people.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / *size as f64),
        None => format!("{bytes} bytes"),
    }
}

/// A time for people.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.1 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

/// A count with its digits in groups.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!(bytes(1023), "1023 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(3 << 30), "3.0 GiB");
        assert_eq!(time(Duration::from_micros(1500)), "1.5 ms");
        assert_eq!(time(Duration::from_millis(1250)), "1.25 s");
    }

    #[test]
    fn rows_are_fit_for_a_terminal() {
        let mut rows = Rows::default();
        rows.row("name", "a\u{1b}[2J\u{202e}");
        rows.line("b\u{7}\nc");
        assert_eq!(
            rows.finish(),
            "name         a\\u{1b}[2J\\u{202e}\nb\\u{7}\nc\n"
        );
    }

    #[test]
    fn rows_line_up() {
        let mut rows = Rows::default();
        rows.row("one", "a\nb");
        assert_eq!(rows.finish(), "one          a\n             b\n");
    }
}
