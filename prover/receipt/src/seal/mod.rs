//! What makes a claim believable.

mod execution;
mod stark;

use std::fmt;

use crate::digest::{Digest, DomainHasher};
use crate::encoding::{DecodeError, Reader, Writer};

pub use execution::{BadDescription, ExecutionSeal, Races};
pub use stark::{SealTooLarge, StarkSeal};

/// What makes a claim believable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// A STARK proof: nobody has to be trusted.
    Stark(StarkSeal),
    /// A run that a provider signed for: whoever does not trust the provider repeats it.
    Execution(ExecutionSeal),
}

impl Seal {
    const STARK: u8 = 1;
    const EXECUTION: u8 = 2;

    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Stark(_) => "stark",
            Self::Execution(_) => "execution",
        }
    }

    /// Digest of the seal with its kind: what a provider signs beside the claim.
    pub fn digest(&self) -> Digest {
        let mut writer = Writer::default();
        self.write(&mut writer);
        let mut hasher = DomainHasher::new("ArkNet seal v1");
        hasher.update(&writer.finish());
        hasher.finish()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Stark(seal) => {
                writer.u8(Self::STARK);
                seal.write(writer);
            }
            Self::Execution(seal) => {
                writer.u8(Self::EXECUTION);
                seal.write(writer);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match reader.u8("the kind of seal")? {
            Self::STARK => StarkSeal::read(reader).map(Self::Stark),
            Self::EXECUTION => ExecutionSeal::read(reader).map(Self::Execution),
            code => Err(DecodeError::UnknownSeal { at, code }),
        }
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stark(seal) => seal.fmt(f),
            Self::Execution(seal) => seal.fmt(f),
        }
    }
}
