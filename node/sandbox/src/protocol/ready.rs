//! What a worker says once it has locked itself down: what it runs on, and which walls stand around it.

use std::io::{Read, Write};

use super::codec::{Decoder, Encoder};
use super::frame::{self, Header};
use super::{ProtocolError, VERSION, kind};
use crate::wall::{Wall, WallState, Walls};
use crate::{AdapterInfo, AdapterKind, BackendError, Selection};

const MAX_HEAD: u32 = 1 << 16;
/// Bytes of one name or reason.
const MAX_TEXT: u16 = 512;
/// Adapters that were passed over.
const MAX_REFUSED: u8 = 16;

/// A worker that takes jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What it runs kernels on.
    pub adapter: AdapterInfo,
    /// The walls that a worker builds itself.
    pub walls: Walls,
}

/// A worker that has nothing to run kernels on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready(pub BackendError);

impl Ready {
    /// Sends the message.
    pub fn send(&self, writer: &mut impl Write) -> Result<(), ProtocolError> {
        let mut head = Encoder::new();
        head.u16(VERSION);
        let adapter = &self.adapter;
        head.u8(adapter.kind as u8);
        for text in [
            &adapter.name,
            &adapter.backend,
            &adapter.driver,
            &adapter.driver_version,
        ] {
            head.text(text, MAX_TEXT);
        }
        for wall in Wall::OF_WORKER {
            let (tag, text) = match self.walls.get(wall) {
                WallState::Up(text) => (0, text),
                WallState::Missing(text) => (1, text),
            };
            head.u8(tag).text(text, MAX_TEXT);
        }
        frame::send(writer, kind::READY, &head.finish(), &[[]; 0])
    }

    /// Receives what a worker says after its start.
    pub fn receive(
        reader: &mut impl Read,
        selection: Selection,
    ) -> Result<Result<Self, Unready>, ProtocolError> {
        let header = Header::receive(reader)?;
        if header.kind != kind::READY && header.kind != kind::UNREADY {
            return Err(ProtocolError::Kind {
                expected: "ready or unready",
                got: header.kind,
            });
        }
        let head = header.head(reader, MAX_HEAD)?;
        header.words(reader, &[])?;
        let mut head = Decoder::new("ready", &head);
        let version = head.u16()?;
        if version != VERSION {
            return Err(ProtocolError::Version { got: version });
        }
        let result = if header.kind == kind::READY {
            Ok(Self::decode(&mut head)?)
        } else {
            Err(Unready::decode(&mut head, selection)?)
        };
        head.finish()?;
        Ok(result)
    }

    fn decode(head: &mut Decoder<'_>) -> Result<Self, ProtocolError> {
        let kind = head.u8()?;
        let kind = *AdapterKind::ALL
            .get(usize::from(kind))
            .ok_or(ProtocolError::Unknown {
                what: "kind of adapter",
                got: kind,
            })?;
        let adapter = AdapterInfo {
            kind,
            name: head.text(MAX_TEXT)?,
            backend: head.text(MAX_TEXT)?,
            driver: head.text(MAX_TEXT)?,
            driver_version: head.text(MAX_TEXT)?,
        };
        let mut walls = Walls::default();
        for wall in Wall::OF_WORKER {
            let state = match head.u8()? {
                0 => WallState::Up(head.text(MAX_TEXT)?),
                1 => WallState::Missing(head.text(MAX_TEXT)?),
                got => {
                    return Err(ProtocolError::Unknown {
                        what: "state of a wall",
                        got,
                    });
                }
            };
            walls.set(wall, state);
        }
        Ok(Self { adapter, walls })
    }
}

impl Unready {
    /// Sends the message.
    pub fn send(&self, writer: &mut impl Write) -> Result<(), ProtocolError> {
        let mut head = Encoder::new();
        head.u16(VERSION);
        match &self.0 {
            BackendError::NoAdapter { refused, .. } => {
                let refused = &refused[..refused.len().min(MAX_REFUSED.into())];
                head.u8(0).u8(refused.len() as u8);
                for text in refused {
                    head.text(text, MAX_TEXT);
                }
            }
            BackendError::Device { adapter, message } => {
                head.u8(1).text(adapter, MAX_TEXT).text(message, MAX_TEXT);
            }
            BackendError::NoCuda { reason } => {
                head.u8(2).text(reason, MAX_TEXT);
            }
        }
        frame::send(writer, kind::UNREADY, &head.finish(), &[[]; 0])
    }

    fn decode(head: &mut Decoder<'_>, selection: Selection) -> Result<Self, ProtocolError> {
        match head.u8()? {
            0 => {
                let count = head.u8()?;
                if count > MAX_REFUSED {
                    return Err(ProtocolError::TooLarge {
                        what: "the number of adapters passed over",
                        limit: MAX_REFUSED.into(),
                        got: count.into(),
                    });
                }
                let refused = (0..count)
                    .map(|_| head.text(MAX_TEXT))
                    .collect::<Result<_, _>>()?;
                Ok(Self(BackendError::NoAdapter {
                    software_allowed: selection == Selection::Any,
                    refused,
                }))
            }
            1 => Ok(Self(BackendError::Device {
                adapter: head.text(MAX_TEXT)?,
                message: head.text(MAX_TEXT)?,
            })),
            2 => Ok(Self(BackendError::NoCuda {
                reason: head.text(MAX_TEXT)?,
            })),
            got => Err(ProtocolError::Unknown {
                what: "reason to be unready",
                got,
            }),
        }
    }
}
