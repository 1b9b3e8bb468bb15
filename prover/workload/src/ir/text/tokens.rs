//! How the parser takes tokens: one ahead, with their lines.

use super::error::{ParseError, ParseProblem};
use super::lexer::Token;
use super::parser::{Parsed, Parser};

impl<'a> Parser<'a> {
    pub(super) fn fail<T>(&self, problem: ParseProblem) -> Parsed<T> {
        Err(ParseError {
            line: self.line,
            problem,
        })
    }

    pub(super) fn expected<T>(&self, expected: &'static str) -> Parsed<T> {
        let found = match self.next {
            Token::Word(word) => format!("`{word}`"),
            Token::Value(number) => format!("%{number}"),
            Token::Number(number) => number.to_string(),
            Token::Text(text) => format!("{text:?}"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_owned(),
        };
        self.fail(ParseProblem::Expected { expected, found })
    }

    /// Steps to the next token.
    pub(super) fn advance(&mut self) -> Parsed<()> {
        match self.lexer.next() {
            Ok((token, line)) => {
                (self.next, self.line) = (token, line);
                Ok(())
            }
            Err((found, line)) => Err(ParseError {
                line,
                problem: ParseProblem::Expected {
                    expected: "a token",
                    found: format!("{found:?}"),
                },
            }),
        }
    }

    /// Takes a token if it is there.
    pub(super) fn accept(&mut self, token: Token<'_>) -> Parsed<bool> {
        if self.next != token {
            return Ok(false);
        }
        self.advance()?;
        Ok(true)
    }

    pub(super) fn sign(&mut self, sign: char, expected: &'static str) -> Parsed<()> {
        if self.accept(Token::Sign(sign))? {
            return Ok(());
        }
        self.expected(expected)
    }

    pub(super) fn keyword(&mut self, word: &'static str) -> Parsed<()> {
        if self.accept(Token::Word(word))? {
            return Ok(());
        }
        self.expected(word)
    }

    pub(super) fn word(&mut self, expected: &'static str) -> Parsed<&'a str> {
        let Token::Word(word) = self.next else {
            return self.expected(expected);
        };
        self.advance()?;
        Ok(word)
    }

    /// A number as a word's bits.
    pub(super) fn number(&mut self) -> Parsed<u32> {
        let Token::Number(number) = self.next else {
            return self.expected("a number");
        };
        let bits = u32::try_from(number).or(i32::try_from(number).map(|signed| signed as u32));
        let Ok(bits) = bits else {
            return self.fail(ParseProblem::NotWord(number));
        };
        self.advance()?;
        Ok(bits)
    }

    /// Items with commas between them, up to a closing sign, which is taken too.
    pub(super) fn list<T>(
        &mut self,
        close: char,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        if self.accept(Token::Sign(close))? {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.accept(Token::Sign(close))? {
                return Ok(items);
            }
            self.sign(',', "`,` or the end of the list")?;
        }
    }
}
