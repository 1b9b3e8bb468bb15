//! naga's messages without what only naga's developers know: handles, its own type and operator names, remarks that
//! repeat the message or send people to its issue tracker.

use naga::BinaryOperator;

use crate::printable::printable;

use super::validation::binary_symbol;

/// Phrases of naga's and what is said for them.
const PHRASES: [(&str, &str); 17] = [
    ("Unexpected runtime-expression", "this must be a constant"),
    ("unexpected components", "there are too many arguments"),
    ("found \"\"", "found the end of the text"),
    ("{AbstractInt}", "integer"),
    ("{AbstractFloat}", "float"),
    ("Scalar(Scalar { kind: Uint, width: 4 })", "`u32`"),
    ("Scalar(Scalar { kind: Sint, width: 4 })", "`i32`"),
    ("Scalar(Scalar { kind: Bool, width: 1 })", "`bool`"),
    ("Scalar(Scalar { kind: Float, width: 4 })", "`f32`"),
    ("Scalar { kind: Uint, width: 4 }", "`u32`"),
    ("Scalar { kind: Sint, width: 4 }", "`i32`"),
    ("Scalar { kind: Bool, width: 1 }", "`bool`"),
    ("Scalar { kind: Float, width: 4 }", "`f32`"),
    (
        "Invalid access into expression, indexed: true",
        "this value cannot be indexed",
    ),
    (
        "Invalid access into expression, indexed: false",
        "this value has no such member",
    ),
    (
        "Invalid sub-access into type, indexed: true",
        "this value cannot be indexed",
    ),
    (
        "Invalid sub-access into type, indexed: false",
        "this value has no such member",
    ),
];

/// A message of naga's in plain words, on one line.
pub(super) fn plain(message: &str) -> String {
    let mut text = without_handles(message);
    text = without_foreign_types(&text);
    for (theirs, ours) in PHRASES {
        if text.contains(theirs) {
            text = text.replace(theirs, ours);
        }
    }
    if let Some(rest) = text.strip_prefix("Incompatible operands: ") {
        text = incompatible_operands(rest);
    }
    printable(&text).into_owned()
}

/// A remark beside a message, where it says anything new.
pub(super) fn remark(message: &str, remark: &str) -> Option<String> {
    let remark = plain(remark.trim());
    let repeats = message.to_lowercase().contains(&remark.to_lowercase());
    let is_for_others = remark == "see msg" || remark.contains("Naga");
    (!remark.is_empty() && !repeats && !is_for_others).then_some(remark)
}

/// `GlobalInvocationId` as WGSL writes it.
pub(super) fn snake_case(variant: &str) -> String {
    let mut out = String::new();
    for c in variant.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Leaves out ` [12]`, the way naga prints a handle.
fn without_handles(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" [") {
        let digits = rest[at + 2..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        let end = at + 2 + digits;
        out.push_str(&rest[..at]);
        if digits > 0 && rest[end..].starts_with(']') {
            rest = &rest[end + 1..];
        } else {
            out.push_str(" [");
            rest = &rest[at + 2..];
        }
    }
    out.push_str(rest);
    out
}

/// Replaces `{non-WGSL …}`, which stands for a type of naga's that WGSL has no name for. Braces in it are paired.
fn without_foreign_types(text: &str) -> String {
    const MARK: &str = "{non-WGSL";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let mut depth = 0usize;
        let end = rest[at..].char_indices().find_map(|(index, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at + index + 1)
        });
        let Some(end) = end else { break };
        out.push_str(&rest[..at]);
        out.push_str("another type");
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// `LogicalAnd(u32, _)` as a sentence.
fn incompatible_operands(operands: &str) -> String {
    const OPERATORS: [BinaryOperator; 18] = [
        BinaryOperator::Add,
        BinaryOperator::Subtract,
        BinaryOperator::Multiply,
        BinaryOperator::Divide,
        BinaryOperator::Modulo,
        BinaryOperator::Equal,
        BinaryOperator::NotEqual,
        BinaryOperator::Less,
        BinaryOperator::LessEqual,
        BinaryOperator::Greater,
        BinaryOperator::GreaterEqual,
        BinaryOperator::And,
        BinaryOperator::ExclusiveOr,
        BinaryOperator::InclusiveOr,
        BinaryOperator::LogicalAnd,
        BinaryOperator::LogicalOr,
        BinaryOperator::ShiftLeft,
        BinaryOperator::ShiftRight,
    ];
    let parts = operands
        .split_once('(')
        .and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
    let known = parts.and_then(|(name, types)| {
        let op = OPERATORS.iter().find(|op| format!("{op:?}") == name)?;
        Some((*op, types))
    });
    match known {
        Some((op, types)) => {
            let types = types.trim_end_matches(", _").replace(", ", "` and `");
            format!("`{}` does not take `{types}`", binary_symbol(op))
        }
        None => "the operands do not go together".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_and_foreign_names_go() {
        for (theirs, ours) in [
            ("Loading of [3] can't be done", "Loading of can't be done"),
            ("a [x] and [12", "a [x] and [12"),
            (
                "Incompatible operands: LogicalAnd(u32, _)",
                "`&&` does not take `u32`",
            ),
            (
                "Incompatible operands: Add(u32, i32)",
                "`+` does not take `u32` and `i32`",
            ),
            (
                "Incompatible operands: Odd",
                "the operands do not go together",
            ),
            (
                "Invalid access into expression [5], indexed: true",
                "this value cannot be indexed",
            ),
            (
                "from `{non-WGSL Naga scalar Scalar { kind: Uint, width: 1 }}` to `u32`",
                "from `another type` to `u32`",
            ),
            ("{non-WGSL open", "{non-WGSL open"),
            (
                "Found Scalar(Scalar { kind: Uint, width: 4 })",
                "Found `u32`",
            ),
            ("an \u{1b}[1m\nend", "an \\u{1b}[1m\\nend"),
        ] {
            assert_eq!(plain(theirs), ours);
        }
    }

    #[test]
    fn remarks_say_something_new() {
        assert_eq!(remark("expected `;`, found \"}\"", "expected `;`"), None);
        assert_eq!(remark("Division by zero", "see msg"), None);
        assert_eq!(remark("m", " "), None);
        assert_eq!(remark("m", "Let Naga maintainers know"), None);
        assert_eq!(remark("m", "this is new"), Some("this is new".to_owned()));
    }

    #[test]
    fn builtins_are_written_as_in_wgsl() {
        assert_eq!(snake_case("GlobalInvocationId"), "global_invocation_id");
    }
}
