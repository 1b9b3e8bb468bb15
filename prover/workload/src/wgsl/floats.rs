//! Floats that leave no trace: constant expressions that naga evaluates to integers.
//!
//! What comes of `u32(sin(1.5) * 1e6)` depends on the mathematical functions of the machine that compiles it, and so
//! would the workload's id. naga's module no longer has the operands, so the text is searched: every declaration that
//! the entry point mentions, directly or through others. Names are taken without regard to scopes, which errs on the
//! side of refusing.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::refusal::Refusal;
use super::token::{Kind, Token, tokens};

/// Built-in functions whose result is a float, whatever they are given.
const FUNCTIONS: [&str; 49] = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "cross",
    "degrees",
    "determinant",
    "distance",
    "exp",
    "exp2",
    "faceForward",
    "floor",
    "fma",
    "fract",
    "frexp",
    "inverseSqrt",
    "ldexp",
    "length",
    "log",
    "log2",
    "mix",
    "modf",
    "normalize",
    "pack2x16float",
    "pow",
    "quantizeToF16",
    "radians",
    "reflect",
    "refract",
    "round",
    "saturate",
    "sin",
    "sinh",
    "smoothstep",
    "sqrt",
    "step",
    "tan",
    "tanh",
    "transpose",
    "trunc",
    "unpack2x16float",
    "unpack4x8snorm",
    "unpack4x8unorm",
];

/// Refuses floats in what the entry point mentions.
pub(super) fn check(source: &str, entry: &str) -> Result<(), Refusal> {
    let tokens = tokens(source);
    let mut declarations: HashMap<&str, Vec<Range<usize>>> = HashMap::new();
    for item in items(&tokens) {
        if let Some(name) = declared(&tokens[item.clone()]) {
            declarations.entry(name).or_default().push(item);
        }
    }
    let mut seen = HashSet::from([entry]);
    let mut pending = vec![entry];
    while let Some(name) = pending.pop() {
        for item in declarations.get(name).into_iter().flatten() {
            for at in item.clone() {
                let Kind::Word(word) = tokens[at].kind else {
                    continue;
                };
                if declarations.contains_key(word) && seen.insert(word) {
                    pending.push(word);
                }
            }
            let is_own = |word: &str| declarations.contains_key(word);
            if let Some(at) = item.clone().find(|&at| is_float(&tokens, at, is_own)) {
                let Range { start, end } =
                    tokens[at].span.start as usize..tokens[at].span.end as usize;
                return Err(Refusal::unsupported(
                    format!("floating point (`{}`)", &source[start..end]),
                    "use fixed-point arithmetic in `i32` or `u32`",
                    tokens[at].span,
                ));
            }
        }
    }
    Ok(())
}

/// The declarations of a module: each ends with a semicolon or with the brace that closes it.
fn items(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0usize);
    for (at, token) in tokens.iter().enumerate() {
        let ends = match token.kind {
            Kind::Mark('{' | '(' | '[') => {
                depth += 1;
                false
            }
            Kind::Mark('}') => {
                depth = depth.saturating_sub(1);
                depth == 0
            }
            Kind::Mark(')' | ']') => {
                depth = depth.saturating_sub(1);
                false
            }
            Kind::Mark(';') => depth == 0,
            _ => false,
        };
        if ends {
            items.push(start..at + 1);
            start = at + 1;
        }
    }
    items
}

/// The name that a declaration declares.
fn declared<'a>(item: &[Token<'a>]) -> Option<&'a str> {
    let keyword = item.iter().position(|token| {
        let keywords = ["fn", "const", "override", "var", "struct", "alias"];
        matches!(token.kind, Kind::Word(word) if keywords.contains(&word))
    })?;
    let mut rest = &item[keyword + 1..];
    if rest
        .first()
        .is_some_and(|token| token.kind == Kind::Mark('<'))
    {
        let close = rest
            .iter()
            .position(|token| token.kind == Kind::Mark('>'))?;
        rest = &rest[close + 1..];
    }
    match rest.first()?.kind {
        Kind::Word(name) => Some(name),
        _ => None,
    }
}

/// Whether a float literal, type or function stands at a token.
fn is_float(tokens: &[Token<'_>], at: usize, is_own: impl Fn(&str) -> bool) -> bool {
    let next = tokens.get(at + 1);
    let touches_next = next.is_some_and(|next| next.span.start == tokens[at].span.end);
    match tokens[at].kind {
        Kind::Number(digits) => {
            let is_hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
            let marks = if is_hexadecimal { "pP" } else { "eEfh" };
            let point = touches_next && next.is_some_and(|next| next.kind == Kind::Mark('.'));
            point || digits.contains(|digit| marks.contains(digit))
        }
        Kind::Mark('.') => {
            touches_next && next.is_some_and(|next| matches!(next.kind, Kind::Number(_)))
        }
        Kind::Word(word) if is_own(word) => false,
        Kind::Word(word) => {
            let is_vector = word.starts_with("vec") && word.ends_with(['f', 'h']);
            let is_type = matches!(word, "f16" | "f32" | "f64") || is_matrix(word);
            let is_call = next.is_some_and(|next| next.kind == Kind::Mark('('));
            is_type || (is_vector && word.len() == 5) || (is_call && FUNCTIONS.contains(&word))
        }
        Kind::Mark(_) => false,
    }
}

/// `mat2x2` to `mat4x4`, with a component's letter or without.
fn is_matrix(word: &str) -> bool {
    let Some(size) = word.strip_prefix("mat") else {
        return false;
    };
    matches!(
        size.as_bytes(),
        [b'2'..=b'4', b'x', b'2'..=b'4'] | [b'2'..=b'4', b'x', b'2'..=b'4', b'f' | b'h']
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &str) -> Option<String> {
        let refusal = check(source, "main").err()?;
        Some(refusal.to_string())
    }

    #[test]
    fn floats_in_what_the_entry_mentions_are_refused() {
        for (source, float) in [
            ("fn main() { o = u32(sin(1.5) * 1e6); }", "sin"),
            ("const Q: f32 = 2; fn main() { o = u32(Q); }", "f32"),
            (
                "override Q = .5; fn f() -> u32 { return u32(Q); } fn main() { o = f(); }",
                ".",
            ),
            ("fn main() { o = u32(sqrt(4)); }", "sqrt"),
            ("fn main() { o = u32(0x1p4); }", "0x1p4"),
            ("fn main() { o = u32(3f); }", "3f"),
            ("fn main() { o = u32(vec2f().x); }", "vec2f"),
        ] {
            let refused = refused(source).unwrap_or_else(|| panic!("{source}"));
            assert!(refused.contains(&format!("(`{float}`)")), "{refused}");
        }
    }

    #[test]
    fn integers_and_what_is_not_mentioned_are_let_through() {
        for source in [
            "fn other() { x = 1.5; } fn main() { let step = 0xfeu; o = a[1].x + v.y - (step); }",
            "fn length(x: u32) -> u32 { return x; } fn main() { o = length(3u); }",
            "struct S { f: u32 } fn main() { var step = 1u; if i >= step { o = s.f; } }",
            "// 1.5\nfn main() { o = 1u; /* sin(2.0) */ }",
        ] {
            assert_eq!(refused(source), None, "{source}");
        }
    }
}
