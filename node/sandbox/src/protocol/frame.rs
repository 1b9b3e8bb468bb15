//! The outside of a message: its header, its head, and the words behind it.

use std::io::{self, Read, Write};

use super::ProtocolError;

/// The header of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: u8,
    /// Bytes of the head.
    head: u32,
    /// Words behind the head.
    words: u64,
}

/// Bytes of a header.
const BYTES: usize = 13;

/// Words that are turned into bytes at a time.
const CHUNK: usize = 1 << 14;

/// Sends a message.
pub(super) fn send(
    writer: &mut impl Write,
    kind: u8,
    head: &[u8],
    bulk: &[impl AsRef<[u32]>],
) -> Result<(), ProtocolError> {
    let words: u64 = bulk.iter().map(|part| part.as_ref().len() as u64).sum();
    let length = u32::try_from(head.len()).map_err(|_| ProtocolError::TooLarge {
        what: "the head of a message",
        limit: u32::MAX.into(),
        got: head.len() as u64,
    })?;
    let mut bytes = Vec::with_capacity(BYTES + head.len());
    bytes.push(kind);
    bytes.extend(length.to_le_bytes());
    bytes.extend(words.to_le_bytes());
    bytes.extend_from_slice(head);
    writer.write_all(&bytes).map_err(broken)?;
    for chunk in bulk.iter().flat_map(|part| part.as_ref().chunks(CHUNK)) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|word| word.to_le_bytes()));
        writer.write_all(&bytes).map_err(broken)?;
    }
    writer.flush().map_err(broken)
}

impl Header {
    /// Receives the header of the next message.
    pub(super) fn receive(reader: &mut impl Read) -> Result<Self, ProtocolError> {
        let mut bytes = [0; BYTES];
        reader.read_exact(&mut bytes).map_err(broken)?;
        let [kind, h0, h1, h2, h3, words @ ..] = bytes;
        Ok(Self {
            kind,
            head: u32::from_le_bytes([h0, h1, h2, h3]),
            words: u64::from_le_bytes(words),
        })
    }

    /// Receives the head.
    pub(super) fn head(
        &self,
        reader: &mut impl Read,
        limit: u32,
    ) -> Result<Vec<u8>, ProtocolError> {
        if self.head > limit {
            return Err(ProtocolError::TooLarge {
                what: "the head of a message",
                limit: limit.into(),
                got: self.head.into(),
            });
        }
        let mut head = vec![0; self.head as usize];
        reader.read_exact(&mut head).map_err(broken)?;
        Ok(head)
    }

    /// Receives the words, which must be as many as the receiver knows there are.
    pub(super) fn words(
        &self,
        reader: &mut impl Read,
        lengths: &[usize],
    ) -> Result<Vec<Vec<u32>>, ProtocolError> {
        let expected = lengths
            .iter()
            .fold(0u64, |sum, length| sum.saturating_add(*length as u64));
        if self.words != expected {
            return Err(ProtocolError::Mismatch {
                what: "the number of words behind a message",
                expected,
                got: self.words,
            });
        }
        lengths
            .iter()
            .map(|length| receive_words(reader, *length))
            .collect()
    }
}

fn receive_words(reader: &mut impl Read, length: usize) -> Result<Vec<u32>, ProtocolError> {
    let mut words: Vec<u32> = Vec::new();
    words
        .try_reserve_exact(length)
        .map_err(|_| ProtocolError::OutOfMemory {
            bytes: 4 * length as u64,
        })?;
    words.resize(length, 0);
    reader
        .read_exact(bytemuck::cast_slice_mut(&mut words))
        .map_err(broken)?;
    for word in &mut words {
        *word = u32::from_le(*word);
    }
    Ok(words)
}

fn broken(error: io::Error) -> ProtocolError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionReset => ProtocolError::Closed,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ProtocolError::Late,
        _ => ProtocolError::Connection(error.to_string()),
    }
}
