//! Numbers and text as bytes.

use super::ProtocolError;

/// Writes the head of a message.
pub(super) struct Encoder(Vec<u8>);

impl Encoder {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    /// Text, made plain and cut to what the other side takes.
    pub(super) fn text(&mut self, text: &str, limit: u16) -> &mut Self {
        let text = plain(text, limit.into());
        // It is no longer than `limit`, which is a `u16`.
        self.u16(text.len() as u16).raw(text.as_bytes())
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads the head of a message.
pub(super) struct Decoder<'a> {
    message: &'static str,
    left: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(super) fn new(message: &'static str, head: &'a [u8]) -> Self {
        Self {
            message,
            left: head,
        }
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8], ProtocolError> {
        let Some((taken, left)) = self.left.split_at_checked(length) else {
            return Err(ProtocolError::Truncated {
                message: self.message,
            });
        };
        self.left = left;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ProtocolError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.raw(N)?);
        Ok(bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8, ProtocolError> {
        self.take().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ProtocolError> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ProtocolError> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, ProtocolError> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn text(&mut self, limit: u16) -> Result<String, ProtocolError> {
        let length = self.u16()?;
        if length > limit {
            return Err(ProtocolError::TooLarge {
                what: "the length of a text",
                limit: limit.into(),
                got: length.into(),
            });
        }
        let bytes = self.raw(length.into())?;
        match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().all(is_plain) => Ok(text.to_owned()),
            _ => Err(ProtocolError::Text {
                message: self.message,
            }),
        }
    }

    pub(super) fn finish(self) -> Result<(), ProtocolError> {
        match self.left.len() {
            0 => Ok(()),
            extra => Err(ProtocolError::Trailing {
                message: self.message,
                extra,
            }),
        }
    }
}

/// Text that a terminal or a log can take as it is: control characters and those that turn the direction of writing
/// become spaces, and what is past `limit` bytes is left out.
pub fn plain(text: &str, limit: usize) -> String {
    let mut kept = String::new();
    for character in text.chars() {
        let character = if is_plain(character) { character } else { ' ' };
        if kept.len() + character.len_utf8() > limit {
            break;
        }
        kept.push(character);
    }
    kept
}

fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
