//! An image of a digit, as the network takes it.

/// Pixels of a row or column.
pub const SIDE: usize = 8;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// The value of a pixel that is all ink.
pub const INK: u8 = 16;

/// A digit of 8 × 8 pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Row by row, from 0 (paper) to [`INK`].
    pub pixels: [u8; PIXELS],
    /// The digit that it shows.
    pub label: u8,
}

impl Image {
    /// The pixels four to a word, the first in the lowest bits.
    pub fn words(&self) -> Vec<u32> {
        let (words, _) = self.pixels.as_chunks::<4>();
        words.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }
}
