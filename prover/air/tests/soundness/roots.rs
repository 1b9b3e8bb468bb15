//! Roots in the field of a polynomial of low degree: how a forger solves a constraint for a column.

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

/// Coefficients, lowest first, without zeros at the end.
type Polynomial = Vec<KoalaBear>;

/// The polynomial of degree at most 3 through `(0, v0), (1, v1), (2, v2), (3, v3)`.
pub(crate) fn through(values: [KoalaBear; 4]) -> Polynomial {
    // Newton's forward differences, then the falling factorials written out.
    let [v0, v1, v2, v3] = values;
    let (d1, d2) = (v1 - v0, v2 - v1 - (v1 - v0));
    let d3 = v3 - v2.double() + v1 - d2;
    let half = KoalaBear::TWO.inverse();
    let sixth = KoalaBear::from_u32(6).inverse();
    let (a2, a3) = (d2 * half, d3 * sixth);
    trimmed(vec![
        v0,
        d1 - a2 + a3.double(),
        a2 - a3 * KoalaBear::from_u32(3),
        a3,
    ])
}

/// The distinct roots in the field; none for a constant, even zero.
pub(crate) fn roots(polynomial: &[KoalaBear]) -> Vec<KoalaBear> {
    let polynomial = trimmed(polynomial.to_vec());
    if polynomial.len() < 2 {
        return Vec::new();
    }
    if polynomial.len() == 2 {
        return vec![-polynomial[0] / polynomial[1]];
    }
    // x^p − x is the product of all linear factors.
    let x = [KoalaBear::ZERO, KoalaBear::ONE];
    let power = power(&x, KoalaBear::ORDER_U32, &polynomial);
    let mut found = Vec::new();
    split(gcd(&polynomial, &difference(&power, &x)), 0, &mut found);
    found
}

/// Roots of a product of distinct linear factors: half of all `x + shift` are squares.
fn split(product: Polynomial, shift: u32, found: &mut Vec<KoalaBear>) {
    match product.len() {
        0 | 1 => {}
        2 => found.push(-product[0] / product[1]),
        _ => {
            let shifted = [KoalaBear::from_u32(shift), KoalaBear::ONE];
            let squares = power(&shifted, (KoalaBear::ORDER_U32 - 1) / 2, &product);
            let part = gcd(&product, &difference(&squares, &[KoalaBear::ONE]));
            if part.len() > 1 && part.len() < product.len() {
                let rest = division(&product, &part).0;
                split(part, shift + 1, found);
                split(rest, shift + 1, found);
            } else {
                split(product, shift + 1, found);
            }
        }
    }
}

fn trimmed(mut polynomial: Polynomial) -> Polynomial {
    while polynomial.last() == Some(&KoalaBear::ZERO) {
        polynomial.pop();
    }
    polynomial
}

fn difference(a: &[KoalaBear], b: &[KoalaBear]) -> Polynomial {
    let at = |polynomial: &[KoalaBear], i: usize| polynomial.get(i).copied().unwrap_or_default();
    let length = a.len().max(b.len());
    trimmed((0..length).map(|i| at(a, i) - at(b, i)).collect())
}

/// Quotient and remainder; the divisor is not zero.
fn division(dividend: &[KoalaBear], divisor: &[KoalaBear]) -> (Polynomial, Polynomial) {
    let mut rest = dividend.to_vec();
    let mut quotient = vec![KoalaBear::ZERO; dividend.len().saturating_sub(divisor.len()) + 1];
    let lead = divisor[divisor.len() - 1].inverse();
    while rest.len() >= divisor.len() {
        let shift = rest.len() - divisor.len();
        let factor = rest[rest.len() - 1] * lead;
        quotient[shift] = factor;
        for (i, &coefficient) in divisor.iter().enumerate() {
            rest[shift + i] -= factor * coefficient;
        }
        rest = trimmed(rest);
    }
    (trimmed(quotient), rest)
}

fn gcd(a: &[KoalaBear], b: &[KoalaBear]) -> Polynomial {
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    while !b.is_empty() {
        let rest = division(&a, &b).1;
        (a, b) = (b, rest);
    }
    a
}

fn power(base: &[KoalaBear], exponent: u32, modulus: &[KoalaBear]) -> Polynomial {
    let product = |a: &[KoalaBear], b: &[KoalaBear]| {
        let mut product = vec![KoalaBear::ZERO; a.len() + b.len()];
        for (i, &x) in a.iter().enumerate() {
            for (j, &y) in b.iter().enumerate() {
                product[i + j] += x * y;
            }
        }
        division(&trimmed(product), modulus).1
    };
    (0..32).rev().fold(vec![KoalaBear::ONE], |result, bit| {
        let squared = product(&result, &result);
        if exponent >> bit & 1 == 1 {
            product(&squared, base)
        } else {
            squared
        }
    })
}

#[test]
fn every_root_is_found() {
    let element = KoalaBear::from_u32;
    for wanted in [
        vec![0, 1],
        vec![5],
        vec![7, 1 << 30, 2_130_706_432],
        vec![0, 65_535, 65_536],
    ] {
        let at = |x: u32| {
            let factors = wanted.iter().map(|&root| element(x) - element(root));
            factors.product::<KoalaBear>()
        };
        let mut found: Vec<u32> = roots(&through([at(0), at(1), at(2), at(3)]))
            .into_iter()
            .map(|root| root.as_canonical_u32())
            .collect();
        found.sort_unstable();
        assert_eq!(found, wanted);
    }
    // 3 is no square here, so x² − 3 has no root.
    assert_eq!(roots(&[-element(3), KoalaBear::ZERO, KoalaBear::ONE]), []);
}
