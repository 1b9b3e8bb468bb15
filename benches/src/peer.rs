//! The hand-written SHA-256 AIR of Plonky3, on the blocks of one of our jobs.

use p3_koala_bear::KoalaBear;
use p3_sha256_air::{Sha256Air, generate_trace_rows};

use crate::batch::Batch;
use crate::examples::{BLOCK_WORDS, DIGEST_WORDS};
use crate::run::Run;

/// The initial state of SHA-256.
const INITIAL: [u32; DIGEST_WORDS] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// `p3-sha256-air` with the compressions of a `sha256` job. It proves that they were done right, but not on
/// which blocks or with which digests: its columns are tied to no public data, ours are.
///
/// # Panics
///
/// If the number of blocks is no power of two.
pub fn sha256(run: &Run) -> Batch<Sha256Air> {
    let inputs = run.job.buffers()[0]
        .chunks_exact(BLOCK_WORDS)
        .map(|block| {
            std::array::from_fn(|i| match i.checked_sub(BLOCK_WORDS) {
                None => block[i],
                Some(i) => INITIAL[i],
            })
        })
        .collect();
    Batch {
        airs: vec![Sha256Air],
        traces: vec![generate_trace_rows::<KoalaBear>(inputs, 0)],
        seed: run.seed(),
    }
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeField32;
    use p3_matrix::Matrix;

    use super::*;
    use crate::examples;

    #[test]
    fn the_peer_computes_and_proves_our_digests() {
        let run = Run::new(examples::sha256(4));
        let batch = sha256(&run);
        // The last columns are the bits of the new state.
        let trace = &batch.traces[0];
        let digests: Vec<u32> = trace
            .row_slices()
            .flat_map(|row| {
                row[trace.width() - 32 * DIGEST_WORDS..]
                    .chunks_exact(32)
                    .map(|bits| {
                        let bits = bits.iter().zip(0..);
                        bits.fold(0, |word, (bit, i)| word | bit.as_canonical_u32() << i)
                    })
            })
            .collect();
        assert_eq!(digests, run.execution.buffers[1]);
        assert_eq!(batch.cells().auxiliary, 0);
        batch.verify(&batch.prove());
    }
}
