//! Text to program.
//!
//! Recursion is as deep as blocks are nested, which [`Workload::MAX_DEPTH`] bounds.

use std::collections::HashMap;

use super::error::{ParseError, ParseProblem};
use super::lexer::{Lexer, Token};
use crate::ir::{
    AtomicOp, BarrierScope, BinaryOp, Binding, Block, Builtin, Inst, InstKind, Length, LoopParam,
    Memory, MemoryId, Program, Space, Span, Terminator, Type, Value, Workload,
};

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

/// What was read so far, and the next token.
pub(super) struct Parser<'a> {
    pub(super) lexer: Lexer<'a>,
    pub(super) next: Token<'a>,
    /// Line of `next`.
    pub(super) line: u32,
    /// Type of each value defined so far.
    types: Vec<Type>,
    /// Numbers in the text to values.
    names: HashMap<u32, Value>,
}

pub(super) type Parsed<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
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
            Token::Word("shared") => {
                self.advance()?;
                Space::Shared {
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
            "store" | "meter" | "barrier" | "atomic" if !results.is_empty() => mismatch("no value"),
            "store" => self.store(),
            "atomic" => self.atomic(),
            "barrier" => Ok(InstKind::Barrier {
                scope: self.named(&BarrierScope::ALL, BarrierScope::name, "a scope")?,
            }),
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

    fn atomic(&mut self) -> Parsed<InstKind> {
        let op = self.named(&AtomicOp::ALL, AtomicOp::name, "an atomic operation")?;
        let memory = self.memory_id()?;
        let index = self.index()?;
        Ok(InstKind::Atomic {
            op,
            memory,
            index,
            value: self.next_operand()?,
        })
    }

    /// One of several things by its name.
    fn named<T: Copy>(
        &mut self,
        all: &[T],
        name: fn(T) -> &'static str,
        expected: &'static str,
    ) -> Parsed<T> {
        let line = self.line;
        let word = self.word(expected)?;
        let found = all.iter().copied().find(|&one| name(one) == word);
        found.map_or_else(|| unknown(line, expected, word), Ok)
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
            "builtin" => InstKind::Builtin {
                result,
                builtin: self.named(&Builtin::ALL, Builtin::name, "a built-in")?,
            },
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
            "uniform_load" => InstKind::UniformLoad {
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
