//! Proofs about trees: that an entry is in one, and that one grew out of another (RFC 6962, 2.1.1 and 2.1.2).

use std::ops::Range;

use crate::encoding::MAX_SIZE;
use crate::hash::Hash;
use crate::tree::{Subtrees, range_hash};

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// An entry that the tree cannot have.
    #[error("the tree has {size} entries, so none has the index {index}")]
    NoSuchEntry {
        /// The index asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A tree that shrank.
    #[error("a tree of {new} entries cannot have grown out of one of {old}")]
    Shrunk {
        /// The size before.
        old: u64,
        /// The size after.
        new: u64,
    },
    /// More entries than any log has.
    #[error("{size} entries are more than a log may have")]
    TooLarge {
        /// The size.
        size: u64,
    },
    /// Too few or too many hashes.
    #[error("a proof between these sizes does not have {got} hashes")]
    WrongLength {
        /// Hashes in the proof.
        got: usize,
    },
    /// Another entry, or another tree.
    #[error("the proof leads to the root {computed}, the tree's root is {expected}")]
    WrongRoot {
        /// The root that the proof leads to.
        computed: Hash,
        /// The root that it should lead to.
        expected: Hash,
    },
    /// Two trees of one size.
    #[error(
        "two trees of {size} entries have the roots {old} and {new}: the log has two histories"
    )]
    Forked {
        /// The size of both.
        size: u64,
        /// One root.
        old: Hash,
        /// The other.
        new: Hash,
    },
}

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PathError<E> {
    /// A proof that does not exist.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A node that could not be read.
    #[error("a node of the tree could not be read: {0}")]
    Nodes(E),
}

/// The proof that the entry `index` is in the tree of `size` entries that `nodes` knows: the hashes from the entry's
/// sibling up to the root's child.
pub fn inclusion<S: Subtrees>(
    index: u64,
    size: u64,
    nodes: &mut S,
) -> Result<Vec<Hash>, PathError<S::Error>> {
    check_entry(index, size)?;
    let mut siblings = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let middle = split(&tree);
        let (inside, sibling) = if index < middle {
            (tree.start..middle, middle..tree.end)
        } else {
            (middle..tree.end, tree.start..middle)
        };
        siblings.push(sibling);
        tree = inside;
    }
    hashes(siblings, nodes)
}

/// The proof that the tree of `new` entries that `nodes` knows grew out of its own first `old` entries. Empty where
/// there is nothing to prove: from an empty tree, and between equal sizes.
pub fn consistency<S: Subtrees>(
    old: u64,
    new: u64,
    nodes: &mut S,
) -> Result<Vec<Hash>, PathError<S::Error>> {
    check_growth(old, new)?;
    let mut parts = Vec::new();
    let mut tree = 0..new;
    if old == 0 {
        return Ok(Vec::new());
    }
    while tree.end > old {
        let middle = split(&tree);
        if old <= middle {
            parts.push(middle..tree.end);
            tree = tree.start..middle;
        } else {
            parts.push(tree.start..middle);
            tree = middle..tree.end;
        }
    }
    // What is left ends where the old tree ends. If it is the whole old tree, the verifier has its root.
    if tree.start > 0 {
        parts.push(tree);
    }
    hashes(parts, nodes)
}

/// Checks that the entry with this hash is entry `index` of the tree with this size and root.
pub fn verify_inclusion(
    entry: Hash,
    index: u64,
    size: u64,
    root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    check_entry(index, size)?;
    let mut computed = entry;
    let (mut node, mut last) = (index, size - 1);
    let wrong_length = ProofError::WrongLength { got: proof.len() };
    for sibling in proof {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            computed = Hash::of_nodes(sibling, &computed);
            // A last node without a right sibling is its own parent, for as many levels as it has none.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            computed = Hash::of_nodes(&computed, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    expect_root(computed, root)
}

/// Checks that the tree of `new_size` entries and root `new_root` begins with the whole tree of `old_size` and
/// `old_root`.
pub fn verify_consistency(
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    check_growth(old_size, new_size)?;
    let wrong_length = ProofError::WrongLength { got: proof.len() };
    if old_size == 0 {
        if !proof.is_empty() {
            return Err(wrong_length);
        }
        return expect_root(old_root, Hash::empty_root());
    }
    if old_size == new_size {
        if !proof.is_empty() {
            return Err(wrong_length);
        }
        return if old_root == new_root {
            Ok(())
        } else {
            Err(ProofError::Forked {
                size: old_size,
                old: old_root,
                new: new_root,
            })
        };
    }
    // The proof starts at the largest perfect subtree that ends where the old tree ends; if that is the whole old
    // tree, its hash is left out.
    let (first, rest) = if old_size.is_power_of_two() {
        (&old_root, proof)
    } else {
        proof.split_first().ok_or(wrong_length.clone())?
    };
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    let whole = node.trailing_ones();
    node >>= whole;
    last >>= whole;
    let (mut old, mut new) = (*first, *first);
    for hash in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            old = Hash::of_nodes(hash, &old);
            new = Hash::of_nodes(hash, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = Hash::of_nodes(&new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    expect_root(old, old_root)?;
    expect_root(new, new_root)
}

/// Where RFC 6962 splits a tree of two entries or more: after the largest power of two that leaves something.
fn split(tree: &Range<u64>) -> u64 {
    let last = tree.end - tree.start - 1;
    tree.start + (1 << last.ilog2())
}

/// The hashes over ranges that were found from the root down, from the bottom up.
fn hashes<S: Subtrees>(
    ranges: Vec<Range<u64>>,
    nodes: &mut S,
) -> Result<Vec<Hash>, PathError<S::Error>> {
    let hashes = ranges
        .into_iter()
        .rev()
        .map(|range| range_hash(range, nodes));
    hashes.collect::<Result<_, _>>().map_err(PathError::Nodes)
}

fn check_entry(index: u64, size: u64) -> Result<(), ProofError> {
    match () {
        () if size > MAX_SIZE => Err(ProofError::TooLarge { size }),
        () if index >= size => Err(ProofError::NoSuchEntry { index, size }),
        () => Ok(()),
    }
}

fn check_growth(old: u64, new: u64) -> Result<(), ProofError> {
    match () {
        () if new > MAX_SIZE => Err(ProofError::TooLarge { size: new }),
        () if old > new => Err(ProofError::Shrunk { old, new }),
        () => Ok(()),
    }
}

fn expect_root(computed: Hash, expected: Hash) -> Result<(), ProofError> {
    if computed == expected {
        Ok(())
    } else {
        Err(ProofError::WrongRoot { computed, expected })
    }
}

#[cfg(test)]
mod tests;
