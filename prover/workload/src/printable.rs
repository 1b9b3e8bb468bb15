//! Text from outside as it may go to a terminal.
//!
//! Names, paths and messages come out of files that a stranger may have written. Printed as they are they could
//! move the cursor, change what stands above, or add lines that look like ours.

use std::borrow::Cow;
use std::path::Path;

/// The text with everything escaped that a terminal would obey or hide: control characters, line breaks, and
/// characters without a shape of their own, such as those that turn the direction of writing.
///
/// ```
/// use arknet_workload::printable::printable;
///
/// assert_eq!(printable("größe"), "größe");
/// assert_eq!(printable("a\u{1b}[2J\n\u{202e}b"), "a\\u{1b}[2J\\n\\u{202e}b");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_printable)
}

/// The same for text whose line breaks are meant.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n' || is_printable(c))
}

/// A path as [`printable`] text.
pub fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

/// Whether a terminal shows a character as itself.
pub fn is_printable(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&is_kept) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_kept(c) {
            out.push(c);
        } else {
            out.extend(c.escape_debug());
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_stays() {
        for text in ["", "it's \"quoted\" \\ path", "größe 数 ✓", "a b"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        for hidden in [
            '\0',
            '\u{7}',
            '\u{8}',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{200b}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let text = printable(&format!("a{hidden}b")).into_owned();
            assert!(text.starts_with("a\\") && text.ends_with('b'), "{text:?}");
            assert!(text.chars().all(is_printable), "{text:?}");
        }
    }

    #[test]
    fn line_breaks_stay_where_they_are_meant() {
        assert_eq!(printable_lines("a\n\tb\r\n"), "a\n\\tb\\r\n");
        assert_eq!(printable_path(Path::new("a\nb")), "a\\nb");
    }
}
