//! The network in integers: what the kernel computes, and the words that it takes.

use crate::image::{INK, Image, PIXELS};
use crate::training::Trained;

/// Hidden units.
pub const HIDDEN: usize = 32;
/// Scores, one a digit.
pub const SCORES: usize = 10;
/// The bits by which the kernel scales a hidden unit's sum down to a byte.
const SHIFT: u32 = 6;
/// The largest value of a byte.
const MOST: i32 = i8::MAX as i32;

/// Weights as signed bytes, biases as what is added to sums of 32 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    hidden_weights: [[i8; PIXELS]; HIDDEN],
    hidden_biases: [i32; HIDDEN],
    score_weights: [[i8; HIDDEN]; SCORES],
    score_biases: [i32; SCORES],
}

impl Network {
    /// A trained network in integers. The weights of each layer are scaled so that they, and the hidden values of all
    /// `lessons`, fill a byte.
    pub fn quantise(trained: &Trained, lessons: &[Image]) -> Self {
        let largest = |weights: &[f32]| {
            let sizes = weights.iter().map(|weight| weight.abs());
            sizes.fold(f32::MIN_POSITIVE, f32::max)
        };
        let most = MOST as f32;
        let values = lessons.iter().flat_map(|lesson| trained.hidden(lesson));
        let hidden_most = values.fold(f32::MIN_POSITIVE, f32::max);
        // A sum counts pixels in sixteenths, and is divided before it becomes a hidden value.
        let divisor = (1u32 << SHIFT) as f32 / f32::from(INK);
        let scale = (most / largest(trained.hidden_weights.as_flattened()))
            .min(most / hidden_most * divisor);
        let score_scale = most / largest(trained.score_weights.as_flattened());
        // `as` takes what is too large to the nearest there is.
        let bytes = |scale: f32| move |weight: f32| (weight * scale).round() as i8;
        let sums = |scale: f32| move |bias: f32| (bias * scale).round() as i32;
        Self {
            hidden_weights: trained.hidden_weights.map(|row| row.map(bytes(scale))),
            hidden_biases: trained.hidden_biases.map(sums(scale * f32::from(INK))),
            score_weights: trained.score_weights.map(|row| row.map(bytes(score_scale))),
            score_biases: trained
                .score_biases
                .map(sums(score_scale * scale / divisor)),
        }
    }

    /// The digit that an image is taken for: the first of those with the highest score.
    pub fn read(&self, image: &Image) -> u8 {
        let mut hidden = [0; HIDDEN];
        for (unit, value) in hidden.iter_mut().enumerate() {
            let mut sum = self.hidden_biases[unit];
            for (&weight, &pixel) in self.hidden_weights[unit].iter().zip(&image.pixels) {
                sum += i32::from(weight) * i32::from(pixel);
            }
            *value = (sum.max(0) >> SHIFT).min(MOST);
        }
        let mut best = (0, i32::MIN);
        for (digit, weights) in (0..).zip(&self.score_weights) {
            let products = weights.iter().zip(hidden);
            let sum: i32 = products
                .map(|(&weight, value)| i32::from(weight) * value)
                .sum();
            let score = sum + self.score_biases[usize::from(digit)];
            if score > best.1 {
                best = (digit, score);
            }
        }
        best.0
    }

    /// How many of the images it takes for what they show.
    pub fn reads(&self, images: &[Image]) -> u32 {
        let right = images.iter().map(|image| self.read(image) == image.label);
        right.map(u32::from).sum()
    }

    /// The words of `network.bin`: the fields in order, weights four to a word with 128 added to each.
    pub fn words(&self) -> Vec<u32> {
        let weights = |weights: &[i8]| -> Vec<u32> {
            let (words, _) = weights.as_chunks::<4>();
            let words = words
                .iter()
                .map(|word| word.map(|weight| weight.cast_unsigned() ^ 0x80));
            words.map(u32::from_le_bytes).collect()
        };
        let biases = |biases: &[i32]| -> Vec<u32> {
            let biases = biases.iter().map(|bias| bias.cast_unsigned());
            biases.collect()
        };
        [
            weights(self.hidden_weights.as_flattened()),
            biases(&self.hidden_biases),
            weights(self.score_weights.as_flattened()),
            biases(&self.score_biases),
        ]
        .concat()
    }
}
