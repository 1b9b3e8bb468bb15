//! `override` constants: gives them their values before the source is compiled.
//!
//! The source is first parsed as it is, which checks its use of `override`. Then each declaration becomes a
//! `const`: with the value given in place of its own, or with its own. The text keeps its length and every byte
//! offset; declarations with a value that is given move to the end.

use std::collections::BTreeMap;
use std::fmt::Write;

use naga::{Override, Scalar, TypeInner};

use crate::ir::Span;

use super::module::{self, span_of};
use super::refusal::Refusal;
use super::token::{Kind, Token, tokens};

/// The value of an `override`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// Of a `u32` or `i32`.
    Integer(i64),
    /// Of a `bool`.
    Bool(bool),
}

/// Values for `override` declarations, by name, or where one has an `@id` by that number.
pub type Constants = BTreeMap<String, Constant>;

/// What is wrong with the value of an `override`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConstant {
    /// The source declares no `override` of this name.
    #[error("the WGSL has no such `override`; it has {known}")]
    Unknown {
        /// Those it has.
        known: String,
    },
    /// Neither the source nor the caller gives a value.
    #[error(
        "the WGSL gives this `override` no value, so the job must (`[constants]` in the job file)"
    )]
    Missing,
    /// A value of another type, or out of range.
    #[error("its value must be {expected}")]
    Value {
        /// What fits.
        expected: &'static str,
    },
    /// A type that the language does not have.
    #[error("an `override` of this type cannot be given a value; use `u32`, `i32` or `bool`")]
    Type,
}

/// Replaces the `override` declarations of a source.
pub(super) fn substitute(source: &str, constants: &Constants) -> Result<String, Refusal> {
    let (module, _) = module::parse(source)?;
    let mut declared = BTreeMap::new();
    for (handle, declaration) in module.overrides.iter() {
        // naga adds nameless ones for array lengths that are expressions.
        if let Some(name) = &declaration.name {
            let key = match declaration.id {
                Some(id) => id.to_string(),
                None => name.clone(),
            };
            let span = span_of(module.overrides.get_span(handle));
            declared.insert(name.as_str(), (key, declaration, span));
        }
    }
    if let Some(unknown) = constants
        .keys()
        .find(|key| !declared.values().any(|(known, ..)| known == *key))
    {
        let known: Vec<_> = declared
            .values()
            .map(|(key, ..)| format!("`{key}`"))
            .collect();
        return Err(Refusal::Constant {
            name: unknown.clone(),
            problem: InvalidConstant::Unknown {
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            },
            span: Span::default(),
        });
    }
    let mut text = source.as_bytes().to_vec();
    let mut appended = String::new();
    let tokens = tokens(source);
    for (at, pair) in tokens.windows(2).enumerate() {
        let (Kind::Word("override"), Kind::Word(name)) = (pair[0].kind, pair[1].kind) else {
            continue;
        };
        let (key, declaration, span) = declared
            .get(name)
            .ok_or_else(|| Refusal::internal("an override that naga does not see", pair[1].span))?;
        let refuse = |problem| Refusal::Constant {
            name: key.clone(),
            problem,
            span: *span,
        };
        let keyword = pair[0].span;
        blank(
            &mut text,
            attributes_start(&tokens[..at]).unwrap_or(keyword.start)..keyword.start,
        );
        match (constants.get(key), declaration.init) {
            (Some(&value), _) => {
                let value = literal(value, &module, declaration).map_err(refuse)?;
                let _ = write!(appended, "\nconst {name}: {value};");
                let end = tokens[at..]
                    .iter()
                    .find(|token| token.kind == Kind::Mark(';'))
                    .map_or(keyword.end, |end| end.span.end);
                blank(&mut text, keyword.start..end);
            }
            (None, Some(_)) => {
                blank(&mut text, keyword.start..keyword.end);
                let start = keyword.start as usize;
                text[start..start + 5].copy_from_slice(b"const");
            }
            (None, None) => return Err(refuse(InvalidConstant::Missing)),
        }
    }
    let mut text = String::from_utf8(text)
        .map_err(|_| Refusal::internal("a declaration within a character", Span::default()))?;
    text.push_str(&appended);
    Ok(text)
}

/// Where the attributes start that end before a declaration.
fn attributes_start(before: &[Token<'_>]) -> Option<u32> {
    let mut start = None;
    let mut rest = before;
    while let [.., last] = rest
        && last.kind == Kind::Mark(')')
    {
        let open = rest
            .iter()
            .rposition(|token| token.kind == Kind::Mark('@'))?;
        start = Some(rest[open].span.start);
        rest = &rest[..open];
    }
    start
}

/// Overwrites text with spaces.
fn blank(text: &mut [u8], range: std::ops::Range<u32>) {
    for byte in &mut text[range.start as usize..range.end as usize] {
        *byte = b' ';
    }
}

/// A value as the type and initial value of a `const`.
fn literal(
    value: Constant,
    module: &naga::Module,
    declaration: &Override,
) -> Result<String, InvalidConstant> {
    match (&module.types[declaration.ty].inner, value) {
        (TypeInner::Scalar(Scalar::U32), Constant::Integer(value)) => u32::try_from(value)
            .map(|value| format!("u32 = {value}u"))
            .map_err(|_| InvalidConstant::Value { expected: U32 }),
        (TypeInner::Scalar(Scalar::U32), _) => Err(InvalidConstant::Value { expected: U32 }),
        (TypeInner::Scalar(Scalar::I32), Constant::Integer(value)) => i32::try_from(value)
            .map(|value| format!("i32 = {value}"))
            .map_err(|_| InvalidConstant::Value { expected: I32 }),
        (TypeInner::Scalar(Scalar::I32), _) => Err(InvalidConstant::Value { expected: I32 }),
        (TypeInner::Scalar(Scalar::BOOL), Constant::Bool(value)) => Ok(format!("bool = {value}")),
        (TypeInner::Scalar(Scalar::BOOL), _) => Err(InvalidConstant::Value { expected: BOOL }),
        _ => Err(InvalidConstant::Type),
    }
}

const U32: &str = "an integer between 0 and 4294967295 (`u32`)";
const I32: &str = "an integer between -2147483648 and 2147483647 (`i32`)";
const BOOL: &str = "`true` or `false` (`bool`)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_become_constants_in_place() {
        let source =
            "@id(7) override a: u32 = 4u; /* override */ override b = -3; override c: bool;";
        let given = Constants::from([
            ("7".to_owned(), Constant::Integer(123_456)),
            ("c".to_owned(), Constant::Bool(true)),
        ]);
        let text = substitute(source, &given).unwrap();
        assert_eq!(
            text,
            "                             /* override */ const    b = -3;                  \
             \nconst a: u32 = 123456u;\nconst c: bool = true;"
        );
    }

    #[test]
    fn values_must_fit() {
        let source =
            "override a: u32; override b: i32 = 1; @id(3) override c = true; override d = 1.5;";
        let problem = |name: &str, value: Constant| {
            let mut given = Constants::from([("a".to_owned(), Constant::Integer(1))]);
            given.insert(name.to_owned(), value);
            match substitute(source, &given) {
                Err(Refusal::Constant { name, problem, .. }) => Some((name, problem)),
                Err(other) => panic!("{other}"),
                Ok(_) => None,
            }
        };
        let range = |expected| Some(InvalidConstant::Value { expected });
        let of = |name: &str, value| problem(name, value).map(|(_, problem)| problem);
        assert_eq!(of("a", Constant::Integer(u32::MAX.into())), None);
        assert_eq!(of("a", Constant::Integer(1 << 32)), range(U32));
        assert_eq!(of("a", Constant::Integer(-1)), range(U32));
        assert_eq!(of("a", Constant::Bool(true)), range(U32));
        assert_eq!(of("b", Constant::Integer(i32::MIN.into())), None);
        assert_eq!(of("b", Constant::Integer(1 << 31)), range(I32));
        assert_eq!(of("3", Constant::Bool(false)), None);
        assert_eq!(of("3", Constant::Integer(0)), range(BOOL));
        assert_eq!(of("d", Constant::Integer(1)), Some(InvalidConstant::Type));
        let (name, unknown) = problem("c", Constant::Bool(false)).unwrap();
        assert_eq!(name, "c");
        assert_eq!(
            unknown.to_string(),
            "the WGSL has no such `override`; it has `a`, `b`, `3`, `d`"
        );
        let missing = substitute(source, &Constants::new());
        assert!(
            matches!(missing, Err(Refusal::Constant { name, problem: InvalidConstant::Missing, span })
                if name == "a" && span != Span::default())
        );
    }
}
