//! What ArkNet's logs hold: an entry for each finished receipt and for each release.
//!
//! An entry is the mark `ArkNetLe`, a version (u16), a kind (u8) and the fields of that kind; integers are
//! little-endian as in receipts, counted bytes follow a u16. Each entry has one encoding, and every other is refused:
//! a log's leaf hash is over these bytes, so two spellings would be two entries.

/// Bytes of an attestation in an entry. Larger than any there is, and small enough for an entry bundle.
pub const MAX_ATTESTATION: usize = 1024;
/// Bytes of the name and of the version of a release.
pub const MAX_LABEL: usize = 64;

const MARK: &[u8; 8] = b"ArkNetLe";
const VERSION: u16 = 1;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A receipt that the node finished. The proof itself is not logged, but the seal's digest binds it.
    Receipt {
        /// Digest of the claim.
        claim: [u8; 32],
        /// Digest of the seal.
        seal: [u8; 32],
        /// The provider's attestation, as the receipt encodes it.
        attestation: Vec<u8>,
    },
    /// A release of software that the node's operator publishes.
    Release {
        /// What was released, such as `arknet-x86_64-linux`.
        name: String,
        /// Which version.
        version: String,
        /// SHA-256 of the file.
        digest: [u8; 32],
    },
}

/// Why bytes are no entry, or values cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not the first bytes of an entry.
    #[error("this is not an entry of an ArkNet log: it does not begin with the mark")]
    NotAnEntry,
    /// A later version.
    #[error("version {got} of log entries is not known here; this build reads version {VERSION}")]
    UnknownVersion {
        /// The version found.
        got: u16,
    },
    /// A kind that does not exist.
    #[error("{code} names no kind of log entry")]
    UnknownKind {
        /// The byte found.
        code: u8,
    },
    /// Too few bytes, or too many.
    #[error("the entry's {what} is cut short, too long, or followed by more")]
    BadLength {
        /// What was being read.
        what: &'static str,
    },
    /// A name or version with other characters.
    #[error("a release's {what} must have 1 to {MAX_LABEL} of the characters A-Z a-z 0-9 . _ -")]
    BadLabel {
        /// What was being read.
        what: &'static str,
    },
}

impl Entry {
    /// The entry's bytes. Refused where a part is too long for the format.
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        let mut bytes = MARK.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        match self {
            Self::Receipt {
                claim,
                seal,
                attestation,
            } => {
                check_attestation(attestation)?;
                bytes.push(1);
                bytes.extend(claim);
                bytes.extend(seal);
                put(&mut bytes, attestation);
            }
            Self::Release {
                name,
                version,
                digest,
            } => {
                bytes.push(2);
                put(&mut bytes, check_label("name", name)?.as_bytes());
                put(&mut bytes, check_label("version", version)?.as_bytes());
                bytes.extend(digest);
            }
        }
        Ok(bytes)
    }

    /// Reads an entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut rest = bytes.strip_prefix(MARK).ok_or(EntryError::NotAnEntry)?;
        let version = u16::from_le_bytes(*take(&mut rest, "version")?);
        if version != VERSION {
            return Err(EntryError::UnknownVersion { got: version });
        }
        let [code] = *take(&mut rest, "kind")?;
        let entry = match code {
            1 => {
                let (claim, seal) = (
                    *take(&mut rest, "claim digest")?,
                    *take(&mut rest, "seal digest")?,
                );
                let attestation = get(&mut rest, "attestation")?.to_vec();
                check_attestation(&attestation)?;
                Self::Receipt {
                    claim,
                    seal,
                    attestation,
                }
            }
            2 => {
                let mut label = |what| {
                    let text = std::str::from_utf8(get(&mut rest, what)?);
                    let text = text.map_err(|_| EntryError::BadLabel { what })?;
                    check_label(what, text).map(str::to_owned)
                };
                let (name, version) = (label("name")?, label("version")?);
                Self::Release {
                    name,
                    version,
                    digest: *take(&mut rest, "digest")?,
                }
            }
            code => return Err(EntryError::UnknownKind { code }),
        };
        if rest.is_empty() {
            Ok(entry)
        } else {
            Err(EntryError::BadLength { what: "end" })
        }
    }
}

fn check_attestation(attestation: &[u8]) -> Result<(), EntryError> {
    match attestation.len() {
        1..=MAX_ATTESTATION => Ok(()),
        _ => Err(EntryError::BadLength {
            what: "attestation",
        }),
    }
}

fn check_label<'a>(what: &'static str, text: &'a str) -> Result<&'a str, EntryError> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=MAX_LABEL).contains(&text.len()) && text.bytes().all(known) {
        Ok(text)
    } else {
        Err(EntryError::BadLabel { what })
    }
}

/// Writes bytes with their length, which the checks keep far below 2^16.
fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u16).to_le_bytes());
    bytes.extend(part);
}

fn get<'a>(rest: &mut &'a [u8], what: &'static str) -> Result<&'a [u8], EntryError> {
    let length = usize::from(u16::from_le_bytes(*take(rest, what)?));
    let (part, after) = rest
        .split_at_checked(length)
        .ok_or(EntryError::BadLength { what })?;
    *rest = after;
    Ok(part)
}

fn take<'a, const N: usize>(
    rest: &mut &'a [u8],
    what: &'static str,
) -> Result<&'a [u8; N], EntryError> {
    let (part, after) = rest
        .split_first_chunk()
        .ok_or(EntryError::BadLength { what })?;
    *rest = after;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn receipt() -> Entry {
        Entry::Receipt {
            claim: [1; 32],
            seal: [2; 32],
            attestation: vec![3; 137],
        }
    }

    fn release() -> Entry {
        Entry::Release {
            name: "arknet".to_owned(),
            version: "0.1.0-rc.1".to_owned(),
            digest: [4; 32],
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_documentation() {
        let bytes = release().encode().unwrap();
        let mut expected = b"ArkNetLe\x01\0\x02\x06\0arknet\x0a\x000.1.0-rc.1".to_vec();
        expected.extend([4; 32]);
        assert_eq!(bytes, expected);
        let bytes = receipt().encode().unwrap();
        assert_eq!(bytes.len(), 8 + 2 + 1 + 32 + 32 + 2 + 137);
        assert_eq!(bytes[..12], *b"ArkNetLe\x01\0\x01\x01");
        assert_eq!(bytes[75..78], [137, 0, 3]);
    }

    #[test]
    fn entries_survive_their_bytes_and_no_other_bytes_are_one() {
        for entry in [receipt(), release()] {
            let bytes = entry.encode().unwrap();
            assert_eq!(Entry::decode(&bytes), Ok(entry));
            for length in 0..bytes.len() {
                assert!(Entry::decode(&bytes[..length]).is_err());
            }
            assert!(Entry::decode(&[&bytes[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let attested = |length| Entry::Receipt {
            claim: [1; 32],
            seal: [2; 32],
            attestation: vec![3; length],
        };
        assert!(attested(0).encode().is_err());
        assert!(attested(MAX_ATTESTATION).encode().is_ok());
        assert!(attested(MAX_ATTESTATION + 1).encode().is_err());
        for name in ["", "a b", "ä", "a/b", &"a".repeat(65)] {
            let entry = Entry::Release {
                name: name.to_owned(),
                version: "1".to_owned(),
                digest: [0; 32],
            };
            assert!(entry.encode().is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn decoding_and_encoding_again_gives_the_same_bytes(
            which in any::<bool>(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = if which { receipt() } else { release() }.encode().unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(entry) = Entry::decode(&bytes) {
                prop_assert_eq!(entry.encode(), Ok(bytes));
            }
        }
    }
}
