//! Bounds on the source text, checked before naga sees it.
//!
//! naga's parser, lowering and validator recurse over nested blocks and expressions, and its constant
//! evaluator copies array values freely. The scan bounds the depth of both kinds of nesting, the number of
//! functions, and how much constant evaluation copies. It works on
//! tokens and errs on the side of refusing.

mod growth;

use crate::ir::Span;

use super::limits::{FrontEndLimits, Limit};
use super::lowering::over;
use super::names::refuse_subgroups;
use super::refusal::Refusal;
use super::token::{Kind, Token, tokens};

/// Checks a source text, and says whether it has `override` declarations.
pub(super) fn check(source: &str, limits: &FrontEndLimits) -> Result<bool, Refusal> {
    over(
        Limit::SourceBytes,
        source.len(),
        limits.source_bytes.min(u32::MAX as usize),
        Span::default(),
    )?;
    let tokens = tokens(source);
    nesting(&tokens, limits)?;
    growth::check(&tokens, limits)?;
    extensions(&tokens)?;
    Ok(tokens
        .iter()
        .any(|token| token.kind == Kind::Word("override")))
}

/// Refuses what naga does not know as an extension, and so would call invalid.
fn extensions(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    for pair in tokens.windows(2) {
        if pair[0].kind == Kind::Word("enable") && pair[1].kind == Kind::Word("subgroups") {
            return Err(refuse_subgroups(pair[1].span));
        }
    }
    Ok(())
}

/// An open bracket, or the source as a whole.
#[derive(Default)]
struct Level {
    /// Operators and brackets since the last separator on this level.
    operators: usize,
    /// What a brace counts: 1, and 1 for each `if` of its `else if` chain; 0 for other brackets.
    weight: usize,
}

/// Bounds nested blocks, the depth of expressions and the number of functions.
fn nesting(tokens: &[Token<'_>], limits: &FrontEndLimits) -> Result<(), Refusal> {
    let mut levels = vec![Level::default()];
    let (mut depth, mut braces, mut functions) = (0, 0, 0);
    // Length of the `if` chain whose last block just ended, and of the one that is being continued.
    let (mut ended, mut chain) = (0, 0);
    for (at, token) in tokens.iter().enumerate() {
        let level = levels.last_mut().expect("the source's own level stays");
        match token.kind {
            Kind::Word(word) => {
                if word == "fn" {
                    functions += 1;
                    over(Limit::Functions, functions, limits.functions, token.span)?;
                }
                if word == "else"
                    && matches!(tokens.get(at + 1), Some(next) if next.kind == Kind::Word("if"))
                {
                    chain = ended;
                }
            }
            Kind::Number(_) => {}
            Kind::Mark(';' | ',') => {
                depth -= level.operators;
                level.operators = 0;
            }
            Kind::Mark('{') => {
                depth -= level.operators;
                level.operators = 0;
                let weight = chain + 1;
                chain = 0;
                braces += weight;
                over(Limit::Nesting, braces, limits.nesting, token.span)?;
                levels.push(Level {
                    operators: 0,
                    weight,
                });
            }
            Kind::Mark(mark) => {
                if matches!(mark, ')' | ']' | '}') {
                    depth -= level.operators;
                    braces -= level.weight;
                    if mark == '}' {
                        ended = level.weight;
                    }
                    // An unbalanced bracket is naga's to report.
                    levels.pop();
                    if levels.is_empty() {
                        levels.push(Level::default());
                    }
                } else {
                    level.operators += 1;
                    depth += 1;
                    over(
                        Limit::ExpressionDepth,
                        depth,
                        limits.expression_depth,
                        token.span,
                    )?;
                    if matches!(mark, '(' | '[') {
                        levels.push(Level::default());
                    }
                }
                if mark == '}' {
                    let level = levels.last_mut().expect("a level is always there");
                    depth -= level.operators;
                    level.operators = 0;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossed(source: &str) -> Option<(Limit, u32)> {
        let limits = FrontEndLimits {
            nesting: 4,
            expression_depth: 8,
            functions: 2,
            ..FrontEndLimits::default()
        };
        match check(source, &limits) {
            Ok(_) => None,
            Err(Refusal::OverLimit { limit, span, .. }) => Some((limit, span.start)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn nested_blocks_and_else_if_chains_are_bounded() {
        assert_eq!(crossed("{{{{}}}} {{{{}}}}"), None);
        assert_eq!(crossed("{{{{{"), Some((Limit::Nesting, 4)));
        let chain = "if a {} else if b {} else if c {} else if d {}";
        assert_eq!(crossed(chain), None);
        assert_eq!(
            crossed(&format!("{{ {chain} }}")),
            Some((Limit::Nesting, 46))
        );
        assert_eq!(crossed(&format!("{chain} {chain}")), None);
        assert_eq!(
            crossed(&format!("{chain} else if e {{}}")),
            Some((Limit::Nesting, 57))
        );
    }

    #[test]
    fn expressions_are_bounded_per_operand() {
        assert_eq!(crossed("a+a+a+a+a; a+a+a+a+a; f(a+a+a+a, a+a+a+a)"), None);
        assert_eq!(
            crossed("a+a+a+a+a+a+a+a+a+a"),
            Some((Limit::ExpressionDepth, 17))
        );
        assert_eq!(
            crossed("((((((((((a))))))))))"),
            Some((Limit::ExpressionDepth, 8))
        );
        assert_eq!(
            crossed("a+b+c+(a+b+(c+d+e))"),
            Some((Limit::ExpressionDepth, 15))
        );
        assert_eq!(
            crossed("a.b.c.d.e.f.g.h.i.j"),
            Some((Limit::ExpressionDepth, 17))
        );
    }

    #[test]
    fn comments_do_not_count_and_hide_nothing() {
        assert_eq!(crossed("// {{{{{{\n/* {{{{{{ /* { */ { */ {}"), None);
        assert_eq!(crossed("// x\u{2028}{{{{{"), Some((Limit::Nesting, 11)));
        assert_eq!(crossed("/* /* */ {{{{{{ */ a"), None);
    }

    #[test]
    fn functions_are_counted() {
        assert_eq!(crossed("fn fn"), None);
        assert_eq!(crossed("fn fn fn"), Some((Limit::Functions, 6)));
    }

    #[test]
    fn unbalanced_brackets_are_left_to_the_parser() {
        assert_eq!(crossed(")))]]]}}} else if { }"), None);
    }
}
