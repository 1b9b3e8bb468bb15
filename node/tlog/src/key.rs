//! The public keys of logs and witnesses, as `signed-note` writes them.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::encoding::{from_base64, to_base64};

/// What a key signs, which is a part of what the key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// Ed25519 over the text of a note: a log's own signature.
    Ed25519,
    /// A witness's `cosignature/v1`: Ed25519 over the time and the text of a checkpoint.
    Cosignature,
}

impl KeyKind {
    const ALL: [Self; 2] = [Self::Ed25519, Self::Cosignature];

    /// The byte that stands for it in the encodings of keys.
    pub fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Why text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the three parts of a key.
    #[error(
        "a verifier key looks like `name+01234567+AbC…=`: a name, 8 hexadecimal digits and base64, joined by `+`"
    )]
    NotAKey,
    /// A name that notes cannot carry.
    #[error(
        "a key's name must have 1 to {} bytes without spaces, `+` and control characters; \
         it is usually a host name and a path, such as `node.example/log`",
        VerifierKey::MAX_NAME
    )]
    BadName,
    /// A kind of key that is not known here.
    #[error(
        "keys of type {code:#04x} are not supported; Ed25519 (0x01) and Ed25519 cosignatures (0x04) are"
    )]
    UnknownKind {
        /// The byte that names the type.
        code: u8,
    },
    /// A key of a wrong size.
    #[error("an Ed25519 key has 32 bytes, this one has {got}")]
    WrongLength {
        /// Its bytes.
        got: usize,
    },
    /// A key with the wrong id: mistyped, or put together from two keys.
    #[error(
        "the id {got:08x} is not that of this name and key, which is {expected:08x}; check for a typing error"
    )]
    WrongId {
        /// The id in the text.
        got: u32,
        /// The id of name and key.
        expected: u32,
    },
}

/// A key that signatures on notes are checked with. Prints and parses as a `vkey`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    name: String,
    id: u32,
    kind: KeyKind,
    public: [u8; 32],
}

/// Checks that a key can have this name.
pub fn check_key_name(name: &str) -> Result<(), KeyError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.len() > VerifierKey::MAX_NAME || name.contains(bad) {
        return Err(KeyError::BadName);
    }
    Ok(())
}

impl VerifierKey {
    /// Bytes of a key's name.
    pub const MAX_NAME: usize = 255;

    /// The key of this name. Its id follows from the rest.
    pub fn new(name: &str, kind: KeyKind, public: [u8; 32]) -> Result<Self, KeyError> {
        check_key_name(name)?;
        let hash = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', kind.code()])
            .chain_update(public)
            .finalize();
        let id = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        Ok(Self {
            name: name.to_owned(),
            id,
            kind,
            public,
        })
    }

    /// The name that signatures carry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that signatures carry.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The Ed25519 public key.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }
}

/// The parts of `name+id+base64(kind || key)`, of which secret keys have the same three.
pub(crate) fn parse_parts(text: &str) -> Result<(&str, u32, KeyKind, Vec<u8>), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::NotAKey);
    };
    check_key_name(name)?;
    let digits = id.len() == 8 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| digits);
    // ML-DSA keys, the longest there are, have 1,313 bytes with their type.
    let key = Some(key)
        .filter(|key| key.len() <= 4096)
        .and_then(from_base64);
    let (Some(id), Some(mut key)) = (id, key) else {
        return Err(KeyError::NotAKey);
    };
    let code = *key.first().ok_or(KeyError::NotAKey)?;
    let kind = KeyKind::from_code(code).ok_or(KeyError::UnknownKind { code })?;
    key.remove(0);
    Ok((name, id, kind, key))
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, kind, public) = parse_parts(text)?;
        let got = public.len();
        let public = public
            .try_into()
            .map_err(|_| KeyError::WrongLength { got })?;
        let key = Self::new(name, kind, public)?;
        if key.id != id {
            return Err(KeyError::WrongId {
                got: id,
                expected: key.id,
            });
        }
        Ok(key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind.code()];
        key.extend(self.public);
        write!(f, "{}+{:08x}+{}", self.name, self.id, to_base64(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn the_example_of_the_specification() {
        let key: VerifierKey = EXAMPLE.parse().unwrap();
        assert_eq!(
            (key.name(), key.id(), key.kind()),
            ("example.com/foo", 0x530d_903a, KeyKind::Ed25519)
        );
        assert_eq!(key.to_string(), EXAMPLE);
        let witness = VerifierKey::new(key.name(), KeyKind::Cosignature, *key.public()).unwrap();
        assert_ne!(
            witness.id(),
            key.id(),
            "one key for two purposes must have two ids"
        );
        assert_eq!(witness.to_string().parse(), Ok(witness));
    }

    #[test]
    fn other_spellings_are_refused() {
        let refused = |text: &str| text.parse::<VerifierKey>().unwrap_err();
        assert!(matches!(
            refused(&EXAMPLE.replace("530d903a", "530d903b")),
            KeyError::WrongId { .. }
        ));
        assert_eq!(
            refused(&EXAMPLE.replace("530d903a", "530D903A")),
            KeyError::NotAKey
        );
        assert_eq!(
            refused(&EXAMPLE.replace("530d903a", "+30d903a")),
            KeyError::NotAKey
        );
        assert_eq!(
            refused(&EXAMPLE.replace("example", "exa mple")),
            KeyError::BadName
        );
        assert_eq!(
            refused(&EXAMPLE.replace("example", "exa\u{2003}mple")),
            KeyError::BadName
        );
        assert_eq!(
            refused(&EXAMPLE["example.com/foo".len()..]),
            KeyError::BadName
        );
        assert!(matches!(
            refused("a+00000000+Bg=="),
            KeyError::UnknownKind { code: 6 }
        ));
        assert!(matches!(
            refused("a+00000000+AQ=="),
            KeyError::WrongLength { got: 0 }
        ));
        for text in [
            "",
            "a",
            "a+530d903a",
            "a+530d903a+",
            "a+530d903a+A",
            "a+530d903a+A==",
        ] {
            assert_eq!(refused(text), KeyError::NotAKey, "{text}");
        }
        assert_eq!(
            refused(&format!("a+530d903a+{}", "A".repeat(1 << 20))),
            KeyError::NotAKey
        );
        assert_eq!(
            refused(&format!("{}+530d903a+AQ==", "a".repeat(256))),
            KeyError::BadName
        );
    }
}
