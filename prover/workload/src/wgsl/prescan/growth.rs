//! Bounds how far types and constants may grow beyond the size of the source.
//!
//! naga looks through a type member by member, and again where two members have one type. It copies the value of a constant wherever a constant expression mentions it, element by element, and expands
//! a zero value to its elements where one looks into it. The estimate here adds up the sizes of all constants and
//! zero values over all places that mention them. It knows names, not scopes, and errs on the side of more.

use std::collections::{HashMap, HashSet};

use crate::ir::Span;

use super::super::limits::{FrontEndLimits, Limit};
use super::super::lowering::over;
use super::super::refusal::Refusal;
use super::super::token::{Kind, Token};

/// Most scalars of a type that is no array or struct: a matrix.
const MAX_PLAIN: usize = 16;
/// Most scalars of another constant: a vector.
const MAX_VECTOR: usize = 4;
/// A size that is not known, or that nothing allows.
const UNKNOWN: usize = usize::MAX;

/// What module and local declarations of a name say, whatever their scope.
#[derive(Default)]
struct Names<'a> {
    /// `alias`: the tokens of the type.
    aliases: HashMap<&'a str, &'a [Token<'a>]>,
    /// `struct`: the tokens of each member's type.
    structs: HashMap<&'a str, Vec<&'a [Token<'a>]>>,
    /// `const`: the tokens of the value, of every declaration of the name.
    constants: HashMap<&'a str, Vec<&'a [Token<'a>]>>,
    /// `const` of an array or struct.
    composites: HashSet<&'a str>,
    /// `const` of a literal, or [`UNKNOWN`].
    literals: HashMap<&'a str, usize>,
}

/// Sizes that were found out.
#[derive(Default)]
struct Sizes<'a> {
    /// Scalars of named types; [`UNKNOWN`] while one is being looked at, as no type contains itself.
    types: HashMap<&'a str, usize>,
    /// Members of named types, those of members included; likewise.
    members: HashMap<&'a str, usize>,
    /// Scalars of named constants; likewise.
    constants: HashMap<&'a str, usize>,
}

/// Checks the types and constants of a source.
pub(super) fn check(tokens: &[Token<'_>], limits: &FrontEndLimits) -> Result<(), Refusal> {
    let names = Names::declared(tokens);
    let mut sizes = Sizes::default();
    let mut copies = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Word(word) = token.kind else {
            continue;
        };
        if matches!(word, "struct" | "alias")
            && let Some(Kind::Word(name)) = tokens.get(at + 1).map(|next| next.kind)
        {
            over(
                Limit::TypeMembers,
                names.members(name, &mut sizes),
                limits.type_members,
                token.span,
            )?;
        }
        if let Some(head) = names.zero_value(tokens, at) {
            let size = names.type_size(head, &mut sizes);
            if size == UNKNOWN {
                return Err(unknown_zero_value(token.span));
            }
            over(
                Limit::ConstantWords,
                size,
                limits.constant_words,
                token.span,
            )?;
            copies = copies.saturating_add(size);
        } else if names.composites.contains(word) && !names.is_chosen_at_run_time(tokens, at) {
            copies = copies.saturating_add(names.constant_size(word, &mut sizes));
        }
        over(
            Limit::ConstantCopies,
            copies,
            limits.constant_copies,
            token.span,
        )?;
    }
    Ok(())
}

fn unknown_zero_value(span: Span) -> Refusal {
    Refusal::unsupported(
        "the zero value of this type",
        "list the elements, or declare a `var` without a value; of arrays, the zero value works where the type is \
         written `array<T, N>` with `N` a literal or a `const` that is one",
        span,
    )
}

/// Scalars of a type that is no array or struct.
fn plain_size(word: &str) -> usize {
    match word {
        "bool" | "u32" | "i32" | "f32" | "f16" | "atomic" => 1,
        _ if word.starts_with("vec2") => 2,
        _ if word.starts_with("vec3") => 3,
        _ if word.starts_with("vec4") => 4,
        _ => MAX_PLAIN,
    }
}

impl<'a> Names<'a> {
    /// Collects the declarations.
    fn declared(tokens: &'a [Token<'a>]) -> Self {
        let mut names = Self::default();
        for (at, token) in tokens.iter().enumerate() {
            let (Kind::Word(keyword), Some(Kind::Word(name))) =
                (token.kind, tokens.get(at + 1).map(|next| next.kind))
            else {
                continue;
            };
            let rest = &tokens[at + 2..];
            match keyword {
                "alias" => {
                    let ty = until(rest, ';').get(1..).unwrap_or_default();
                    names.aliases.insert(name, ty);
                }
                "struct" => {
                    let members = until(rest, '}').get(1..).unwrap_or_default();
                    names
                        .structs
                        .entry(name)
                        .or_default()
                        .extend(member_types(members));
                }
                "const" => {
                    let statement = until(rest, ';');
                    let after = statement
                        .iter()
                        .position(|token| token.kind == Kind::Mark('='))
                        .map_or(statement.len(), |equals| equals + 1);
                    let value = &statement[after..];
                    let literal = match value {
                        [literal] => number(literal).unwrap_or(UNKNOWN),
                        _ => UNKNOWN,
                    };
                    // Of several constants of one name in different scopes, the largest counts.
                    let entry = names.literals.entry(name).or_insert(literal);
                    *entry = literal.max(*entry);
                    names.constants.entry(name).or_default().push(value);
                }
                _ => {}
            }
        }
        let composite_types = spread(
            names.aliases.iter().map(|(&name, ty)| (name, words(ty))),
            |word| word == "array" || names.structs.contains_key(word),
        );
        let values = names
            .constants
            .iter()
            .flat_map(|(&name, values)| values.iter().map(move |value| (name, words(value))));
        names.composites = spread(values, |word| {
            word == "array" || names.structs.contains_key(word) || composite_types.contains(word)
        });
        names
    }

    /// The tokens of `T`, where `T()` with a type of arrays or structs starts at a token.
    fn zero_value<'t>(&self, tokens: &'t [Token<'t>], at: usize) -> Option<&'t [Token<'t>]> {
        let Kind::Word(word) = tokens[at].kind else {
            return None;
        };
        let declares =
            at > 0 && matches!(tokens[at - 1].kind, Kind::Word("struct" | "alias" | "fn"));
        let is_type =
            word == "array" || self.aliases.contains_key(word) || self.structs.contains_key(word);
        if declares || !is_type {
            return None;
        }
        let after = at + 1 + template(&tokens[at + 1..]).len();
        (is_mark(tokens.get(after), '(') && is_mark(tokens.get(after + 1), ')'))
            .then(|| &tokens[at..after])
    }

    /// Scalars of a type.
    fn type_size(&self, ty: &[Token<'_>], sizes: &mut Sizes<'a>) -> usize {
        match ty {
            [name] => match name.kind {
                Kind::Word(word) => self.named_type_size(word, sizes),
                _ => UNKNOWN,
            },
            [array, open, inside @ .., close]
                if array.kind == Kind::Word("array")
                    && open.kind == Kind::Mark('<')
                    && close.kind == Kind::Mark('>') =>
            {
                let (element, length) = match split(inside).as_slice() {
                    [element, length] => (*element, *length),
                    [element, length, []] => (*element, *length),
                    _ => return UNKNOWN,
                };
                let length = match length {
                    [length] => match length.kind {
                        Kind::Word(word) => self.literals.get(word).copied().unwrap_or(UNKNOWN),
                        _ => number(length).unwrap_or(UNKNOWN),
                    },
                    _ => UNKNOWN,
                };
                self.type_size(element, sizes).saturating_mul(length)
            }
            [name, ..] if name.kind == Kind::Word("array") => UNKNOWN,
            [name, open, ..]
                if matches!(name.kind, Kind::Word(_)) && open.kind == Kind::Mark('<') =>
            {
                match name.kind {
                    Kind::Word(word) => plain_size(word),
                    _ => MAX_PLAIN,
                }
            }
            _ => UNKNOWN,
        }
    }

    fn named_type_size(&self, word: &str, sizes: &mut Sizes<'a>) -> usize {
        if let Some(&size) = sizes.types.get(word) {
            return size;
        }
        if let Some((&name, ty)) = self.aliases.get_key_value(word) {
            sizes.types.insert(name, UNKNOWN);
            let size = self.type_size(ty, sizes);
            sizes.types.insert(name, size);
            size
        } else if let Some((&name, members)) = self.structs.get_key_value(word) {
            sizes.types.insert(name, UNKNOWN);
            let size = members.iter().fold(0usize, |size, member| {
                size.saturating_add(self.type_size(member, sizes))
            });
            sizes.types.insert(name, size);
            size
        } else {
            plain_size(word)
        }
    }

    /// Members of a named type, and of the types of its members.
    fn members(&self, word: &str, sizes: &mut Sizes<'a>) -> usize {
        if let Some(&members) = sizes.members.get(word) {
            return members;
        }
        let (name, types) = match (
            self.aliases.get_key_value(word),
            self.structs.get_key_value(word),
        ) {
            (Some((&name, ty)), _) => (name, std::slice::from_ref(ty)),
            (None, Some((&name, members))) => (name, members.as_slice()),
            (None, None) => return 0,
        };
        sizes.members.insert(name, UNKNOWN);
        let words = types.iter().flat_map(|ty| words(ty));
        let members = words.fold(types.len(), |members, word| {
            members.saturating_add(self.members(word, sizes))
        });
        sizes.members.insert(name, members);
        members
    }

    /// Scalars of a constant of an array or struct.
    fn constant_size(&self, word: &str, sizes: &mut Sizes<'a>) -> usize {
        if let Some(&size) = sizes.constants.get(word) {
            return size;
        }
        let Some((&name, values)) = self.constants.get_key_value(word) else {
            return 1;
        };
        sizes.constants.insert(name, UNKNOWN);
        let mut largest = 0;
        for value in values {
            let mut size = 0usize;
            for (at, token) in value.iter().enumerate() {
                size = size.saturating_add(match token.kind {
                    Kind::Mark(_) => 0,
                    Kind::Number(_) => 1,
                    Kind::Word(word) => match self.zero_value(value, at) {
                        Some(head) => self.type_size(head, sizes),
                        None if self.composites.contains(word)
                            && !is_mark(value.get(at + 1), '[') =>
                        {
                            self.constant_size(word, sizes)
                        }
                        None => MAX_VECTOR,
                    },
                });
            }
            largest = largest.max(size);
        }
        sizes.constants.insert(name, largest);
        largest
    }

    /// Whether the constant at a token is indexed by a variable, so that constant evaluation leaves it alone.
    fn is_chosen_at_run_time(&self, tokens: &[Token<'_>], at: usize) -> bool {
        if !is_mark(tokens.get(at + 1), '[') {
            return false;
        }
        let index = bracketed(&tokens[at + 2..]);
        index.iter().enumerate().any(|(at, token)| {
            let before = at.checked_sub(1).and_then(|before| index.get(before));
            let after = index.get(at + 1);
            let is_name = matches!(token.kind, Kind::Word(word)
                if !self.constants.contains_key(word) && !matches!(word, "true" | "false"));
            // Members, calls and types are no variables.
            is_name
                && !is_mark(before, '.')
                && !is_mark(before, '<')
                && !is_mark(after, '(')
                && !is_mark(after, '<')
        })
    }
}

/// The types of a struct's members: what stands between the colon and the comma of each.
fn member_types<'a>(members: &'a [Token<'a>]) -> impl Iterator<Item = &'a [Token<'a>]> {
    split(members).into_iter().filter_map(|member| {
        let colon = member
            .iter()
            .position(|token| token.kind == Kind::Mark(':'))?;
        Some(&member[colon + 1..])
    })
}

/// Splits at the commas that are in no brackets.
fn split<'a>(tokens: &'a [Token<'a>]) -> Vec<&'a [Token<'a>]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('(' | '[' | '<') => depth += 1,
            Kind::Mark(')' | ']' | '>') => depth = depth.saturating_sub(1),
            Kind::Mark(',') if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
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

/// The tokens up to the bracket that closes the one before them.
fn bracketed<'a>(tokens: &'a [Token<'a>]) -> &'a [Token<'a>] {
    let mut depth = 1usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('[') => depth += 1,
            Kind::Mark(']') => {
                depth -= 1;
                if depth == 0 {
                    return &tokens[..at];
                }
            }
            Kind::Mark(';' | '{' | '}') => break,
            _ => {}
        }
    }
    &[]
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
mod tests;
