//! The first message: what the worker is to be.

use std::io::{Read, Write};

use super::codec::{Decoder, Encoder};
use super::frame::{self, Header};
use super::{ProtocolError, VERSION, kind};
use crate::{CompileLimits, Selection};

const MAGIC: &[u8; 14] = b"arknet-worker\0";
const MAX_HEAD: u32 = 256;

/// What runs the kernels in a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// A GPU, or a driver that runs on the processor, through wgpu.
    Wgpu,
    /// An NVIDIA GPU through CUDA.
    Cuda,
}

impl Backend {
    /// All backends; a backend's position is its number.
    const ALL: [Self; 2] = [Self::Wgpu, Self::Cuda];
}

/// What a worker is told before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// What runs the kernels.
    pub backend: Backend,
    /// Which adapters will do.
    pub selection: Selection,
    /// What the driver may be given to compile.
    pub compile_limits: CompileLimits,
    /// Most bytes that a job's buffers may have.
    pub memory: u64,
}

impl Start {
    /// Sends the message.
    pub fn send(&self, writer: &mut impl Write) -> Result<(), ProtocolError> {
        let mut head = Encoder::new();
        head.raw(MAGIC).u16(VERSION);
        head.u8(self.backend as u8);
        head.u8(match self.selection {
            Selection::Auto => 0,
            Selection::Any => 1,
        });
        head.u64(self.memory);
        let limits = &self.compile_limits;
        head.u64(limits.instructions as u64)
            .u64(limits.loops as u64)
            .u64(limits.nesting as u64)
            .u32(limits.private_words);
        frame::send(writer, kind::START, &head.finish(), &[[]; 0])
    }

    /// Receives the message.
    pub fn receive(reader: &mut impl Read) -> Result<Self, ProtocolError> {
        let header = Header::receive(reader)?;
        if header.kind != kind::START {
            return Err(ProtocolError::Kind {
                expected: "start",
                got: header.kind,
            });
        }
        let head = header.head(reader, MAX_HEAD)?;
        header.words(reader, &[])?;
        let mut head = Decoder::new("start", &head);
        if head.raw(MAGIC.len())? != MAGIC {
            return Err(ProtocolError::Unknown {
                what: "protocol",
                got: 0,
            });
        }
        let version = head.u16()?;
        if version != VERSION {
            return Err(ProtocolError::Version { got: version });
        }
        let backend = head.u8()?;
        let backend = *Backend::ALL
            .get(usize::from(backend))
            .ok_or(ProtocolError::Unknown {
                what: "backend",
                got: backend,
            })?;
        let selection = match head.u8()? {
            0 => Selection::Auto,
            1 => Selection::Any,
            got => {
                return Err(ProtocolError::Unknown {
                    what: "selection of adapters",
                    got,
                });
            }
        };
        let start = Self {
            backend,
            selection,
            memory: head.u64()?,
            compile_limits: CompileLimits {
                instructions: size(head.u64()?)?,
                loops: size(head.u64()?)?,
                nesting: size(head.u64()?)?,
                private_words: head.u32()?,
            },
        };
        head.finish()?;
        Ok(start)
    }
}

fn size(value: u64) -> Result<usize, ProtocolError> {
    usize::try_from(value).map_err(|_| ProtocolError::TooLarge {
        what: "a compile limit",
        limit: usize::MAX as u64,
        got: value,
    })
}
