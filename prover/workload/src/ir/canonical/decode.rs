//! Canonical bytes to workload.
//!
//! The bytes may come from anybody: every count is checked against the bytes that are left before anything
//! is allocated for it, and nesting and instructions are counted while they are read.

use super::{VERSION, tag};
use crate::ir::{
    AtomicOp, BarrierScope, BinaryOp, Binding, Block, Builtin, Inst, InstKind, InvalidProgram,
    Length, LoopParam, Memory, MemoryId, Program, Space, Span, Terminator, Type, Value, Workload,
};

/// Why bytes are not a workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early, or a count says more than they can hold.
    #[error("byte {at}: {needed} bytes are needed and {left} are left")]
    Truncated {
        /// Offset.
        at: usize,
        /// Bytes needed.
        needed: u64,
        /// Bytes left.
        left: usize,
    },
    /// A version this code does not read.
    #[error("version {got} of the workload format is not supported; this is version {VERSION}")]
    Version {
        /// The version given.
        got: u16,
    },
    /// A byte that stands for nothing.
    #[error("byte {at}: {got} is not a known {what}")]
    Unknown {
        /// Offset.
        at: usize,
        /// What was expected.
        what: &'static str,
        /// The byte.
        got: u8,
    },
    /// A name that is not text.
    #[error("byte {at}: a memory's name is not UTF-8")]
    Name {
        /// Offset.
        at: usize,
    },
    /// Blocks nested too deep.
    #[error("byte {at}: blocks are nested deeper than {}", Workload::MAX_DEPTH)]
    TooDeep {
        /// Offset.
        at: usize,
    },
    /// Too many instructions.
    #[error("byte {at}: more than {} instructions", Workload::MAX_INSTS)]
    TooManyInsts {
        /// Offset.
        at: usize,
    },
    /// Something after the end.
    #[error("{extra} bytes after the end of the workload")]
    Trailing {
        /// Bytes left.
        extra: usize,
    },
    /// The program breaks a rule of the IR.
    #[error(transparent)]
    Invalid(#[from] InvalidProgram),
}

/// The workload that has these canonical bytes; its spans are empty.
pub fn decode(bytes: &[u8]) -> Result<Workload, DecodeError> {
    let mut decoder = Decoder {
        bytes,
        at: 0,
        insts: 0,
        values: Vec::new(),
    };
    let version = u16::from_le_bytes(decoder.take()?);
    if version != VERSION {
        return Err(DecodeError::Version { got: version });
    }
    let workgroup_size = [decoder.word()?, decoder.word()?, decoder.word()?];
    let memories = decoder.items(MIN_MEMORY, Decoder::memory)?;
    let body = decoder.block(0)?;
    if decoder.left() != 0 {
        return Err(DecodeError::Trailing {
            extra: decoder.left(),
        });
    }
    Ok(Workload::new(Program {
        workgroup_size,
        memories,
        values: decoder.values,
        body,
    })?)
}

/// Fewest bytes of a memory: the name's length, the space, one number.
const MIN_MEMORY: usize = 9;
/// Fewest bytes of an instruction: `barrier`.
const MIN_INST: usize = 2;

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    insts: usize,
    /// Types of the values defined so far.
    values: Vec<Type>,
}

type Decoded<T> = Result<T, DecodeError>;

impl Decoder<'_> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn slice(&mut self, needed: usize) -> Decoded<&[u8]> {
        if needed > self.left() {
            return Err(DecodeError::Truncated {
                at: self.at,
                needed: needed as u64,
                left: self.left(),
            });
        }
        let start = self.at;
        self.at += needed;
        Ok(&self.bytes[start..self.at])
    }

    fn take<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.slice(N)?);
        Ok(bytes)
    }

    fn byte(&mut self) -> Decoded<u8> {
        self.take().map(|[byte]| byte)
    }

    fn word(&mut self) -> Decoded<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// The error for the byte just read.
    fn unknown<T>(&self, what: &'static str, got: u8) -> Decoded<T> {
        Err(DecodeError::Unknown {
            at: self.at - 1,
            what,
            got,
        })
    }

    /// A count of items that take at least `min` bytes each.
    fn count(&mut self, min: usize) -> Decoded<usize> {
        let count = self.word()?;
        let needed = u64::from(count) * min as u64;
        if needed > self.left() as u64 {
            return Err(DecodeError::Truncated {
                at: self.at,
                needed,
                left: self.left(),
            });
        }
        Ok(count as usize)
    }

    fn items<T>(
        &mut self,
        min: usize,
        mut item: impl FnMut(&mut Self) -> Decoded<T>,
    ) -> Decoded<Vec<T>> {
        let count = self.count(min)?;
        (0..count).map(|_| item(self)).collect()
    }

    fn define(&mut self) -> Decoded<Value> {
        let ty = match self.byte()? {
            0 => Type::U32,
            1 => Type::I32,
            2 => Type::Bool,
            other => return self.unknown("type", other),
        };
        // A definition takes a byte, and a count of bytes that exceeds 2^32 fails the check of values.
        let value = Value(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.values.push(ty);
        Ok(value)
    }

    fn operand(&mut self) -> Decoded<Value> {
        self.word().map(Value)
    }

    fn memory_id(&mut self) -> Decoded<MemoryId> {
        self.word().map(MemoryId)
    }

    fn memory(&mut self) -> Decoded<Memory> {
        let length = self.count(1)?;
        let at = self.at;
        let name = std::str::from_utf8(self.slice(length)?)
            .map_err(|_| DecodeError::Name { at })?
            .to_owned();
        let space = match self.byte()? {
            0 => Space::Input {
                binding: self.binding()?,
                uniform: match self.byte()? {
                    0 => false,
                    1 => true,
                    other => return self.unknown("uniform flag", other),
                },
                length: self.length()?,
            },
            1 => Space::Output {
                binding: self.binding()?,
                length: self.length()?,
            },
            2 => Space::Private {
                words: self.word()?,
            },
            3 => Space::Constant {
                words: self.items(4, Self::word)?,
            },
            4 => Space::Shared {
                words: self.word()?,
            },
            other => return self.unknown("memory space", other),
        };
        Ok(Memory { name, space })
    }

    fn binding(&mut self) -> Decoded<Binding> {
        Ok(Binding {
            group: self.word()?,
            binding: self.word()?,
        })
    }

    fn length(&mut self) -> Decoded<Length> {
        match self.byte()? {
            0 => Ok(Length::Runtime),
            1 => Ok(Length::Words(self.word()?)),
            other => self.unknown("buffer length", other),
        }
    }

    fn block(&mut self, depth: usize) -> Decoded<Block> {
        if depth > Workload::MAX_DEPTH {
            return Err(DecodeError::TooDeep { at: self.at });
        }
        let insts = self.items(MIN_INST, |decoder| decoder.inst(depth))?;
        let end = match self.byte()? {
            0 => Terminator::Yield(self.items(4, Self::operand)?),
            1 => Terminator::Break(self.items(4, Self::operand)?),
            2 => Terminator::Continue(self.items(4, Self::operand)?),
            3 => Terminator::Unreachable,
            other => return self.unknown("end of a block", other),
        };
        Ok(Block { insts, end })
    }

    fn inst(&mut self, depth: usize) -> Decoded<Inst> {
        if self.insts == Workload::MAX_INSTS {
            return Err(DecodeError::TooManyInsts { at: self.at });
        }
        self.insts += 1;
        let kind = match self.byte()? {
            tag::CONST => InstKind::Const {
                result: self.define()?,
                bits: self.word()?,
            },
            tag::BUILTIN => InstKind::Builtin {
                result: self.define()?,
                builtin: self.one_of(&Builtin::ALL, "built-in")?,
            },
            tag::BINARY => InstKind::Binary {
                result: self.define()?,
                op: self.one_of(&BinaryOp::ALL, "operation")?,
                lhs: self.operand()?,
                rhs: self.operand()?,
            },
            tag::SELECT => InstKind::Select {
                result: self.define()?,
                condition: self.operand()?,
                accept: self.operand()?,
                reject: self.operand()?,
            },
            tag::CAST => InstKind::Cast {
                result: self.define()?,
                operand: self.operand()?,
            },
            tag::LOAD => InstKind::Load {
                result: self.define()?,
                memory: self.memory_id()?,
                index: self.operand()?,
            },
            tag::STORE => InstKind::Store {
                memory: self.memory_id()?,
                index: self.operand()?,
                value: self.operand()?,
            },
            tag::ARRAY_LENGTH => InstKind::ArrayLength {
                result: self.define()?,
                memory: self.memory_id()?,
            },
            tag::IF => InstKind::If {
                condition: self.operand()?,
                results: self.items(1, Self::define)?,
                then: self.block(depth + 1)?,
                otherwise: self.block(depth + 1)?,
            },
            tag::LOOP => InstKind::Loop {
                results: self.items(1, Self::define)?,
                params: self.items(5, |decoder| {
                    Ok(LoopParam {
                        param: decoder.define()?,
                        initial: decoder.operand()?,
                    })
                })?,
                body: self.block(depth + 1)?,
            },
            tag::METER => InstKind::Meter {
                steps: self.word()?,
            },
            tag::BARRIER => InstKind::Barrier {
                scope: self.one_of(&BarrierScope::ALL, "scope of a barrier")?,
            },
            tag::UNIFORM_LOAD => InstKind::UniformLoad {
                result: self.define()?,
                memory: self.memory_id()?,
                index: self.operand()?,
            },
            tag::ATOMIC => InstKind::Atomic {
                op: self.one_of(&AtomicOp::ALL, "atomic operation")?,
                memory: self.memory_id()?,
                index: self.operand()?,
                value: self.operand()?,
            },
            other => return self.unknown("instruction", other),
        };
        Ok(Inst {
            kind,
            span: Span::default(),
        })
    }

    fn one_of<T: Copy>(&mut self, all: &[T], what: &'static str) -> Decoded<T> {
        let position = self.byte()?;
        match all.get(usize::from(position)) {
            Some(&one) => Ok(one),
            None => self.unknown(what, position),
        }
    }
}
