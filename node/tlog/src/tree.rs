//! The tree itself: appending to it, and the hash of any part of it.
//!
//! A tree of `n` entries is the perfect subtrees that the binary digits of `n` name, largest first, joined from the
//! right. The [`Frontier`] keeps just their roots, so appending needs no other node.

use std::ops::Range;

use crate::encoding::MAX_SIZE;
use crate::hash::Hash;

/// Where the roots of perfect subtrees come from.
pub trait Subtrees {
    /// Why one could not be had.
    type Error;

    /// The root of the perfect subtree over the entries `index · 2^level .. (index + 1) · 2^level`.
    fn subtree(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// The right edge of a tree: what it takes to append to it and to name its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the perfect subtrees, largest first: one for each binary digit 1 of `size`.
    peaks: Vec<Hash>,
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl Frontier {
    /// The tree without entries.
    pub fn new() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// The right edge of the tree of `size` entries that `nodes` knows. What `nodes` says is not checked here: compare
    /// [`Frontier::root`] with a root that you trust.
    pub fn load<S: Subtrees>(size: u64, nodes: &mut S) -> Result<Self, S::Error> {
        let peaks = perfect_subtrees(0..size)
            .map(|(level, index)| nodes.subtree(level, index))
            .collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }

    /// Entries in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends the entry with this hash, calling `made` for every perfect subtree that this completes: its level and
    /// its root, the entry itself (level 0) first.
    ///
    /// # Panics
    ///
    /// When the log is full, at 2^63 - 1 entries.
    pub fn append(&mut self, entry: Hash, mut made: impl FnMut(u32, Hash)) {
        assert!(self.size < MAX_SIZE, "a log ends at 2^63 - 1 entries");
        let mut node = entry;
        made(0, node);
        for level in 1..=self.size.trailing_ones() {
            let left = self
                .peaks
                .pop()
                .expect("there is a peak for every digit 1 of the size");
            node = Hash::of_nodes(&left, &node);
            made(level, node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        join(self.peaks.iter().copied()).unwrap_or_else(Hash::empty_root)
    }
}

/// The hash over `range`, which must begin at a multiple of the largest power of two that fits its length.
pub(crate) fn range_hash<S: Subtrees>(range: Range<u64>, nodes: &mut S) -> Result<Hash, S::Error> {
    let peaks = perfect_subtrees(range)
        .map(|(level, index)| nodes.subtree(level, index))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(join(peaks.into_iter()).unwrap_or_else(Hash::empty_root))
}

/// Level and index of the perfect subtrees of `range`, largest first.
fn perfect_subtrees(range: Range<u64>) -> impl Iterator<Item = (u32, u64)> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        let level = range.end.checked_sub(at)?.checked_ilog2()?;
        let index = at >> level;
        at += 1 << level;
        Some((level, index))
    })
}

/// Joins perfect subtrees, largest first, to one hash.
fn join(peaks: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    peaks
        .rev()
        .reduce(|right, left| Hash::of_nodes(&left, &right))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tree that keeps its entries and computes every hash by the recursive definition of RFC 6962.
    pub(crate) struct Naive(pub(crate) Vec<Vec<u8>>);

    impl Naive {
        pub(crate) fn numbered(size: u64) -> Self {
            Self(
                (0..size)
                    .map(|i| format!("entry {i}").into_bytes())
                    .collect(),
            )
        }

        pub(crate) fn root(&self, range: Range<usize>) -> Hash {
            match range.len() {
                0 => Hash::empty_root(),
                1 => Hash::of_entry(&self.0[range.start]),
                n => {
                    let middle = range.start + n.next_power_of_two() / 2;
                    Hash::of_nodes(
                        &self.root(range.start..middle),
                        &self.root(middle..range.end),
                    )
                }
            }
        }
    }

    impl Subtrees for Naive {
        type Error = std::convert::Infallible;

        fn subtree(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error> {
            let start = (index << level) as usize;
            Ok(self.root(start..start + (1 << level)))
        }
    }

    fn hex(hash: Hash) -> String {
        hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The reference tree of Certificate Transparency's own tests.
    #[test]
    fn the_known_roots() {
        let entries: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Frontier::new();
        assert_eq!(hex(tree.root()), roots[0]);
        for (entry, root) in entries.iter().zip(&roots[1..]) {
            tree.append(Hash::of_entry(entry), |_, _| ());
            assert_eq!(hex(tree.root()), *root);
        }
    }

    #[test]
    fn the_frontier_is_the_naive_tree() {
        let mut naive = Naive::numbered(130);
        let mut tree = Frontier::new();
        for size in 0..=130u64 {
            assert_eq!(tree.size(), size);
            assert_eq!(tree.root(), naive.root(0..size as usize), "{size} entries");
            assert_eq!(Frontier::load(size, &mut naive).unwrap(), tree);
            if let Some(entry) = naive.0.get(size as usize) {
                let mut made = Vec::new();
                tree.append(Hash::of_entry(entry), |level, hash| {
                    made.push((level, hash))
                });
                for (level, hash) in made {
                    assert_eq!((size + 1) % (1 << level), 0);
                    let index = ((size + 1) >> level) - 1;
                    assert_eq!(naive.subtree(level, index).unwrap(), hash);
                }
            }
        }
    }
}
