//! The receipt itself and its bytes.
//!
//! A decoded [`Receipt`] is well-formed, nothing more: [`crate::verify()`] decides whether it holds.
//! `docs/receipt.md` describes the format byte by byte.

use std::fmt;
use std::io::Read;
use std::path::Path;

use arknet_workload::regular::{self, OpenError};

use crate::claim::Claim;
use crate::encoding::{DecodeError, Reader, Writer};
use crate::preset::Preset;
use crate::transcript::ABSENT;

/// A claim with the reason to believe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The proof parameters.
    pub preset: Preset,
    /// What is claimed.
    pub claim: Claim,
    /// Why to believe it.
    pub seal: Seal,
}

/// What makes a claim believable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// A STARK proof.
    Stark(StarkSeal),
}

/// A STARK proof with the little that its verifier has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StarkSeal {
    air_version: u32,
    heights: Vec<Option<u8>>,
    proof: Vec<u8>,
}

/// A seal that would not fit the format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealTooLarge {
    /// Too many tables.
    #[error(
        "{got} tables are more than the {} a receipt may list",
        StarkSeal::MAX_TABLES
    )]
    Tables {
        /// The number of tables.
        got: usize,
    },
    /// A table too tall.
    #[error("a table of 2^{got} rows is past 2^{}", StarkSeal::MAX_LOG_HEIGHT)]
    Height {
        /// log2 of its rows.
        got: u8,
    },
    /// A proof too long.
    #[error(
        "the proof has {got} bytes, more than the {} allowed",
        StarkSeal::MAX_PROOF_BYTES
    )]
    Proof {
        /// Its bytes.
        got: usize,
    },
}

impl StarkSeal {
    /// Tables of a seal.
    pub const MAX_TABLES: usize = 4096;
    /// log2 of the rows of a table: KoalaBear's two-adicity.
    pub const MAX_LOG_HEIGHT: u8 = 24;
    /// Bytes of a proof. Leaves a mebibyte of [`Receipt::MAX_BYTES`] to the rest.
    pub const MAX_PROOF_BYTES: usize = Receipt::MAX_BYTES as usize - (1 << 20);

    /// A seal. `heights` holds log2 of the rows of each table that the statement compiles to, in order,
    /// `None` for a table that no row visits; `proof` comes from [`crate::encode_proof`].
    pub fn new(
        air_version: u32,
        heights: Vec<Option<u8>>,
        proof: Vec<u8>,
    ) -> Result<Self, SealTooLarge> {
        if heights.len() > Self::MAX_TABLES {
            return Err(SealTooLarge::Tables { got: heights.len() });
        }
        if let Some(got) = heights
            .iter()
            .flatten()
            .copied()
            .find(|&h| h > Self::MAX_LOG_HEIGHT)
        {
            return Err(SealTooLarge::Height { got });
        }
        if proof.len() > Self::MAX_PROOF_BYTES {
            return Err(SealTooLarge::Proof { got: proof.len() });
        }
        Ok(Self {
            air_version,
            heights,
            proof,
        })
    }

    /// Version of the compilation to tables.
    pub fn air_version(&self) -> u32 {
        self.air_version
    }

    /// log2 of the rows of each compiled table, `None` where the proof leaves it out.
    pub fn heights(&self) -> &[Option<u8>] {
        &self.heights
    }

    /// The encoded proof.
    pub fn proof(&self) -> &[u8] {
        &self.proof
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.air_version);
        writer.count(self.heights.len());
        for height in &self.heights {
            writer.u8(height.unwrap_or(ABSENT));
        }
        writer.u32(u32::try_from(self.proof.len()).expect("the limit on proofs is below 2^32"));
        writer.bytes(&self.proof);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let air_version = reader.u32("the AIR version")?;
        let count = reader.count("tables", Self::MAX_TABLES)?;
        let at = reader.at();
        let heights = reader
            .bytes("the tables' heights", count as u64)?
            .iter()
            .enumerate()
            .map(|(i, &height)| match height {
                ABSENT => Ok(None),
                got if got > Self::MAX_LOG_HEIGHT => {
                    Err(DecodeError::BadHeight { at: at + i, got })
                }
                height => Ok(Some(height)),
            })
            .collect::<Result<_, _>>()?;
        let at = reader.at();
        let length = reader.u32("the proof's length")?;
        if length as usize > Self::MAX_PROOF_BYTES {
            return Err(DecodeError::TooMany {
                what: "bytes of proof",
                at,
                got: u64::from(length),
                limit: Self::MAX_PROOF_BYTES as u64,
            });
        }
        let proof = reader.bytes("the proof", u64::from(length))?.to_vec();
        Ok(Self {
            air_version,
            heights,
            proof,
        })
    }
}

impl Receipt {
    /// The format that this build writes and reads. It fixes the proof's inner format too: Plonky3 0.8.0's.
    pub const VERSION: u16 = 1;
    /// The first bytes of a receipt.
    pub const MARK: [u8; 8] = *b"ArkNetRc";
    /// Bytes of a receipt.
    pub const MAX_BYTES: u64 = 64 << 20;

    const STARK: u8 = 1;

    /// The receipt's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&Self::MARK);
        writer.u16(Self::VERSION);
        writer.u8(self.preset.code());
        self.claim.write(&mut writer);
        match &self.seal {
            Seal::Stark(seal) => {
                writer.u8(Self::STARK);
                seal.write(&mut writer);
            }
        }
        writer.finish()
    }

    /// The receipt of the bytes. `decode(b)` succeeds only where `encode` gives `b` again.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let got = bytes.len() as u64;
        if got > Self::MAX_BYTES {
            return Err(DecodeError::TooLarge {
                got,
                limit: Self::MAX_BYTES,
            });
        }
        if !bytes.starts_with(&Self::MARK) {
            return Err(DecodeError::NotAReceipt);
        }
        let mut reader = Reader::new(bytes);
        reader.bytes("the receipt mark", Self::MARK.len() as u64)?;
        let version = reader.u16("the version")?;
        if version != Self::VERSION {
            return Err(DecodeError::UnknownVersion {
                got: version,
                known: Self::VERSION,
            });
        }
        let at = reader.at();
        let code = reader.u8("the preset")?;
        let preset = Preset::from_code(code).ok_or(DecodeError::UnknownPreset { at, code })?;
        let claim = Claim::read(&mut reader)?;
        let at = reader.at();
        let seal = match reader.u8("the kind of seal")? {
            Self::STARK => Seal::Stark(StarkSeal::read(&mut reader)?),
            code => return Err(DecodeError::UnknownSeal { at, code }),
        };
        reader.finish()?;
        Ok(Self {
            preset,
            claim,
            seal,
        })
    }

    /// Reads a receipt from a file, no more of it than a receipt may have.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let mut file = regular::open(path)?;
        let got = file.metadata().map_err(OpenError::Io)?.len();
        if got > Self::MAX_BYTES {
            return Err(LoadError::Decode(DecodeError::TooLarge {
                got,
                limit: Self::MAX_BYTES,
            }));
        }
        let mut bytes = Vec::new();
        // The length may have grown since: decoding checks what was read.
        Read::by_ref(&mut file)
            .take(Self::MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(OpenError::Io)?;
        Ok(Self::decode(&bytes)?)
    }
}

/// Why a file gives no receipt.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the receipt {0}")]
    Open(#[from] OpenError),
    /// Its bytes are no receipt.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "receipt      version {}, preset {}",
            Self::VERSION,
            self.preset
        )?;
        writeln!(f, "{}", self.claim)?;
        writeln!(f, "claim digest {}", self.claim.digest())?;
        match &self.seal {
            Seal::Stark(seal) => {
                let present = seal.heights.iter().flatten().count();
                write!(
                    f,
                    "seal         stark, AIR version {}, {present} of {} tables, proof of {} bytes\nheights     ",
                    seal.air_version,
                    seal.heights.len(),
                    seal.proof.len()
                )?;
                seal.heights.iter().try_for_each(|height| match height {
                    Some(height) => write!(f, " 2^{height}"),
                    None => f.write_str(" -"),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests;
