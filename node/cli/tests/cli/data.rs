//! The examples' inputs and expected outputs, computed by code that shares nothing with the kernels.

use std::sync::LazyLock;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use int8_mlp_train::Inputs;
use sha2::{Digest, Sha256};

/// One example.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    /// Input files and their words.
    pub(crate) inputs: Vec<(&'static str, Vec<u32>)>,
    /// Output files and the words that belong there.
    pub(crate) outputs: Vec<(&'static str, Vec<u32>)>,
}

/// All of them.
pub(crate) fn examples() -> &'static [Example] {
    static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| {
        vec![
            sha256(),
            collatz(),
            matmul(),
            mandelbrot(),
            histogram(),
            scan(),
            bitonic_sort(),
            life(),
            chacha20(),
            int8_mlp(),
        ]
    });
    &EXAMPLES
}

/// Bytes as little-endian words.
fn words(bytes: &[u8]) -> Vec<u32> {
    let words = bytes.chunks_exact(4);
    words
        .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")))
        .collect()
}

/// Words without a pattern: a linear congruential generator (Knuth's MMIX constants), high bits taken.
fn generator(seed: u64) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    }
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
        outputs: vec![("digests.out", digests.collect())],
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
        outputs: vec![("values.out", steps.collect())],
        inputs: vec![("values.bin", numbers)],
    }
}

fn histogram() -> Example {
    // Squares, so that some bytes are far more common than others.
    let bytes: Vec<u8> = (0..4000u32).map(|i| (i * i % 251) as u8).collect();
    let mut counts = vec![0; 256];
    for &byte in &bytes {
        counts[usize::from(byte)] += 1;
    }
    Example {
        name: "histogram",
        inputs: vec![("bytes.bin", words(&bytes))],
        outputs: vec![("counts.out", counts)],
    }
}

fn matmul() -> Example {
    const SIDE: usize = 32;
    let mut number = generator(1);
    let mut matrix = || -> Vec<i32> {
        let mut element = || (number() % 2000) as i32 - 1000;
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
        outputs: vec![("c.out", expected)],
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
        outputs: vec![("pixels.out", pixels.collect())],
    }
}

fn scan() -> Example {
    let mut number = generator(2);
    let values: Vec<u32> = (0..2048).map(|_| number()).collect();
    let sums = values.iter().scan(0, |sum: &mut u64, &value| {
        *sum += u64::from(value);
        Some(*sum as u32)
    });
    Example {
        name: "scan",
        outputs: vec![("sums.out", sums.collect())],
        inputs: vec![("values.bin", values)],
    }
}

fn bitonic_sort() -> Example {
    let mut number = generator(3);
    // Few different numbers in the second list, sorted ones in the third, falling ones in the fourth.
    let lists: Vec<u32> = (0..1024u32)
        .map(|i| match i / 256 {
            0 => number(),
            1 => number() % 16,
            2 => i,
            _ => u32::MAX - i,
        })
        .collect();
    let mut sorted = lists.clone();
    for list in sorted.chunks_mut(256) {
        list.sort_unstable();
    }
    Example {
        name: "bitonic_sort",
        inputs: vec![("lists.bin", lists)],
        outputs: vec![("lists.out", sorted)],
    }
}

fn life() -> Example {
    const SIDE: usize = 128;
    let mut number = generator(4);
    let start: Vec<bool> = (0..SIDE * SIDE).map(|_| number() % 10 < 3).collect();
    let mut cells = start.clone();
    for _ in 0..8 {
        let lives = |row: usize, column: usize| cells[row % SIDE * SIDE + column % SIDE];
        let next = (0..SIDE * SIDE).map(|at| {
            let (row, column) = (at / SIDE, at % SIDE);
            let around = (0..9).filter(|&i| {
                // From one cell before to one after, without numbers below zero.
                i != 4 && lives(row + SIDE - 1 + i / 3, column + SIDE - 1 + i % 3)
            });
            matches!((around.count(), lives(row, column)), (3, _) | (2, true))
        });
        cells = next.collect();
    }
    let bits = |cells: &[bool]| {
        let cells = cells.iter().enumerate();
        cells.fold(0, |word, (at, &lives)| word | u32::from(lives) << at)
    };
    let pixel = |&lives: &bool| if lives { 0xff20_d0f0 } else { 0xff30_1810 };
    Example {
        name: "life",
        inputs: vec![("board.bin", start.chunks(32).map(bits).collect())],
        outputs: vec![("pixels.out", cells.iter().map(pixel).collect())],
    }
}

fn chacha20() -> Example {
    // Key, nonce, counter and the first sentence are those of RFC 8439, section 2.4.2.
    const BLOCK: usize = 64;
    let sentence: &[u8] =
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the \
        future, sunscreen would be it.";
    let key: [u8; 32] = std::array::from_fn(|i| i as u8);
    let nonce = [0, 0, 0, 0, 0, 0, 0, 0x4a, 0, 0, 0, 0];
    let mut text: Vec<u8> = sentence.iter().copied().cycle().take(64 * BLOCK).collect();
    let cipher_words = [words(&key), vec![1], words(&nonce)].concat();
    let text_words = words(&text);
    let mut cipher = ChaCha20::new(&key.into(), &nonce.into());
    cipher.seek(BLOCK);
    cipher.apply_keystream(&mut text);
    let printed = [
        0x6e, 0x2e, 0x35, 0x9a, 0x25, 0x68, 0xf9, 0x80, 0x41, 0xba, 0x07, 0x28, 0xdd, 0x0d, 0x69,
        0x81,
    ];
    assert_eq!(text[..16], printed, "the RFC's ciphertext");
    Example {
        name: "chacha20",
        inputs: vec![("cipher.bin", cipher_words), ("text.bin", text_words)],
        outputs: vec![("text.out", words(&text))],
    }
}

fn int8_mlp() -> Example {
    let made = Inputs::drawn();
    Example {
        name: "int8_mlp",
        inputs: made.files().into(),
        outputs: vec![
            ("predictions.out", made.predictions()),
            ("correct.out", vec![made.correct()]),
        ],
    }
}
