//! Refuses the constructors with which constant evaluation could grow beyond the size of the source.
//!
//! naga expands a zero value of an array to its elements wherever a constant expression looks into it, and
//! visits every element of arrays within arrays. So zero values must be small, and arrays and structs must not
//! be built from arrays or structs.

use std::collections::{HashMap, HashSet};

use crate::ir::Span;

use super::super::limits::{FrontEndLimits, Limit};
use super::super::lowering::over;
use super::super::refusal::Refusal;
use super::token::{Kind, Token};

/// What module and local declarations of a name say, whatever their scope.
#[derive(Default)]
struct Names<'a> {
    /// `alias` of a type with an array or struct in it: the tokens of the type.
    aliases: HashMap<&'a str, &'a [Token<'a>]>,
    /// `struct`: whether its members may be more than scalars and vectors.
    structs: HashMap<&'a str, bool>,
    /// `const` of an array or struct.
    composites: HashSet<&'a str>,
    /// `const` of a literal.
    literals: HashMap<&'a str, usize>,
}

impl Names<'_> {
    /// Whether a word names a type of arrays or structs.
    fn is_composite_type(&self, word: &str) -> bool {
        word == "array" || self.aliases.contains_key(word) || self.structs.contains_key(word)
    }
}

/// Checks every constructor of an array or struct.
pub(super) fn check(tokens: &[Token<'_>], limits: &FrontEndLimits) -> Result<(), Refusal> {
    let names = declared(tokens);
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Word(word) = token.kind else {
            continue;
        };
        let declares =
            at > 0 && matches!(tokens[at - 1].kind, Kind::Word("struct" | "alias" | "fn"));
        if declares || !names.is_composite_type(word) {
            continue;
        }
        let after = at + 1 + template(&tokens[at + 1..]).len();
        if !is_mark(tokens.get(after), '(') {
            continue;
        }
        let arguments = parentheses(&tokens[after + 1..]);
        if arguments.is_empty() {
            zero_value(&tokens[at..after], &names, limits, token.span)?;
        }
        elements(arguments, &names)?;
    }
    Ok(())
}

/// Collects the declarations.
fn declared<'a>(tokens: &'a [Token<'a>]) -> Names<'a> {
    let mut names = Names::default();
    let mut aliases = Vec::new();
    let mut constants = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let (Kind::Word(keyword), Some(Kind::Word(name))) =
            (token.kind, tokens.get(at + 1).map(|next| next.kind))
        else {
            continue;
        };
        let rest = &tokens[at + 2..];
        let statement = || until(rest, ';');
        match keyword {
            "alias" => aliases.push((name, statement().get(1..).unwrap_or_default())),
            "struct" => {
                let plain = !until(rest, '}')
                    .iter()
                    .any(|token| token.kind == Kind::Word("array"));
                let entry = names.structs.entry(name).or_insert(false);
                *entry |= !plain;
            }
            "const" => constants.push((name, statement())),
            _ => {}
        }
    }
    let types = aliases.iter().map(|&(name, ty)| (name, words(ty)));
    let structs = &names.structs;
    let composite = spread(types, |word| word == "array" || structs.contains_key(word));
    aliases.retain(|(name, _)| composite.contains(name));
    names.aliases = aliases.into_iter().collect();
    for &(name, statement) in &constants {
        if let [.., equals, value] = statement
            && equals.kind == Kind::Mark('=')
            && let Some(value) = number(value)
        {
            // Of several constants of one name in different scopes, the largest counts.
            let entry = names.literals.entry(name).or_insert(value);
            *entry = value.max(*entry);
        }
    }
    for &(name, statement) in &constants {
        let literal = matches!(statement, [.., equals, value]
            if equals.kind == Kind::Mark('=') && number(value).is_some());
        if !literal {
            names.literals.insert(name, usize::MAX);
        }
    }
    let values = constants
        .iter()
        .map(|&(name, statement)| (name, words(statement)));
    names.composites = spread(values, |word| names.is_composite_type(word));
    names
}

/// A zero value `T()`: `head` is `T` with its template list.
fn zero_value(
    head: &[Token<'_>],
    names: &Names<'_>,
    limits: &FrontEndLimits,
    span: Span,
) -> Result<(), Refusal> {
    let refusal = || {
        Refusal::unsupported(
            "the zero value of this type",
            "list the elements, or declare a `var` without a value; of an array, the zero value works \
             where the type is written `array<T, N>` with `N` a literal or a `const` that is one",
            span,
        )
    };
    let mut head = head;
    // Follows aliases of aliases; each is longer than nothing, and a circle cannot be longer than all.
    for _ in 0..=names.aliases.len() {
        match head {
            [name] => {
                let Kind::Word(word) = name.kind else { break };
                match (names.aliases.get(word), names.structs.get(word)) {
                    (Some(ty), _) => head = ty,
                    (None, Some(false)) => return Ok(()),
                    _ => break,
                }
            }
            [array, open, element, comma, length, .., close]
                if array.kind == Kind::Word("array")
                    && open.kind == Kind::Mark('<')
                    && comma.kind == Kind::Mark(',')
                    && close.kind == Kind::Mark('>')
                    && (head.len() == 6
                        || (head.len() == 7 && head[5].kind == Kind::Mark(','))) =>
            {
                let flat =
                    matches!(element.kind, Kind::Word(word) if !names.is_composite_type(word));
                let length = match length.kind {
                    Kind::Word(word) => names.literals.get(word).copied(),
                    _ => number(length),
                };
                return match length {
                    Some(length) if flat && length != usize::MAX => {
                        over(Limit::ConstantWords, length, limits.constant_words, span)
                    }
                    _ => Err(refusal()),
                };
            }
            _ => break,
        }
    }
    Err(refusal())
}

/// The arguments of a constructor must be no arrays or structs.
fn elements(arguments: &[Token<'_>], names: &Names<'_>) -> Result<(), Refusal> {
    let composite = arguments
        .iter()
        .find(|token| matches!(token.kind, Kind::Word(word) if names.is_composite_type(word)))
        .or_else(|| mentions_whole(arguments, names));
    match composite {
        None => Ok(()),
        Some(token) => Err(Refusal::unsupported(
            "arrays of arrays or structs",
            "use one array and compute the index",
            token.span,
        )),
    }
}

/// The first constant array or struct that is mentioned as a whole, not indexed.
fn mentions_whole<'a>(tokens: &'a [Token<'a>], names: &Names<'_>) -> Option<&'a Token<'a>> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let Kind::Word(word) = token.kind else {
            return None;
        };
        (names.composites.contains(word) && !is_mark(tokens.get(at + 1), '[')).then_some(token)
    })
}

/// The words of a declaration; not those that an index follows, which stand for an element.
fn words<'a>(tokens: &'a [Token<'a>]) -> Vec<&'a str> {
    tokens
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_mark(tokens.get(at + 1), '['))
        .filter_map(|(_, token)| match token.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        })
        .collect()
}

/// The names whose declarations mention a source, or mention such a name. Declarations come in any order.
fn spread<'a>(
    declarations: impl Iterator<Item = (&'a str, Vec<&'a str>)>,
    is_source: impl Fn(&str) -> bool,
) -> HashSet<&'a str> {
    let mut mentioned_by: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut found = HashSet::new();
    let mut pending = Vec::new();
    for (name, words) in declarations {
        for word in words {
            if is_source(word) && found.insert(name) {
                pending.push(name);
            }
            mentioned_by.entry(word).or_default().push(name);
        }
    }
    while let Some(word) = pending.pop() {
        for &name in mentioned_by.get(word).into_iter().flatten() {
            if found.insert(name) {
                pending.push(name);
            }
        }
    }
    found
}

fn is_mark(token: Option<&Token<'_>>, mark: char) -> bool {
    token.is_some_and(|token| token.kind == Kind::Mark(mark))
}

/// The tokens before the first `mark`.
fn until<'a>(tokens: &'a [Token<'a>], mark: char) -> &'a [Token<'a>] {
    let end = tokens
        .iter()
        .position(|token| token.kind == Kind::Mark(mark))
        .unwrap_or(tokens.len());
    &tokens[..end]
}

/// A template list `<…>` at the start, or nothing. What stands in parentheses cannot end it.
fn template<'a>(tokens: &'a [Token<'a>]) -> &'a [Token<'a>] {
    if !is_mark(tokens.first(), '<') {
        return &[];
    }
    let (mut angles, mut brackets) = (0usize, 0usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('(' | '[') => brackets += 1,
            Kind::Mark(')' | ']') => brackets = brackets.saturating_sub(1),
            Kind::Mark('<') if brackets == 0 => angles += 1,
            Kind::Mark('>') if brackets == 0 => {
                angles -= 1;
                if angles == 0 {
                    return &tokens[..=at];
                }
            }
            Kind::Mark(';' | '{' | '}') => break,
            _ => {}
        }
    }
    &[]
}

/// The tokens up to the parenthesis that closes the one before them.
fn parentheses<'a>(tokens: &'a [Token<'a>]) -> &'a [Token<'a>] {
    let mut depth = 1usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('(') => depth += 1,
            Kind::Mark(')') => {
                depth -= 1;
                if depth == 0 {
                    return &tokens[..at];
                }
            }
            _ => {}
        }
    }
    tokens
}

/// The value of an integer literal.
fn number(token: &Token<'_>) -> Option<usize> {
    let Kind::Number(text) = token.kind else {
        return None;
    };
    let digits = text.trim_end_matches(['u', 'i']);
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => usize::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    fn refused(source: &str) -> bool {
        check(&tokens(source), &FrontEndLimits::default()).is_err()
    }

    #[test]
    fn zero_values_must_be_small_and_plain() {
        assert!(!refused("var a = array<u32, 64>();"));
        assert!(!refused("const N = 64u; var a = array<u32, N>();"));
        assert!(!refused(
            "const N: u32 = 0x40; alias A = array<u32, N,>; var a = A();"
        ));
        assert!(refused("var a = array<u32, 100000000>();"));
        assert!(refused("var a = array<u32, 64 * 1000000>();"));
        assert!(refused("const N = 1 << 28; var a = array<u32, N>();"));
        assert!(refused(
            "const N = 4; fn f() { const N = 1 << 28; var a = array<u32, N>(); }"
        ));
        assert!(refused(
            "alias B = A; alias A = array<u32, 100000000>; const x = B()[0];"
        ));
        assert!(refused("alias A = B; alias B = array<A, 4>; var a = A();"));
        assert!(refused(
            "struct S { a: array<u32, 100000000> } const x = S();"
        ));
        assert!(!refused("var<storage> a: array<u32, 100000000>;"));
        assert!(refused(
            "const x = array<u32, select(1, 100000000, 2 > 1)>()[0];"
        ));
    }

    #[test]
    fn arrays_are_not_built_from_arrays() {
        assert!(!refused(
            "const a = array(1, 2); const b = array(a[0], a[1], 3);"
        ));
        assert!(refused("const a = array(1, 2); const b = array(a, a);"));
        assert!(refused(
            "const b = array(c, c); const c = a; const a = array(1, 2);"
        ));
        assert!(refused("const a = array(array(1, 2), array(3, 4));"));
        assert!(refused("struct S { x: u32 } const a = array(S(1), S(2));"));
        assert!(refused(
            "struct S { x: u32 } const s = S(1); const a = array<S, 2>(s, s);"
        ));
    }
}
