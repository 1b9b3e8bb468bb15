//! Reading and writing the receipt format: fixed-width little-endian integers and counted bytes.
//!
//! Every value has one encoding and the reader takes no other, so a receipt that decodes encodes to the
//! same bytes. A count is compared with the bytes that are left before anything is allocated for it.

/// Why bytes are not a receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than a receipt may have.
    #[error("{got} bytes are more than a receipt may have ({limit})")]
    TooLarge {
        /// Bytes given.
        got: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Not the first bytes of a receipt.
    #[error("this is not an ArkNet receipt: it does not begin with the receipt mark")]
    NotAReceipt,
    /// Another format.
    #[error("receipt version {got} is not known here; this build reads version {known}")]
    UnknownVersion {
        /// The version found.
        got: u16,
        /// The version this build reads.
        known: u16,
    },
    /// A preset that does not exist.
    #[error("byte {at}: {code} names no preset")]
    UnknownPreset {
        /// Offset of the byte.
        at: usize,
        /// The byte.
        code: u8,
    },
    /// A kind of seal that does not exist.
    #[error("byte {at}: {code} names no kind of seal")]
    UnknownSeal {
        /// Offset of the byte.
        at: usize,
        /// The byte.
        code: u8,
    },
    /// The bytes end before the receipt does.
    #[error("the receipt is cut short: {what} needs {needed} bytes at byte {at}, {left} are left")]
    CutShort {
        /// What was being read.
        what: &'static str,
        /// Offset where it begins.
        at: usize,
        /// Bytes it needs.
        needed: u64,
        /// Bytes there are.
        left: usize,
    },
    /// A count or length past its limit.
    #[error("byte {at}: {got} {what} are more than the {limit} allowed")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// Offset of the count.
        at: usize,
        /// The count.
        got: u64,
        /// The limit.
        limit: u64,
    },
    /// A buffer name that is no identifier.
    #[error("byte {at}: a buffer name must match [A-Za-z_][A-Za-z0-9_]*")]
    BadName {
        /// Offset of the name.
        at: usize,
    },
    /// Two buffers of one name.
    #[error("buffer `{name}` occurs twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A table height that no preset allows.
    #[error("byte {at}: a table cannot have 2^{got} rows")]
    BadHeight {
        /// Offset of the byte.
        at: usize,
        /// The byte.
        got: u8,
    },
    /// Text that is empty or holds what no one can read.
    #[error("byte {at}: {what} is not the text that it should be")]
    BadText {
        /// What the text is.
        what: &'static str,
        /// Offset of the text.
        at: usize,
    },
    /// A word on races that does not exist.
    #[error("byte {at}: {code} does not say whether races were looked for")]
    UnknownRaces {
        /// Offset of the byte.
        at: usize,
        /// The byte.
        code: u8,
    },
    /// Neither a request's digest nor the sign that there is none.
    #[error("byte {at}: an attestation has a request's digest after a 1, or 33 zeros")]
    BadRequest {
        /// Offset of the byte before the digest.
        at: usize,
    },
    /// A kind of endorsement that does not exist.
    #[error("byte {at}: {code} names no kind of endorsement")]
    UnknownEndorsement {
        /// Offset of the byte.
        at: usize,
        /// The byte.
        code: u8,
    },
    /// A run that nobody signed for.
    #[error(
        "byte {at}: nobody attests this receipt, and an execution seal is worth nothing but its provider's signature"
    )]
    Unattested {
        /// Offset of the byte that says so.
        at: usize,
    },
    /// Bytes after the end.
    #[error("{count} bytes follow the end of the receipt")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}

/// A cursor over untrusted bytes.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn bytes(
        &mut self,
        what: &'static str,
        needed: u64,
    ) -> Result<&'a [u8], DecodeError> {
        let rest = &self.bytes[self.at..];
        let taken = usize::try_from(needed).ok().and_then(|n| rest.get(..n));
        let taken = taken.ok_or(DecodeError::CutShort {
            what,
            at: self.at,
            needed,
            left: rest.len(),
        })?;
        self.at += taken.len();
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(what, N as u64)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A 16-bit count of things, at most `limit`.
    pub(crate) fn count(&mut self, what: &'static str, limit: usize) -> Result<usize, DecodeError> {
        let at = self.at;
        let got = usize::from(self.u16(what)?);
        if got > limit {
            return Err(DecodeError::TooMany {
                what,
                at,
                got: got as u64,
                limit: limit as u64,
            });
        }
        Ok(got)
    }

    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            count => Err(DecodeError::TrailingBytes { count }),
        }
    }
}

/// What [`Reader`] reads. Lengths are in bounds by the time a value is written: the types that are
/// written cannot be made with longer parts.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// A count that [`Reader::count`] reads.
    pub(crate) fn count(&mut self, count: usize) {
        let count = u16::try_from(count).expect("limits of counts are below 2^16");
        self.u16(count);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked_before_use() {
        let mut reader = Reader::new(&[1, 2, 3]);
        let error = reader.bytes("things", u64::MAX).unwrap_err();
        assert_eq!(
            error,
            DecodeError::CutShort {
                what: "things",
                at: 0,
                needed: u64::MAX,
                left: 3
            }
        );
        assert_eq!(reader.u16("a number"), Ok(0x0201));
        assert!(reader.u16("a number").is_err());
        assert_eq!(reader.u8("a number"), Ok(3));
        assert!(reader.finish().is_ok());
    }

    #[test]
    fn counts_have_limits() {
        assert_eq!(Reader::new(&[2, 0]).count("things", 2), Ok(2));
        assert!(Reader::new(&[3, 0]).count("things", 2).is_err());
        assert!(Reader::new(&[0]).count("things", 2).is_err());
    }

    #[test]
    fn what_is_left_is_an_error() {
        assert_eq!(
            Reader::new(&[0; 7]).finish(),
            Err(DecodeError::TrailingBytes { count: 7 })
        );
    }
}
