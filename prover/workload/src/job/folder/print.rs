//! The key `print` of a buffer: the results that a run says on the spot.

/// How to read the words of a buffer whose first words are printed after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// As numbers without a sign.
    U32,
    /// As numbers in two's complement.
    I32,
}

impl Print {
    /// The most words that are printed. More are a file's matter.
    pub const MOST: usize = 16;
    /// What a job file may say.
    pub(super) const EXPECTED: &str = "\"u32\" or \"i32\"";

    /// By its name in a job file.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "u32" => Some(Self::U32),
            "i32" => Some(Self::I32),
            _ => None,
        }
    }

    /// The numbers that the first words are, at most [`Print::MOST`].
    pub fn numbers(self, words: &[u32]) -> Vec<i64> {
        let number = |&word: &u32| match self {
            Self::U32 => i64::from(word),
            Self::I32 => i64::from(word.cast_signed()),
        };
        words.iter().take(Self::MOST).map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_with_and_without_a_sign() {
        let words = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX];
        assert_eq!(
            Print::U32.numbers(&words),
            [0, 1, 2_147_483_647, 2_147_483_648, 4_294_967_295]
        );
        assert_eq!(
            Print::I32.numbers(&words),
            [0, 1, 2_147_483_647, -2_147_483_648, -1]
        );
        assert_eq!(Print::U32.numbers(&[7; 17]), [7; 16]);
        assert!(Print::U32.numbers(&[]).is_empty());
    }
}
