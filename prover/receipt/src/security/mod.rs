//! How many bits of soundness a verified proof has, round by round.
//!
//! The numbers come from the shape that was verified, not from the preset's name. They are provable: the
//! Johnson bound of BCHKS25 or unique decoding, whichever gives more, with every proof-of-work site counted
//! at its round only. Most formulas are `p3-security`'s; `docs/security.md` gives each of them, says
//! where this crate takes a more careful one, and why small tables need no term of their own.

mod johnson;
mod shape;

use std::fmt;

use p3_field::{Field, PrimeField64};
use p3_koala_bear::KoalaBear;
use p3_security::proximity::{LDR_M_CAP, alpha_ldr_m, alpha_udr, list_size_ldr_m, list_size_udr};
use p3_security::shape::{InstanceShape, StarkAirParams};
use p3_security::{air, deep, fri, logup};

pub use shape::{ProofShape, TableShape};

use crate::preset::{HASH_BITS, Preset};

/// Out-of-domain points that a column is opened at: this row and the next.
const POINTS: usize = 2;

/// The least `m` that BCHKS25 allows.
const JOHNSON_M_MIN: usize = 3;

/// How far from the code a committed word may be and still be decoded by the argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// To half the distance, one codeword.
    UniqueDecoding,
    /// To a margin below the Johnson bound, `1 − √ρ·(1 + 1/2m)`, a list of codewords.
    Johnson {
        /// The proximity parameter that makes the weakest round strongest.
        m: usize,
    },
}

/// One round in which a cheating prover may be lucky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// The round.
    pub name: &'static str,
    /// −log2 of the probability per attempt, the work per attempt counted in.
    pub bits: f64,
    /// How many of the bits are proof of work.
    pub work: usize,
}

/// The soundness of a verified proof. `Display` prints it as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityReport {
    preset: Preset,
    regime: Regime,
    terms: Vec<Term>,
}

impl SecurityReport {
    /// The report on a proof of this shape.
    pub fn new(shape: &ProofShape) -> Self {
        let regimes = (JOHNSON_M_MIN..=LDR_M_CAP)
            .map(|m| Regime::Johnson { m })
            .chain([Regime::UniqueDecoding]);
        let report = |regime| Self {
            preset: shape.preset,
            regime,
            terms: terms(shape, regime),
        };
        // Where the hash is the weakest of all, the regime that is best over all rounds is shown.
        let better = |best: Self, other: Self| {
            let key = |report: &Self| (report.min_bits(), report.union_bits());
            if key(&other) > key(&best) {
                other
            } else {
                best
            }
        };
        regimes
            .map(report)
            .reduce(better)
            .expect("unique decoding is always there")
    }

    /// The headline: the bits of the weakest round, rounded down.
    pub fn bits(&self) -> u32 {
        self.min_bits().max(0.0).floor() as u32
    }

    /// The bits of the weakest round.
    pub fn min_bits(&self) -> f64 {
        self.terms
            .iter()
            .map(|term| term.bits)
            .fold(f64::INFINITY, f64::min)
    }

    /// The bits of all rounds together by a union bound, without the hash.
    pub fn union_bits(&self) -> f64 {
        let error: f64 = self
            .terms
            .iter()
            .filter(|term| term.name != HASH)
            .map(|term| (-term.bits).exp2())
            .sum();
        -error.log2()
    }

    /// The rounds.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The regime that the bits are computed in.
    pub fn regime(&self) -> Regime {
        self.regime
    }
}

const HASH: &str = "hash collisions";

fn terms(shape: &ProofShape, regime: Regime) -> Vec<Term> {
    let parameters = shape.preset.parameters();
    let field_bits = challenge_field_bits(parameters.extension_degree);
    let log_rows = usize::from(shape.max_log_height());
    let log_blowup = parameters.log_blowup;

    let (agreement, list, log_exceptional) = match regime {
        Regime::UniqueDecoding => (
            alpha_udr(log_rows, log_blowup, POINTS),
            list_size_udr(),
            johnson::log2_sum((log_rows + log_blowup) as f64, 0.0),
        ),
        Regime::Johnson { m } => (
            alpha_ldr_m(log_blowup, m),
            list_size_ldr_m(log_blowup, m),
            johnson::log_exceptional_points(log_rows, log_blowup, m),
        ),
    };
    let openings = shape.openings();
    // A batch of `c` words is a curve of degree `c − 1`; a fold that takes in a shorter input has degree
    // `arity`, not `arity − 1`, and one opening has no batch: both are charged the larger.
    let curve = |degree: usize| field_bits as f64 - log_exceptional - (degree.max(1) as f64).log2();
    let air = StarkAirParams {
        num_constraints: shape
            .tables
            .iter()
            .map(|table| table.constraints)
            .sum::<usize>()
            .max(1),
        max_constraint_degree: shape.max_quotient_chunks() + 1,
        num_quotient_chunks: shape.max_quotient_chunks(),
        max_combo: POINTS,
    };
    let instance = InstanceShape {
        log_trace_length: log_rows,
        modulus_bits: field_bits,
        collision_resistance: HASH_BITS,
        num_batched_functions: openings,
    };

    let mut terms = vec![
        Term {
            name: "FRI queries",
            bits: fri::query_phase_error(agreement, parameters.queries, parameters.query_pow_bits)
                .bits(),
            work: parameters.query_pow_bits,
        },
        ground(
            "FRI folding",
            curve(1 << parameters.log_max_arity),
            parameters.commit_pow_bits,
        ),
        ground(
            "batching of openings",
            curve(openings - 1),
            parameters.batch_pow_bits,
        ),
        ground(
            "out-of-domain point",
            deep::deep_ali_error(&air, &instance, list).bits(),
            parameters.ood_pow_bits,
        ),
        ground(
            "batching of constraints",
            air::composition_error(air.num_constraints, list, field_bits).bits(),
            0,
        ),
    ];
    // Messages are counted row by row, tables of different heights together: height 1 in the formula.
    let messages = shape.messages();
    if messages > 0 {
        let rows = InstanceShape {
            log_trace_length: 0,
            ..instance
        };
        // Where a `usize` has 32 bits there may be more than it counts: no bits are better than too many.
        let bits = usize::try_from(messages).map_or(0.0, |num_interactions| {
            let lookups = logup::LogUpAir {
                num_interactions,
                max_message_width: shape.message_width,
            };
            logup::fingerprint_error(&lookups, &rows).bits()
        });
        // The lookup challenges are drawn while the main commitment still leaves a list open.
        terms.push(ground(
            "lookups",
            bits - list.log2(),
            parameters.lookup_pow_bits,
        ));
    }
    terms.push(Term {
        name: HASH,
        bits: HASH_BITS as f64,
        work: 0,
    });
    terms
}

fn ground(name: &'static str, bits: f64, work: usize) -> Term {
    Term {
        name,
        bits: bits.max(0.0) + work as f64,
        work,
    }
}

/// log2 of the size of the challenge field, rounded down.
fn challenge_field_bits(degree: usize) -> usize {
    debug_assert_eq!(KoalaBear::bits(), 31);
    (degree as f64 * (KoalaBear::ORDER_U64 as f64).log2()).floor() as usize
}

impl fmt::Display for SecurityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} provable bits ({}, ", self.bits(), self.preset)?;
        match self.regime {
            Regime::UniqueDecoding => f.write_str("unique decoding")?,
            Regime::Johnson { m } => write!(f, "Johnson bound, m = {m}")?,
        }
        writeln!(f, ")")?;
        for term in &self.terms {
            write!(f, "  {:<24}{:>6.1}", term.name, term.bits)?;
            if term.work > 0 {
                write!(f, "   {} of them proof of work", term.work)?;
            }
            writeln!(f)?;
        }
        write!(
            f,
            "  {:<24}{:>6.1}",
            "all rounds together",
            self.union_bits()
        )
    }
}

#[cfg(test)]
mod tests;
