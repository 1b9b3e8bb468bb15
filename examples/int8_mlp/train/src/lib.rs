//! Makes the inputs of the example `int8_mlp`: digits as images of 8 × 8 grey pixels, and a network of 8-bit weights
//! that was trained to read them.
//!
//! Everything is computed from a seed with additions, multiplications, divisions and square roots, whose results
//! IEEE 754 fixes to the last bit, so every machine makes the same files.

pub mod drawing;
pub mod image;
pub mod job;
pub mod network;
pub mod optdigits;
pub mod random;
pub mod training;

use image::Image;
use network::Network;
use optdigits::Handwriting;
use random::Random;

/// Images that the network learns from.
const LESSONS: usize = 4000;
/// Images that it has not seen, which the example has it read.
const TESTS: usize = 224;

/// The inputs of the example.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The trained network.
    pub network: Network,
    /// What it has to read.
    pub tests: Vec<Image>,
}

impl Inputs {
    /// Trains on `lessons`.
    fn new(lessons: &[Image], tests: Vec<Image>) -> Self {
        let trained = training::train(lessons, &mut Random::new(3));
        Self {
            network: Network::quantise(&trained, lessons),
            tests,
        }
    }

    /// The inputs as they are committed: of drawn digits.
    pub fn drawn() -> Self {
        let draw = |seed, count: usize| -> Vec<Image> {
            let mut random = Random::new(seed);
            let labels = (0..10).cycle().take(count);
            labels
                .map(|label| drawing::draw(label, &mut random))
                .collect()
        };
        Self::new(&draw(1, LESSONS), draw(2, TESTS))
    }

    /// The inputs of handwriting: trained on its lessons, to read the first of its tests.
    pub fn written(handwriting: &Handwriting) -> Self {
        let tests = handwriting.tests.iter().take(TESTS);
        Self::new(&handwriting.lessons, tests.cloned().collect())
    }

    /// The words of `images.bin`: four pixels a word, row by row.
    fn images(&self) -> Vec<u32> {
        let words = self.tests.iter().flat_map(|test| test.words());
        words.collect()
    }

    /// The words of `labels.bin`.
    fn labels(&self) -> Vec<u32> {
        self.tests
            .iter()
            .map(|test| u32::from(test.label))
            .collect()
    }

    /// What the network takes each test for.
    pub fn predictions(&self) -> Vec<u32> {
        let read = |test| u32::from(self.network.read(test));
        self.tests.iter().map(read).collect()
    }

    /// How many of them it reads as their labels say.
    pub fn correct(&self) -> u32 {
        self.network.reads(&self.tests)
    }
}
