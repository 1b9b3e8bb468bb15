//! Proofs against a tree that is computed by definition, and everything near a good proof refused.

use proptest::prelude::*;

use super::*;
use crate::tree::tests::Naive;

/// The definitions of RFC 6962, as recursive as they are written there.
fn naive_path(tree: &Naive, index: usize, range: Range<usize>) -> Vec<Hash> {
    if range.len() == 1 {
        return Vec::new();
    }
    let middle = range.start + range.len().next_power_of_two() / 2;
    let (inside, sibling) = if index < middle {
        (range.start..middle, middle..range.end)
    } else {
        (middle..range.end, range.start..middle)
    };
    let mut path = naive_path(tree, index, inside);
    path.push(tree.root(sibling));
    path
}

fn naive_subproof(tree: &Naive, old: usize, range: Range<usize>, whole: bool) -> Vec<Hash> {
    if old == range.end {
        return if whole {
            Vec::new()
        } else {
            vec![tree.root(range)]
        };
    }
    let middle = range.start + range.len().next_power_of_two() / 2;
    let (mut proof, other) = if old <= middle {
        (
            naive_subproof(tree, old, range.start..middle, whole),
            middle..range.end,
        )
    } else {
        (
            naive_subproof(tree, old, middle..range.end, false),
            range.start..middle,
        )
    };
    proof.push(tree.root(other));
    proof
}

#[test]
fn every_small_proof_is_the_one_of_the_rfc() {
    let mut tree = Naive::numbered(40);
    for size in 1..=40u64 {
        let root = tree.root(0..size as usize);
        for index in 0..size {
            let proof = inclusion(index, size, &mut tree).unwrap();
            assert_eq!(proof, naive_path(&tree, index as usize, 0..size as usize));
            let entry = Hash::of_entry(&tree.0[index as usize]);
            verify_inclusion(entry, index, size, root, &proof).unwrap();
            for other in (0..=size + 1).filter(|&other| other != index) {
                assert!(verify_inclusion(entry, other, size, root, &proof).is_err());
            }
        }
        for old in 0..=size {
            let proof = consistency(old, size, &mut tree).unwrap();
            if old > 0 {
                let naive = naive_subproof(&tree, old as usize, 0..size as usize, true);
                assert_eq!(proof, naive, "{old} → {size}");
            }
            let old_root = tree.root(0..old as usize);
            verify_consistency(old, old_root, size, root, &proof).unwrap();
        }
    }
}

#[test]
fn nothing_beyond_the_tree_is_proven() {
    let mut tree = Naive::numbered(3);
    assert!(matches!(
        inclusion(3, 3, &mut tree),
        Err(PathError::Proof(ProofError::NoSuchEntry { .. }))
    ));
    assert!(matches!(
        inclusion(0, 0, &mut tree),
        Err(PathError::Proof(ProofError::NoSuchEntry { .. }))
    ));
    assert!(matches!(
        consistency(3, 2, &mut tree),
        Err(PathError::Proof(ProofError::Shrunk { .. }))
    ));
    let hash = Hash([7; 32]);
    for size in [u64::MAX, MAX_SIZE + 1] {
        assert!(matches!(
            verify_inclusion(hash, 0, size, hash, &[]),
            Err(ProofError::TooLarge { .. })
        ));
        assert!(matches!(
            verify_consistency(1, hash, size, hash, &[]),
            Err(ProofError::TooLarge { .. })
        ));
    }
    // The longest proofs there are.
    assert!(verify_inclusion(hash, MAX_SIZE - 1, MAX_SIZE, hash, &[hash; 64]).is_err());
    assert!(verify_consistency(MAX_SIZE - 1, hash, MAX_SIZE, hash, &[hash; 64]).is_err());
}

#[test]
fn two_trees_of_one_size_are_a_fork() {
    let (a, b) = (Hash([1; 32]), Hash([2; 32]));
    assert_eq!(
        verify_consistency(5, a, 5, b, &[]),
        Err(ProofError::Forked {
            size: 5,
            old: a,
            new: b
        })
    );
    assert!(verify_consistency(0, a, 5, b, &[]).is_err());
    assert!(verify_consistency(0, Hash::empty_root(), 5, b, &[a]).is_err());
    assert!(verify_consistency(5, a, 5, a, &[b]).is_err());
}

proptest! {
    #[test]
    fn a_changed_proof_does_not_hold(
        size in 2u64..200, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(), bit in 0usize..256, act in 0..4,
    ) {
        let mut tree = Naive::numbered(size);
        let root = tree.root(0..size as usize);
        let index = index.index(size as usize);
        let old = 1 + old.index(size as usize - 1);
        let old_root = tree.root(0..old);
        let change = |proof: &mut Vec<Hash>| {
            if proof.is_empty() || act == 0 {
                proof.push(Hash([9; 32]));
                return;
            }
            let at = at.index(proof.len());
            match act {
                1 => { proof.remove(at); }
                2 => proof.insert(at, Hash([9; 32])),
                _ => proof[at].0[bit / 8] ^= 1 << (bit % 8),
            }
        };
        let mut proof = inclusion(index as u64, size, &mut tree).unwrap();
        let entry = Hash::of_entry(&tree.0[index]);
        prop_assert!(verify_inclusion(entry, index as u64, size, root, &proof).is_ok());
        change(&mut proof);
        prop_assert!(verify_inclusion(entry, index as u64, size, root, &proof).is_err());

        let mut proof = consistency(old as u64, size, &mut tree).unwrap();
        prop_assert!(verify_consistency(old as u64, old_root, size, root, &proof).is_ok());
        change(&mut proof);
        prop_assert!(verify_consistency(old as u64, old_root, size, root, &proof).is_err());
    }

    #[test]
    fn a_rewritten_log_is_not_consistent(
        size in 2u64..120, old in any::<prop::sample::Index>(), changed in any::<prop::sample::Index>(),
    ) {
        let old = 1 + old.index(size as usize - 1);
        let honest_root = Naive::numbered(size).root(0..old);
        let mut rewritten = Naive::numbered(size);
        rewritten.0[changed.index(old)].push(b'!');
        let root = rewritten.root(0..size as usize);
        let proof = consistency(old as u64, size, &mut rewritten).unwrap();
        prop_assert!(verify_consistency(old as u64, honest_root, size, root, &proof).is_err());
    }
}
