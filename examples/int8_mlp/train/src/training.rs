//! Learning the weights, in floating point, by gradient descent.

use crate::image::{INK, Image, PIXELS};
use crate::network::{HIDDEN, SCORES};
use crate::random::Random;

/// How often the network sees each lesson.
const ROUNDS: usize = 15;
/// The first step size; it falls to nothing in a straight line.
const RATE: f32 = 0.02;

/// A network of real numbers, for pixels from 0 to 1.
#[derive(Clone, Debug)]
pub struct Trained {
    pub(crate) hidden_weights: [[f32; PIXELS]; HIDDEN],
    pub(crate) hidden_biases: [f32; HIDDEN],
    pub(crate) score_weights: [[f32; HIDDEN]; SCORES],
    pub(crate) score_biases: [f32; SCORES],
}

/// Trains a network.
pub fn train(lessons: &[Image], random: &mut Random) -> Trained {
    let mut network = Trained::untrained(random);
    let mut order: Vec<&Image> = lessons.iter().collect();
    let steps = (ROUNDS * lessons.len()) as f32;
    let mut step = 0.0;
    for _ in 0..ROUNDS {
        random.shuffle(&mut order);
        for lesson in &order {
            network.learn(lesson, RATE * (1.0 - step / steps));
            step += 1.0;
        }
    }
    network
}

/// The pixels from 0 to 1.
fn inputs(image: &Image) -> [f32; PIXELS] {
    image.pixels.map(|pixel| f32::from(pixel) / f32::from(INK))
}

fn dot(weights: &[f32], values: &[f32]) -> f32 {
    let products = weights.iter().zip(values);
    products.map(|(weight, value)| weight * value).sum()
}

impl Trained {
    fn untrained(random: &mut Random) -> Self {
        let mut weight = |inputs: usize| {
            let range = (6.0 / inputs as f32).sqrt();
            random.between(-range, range)
        };
        Self {
            hidden_weights: [(); HIDDEN].map(|()| [(); PIXELS].map(|()| weight(PIXELS))),
            hidden_biases: [0.0; HIDDEN],
            score_weights: [(); SCORES].map(|()| [(); HIDDEN].map(|()| weight(HIDDEN))),
            score_biases: [0.0; SCORES],
        }
    }

    /// The values of the hidden units.
    pub(crate) fn hidden(&self, image: &Image) -> [f32; HIDDEN] {
        let inputs = inputs(image);
        std::array::from_fn(|unit| {
            let sum = dot(&self.hidden_weights[unit], &inputs) + self.hidden_biases[unit];
            sum.max(0.0)
        })
    }

    /// One step against the gradient of the squared hinge loss: the score of the label should be above 1, all others
    /// below -1.
    fn learn(&mut self, lesson: &Image, rate: f32) {
        let hidden = self.hidden(lesson);
        let mut hidden_slopes = [0.0; HIDDEN];
        for digit in 0..SCORES {
            let score = dot(&self.score_weights[digit], &hidden) + self.score_biases[digit];
            let sign = if digit == usize::from(lesson.label) {
                1.0
            } else {
                -1.0
            };
            let slope = -sign * (1.0 - sign * score).max(0.0);
            for unit in 0..HIDDEN {
                hidden_slopes[unit] += slope * self.score_weights[digit][unit];
                self.score_weights[digit][unit] -= rate * slope * hidden[unit];
            }
            self.score_biases[digit] -= rate * slope;
        }
        let inputs = inputs(lesson);
        for unit in (0..HIDDEN).filter(|&unit| hidden[unit] > 0.0) {
            let step = rate * hidden_slopes[unit];
            for (weight, input) in self.hidden_weights[unit].iter_mut().zip(&inputs) {
                *weight -= step * input;
            }
            self.hidden_biases[unit] -= step;
        }
    }
}
