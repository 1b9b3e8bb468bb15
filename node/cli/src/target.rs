//! What this build was compiled for. Plonky3 picks its SIMD code when it is compiled, so a slow prover is
//! often only a build for the wrong processor.

/// The instruction set of the field arithmetic.
pub(crate) const fn simd() -> &'static str {
    if cfg!(all(target_arch = "x86_64", target_feature = "avx512f")) {
        "AVX-512"
    } else if cfg!(all(target_arch = "x86_64", target_feature = "avx2")) {
        "AVX2"
    } else if cfg!(all(target_arch = "aarch64", target_feature = "neon")) {
        "NEON"
    } else {
        "none (portable code)"
    }
}

/// The memory allocator.
pub(crate) const ALLOCATOR: &str = "system allocator";
