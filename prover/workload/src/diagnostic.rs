//! One paragraph about a place in a source text: what is wrong, where, and the line with the place underlined.
//!
//! It serves refusals of the front end and traps of a run alike; a data race has two places, so a note may
//! have a place of its own. The output is bounded whatever the source is: long lines are cut around the place.

use std::fmt::Write;

use crate::ir::Span;
use crate::printable::{is_printable, printable};

/// Columns of source text shown of one line.
const MAX_COLUMNS: usize = 100;
/// Columns kept before the place where a line is cut.
const CONTEXT_COLUMNS: usize = 30;
/// Columns a tab takes.
const TAB_COLUMNS: usize = 4;

/// A remark under the main message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The place it is about, which is then shown and underlined too.
    pub span: Option<Span>,
    /// What it says.
    pub text: String,
}

impl Note {
    /// A remark without a place.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            span: None,
            text: text.into(),
        }
    }

    /// A remark about a place.
    pub fn at(span: Span, text: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            text: text.into(),
        }
    }
}

/// Renders a message about `span` of `source`, which is called `source_name` in the output. An unknown span
/// (`0..0`) gives the message without a place. The text ends without a line break.
///
/// ```
/// use arknet_workload::{diagnostic::render, ir::Span};
///
/// let text = render("k.wgsl", "let x = 1.5;\n", Span { start: 8, end: 11 }, "no floats", &[]);
/// assert_eq!(text, "no floats\n --> k.wgsl:1:9\n  |\n1 | let x = 1.5;\n  |         ^^^");
/// ```
pub fn render(
    source_name: &str,
    source: &str,
    span: Span,
    message: &str,
    notes: &[Note],
) -> String {
    let known = |span: &Span| *span != Span::default();
    let gutter = std::iter::once(&span)
        .chain(notes.iter().filter_map(|note| note.span.as_ref()))
        .filter(|span| known(span))
        .map(|span| Place::find(source, *span).line_number.to_string().len())
        .max()
        .unwrap_or(0);
    let mut out = message.to_owned();
    if known(&span) {
        write_place(&mut out, source_name, source, span, gutter);
    }
    for note in notes {
        let _ = write!(out, "\n{:gutter$} = note: {}", "", note.text);
        if let Some(span) = note.span.filter(known) {
            write_place(&mut out, source_name, source, span, gutter);
        }
    }
    out
}

/// Line and column (in characters, from 1) of the start of a span.
pub fn line_and_column(source: &str, span: Span) -> (usize, usize) {
    let place = Place::find(source, span);
    (place.line_number, place.before.chars().count() + 1)
}

/// A span on the first of its lines.
struct Place<'a> {
    line_number: usize,
    /// The line up to the span.
    before: &'a str,
    /// The spanned part of the line.
    marked: &'a str,
    /// The rest of the line.
    after: &'a str,
}

impl<'a> Place<'a> {
    /// Finds a span; offsets past the end or within a character are moved to the next lower boundary.
    fn find(source: &'a str, span: Span) -> Self {
        let start = source.floor_char_boundary(span.start as usize);
        let end = source.floor_char_boundary((span.end as usize).max(start));
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..]
            .find('\n')
            .map_or(source.len(), |at| start + at);
        let line = source[line_start..line_end].trim_end_matches('\r');
        let start = start.min(line_start + line.len());
        let end = end.clamp(start, line_start + line.len());
        Self {
            line_number: source[..line_start].matches('\n').count() + 1,
            before: &source[line_start..start],
            marked: &source[start..end],
            after: &source[end..line_start + line.len()],
        }
    }
}

fn write_place(out: &mut String, source_name: &str, source: &str, span: Span, gutter: usize) {
    let place = Place::find(source, span);
    let column = place.before.chars().count() + 1;
    let number = place.line_number;
    let (before, marked, after) = (
        in_columns(place.before),
        in_columns(place.marked),
        in_columns(place.after),
    );
    let before_columns = before.chars().count();
    let skipped = if before_columns + marked.chars().count() + after.chars().count() > MAX_COLUMNS {
        before_columns.saturating_sub(CONTEXT_COLUMNS)
    } else {
        0
    };
    let lead = if skipped > 0 { "..." } else { "" };
    let visible: String = before.chars().skip(skipped).collect();
    let room = MAX_COLUMNS - visible.chars().count().min(MAX_COLUMNS);
    let text: String = marked.chars().chain(after.chars()).take(room).collect();
    let cut = marked.chars().count() + after.chars().count() > room;
    let tail = if cut { "..." } else { "" };
    let indent = lead.len() + visible.chars().count();
    let carets = marked.chars().count().clamp(1, room.max(1));
    let _ = write!(
        out,
        "\n{:gutter$}--> {}:{number}:{column}\n{:gutter$} |\n{number:gutter$} | \
         {lead}{visible}{text}{tail}\n{:gutter$} | {:indent$}{}",
        "",
        printable(source_name),
        "",
        "",
        "",
        "^".repeat(carets),
    );
}

/// Source text for a terminal, a column a character: tabs become spaces, what a terminal would obey or hide a
/// replacement character.
fn in_columns(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.extend(std::iter::repeat_n(' ', TAB_COLUMNS)),
            c if is_printable(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    #[test]
    fn a_race_shows_both_places() {
        let source = "one\n\tout[0] = 1u;\n\n\n\n\n\n\n\nread\r\n";
        let notes = [Note::at(span(25, 29), "met"), Note::new("why")];
        let text = render("k.wgsl", source, span(5, 11), "data race", &notes);
        assert_eq!(
            text,
            "data race\n  --> k.wgsl:2:2\n   |\n 2 |     out[0] = 1u;\n   |     ^^^^^^\n   = note: met\n  \
             --> k.wgsl:10:1\n   |\n10 | read\n   | ^^^^\n   = note: why"
        );
    }

    #[test]
    fn multi_byte_characters_count_as_one_column() {
        let source = "/* äß */ x";
        let text = render("s", source, span(11, 12), "m", &[]);
        assert!(text.contains("s:1:10"), "{text}");
        assert!(text.ends_with("|          ^"), "{text}");
        // A span that cuts a character must not panic.
        render("s", source, span(4, 5), "m", &[]);
        assert_eq!(line_and_column(source, span(11, 12)), (1, 10));
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_as_it_is() {
        let source = "a\u{1b}[2J \u{202e}b";
        let text = render("k\u{1b}[2J.wgsl", source, span(0, 1), "m", &[]);
        assert!(text.contains("--> k\\u{1b}[2J.wgsl:1:1"), "{text:?}");
        assert!(
            text.chars().all(|c| c == '\n' || is_printable(c)),
            "{text:?}"
        );
    }

    #[test]
    fn spans_at_and_past_the_end_are_shown_at_the_end() {
        for at in [3, 4, 5, u32::MAX] {
            let text = render("s", "abc\n", span(at, u32::MAX), "m", &[]);
            assert!(text.starts_with("m\n"), "{text}");
            assert!(text.ends_with('^'), "{text}");
        }
        assert!(render("s", "", span(1, 2), "m", &[]).ends_with('^'));
        assert_eq!(render("s", "abc", Span::default(), "m", &[]), "m");
    }

    #[test]
    fn huge_lines_are_cut_around_the_place() {
        let source = format!("{}here{}", "a".repeat(100_000), "b".repeat(100_000));
        let text = render("s", &source, span(100_000, 100_004), "m", &[]);
        assert!(text.len() < 400, "{}", text.len());
        let lines: Vec<_> = text.lines().collect();
        let column = lines[3].find("here").unwrap();
        assert_eq!(lines[4].find('^'), Some(column));
        assert_eq!(lines[4].matches('^').count(), 4);
        let whole = render("s", &source, span(0, 200_004), "m", &[]);
        assert!(whole.len() < 400, "{}", whole.len());
    }
}
