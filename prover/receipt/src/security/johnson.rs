//! How many challenges are exceptional in the Johnson regime.
//!
//! Ben-Sasson, Carmon, Haböck, Kopparty and Saraf ("On proximity gaps for Reed–Solomon codes",
//! eprint 2025/2055, Theorem 4.2): on a line of words over a domain of `n` points and at the agreement
//! `√ρ·(1 + 1/2m)`, `m ≥ 3`, at most
//!
//! ```text
//! (2·(m + ½)^5 + 3·(m + ½)·γ·ρ) / (3·ρ^{3/2}) · n  +  (m + ½) / √ρ,      γ = 1 − √ρ·(1 + 1/2m)
//! ```
//!
//! points are close to the code without the line being so; a curve of degree `d` has `d` times as many.
//! `p3-security` 0.8 uses a later count that is cubic in `m`; ours is the older and larger one.

use p3_security::proximity::gamma_ldr_m;

/// log2 of the number of exceptional points of a line over a domain of `2^(log_rows + log_blowup)` points.
pub(super) fn log_exceptional_points(log_rows: usize, log_blowup: usize, m: usize) -> f64 {
    let rho = (-(log_blowup as f64)).exp2();
    let half = m as f64 + 0.5;
    let gamma = gamma_ldr_m(log_blowup, m);
    let per_point = (2.0 * half.powi(5) + 3.0 * half * gamma * rho) / (3.0 * rho.powf(1.5));
    log2_sum(
        per_point.log2() + (log_rows + log_blowup) as f64,
        (half / rho.sqrt()).log2(),
    )
}

/// `log2(2^a + 2^b)` for `a ≥ b`.
pub(super) fn log2_sum(a: f64, b: f64) -> f64 {
    a + (1.0 + (b - a).exp2()).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_formula_written_out() {
        // ρ = 1/4, √ρ = 1/2, m = 3, n = 8: γ = 1 − 7/12 = 5/12.
        let first = (2.0 * 525.21875 + 3.0 * 3.5 * (5.0 / 12.0) / 4.0) / (3.0 / 8.0) * 8.0;
        let expected: f64 = first + 3.5 / 0.5;
        assert!((log_exceptional_points(1, 2, 3) - expected.log2()).abs() < 1e-9);
    }

    #[test]
    fn grows_with_every_argument() {
        let base = log_exceptional_points(20, 2, 30);
        assert!(log_exceptional_points(21, 2, 30) > base);
        assert!(log_exceptional_points(20, 3, 30) > base);
        assert!(log_exceptional_points(20, 2, 31) > base);
    }
}
