//! The examples' inputs and expected outputs, computed by code that shares nothing with the kernels.

use sha2::{Digest, Sha256};

/// One example.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    /// Input files and their words.
    pub(crate) inputs: Vec<(&'static str, Vec<u32>)>,
    /// The output file.
    pub(crate) output: &'static str,
    /// Its words.
    pub(crate) expected: Vec<u32>,
}

/// All of them.
pub(crate) fn examples() -> Vec<Example> {
    vec![sha256(), collatz(), matmul(), mandelbrot(), histogram()]
}

fn sha256() -> Example {
    let messages: Vec<String> = (0..64).map(|i| format!("arknet message {i}")).collect();
    let big_endian = |bytes: &[u8]| -> Vec<u32> {
        let words = bytes.chunks_exact(4);
        words
            .map(|word| u32::from_be_bytes(word.try_into().expect("four bytes")))
            .collect()
    };
    let blocks = messages.iter().flat_map(|message| {
        let mut block = [0; 64];
        block[..message.len()].copy_from_slice(message.as_bytes());
        block[message.len()] = 0x80;
        block[56..].copy_from_slice(&(8 * message.len() as u64).to_be_bytes());
        big_endian(&block)
    });
    let digests = messages
        .iter()
        .flat_map(|message| big_endian(&Sha256::digest(message)));
    Example {
        name: "sha256",
        inputs: vec![("blocks.bin", blocks.collect())],
        output: "digests.out",
        expected: digests.collect(),
    }
}

fn collatz() -> Example {
    let numbers: Vec<u32> = (1..=6400).collect();
    let steps = numbers.iter().map(|&number| {
        let orbit = std::iter::successors(Some(u64::from(number)), |&n| match n {
            1 => None,
            n if n % 2 == 0 => Some(n / 2),
            n => Some(3 * n + 1),
        });
        orbit.count() as u32 - 1
    });
    Example {
        name: "collatz",
        expected: steps.collect(),
        inputs: vec![("values.bin", numbers)],
        output: "values.out",
    }
}

fn histogram() -> Example {
    // Squares, so that some bytes are far more common than others.
    let bytes: Vec<u8> = (0..4000u32).map(|i| (i * i % 251) as u8).collect();
    let mut counts = vec![0; 256];
    for &byte in &bytes {
        counts[usize::from(byte)] += 1;
    }
    let words = bytes.chunks_exact(4);
    let words = words.map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")));
    Example {
        name: "histogram",
        inputs: vec![("bytes.bin", words.collect())],
        output: "counts.out",
        expected: counts,
    }
}

fn matmul() -> Example {
    const SIDE: usize = 32;
    // A linear congruential generator (Knuth's MMIX constants), high bits taken.
    let mut state = 1u64;
    let mut matrix = || -> Vec<i32> {
        let mut element = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % 2000) as i32 - 1000
        };
        (0..SIDE * SIDE).map(|_| element()).collect()
    };
    let (a, b) = (matrix(), matrix());
    let product = (0..SIDE * SIDE).map(|at| {
        let (row, column) = (at / SIDE, at % SIDE);
        let terms = (0..SIDE).map(|i| a[row * SIDE + i] * b[i * SIDE + column]);
        terms.sum::<i32>() as u32
    });
    let expected = product.collect();
    let bits = |matrix: &[i32]| matrix.iter().map(|&element| element as u32).collect();
    Example {
        name: "matmul",
        inputs: vec![
            ("shape.bin", vec![SIDE as u32; 3]),
            ("a.bin", bits(&a)),
            ("b.bin", bits(&b)),
        ],
        output: "c.out",
        expected,
    }
}

fn mandelbrot() -> Example {
    const ONE: i64 = 1 << 12;
    let (width, height, rounds) = (64, 48, 64u32);
    let (left, top, step) = (-9 * ONE / 4, -24 * 205, 205);
    let pixel = |column: i64, row: i64| {
        let (cx, cy) = (left + column * step, top + row * step);
        let (mut x, mut y) = (0i64, 0i64);
        let escape = (0..rounds).find(|_| {
            // 64-bit products: the kernel's 32-bit ones must never have overflowed.
            let (xx, yy, xy) = (
                (x * x).div_euclid(ONE),
                (y * y).div_euclid(ONE),
                (x * y).div_euclid(ONE),
            );
            (x, y) = (xx - yy + cx, 2 * xy + cy);
            xx + yy > 4 * ONE
        });
        let channel = |value: u32| value.min(255);
        match escape {
            None => 0xff00_0000,
            Some(count) => {
                0xff00_0000
                    + (channel(64 + 16 * count) << 16)
                    + (channel(8 * count) << 8)
                    + channel(4 * count)
            }
        }
    };
    let pixels = (0..height).flat_map(|row| (0..width).map(move |column| pixel(column, row)));
    let view = [width, height, left, top, step, i64::from(rounds)];
    Example {
        name: "mandelbrot",
        inputs: vec![(
            "view.bin",
            view.iter().map(|&field| field as i32 as u32).collect(),
        )],
        output: "pixels.out",
        expected: pixels.collect(),
    }
}
