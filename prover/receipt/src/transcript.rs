//! What the Fiat–Shamir transcript starts from.
//!
//! Plonky3 absorbs commitments, widths and heights, but neither constraints nor periodic columns. Both
//! follow from the workload, the AIR version and the claim (which holds digests of all buffers), so these
//! go into the transcript before anything else: a challenge depends on the whole statement, and a proof
//! of one claim is worth nothing under another.

use crate::claim::Claim;
use crate::digest::DomainHasher;
use crate::preset::Preset;

/// The first bytes that a proof's transcript absorbs: a digest of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscriptSeed([u8; 32]);

/// Stands for an absent table where a height is expected. No table has 2^255 rows.
pub(crate) const ABSENT: u8 = 0xff;

impl TranscriptSeed {
    /// The seed of a proof. `tables` are all tables that the statement compiles to, in their order, with
    /// log2 of their heights, `None` for those that the proof leaves out.
    pub fn new<'a>(
        preset: Preset,
        air_version: u32,
        claim: &Claim,
        tables: impl IntoIterator<Item = (&'a str, Option<u8>)>,
    ) -> Self {
        let mut hasher = DomainHasher::new("ArkNet transcript v1");
        hasher.update(preset.name().as_bytes());
        hasher.update(&[0]);
        hasher.update(&air_version.to_le_bytes());
        hasher.update(&claim.workload().0);
        hasher.update(&claim.digest().0);
        for (name, height) in tables {
            // Names are length-prefixed and the list is last, so that no two lists hash alike.
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update(&[height.unwrap_or(ABSENT)]);
        }
        Self(hasher.finish().0)
    }

    /// The seed's bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn everything_is_bound() {
        let claim = testing::claim();
        let base = TranscriptSeed::new(Preset::S100, 1, &claim, [("a", Some(3)), ("b", None)]);
        let others = [
            TranscriptSeed::new(Preset::S128, 1, &claim, [("a", Some(3)), ("b", None)]),
            TranscriptSeed::new(Preset::S100, 2, &claim, [("a", Some(3)), ("b", None)]),
            TranscriptSeed::new(
                Preset::S100,
                1,
                &testing::other_claim(),
                [("a", Some(3)), ("b", None)],
            ),
            TranscriptSeed::new(Preset::S100, 1, &claim, [("a", Some(4)), ("b", None)]),
            TranscriptSeed::new(Preset::S100, 1, &claim, [("a", Some(3)), ("b", Some(0))]),
            TranscriptSeed::new(Preset::S100, 1, &claim, [("b", None), ("a", Some(3))]),
            TranscriptSeed::new(Preset::S100, 1, &claim, [("a", Some(3))]),
        ];
        for other in others {
            assert_ne!(base, other);
        }
    }
}
