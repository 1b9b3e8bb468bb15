//! Reading a whole log, or what it grew by, and holding every file against the signed root.

use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::path::ProofError;
use crate::tile::{Level, TILE_WIDTH, Tile, entries_of};
use crate::tiled::{ReadError, TileReader, TiledTree, read, read_hashes};
use crate::tree::Frontier;

/// Why a log is not what its checkpoints say.
#[derive(Debug, thiserror::Error)]
pub enum AuditError<E> {
    /// A file that could not be read, or is malformed.
    #[error(transparent)]
    Read(#[from] ReadError<E>),
    /// Entries and hashes that do not belong together.
    #[error("{tile}: hash {at} of this tile is not that of the entries under it")]
    WrongHash {
        /// The tile.
        tile: Tile,
        /// Which of its hashes, the first being 0.
        at: usize,
    },
    /// A tree that is not the one that was signed.
    #[error("the log's files have the root {computed} at {size} entries, but {signed} was signed")]
    WrongRoot {
        /// Entries.
        size: u64,
        /// The root of what is served.
        computed: Hash,
        /// The root that was signed.
        signed: Hash,
    },
    /// Two checkpoints that no log could have signed.
    #[error("the log's checkpoints contradict each other: {0}")]
    Inconsistent(ProofError),
}

/// Follows a log from one checkpoint to the next, seeing every entry.
#[derive(Clone, Debug)]
pub struct Follower {
    frontier: Frontier,
}

impl Default for Follower {
    fn default() -> Self {
        Self::new()
    }
}

impl Follower {
    /// At the beginning of a log.
    pub fn new() -> Self {
        Self {
            frontier: Frontier::new(),
        }
    }

    /// At a checkpoint seen before, in a log that has `size` entries now. The tiles that it serves now must still lead
    /// to the root that it had then.
    pub fn at<R: TileReader>(
        seen: &Checkpoint,
        size: u64,
        reader: &mut R,
    ) -> Result<Self, AuditError<R::Error>> {
        if size < seen.size {
            let shrunk = ProofError::Shrunk {
                old: seen.size,
                new: size,
            };
            return Err(AuditError::Inconsistent(shrunk));
        }
        let frontier = Frontier::load(seen.size, &mut TiledTree::new(size, reader))?;
        expect_root(&frontier, seen.root)?;
        Ok(Self { frontier })
    }

    /// Entries seen so far.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Reads the entries up to `next`, giving each with its index to `see`, and checks that they lead to its root.
    /// That they do is what shows that the log only grew.
    pub fn follow<R: TileReader>(
        &mut self,
        next: &Checkpoint,
        reader: &mut R,
        mut see: impl FnMut(u64, &[u8]),
    ) -> Result<(), AuditError<R::Error>> {
        let old = self.size();
        if next.size < old {
            return Err(AuditError::Inconsistent(ProofError::Shrunk {
                old,
                new: next.size,
            }));
        }
        let mut frontier = self.frontier.clone();
        while frontier.size() < next.size {
            read_bundle(&mut frontier, next.size, reader, &mut see, |_, _| ())?;
        }
        expect_root(&frontier, next.root)?;
        self.frontier = frontier;
        Ok(())
    }
}

/// Reads a log's every file at a checkpoint: each entry, each tile of each level, and the root over all. Takes the
/// memory of a bundle and a tile of each level, whatever the log's size.
pub fn audit<R: TileReader>(
    checkpoint: &Checkpoint,
    reader: &mut R,
    mut see: impl FnMut(u64, &[u8]),
) -> Result<(), AuditError<R::Error>> {
    // The hashes that the next tile of each level must have, as they follow from the entries.
    let mut rows: [Vec<Hash>; 8] = Default::default();
    let mut frontier = Frontier::new();
    while frontier.size() < checkpoint.size {
        read_bundle(
            &mut frontier,
            checkpoint.size,
            reader,
            &mut see,
            |level, hash| {
                if level % 8 == 0 {
                    rows[level as usize / 8].push(hash);
                }
            },
        )?;
        let last = frontier.size() == checkpoint.size;
        for (level, row) in (0u8..).zip(&mut rows) {
            if row.len() as u64 == TILE_WIDTH || (last && !row.is_empty()) {
                let index = ((frontier.size() >> (8 * u32::from(level))) - 1) / TILE_WIDTH;
                compare(Level::Hashes(level), index, frontier.size(), row, reader)?;
                row.clear();
            }
        }
    }
    expect_root(&frontier, checkpoint.root)
}

/// Appends what is not in the tree yet of the next bundle of a log of `size` entries.
fn read_bundle<R: TileReader>(
    frontier: &mut Frontier,
    size: u64,
    reader: &mut R,
    see: &mut impl FnMut(u64, &[u8]),
    mut made: impl FnMut(u32, Hash),
) -> Result<(), AuditError<R::Error>> {
    let index = frontier.size() / TILE_WIDTH;
    let Some(tile) = Tile::of_log(Level::Entries, index, size) else {
        return Err(AuditError::Inconsistent(ProofError::TooLarge { size }));
    };
    let bytes = read(reader, &tile)?;
    // The full bundle may have taken the place of this one.
    let entries = match entries_of(&tile, &bytes) {
        Err(_) if !tile.is_full() => entries_of(&tile.full(), &bytes),
        entries => entries,
    };
    let entries = entries.map_err(ReadError::from)?;
    let seen = (frontier.size() % TILE_WIDTH) as usize;
    for entry in &entries[seen..tile.width() as usize] {
        see(frontier.size(), entry);
        frontier.append(Hash::of_entry(entry), &mut made);
    }
    Ok(())
}

/// Holds a tile against the hashes that it must have.
fn compare<R: TileReader>(
    level: Level,
    index: u64,
    size: u64,
    expected: &[Hash],
    reader: &mut R,
) -> Result<(), AuditError<R::Error>> {
    let Some(tile) = Tile::of_log(level, index, size) else {
        return Err(AuditError::Inconsistent(ProofError::TooLarge { size }));
    };
    let got = read_hashes(reader, &tile)?;
    match expected
        .iter()
        .zip(&got)
        .position(|(expected, got)| expected != got)
    {
        Some(at) => Err(AuditError::WrongHash { tile, at }),
        None => Ok(()),
    }
}

fn expect_root<E>(frontier: &Frontier, signed: Hash) -> Result<(), AuditError<E>> {
    let (size, computed) = (frontier.size(), frontier.root());
    if computed == signed {
        Ok(())
    } else {
        Err(AuditError::WrongRoot {
            size,
            computed,
            signed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiled::tests::Files;
    use crate::tree::tests::Naive;

    fn checkpoint(tree: &Naive, size: u64) -> Checkpoint {
        Checkpoint::new("log", size, tree.root(0..size as usize))
    }

    #[test]
    fn a_log_is_read_whole() {
        for size in [0u64, 1, 255, 256, 257, 700] {
            let tree = Naive::numbered(size);
            let mut seen = Vec::new();
            let mut files = Files::of(&tree);
            audit(&checkpoint(&tree, size), &mut files, |index, entry| {
                assert_eq!(index, seen.len() as u64);
                seen.push(entry.to_vec());
            })
            .unwrap();
            assert_eq!(seen, tree.0);
        }
    }

    #[test]
    fn every_changed_file_is_seen() {
        let tree = Naive::numbered(600);
        let good = Files::of(&tree);
        for name in good.0.keys() {
            for at in [0, 1, 2, 31, 40, 63] {
                let mut files = Files(good.0.clone());
                let file = files.0.get_mut(name).unwrap();
                if at >= file.len() {
                    continue;
                }
                file[at] ^= 1;
                let result = audit(&checkpoint(&tree, 600), &mut files, |_, _| ());
                assert!(result.is_err(), "{name} byte {at}");
            }
            let mut files = Files(good.0.clone());
            files.0.remove(name);
            assert!(
                audit(&checkpoint(&tree, 600), &mut files, |_, _| ()).is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn followers_see_what_is_new_and_nothing_else() {
        let tree = Naive::numbered(600);
        let mut files = Files::of(&tree);
        let mut follower = Follower::new();
        for size in [0u64, 100, 256, 511, 600] {
            let mut seen = follower.size();
            follower
                .follow(&checkpoint(&tree, size), &mut files, |index, entry| {
                    assert_eq!((index, entry), (seen, &tree.0[seen as usize][..]));
                    seen += 1;
                })
                .unwrap();
            assert_eq!(seen, size);
            let mut again = Follower::at(&checkpoint(&tree, size), 600, &mut files).unwrap();
            again
                .follow(&checkpoint(&tree, 600), &mut files, |_, _| ())
                .unwrap();
        }
        let shrunk = follower.follow(&checkpoint(&tree, 512), &mut files, |_, _| ());
        assert!(matches!(
            shrunk,
            Err(AuditError::Inconsistent(ProofError::Shrunk { .. }))
        ));
        let shrunk = Follower::at(&checkpoint(&tree, 600), 512, &mut files);
        assert!(matches!(
            shrunk,
            Err(AuditError::Inconsistent(ProofError::Shrunk { .. }))
        ));
    }

    #[test]
    fn a_rewritten_log_is_caught() {
        let honest = Naive::numbered(300);
        let mut rewritten = Naive::numbered(600);
        rewritten.0[7] = b"entry seven".to_vec();
        let mut files = Files::of(&rewritten);
        let seen = checkpoint(&honest, 300);
        let caught = Follower::at(&seen, 600, &mut files);
        assert!(matches!(
            caught,
            Err(AuditError::WrongRoot { size: 300, .. })
        ));
        let mut follower = Follower::new();
        follower
            .follow(&seen, &mut Files::of(&honest), |_, _| ())
            .unwrap();
        let next = follower.follow(&checkpoint(&rewritten, 600), &mut files, |_, _| ());
        assert!(matches!(next, Err(AuditError::WrongRoot { size: 600, .. })));
        assert_eq!(follower.size(), 300, "what does not hold changes nothing");
    }
}
