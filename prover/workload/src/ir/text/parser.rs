//! Text to program.
//!
//! Recursion is as deep as blocks are nested, which [`Workload::MAX_DEPTH`] bounds.

use std::collections::HashMap;

use super::lexer::{Lexer, Token};
use crate::ir::{
    BinaryOp, Binding, Block, Builtin, Inst, InstKind, Length, LoopParam, Memory, MemoryId,
    Program, Space, Span, Terminator, Type, Value, Workload,
};

/// Why text is not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong there.
    pub problem: ParseProblem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    /// Something else belongs here.
    #[error("{expected} expected, found {found}")]
    Expected {
        /// What belongs here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A number that is no 32-bit word.
    #[error("{0} is not a 32-bit word")]
    NotWord(i64),
    /// A value that no line before defines.
    #[error("%{0} is not defined before this use")]
    Undefined(u32),
    /// A value that was defined before.
    #[error("%{0} is defined a second time")]
    Redefined(u32),
    /// A memory out of turn.
    #[error("memory m{got} should be m{expected}; memories are numbered from 0")]
    MemoryNumber {
        /// Its number in the text.
        got: u32,
        /// Its position.
        expected: u32,
    },
    /// Not one result, or some where there can be none.
    #[error("`{operation}` defines {expected}, not {got} values")]
    Results {
        /// The operation.
        operation: String,
        /// What it defines.
        expected: &'static str,
        /// Values to the left of `=`.
        got: usize,
    },
    /// Blocks nested too deep.
    #[error("blocks are nested deeper than {}", Workload::MAX_DEPTH)]
    TooDeep,
}

/// Reads a program; its values are numbered in the order of their definitions, its spans are empty.
pub fn parse(text: &str) -> Result<Program, ParseError> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        next: Token::End,
        line: 1,
        types: Vec::new(),
        names: HashMap::new(),
    };
    parser.advance()?;
    parser.program()
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    next: Token<'a>,
    /// Line of `next`.
    line: u32,
    /// Type of each value defined so far.
    types: Vec<Type>,
    /// Numbers in the text to values.
    names: HashMap<u32, Value>,
}

type Parsed<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    fn fail<T>(&self, problem: ParseProblem) -> Parsed<T> {
        Err(ParseError {
            line: self.line,
            problem,
        })
    }

    fn expected<T>(&self, expected: &'static str) -> Parsed<T> {
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
    fn advance(&mut self) -> Parsed<()> {
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
    fn accept(&mut self, token: Token<'_>) -> Parsed<bool> {
        if self.next != token {
            return Ok(false);
        }
        self.advance()?;
        Ok(true)
    }

    fn sign(&mut self, sign: char, expected: &'static str) -> Parsed<()> {
        if self.accept(Token::Sign(sign))? {
            return Ok(());
        }
        self.expected(expected)
    }

    fn keyword(&mut self, word: &'static str) -> Parsed<()> {
        if self.accept(Token::Word(word))? {
            return Ok(());
        }
        self.expected(word)
    }

    fn word(&mut self, expected: &'static str) -> Parsed<&'a str> {
        let Token::Word(word) = self.next else {
            return self.expected(expected);
        };
        self.advance()?;
        Ok(word)
    }

    /// A number as a word's bits.
    fn number(&mut self) -> Parsed<u32> {
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
    fn list<T>(
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

    fn program(&mut self) -> Parsed<Program> {
        self.keyword("workload")?;
        self.keyword("workgroup_size")?;
        self.sign('(', "`(`")?;
        let x = self.number()?;
        self.sign(',', "`,`")?;
        let y = self.number()?;
        self.sign(',', "`,`")?;
        let z = self.number()?;
        self.sign(')', "`)`")?;
        let mut memories = Vec::new();
        while self.accept(Token::Word("memory"))? {
            let expected = memories.len() as u32;
            memories.push(self.memory(expected)?);
        }
        self.keyword("body")?;
        let body = self.block(0)?;
        if self.next != Token::End {
            return self.expected("the end");
        }
        Ok(Program {
            workgroup_size: [x, y, z],
            memories,
            values: std::mem::take(&mut self.types),
            body,
        })
    }

    fn memory_id(&mut self) -> Parsed<MemoryId> {
        let number = match self.next {
            Token::Word(word) => word.strip_prefix('m').and_then(|n| n.parse().ok()),
            _ => None,
        };
        let Some(number) = number else {
            return self.expected("a memory");
        };
        self.advance()?;
        Ok(MemoryId(number))
    }

    fn memory(&mut self, expected: u32) -> Parsed<Memory> {
        let MemoryId(got) = self.memory_id()?;
        if got != expected {
            return self.fail(ParseProblem::MemoryNumber { got, expected });
        }
        let Token::Text(name) = self.next else {
            return self.expected("a quoted name");
        };
        self.advance()?;
        self.sign(':', "`:`")?;
        let space = match self.next {
            Token::Word("private") => {
                self.advance()?;
                Space::Private {
                    words: self.number()?,
                }
            }
            Token::Word("constant") => {
                self.advance()?;
                self.sign('[', "`[`")?;
                Space::Constant {
                    words: self.list(']', Self::number)?,
                }
            }
            Token::Word(kind @ ("input" | "uniform" | "output")) => {
                self.advance()?;
                let (binding, length) = self.buffer()?;
                match kind {
                    "output" => Space::Output { binding, length },
                    _ => Space::Input {
                        binding,
                        uniform: kind == "uniform",
                        length,
                    },
                }
            }
            _ => return self.expected("a memory space"),
        };
        Ok(Memory {
            name: name.to_owned(),
            space,
        })
    }

    fn buffer(&mut self) -> Parsed<(Binding, Length)> {
        self.keyword("binding")?;
        self.sign('(', "`(`")?;
        let group = self.number()?;
        self.sign(',', "`,`")?;
        let binding = self.number()?;
        self.sign(')', "`)`")?;
        let length = if self.accept(Token::Word("runtime"))? {
            Length::Runtime
        } else {
            Length::Words(self.number()?)
        };
        Ok((Binding { group, binding }, length))
    }

    fn operand(&mut self) -> Parsed<Value> {
        let Token::Value(number) = self.next else {
            return self.expected("a value");
        };
        let Some(&value) = self.names.get(&number) else {
            return self.fail(ParseProblem::Undefined(number));
        };
        self.advance()?;
        Ok(value)
    }

    fn next_operand(&mut self) -> Parsed<Value> {
        self.sign(',', "`,`")?;
        self.operand()
    }

    fn define(&mut self) -> Parsed<Value> {
        let Token::Value(number) = self.next else {
            return self.expected("a value");
        };
        // A definition takes characters, and a text of 2^32 definitions fails the check of values.
        let value = Value(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        if self.names.insert(number, value).is_some() {
            return self.fail(ParseProblem::Redefined(number));
        }
        self.advance()?;
        self.sign(':', "`:`")?;
        let ty = match self.next {
            Token::Word("u32") => Type::U32,
            Token::Word("i32") => Type::I32,
            Token::Word("bool") => Type::Bool,
            _ => return self.expected("a type"),
        };
        self.advance()?;
        self.types.push(ty);
        Ok(value)
    }

    fn block(&mut self, depth: usize) -> Parsed<Block> {
        if depth > Workload::MAX_DEPTH {
            return self.fail(ParseProblem::TooDeep);
        }
        self.sign('{', "`{`")?;
        let mut insts = Vec::new();
        let end = loop {
            let end = match self.next {
                Token::Sign('}') => Terminator::default(),
                Token::Word("yield") => Terminator::Yield(self.passed()?),
                Token::Word("break") => Terminator::Break(self.passed()?),
                Token::Word("continue") => Terminator::Continue(self.passed()?),
                Token::Word("unreachable") => {
                    self.advance()?;
                    Terminator::Unreachable
                }
                _ => {
                    insts.push(Inst {
                        kind: self.inst(depth)?,
                        span: Span::default(),
                    });
                    continue;
                }
            };
            break end;
        };
        self.sign('}', "`}`")?;
        Ok(Block { insts, end })
    }

    /// The values after the keyword of a block's end, which is taken too.
    fn passed(&mut self) -> Parsed<Vec<Value>> {
        self.advance()?;
        if self.accept(Token::Sign('('))? {
            return self.list(')', Self::operand);
        }
        Ok(Vec::new())
    }

    fn inst(&mut self, depth: usize) -> Parsed<InstKind> {
        let mut results = Vec::new();
        if let Token::Value(_) = self.next {
            results = self.list('=', Self::define)?;
        }
        let line = self.line;
        let operation = self.word("an instruction")?;
        let mismatch = |expected| {
            Err(ParseError {
                line,
                problem: ParseProblem::Results {
                    operation: operation.to_owned(),
                    expected,
                    got: results.len(),
                },
            })
        };
        match operation {
            "store" | "meter" if !results.is_empty() => mismatch("no value"),
            "store" => self.store(),
            "meter" => Ok(InstKind::Meter {
                steps: self.number()?,
            }),
            "if" => self.branch(results, depth),
            "loop" => self.repeat(results, depth),
            _ => match *results.as_slice() {
                [result] => self.definition(operation, line, result),
                _ => mismatch("one value"),
            },
        }
    }

    /// `[%index]`
    fn index(&mut self) -> Parsed<Value> {
        self.sign('[', "`[`")?;
        let index = self.operand()?;
        self.sign(']', "`]`")?;
        Ok(index)
    }

    fn store(&mut self) -> Parsed<InstKind> {
        let memory = self.memory_id()?;
        let index = self.index()?;
        self.sign('=', "`=`")?;
        Ok(InstKind::Store {
            memory,
            index,
            value: self.operand()?,
        })
    }

    fn branch(&mut self, results: Vec<Value>, depth: usize) -> Parsed<InstKind> {
        let condition = self.operand()?;
        let then = self.block(depth + 1)?;
        let otherwise = if self.accept(Token::Word("else"))? {
            self.block(depth + 1)?
        } else {
            Block::default()
        };
        Ok(InstKind::If {
            condition,
            then,
            otherwise,
            results,
        })
    }

    fn repeat(&mut self, results: Vec<Value>, depth: usize) -> Parsed<InstKind> {
        let mut params = Vec::new();
        if self.accept(Token::Sign('('))? {
            params = self.list(')', |parser| {
                let param = parser.define()?;
                parser.sign('=', "`=`")?;
                Ok(LoopParam {
                    param,
                    initial: parser.operand()?,
                })
            })?;
        }
        Ok(InstKind::Loop {
            params,
            body: self.block(depth + 1)?,
            results,
        })
    }

    /// An instruction that defines one value; `line` is that of its operation.
    fn definition(&mut self, operation: &str, line: u32, result: Value) -> Parsed<InstKind> {
        Ok(match operation {
            "const" => InstKind::Const {
                result,
                bits: match self.next {
                    Token::Word(word @ ("true" | "false")) => {
                        self.advance()?;
                        u32::from(word == "true")
                    }
                    _ => self.number()?,
                },
            },
            "builtin" => {
                let line = self.line;
                let name = self.word("a built-in")?;
                let named = |builtin: &Builtin| builtin.name() == name;
                let Some(builtin) = Builtin::ALL.into_iter().find(named) else {
                    return unknown(line, "a built-in", name);
                };
                InstKind::Builtin { result, builtin }
            }
            "select" => InstKind::Select {
                result,
                condition: self.operand()?,
                accept: self.next_operand()?,
                reject: self.next_operand()?,
            },
            "cast" => InstKind::Cast {
                result,
                operand: self.operand()?,
            },
            "load" => InstKind::Load {
                result,
                memory: self.memory_id()?,
                index: self.index()?,
            },
            "array_length" => InstKind::ArrayLength {
                result,
                memory: self.memory_id()?,
            },
            _ => {
                let named = |op: &BinaryOp| op.name() == operation;
                let Some(op) = BinaryOp::ALL.into_iter().find(named) else {
                    return unknown(line, "an operation", operation);
                };
                InstKind::Binary {
                    result,
                    op,
                    lhs: self.operand()?,
                    rhs: self.next_operand()?,
                }
            }
        })
    }
}

fn unknown<T>(line: u32, expected: &'static str, name: &str) -> Parsed<T> {
    Err(ParseError {
        line,
        problem: ParseProblem::Expected {
            expected,
            found: format!("`{name}`"),
        },
    })
}
