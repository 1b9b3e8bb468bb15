//! The seal of a proof.

use std::fmt;

use crate::encoding::{DecodeError, Reader, Writer};
use crate::preset::Preset;
use crate::receipt::Receipt;
use crate::transcript::ABSENT;

/// A STARK proof with the little that its verifier has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StarkSeal {
    preset: Preset,
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
        preset: Preset,
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
            preset,
            air_version,
            heights,
            proof,
        })
    }

    /// The proof parameters, by name.
    pub fn preset(&self) -> Preset {
        self.preset
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

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.preset.code());
        writer.u32(self.air_version);
        writer.count(self.heights.len());
        for height in &self.heights {
            writer.u8(height.unwrap_or(ABSENT));
        }
        writer.u32(u32::try_from(self.proof.len()).expect("the limit on proofs is below 2^32"));
        writer.bytes(&self.proof);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let code = reader.u8("the preset")?;
        let preset = Preset::from_code(code).ok_or(DecodeError::UnknownPreset { at, code })?;
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
            preset,
            air_version,
            heights,
            proof,
        })
    }
}

impl fmt::Display for StarkSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = self.heights.iter().flatten().count();
        write!(
            f,
            "seal         stark {}, AIR version {}, {present} of {} tables, proof of {} bytes\nheights     ",
            self.preset,
            self.air_version,
            self.heights.len(),
            self.proof.len()
        )?;
        self.heights.iter().try_for_each(|height| match height {
            Some(height) => write!(f, " 2^{height}"),
            None => f.write_str(" -"),
        })
    }
}
