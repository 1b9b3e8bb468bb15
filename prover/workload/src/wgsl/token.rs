//! A coarse tokeniser. It agrees with naga's on comments, so nothing that naga reads is skipped here.

use crate::ir::Span;

/// A word, a number, or one character of punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Word(&'a str),
    Number(&'a str),
    Mark(char),
}

/// A token and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) span: Span,
}

/// The tokens of a source of less than 4 GiB.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(comment) = rest.strip_prefix("//") {
            2 + comment.find(is_line_break).unwrap_or(comment.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            2 + block_comment(comment)
        } else if is_blank(first) {
            first.len_utf8()
        } else {
            let length = if is_word_part(first) {
                rest.find(|c| !is_word_part(c)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let text = &rest[..length];
            let kind = if first.is_ascii_digit() {
                Kind::Number(text)
            } else if is_word_part(first) {
                Kind::Word(text)
            } else {
                Kind::Mark(first)
            };
            let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
            let start = source.len() - rest.len();
            let span = Span {
                start: at(start),
                end: at(start + length),
            };
            tokens.push(Token { kind, span });
            length
        };
        rest = &rest[length..];
    }
    tokens
}

/// Bytes of a block comment after its start. Comments nest; naga takes the first character as given, so `/*/`
/// does not end here either.
fn block_comment(comment: &str) -> usize {
    let mut chars = comment.char_indices();
    let mut before = chars.next().map(|(_, c)| c);
    let mut depth = 1;
    for (at, c) in chars {
        match (before, c) {
            (Some('*'), '/') => {
                before = None;
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            (Some('/'), '*') => {
                before = None;
                depth += 1;
            }
            _ => before = Some(c),
        }
    }
    comment.len()
}

/// What ends a line comment.
fn is_line_break(c: char) -> bool {
    matches!(c, '\u{a}'..='\u{d}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    is_line_break(c) || matches!(c, ' ' | '\t' | '\u{200e}' | '\u{200f}')
}

fn is_word_part(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric() || (!c.is_ascii() && !is_blank(c))
}
