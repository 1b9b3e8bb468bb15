//! The two parameter sets of the proof system.
//!
//! A preset is named in a receipt and its parameters are taken from here, never from the proof.
//! `docs/security.md` says what each number buys; `security` computes it.

use std::fmt;
use std::str::FromStr;

/// A named set of proof parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preset {
    /// At least 100 provable bits, tables up to 2^22 rows. The default.
    #[default]
    S100,
    /// 128 provable bits (as many as the hash has), tables up to 2^21 rows.
    S128,
}

/// What a [`Preset`] stands for. Every preset uses KoalaBear, BLAKE3, and folds down to a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Degree of the challenge field over KoalaBear.
    pub extension_degree: usize,
    /// log2 of the blow-up factor: the inverse rate of the code.
    pub log_blowup: usize,
    /// FRI queries.
    pub queries: usize,
    /// log2 of the largest folding arity.
    pub log_max_arity: usize,
    /// Bits of work before the lookup challenges.
    pub lookup_pow_bits: usize,
    /// Bits of work before the out-of-domain point.
    pub ood_pow_bits: usize,
    /// Bits of work before the challenge that batches the openings.
    pub batch_pow_bits: usize,
    /// Bits of work before each folding challenge.
    pub commit_pow_bits: usize,
    /// Bits of work before the queries.
    pub query_pow_bits: usize,
    /// log2 of the most rows a table may have. With the blow-up it reaches KoalaBear's two-adicity, 24.
    pub max_log_height: u8,
    /// Provable bits that every receipt under this preset has; [`crate::verify()`] insists on them.
    pub bits: u32,
}

/// log2 of the length of the final FRI polynomial. Anything above 0 would exclude small tables.
pub(crate) const LOG_FINAL_POLY_LEN: usize = 0;

/// Collision resistance of a 256-bit BLAKE3 digest, in bits.
pub(crate) const HASH_BITS: usize = 128;

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 2] = [Self::S100, Self::S128];

    /// The name users type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S100 => "s100",
            Self::S128 => "s128",
        }
    }

    /// The parameters behind the name.
    pub const fn parameters(self) -> Parameters {
        match self {
            Self::S100 => Parameters {
                extension_degree: 5,
                log_blowup: 2,
                queries: 88,
                log_max_arity: 3,
                lookup_pow_bits: 8,
                ood_pow_bits: 4,
                batch_pow_bits: 16,
                commit_pow_bits: 4,
                query_pow_bits: 16,
                max_log_height: 22,
                bits: 100,
            },
            Self::S128 => Parameters {
                extension_degree: 8,
                log_blowup: 3,
                queries: 74,
                log_max_arity: 3,
                lookup_pow_bits: 0,
                ood_pow_bits: 0,
                batch_pow_bits: 16,
                commit_pow_bits: 0,
                query_pow_bits: 20,
                max_log_height: 21,
                bits: 128,
            },
        }
    }

    /// The byte a receipt names the preset by.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::S100 => 1,
            Self::S128 => 2,
        }
    }

    /// The preset of a byte of a receipt.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.code() == code)
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no preset's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a preset; there are `s100` and `s128`")]
pub struct UnknownPreset(String);

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name() == name)
            .ok_or_else(|| UnknownPreset(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_round_trip() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
            assert_eq!(Preset::from_code(preset.code()), Some(preset));
        }
        assert!("S100".parse::<Preset>().is_err());
        assert!("".parse::<Preset>().is_err());
        assert_eq!(Preset::from_code(0), None);
    }

    #[test]
    fn the_tallest_table_fits_the_field() {
        for preset in Preset::ALL {
            let parameters = preset.parameters();
            assert!(usize::from(parameters.max_log_height) + parameters.log_blowup <= 24);
        }
    }
}
