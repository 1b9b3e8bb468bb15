//! Parallel moves as a sequence: how block arguments become register moves.

use std::collections::BTreeMap;

use super::code::Register;

/// Moves `(to, from)` that, one after the other, do what the given ones mean all at once. Every `to` is
/// given once; `scratch` is a register that occurs nowhere else.
pub(super) fn sequence(
    moves: impl IntoIterator<Item = (Register, Register)>,
    scratch: Register,
) -> Vec<(Register, Register)> {
    let mut pending: BTreeMap<Register, Register> =
        moves.into_iter().filter(|(to, from)| to != from).collect();
    let mut readers = BTreeMap::<Register, usize>::new();
    for &from in pending.values() {
        *readers.entry(from).or_default() += 1;
    }
    // Nobody waits for the old value of these.
    let mut ready: Vec<Register> = pending
        .keys()
        .copied()
        .filter(|to| !readers.contains_key(to))
        .collect();
    let mut sequence = Vec::with_capacity(pending.len());
    loop {
        while let Some(to) = ready.pop() {
            let Some(from) = pending.remove(&to) else {
                continue;
            };
            sequence.push((to, from));
            if let Some(count) = readers.get_mut(&from) {
                *count -= 1;
                if *count == 0 {
                    ready.push(from);
                }
            }
        }
        // Only cycles are left, in which every register has one reader: save one and break it there.
        let Some((&to, &from)) = pending.first_key_value() else {
            return sequence;
        };
        sequence.push((scratch, from));
        pending.insert(to, scratch);
        ready.push(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(moves: &[(Register, Register)]) {
        let scratch = 100;
        let before: Vec<u32> = (0..=scratch).collect();
        let mut after = before.clone();
        for (to, from) in sequence(moves.iter().copied(), scratch) {
            after[to as usize] = after[from as usize];
        }
        for &(to, from) in moves {
            assert_eq!(after[to as usize], before[from as usize], "{moves:?}");
        }
    }

    #[test]
    fn sequences_mean_what_the_parallel_moves_mean() {
        check(&[]);
        check(&[(1, 1)]);
        check(&[(1, 2), (2, 3), (3, 4)]);
        check(&[(3, 4), (2, 3), (1, 2)]);
        check(&[(1, 2), (2, 1)]);
        check(&[(1, 2), (2, 3), (3, 1), (4, 1), (5, 5)]);
        check(&[(1, 2), (2, 1), (3, 4), (4, 3), (6, 1), (7, 3)]);
        check(&[(1, 9), (2, 9), (3, 9)]);
    }

    #[test]
    fn every_mapping_of_four_registers_works() {
        for code in 0..256 {
            let moves: Vec<_> = (0..4).map(|to| (to, code >> (2 * to) & 3)).collect();
            check(&moves);
        }
    }
}
