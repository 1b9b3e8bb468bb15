//! The numbers that decide what a random kernel is.

/// A stream of numbers.
pub(super) struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // The first numbers of seeds that are close are close.
        for _ in 0..8 {
            random.below(2);
        }
        random
    }

    pub(super) fn below(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(below)) as u32
    }

    pub(super) fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u32) as usize]
    }

    /// A word; small ones and those at the edges are likely.
    pub(super) fn word(&mut self) -> u32 {
        match self.below(4) {
            0 => self.below(4),
            1 => self.below(100),
            2 => *self.pick(&[
                u32::MAX,
                1 << 31,
                i32::MAX as u32,
                32,
                31,
                1 << 16,
                u32::MAX - 1,
            ]),
            _ => (self.below(1 << 16) << 16) | self.below(1 << 16),
        }
    }
}
