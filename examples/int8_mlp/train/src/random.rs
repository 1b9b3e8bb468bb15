//! Numbers that look random and are the same everywhere.

/// A SplitMix64 generator.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is small: the highest bits decide, and their bias does not matter here.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.bits() >> 32) as usize * end) >> 32
    }

    /// A number from `low` up to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        let fraction = (self.bits() >> 40) as f32 / (1u32 << 24) as f32;
        low + (high - low) * fraction
    }

    /// Brings the elements into another order.
    pub fn shuffle<T>(&mut self, elements: &mut [T]) {
        for end in (1..=elements.len()).rev() {
            elements.swap(end - 1, self.below(end));
        }
    }
}
