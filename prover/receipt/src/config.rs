//! The STARK configuration: one function for the prover and the verifier.
//!
//! Everything is Plonky3's, unmodified: KoalaBear, FRI over two-adic cosets, Merkle trees and the
//! Fiat–Shamir sponge over BLAKE3. `p3-blake3` hashes many rows in one SIMD call when the tree is typed
//! over the scalar field, as here.

use p3_blake3::Blake3;
use p3_challenger::{HashChallenger, SerializingChallenger32};
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::ExtensionField;
use p3_field::extension::{BinomialExtensionField, QuinticTrinomialExtensionField};
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_koala_bear::KoalaBear;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CompressionFunctionFromHasher, SerializingHasher};
use p3_uni_stark::StarkConfig;

use crate::preset::{LOG_FINAL_POLY_LEN, Preset};
use crate::transcript::TranscriptSeed;

/// The challenge field of [`Preset::S100`]: `KoalaBear[X] / (X^5 + X^2 − 1)`.
pub type Quintic = QuinticTrinomialExtensionField<KoalaBear>;
/// The challenge field of [`Preset::S128`]: `KoalaBear[X] / (X^8 − 3)`.
pub type Octic = BinomialExtensionField<KoalaBear, 8>;

/// Hash of a row.
pub type RowHash = SerializingHasher<Blake3>;
/// Hash of two nodes of a Merkle tree.
pub type NodeHash = CompressionFunctionFromHasher<Blake3, 2, 32>;
/// Commitment to matrices over KoalaBear.
pub type BaseCommitment = MerkleTreeMmcs<KoalaBear, u8, RowHash, NodeHash, 2, 32>;
/// Commitment to matrices over the challenge field.
pub type ExtensionCommitment<EF> = ExtensionMmcs<KoalaBear, EF, BaseCommitment>;
/// The Fiat–Shamir transcript.
pub type Challenger = SerializingChallenger32<KoalaBear, HashChallenger<u8, Blake3, 32>>;
/// Low-degree extension on the CPU.
pub type Dft = Radix2DitParallel<KoalaBear>;
/// The polynomial commitment scheme.
pub type Pcs<EF> = TwoAdicFriPcs<KoalaBear, Dft, BaseCommitment, ExtensionCommitment<EF>>;
/// The configuration that `p3_batch_stark` proves and verifies under.
pub type Config<EF> = StarkConfig<Pcs<EF>, EF, Challenger>;

/// A challenge field, tied to the one preset that uses it, so that a field and a preset cannot be mixed.
///
/// Code that is generic over it is entered by a match on the preset, once for each field:
///
/// ```
/// # use arknet_receipt::{Preset, config::{ChallengeField, Octic, Quintic}};
/// fn queries<EF: ChallengeField>() -> usize {
///     EF::PRESET.parameters().queries
/// }
/// let preset = Preset::S128;
/// let queries = match preset {
///     Preset::S100 => queries::<Quintic>(),
///     Preset::S128 => queries::<Octic>(),
/// };
/// assert_eq!(queries, 74);
/// ```
///
/// Code that calls into `p3_batch_stark` also needs `SymbolicExpressionExt<KoalaBear, EF>: Algebra<EF>`, which
/// holds for every such field but cannot be a bound of this trait.
pub trait ChallengeField: ExtensionField<KoalaBear> {
    /// The preset whose challenges are drawn from this field.
    const PRESET: Preset;
}

impl ChallengeField for Quintic {
    const PRESET: Preset = Preset::S100;
}

impl ChallengeField for Octic {
    const PRESET: Preset = Preset::S128;
}

/// The configuration of `EF::PRESET`, its transcript seeded with what the proof is about.
pub fn config<EF: ChallengeField>(seed: &TranscriptSeed) -> Config<EF> {
    let parameters = EF::PRESET.parameters();
    // Height 0: one root per commitment. Openings are pruned multi-proofs, so a cap would save little.
    let commitment = BaseCommitment::new(RowHash::new(Blake3), NodeHash::new(Blake3), 0);
    let fri = FriParameters {
        log_blowup: parameters.log_blowup,
        log_final_poly_len: LOG_FINAL_POLY_LEN,
        max_log_arity: parameters.log_max_arity,
        num_queries: parameters.queries,
        batch_proof_of_work_bits: parameters.batch_pow_bits,
        commit_proof_of_work_bits: parameters.commit_pow_bits,
        query_proof_of_work_bits: parameters.query_pow_bits,
        mmcs: ExtensionCommitment::<EF>::new(commitment.clone()),
    };
    let pcs = Pcs::<EF>::new(Dft::default(), commitment, fri);
    let challenger = Challenger::from_hasher(seed.bytes().to_vec(), Blake3);
    StarkConfig::new(pcs, challenger)
        .with_lookup_proof_of_work_bits(parameters.lookup_pow_bits)
        .with_ood_proof_of_work_bits(parameters.ood_pow_bits)
}

#[cfg(test)]
mod tests {
    use p3_field::BasedVectorSpace;

    use super::*;

    fn degree<EF: ChallengeField>() -> usize {
        <EF as BasedVectorSpace<KoalaBear>>::DIMENSION
    }

    #[test]
    fn fields_have_the_degree_of_their_preset() {
        assert_eq!(
            degree::<Quintic>(),
            Quintic::PRESET.parameters().extension_degree
        );
        assert_eq!(
            degree::<Octic>(),
            Octic::PRESET.parameters().extension_degree
        );
    }
}
