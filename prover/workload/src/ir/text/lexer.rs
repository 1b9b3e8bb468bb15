//! Text to tokens with their lines.

/// A piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, operation, type or built-in: letters, digits, `_` and `.`.
    Word(&'a str),
    /// `%` and a number.
    Value(u32),
    /// A decimal or hexadecimal number, perhaps negative.
    Number(i64),
    /// What stands between quotes.
    Text(&'a str),
    /// A single character.
    Sign(char),
    /// The end of the text, or something that is no token.
    End,
}

/// Reads tokens one by one.
pub(super) struct Lexer<'a> {
    rest: &'a str,
    /// Line of the next token, counted from 1.
    line: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
        }
    }

    /// The next token and its line; what is no token comes as the text it starts with.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, u32), (String, u32)> {
        self.skip_blanks();
        let line = self.line;
        let Some(first) = self.rest.chars().next() else {
            return Ok((Token::End, line));
        };
        let token = match first {
            '%' => {
                self.rest = &self.rest[1..];
                let digits = self.take_while(|c| c.is_ascii_digit());
                digits.parse().ok().map(Token::Value)
            }
            '"' => {
                let body = &self.rest[1..];
                let end = body.find(['"', '\n', '\\']);
                end.filter(|&end| body[end..].starts_with('"')).map(|end| {
                    self.rest = &body[end + 1..];
                    Token::Text(&body[..end])
                })
            }
            '-' | '0'..='9' => number(self.take_while(|c| c == '-' || c.is_ascii_alphanumeric())),
            c if c.is_ascii_alphabetic() || c == '_' => {
                Some(Token::Word(self.take_while(|c| {
                    c.is_ascii_alphanumeric() || c == '_' || c == '.'
                })))
            }
            '(' | ')' | '{' | '}' | '[' | ']' | ':' | ',' | '=' => {
                self.rest = &self.rest[1..];
                Some(Token::Sign(first))
            }
            _ => None,
        };
        match token {
            Some(token) => Ok((token, line)),
            None => Err((self.rest.chars().take(20).collect(), line)),
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !keep(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn skip_blanks(&mut self) {
        loop {
            let blanks = self.take_while(char::is_whitespace);
            self.line += blanks.matches('\n').count() as u32;
            if !self.rest.starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }
}

fn number(text: &str) -> Option<Token<'static>> {
    let value = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).map(i64::from),
        None => text.parse(),
    };
    value.ok().map(Token::Number)
}
