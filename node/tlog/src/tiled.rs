//! A log's tree as its tiles give it.

use std::collections::BTreeMap;

use crate::hash::Hash;
use crate::tile::{Level, Tile, TileError, hashes_of};
use crate::tree::Subtrees;

/// Where a log's files come from. What it returns is not trusted.
pub trait TileReader {
    /// Why a file could not be had.
    type Error;

    /// The bytes of a tile or bundle. More than [`Tile::max_bytes`] need not be read. Where a partial tile is gone the
    /// full one in its place may be returned: the log has grown since.
    fn read(&mut self, tile: &Tile) -> Result<Vec<u8>, Self::Error>;
}

/// Why a node or an entry could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The file was not to be had.
    #[error("{tile}: {source}")]
    Reader {
        /// The file.
        tile: Tile,
        /// Why.
        source: E,
    },
    /// The file is not what it must be.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// A node that a log of this size does not have.
    #[error("a log of {size} entries has no node {index} at level {level}")]
    NoSuchNode {
        /// The size of the log.
        size: u64,
        /// The node's level.
        level: u32,
        /// Its place in the level.
        index: u64,
    },
}

/// The nodes of a log of a given size, read from tiles. They are what the tiles say: check what is computed from them
/// against a root that is trusted. Every smaller tree of the log is in it too, and the tiles of its latest size are
/// those that a log is sure to have.
pub struct TiledTree<'a, R> {
    reader: &'a mut R,
    size: u64,
    /// Tiles read so far; a proof needs two of each level at most.
    tiles: BTreeMap<Tile, Vec<Hash>>,
}

impl<'a, R: TileReader> TiledTree<'a, R> {
    /// Tiles kept. More are forgotten and read again.
    const KEPT: usize = 32;

    /// The tree of the first `size` entries.
    pub fn new(size: u64, reader: &'a mut R) -> Self {
        Self {
            reader,
            size,
            tiles: BTreeMap::new(),
        }
    }

    fn hashes(&mut self, tile: Tile) -> Result<&[Hash], ReadError<R::Error>> {
        if !self.tiles.contains_key(&tile) {
            let hashes = read_hashes(self.reader, &tile)?;
            if self.tiles.len() == Self::KEPT {
                self.tiles.clear();
            }
            self.tiles.insert(tile, hashes);
        }
        Ok(&self.tiles[&tile])
    }
}

impl<R: TileReader> Subtrees for TiledTree<'_, R> {
    type Error = ReadError<R::Error>;

    fn subtree(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        let no_such_node = ReadError::NoSuchNode {
            size: self.size,
            level,
            index,
        };
        // The tile whose hashes are the nearest at or below this level; above that the nodes are computed.
        let (row, above) = (level / 8, level % 8);
        let first = index
            .checked_shl(above)
            .filter(|&first| first >> above == index);
        let place = first.map(|first| (first / 256, first as usize % 256));
        let Some(((tile, first), row)) = place.zip(u8::try_from(row).ok()) else {
            return Err(no_such_node);
        };
        let Some(tile) = Tile::of_log(Level::Hashes(row), tile, self.size) else {
            return Err(no_such_node);
        };
        let below = self.hashes(tile)?.get(first..first + (1 << above));
        let mut nodes = below.ok_or(no_such_node)?.to_vec();
        while nodes.len() > 1 {
            nodes = nodes
                .chunks(2)
                .map(|pair| Hash::of_nodes(&pair[0], &pair[1]))
                .collect();
        }
        Ok(nodes[0])
    }
}

/// Reads a tile of hashes, or the part that is wanted of the full tile in its place.
pub(crate) fn read_hashes<R: TileReader>(
    reader: &mut R,
    tile: &Tile,
) -> Result<Vec<Hash>, ReadError<R::Error>> {
    let bytes = read(reader, tile)?;
    let full = tile.full();
    if !tile.is_full() && bytes.len() == full.max_bytes() {
        let mut hashes = hashes_of(&full, &bytes)?;
        hashes.truncate(tile.width() as usize);
        return Ok(hashes);
    }
    Ok(hashes_of(tile, &bytes)?)
}

pub(crate) fn read<R: TileReader>(
    reader: &mut R,
    tile: &Tile,
) -> Result<Vec<u8>, ReadError<R::Error>> {
    reader.read(tile).map_err(|source| ReadError::Reader {
        tile: *tile,
        source,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::path::{consistency, inclusion, verify_consistency, verify_inclusion};
    use crate::tile::bundle;
    use crate::tree::Frontier;
    use crate::tree::tests::Naive;

    /// A log in memory, written by the definition of tiles.
    pub(crate) struct Files(pub(crate) BTreeMap<String, Vec<u8>>);

    impl Files {
        pub(crate) fn of(tree: &Naive) -> Self {
            let size = tree.0.len() as u64;
            let files = Tile::grown(0, size).map(|tile| {
                let places = tile.index() * 256..tile.index() * 256 + tile.width();
                let bytes = match tile.level() {
                    Level::Entries => {
                        bundle(&tree.0[places.start as usize..places.end as usize]).unwrap()
                    }
                    Level::Hashes(level) => {
                        let each = 256usize.pow(u32::from(level));
                        let root = |i: u64| tree.root(i as usize * each..(i as usize + 1) * each).0;
                        places.flat_map(root).collect()
                    }
                };
                (tile.to_string(), bytes)
            });
            Self(files.collect())
        }
    }

    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("there is no such file")]
    pub(crate) struct Absent;

    impl TileReader for Files {
        type Error = Absent;

        fn read(&mut self, tile: &Tile) -> Result<Vec<u8>, Absent> {
            let file = self
                .0
                .get(&tile.to_string())
                .or_else(|| self.0.get(&tile.full().to_string()));
            file.cloned().ok_or(Absent)
        }
    }

    #[test]
    fn tiles_hold_the_tree() {
        let naive = Naive::numbered(1000);
        let mut files = Files::of(&naive);
        for size in [1u64, 255, 256, 257, 511, 512, 999, 1000] {
            let root = naive.root(0..size as usize);
            let mut tree = TiledTree::new(1000, &mut files);
            assert_eq!(Frontier::load(size, &mut tree).unwrap().root(), root);
            for index in [0, size / 2, size - 1] {
                let proof = inclusion(index, size, &mut tree).unwrap();
                let entry = Hash::of_entry(&naive.0[index as usize]);
                verify_inclusion(entry, index, size, root, &proof).unwrap();
            }
            for old in [1, size / 2 + 1, size] {
                let proof = consistency(old, size, &mut tree).unwrap();
                let old_root = naive.root(0..old as usize);
                verify_consistency(old, old_root, size, root, &proof).unwrap();
            }
        }
    }

    #[test]
    fn nodes_that_are_not_there_are_errors() {
        let mut files = Files::of(&Naive::numbered(300));
        let mut tree = TiledTree::new(300, &mut files);
        for (level, index) in [
            (0, 300),
            (8, 1),
            (9, 0),
            (16, 0),
            (63, 1),
            (64, 0),
            (u32::MAX, u64::MAX),
            (7, u64::MAX),
        ] {
            assert!(
                matches!(
                    tree.subtree(level, index),
                    Err(ReadError::NoSuchNode { .. })
                ),
                "{level} {index}"
            );
        }
        files.0.get_mut("tile/0/000").unwrap().pop();
        assert!(matches!(
            TiledTree::new(300, &mut files).subtree(0, 0),
            Err(ReadError::Tile(_))
        ));
        files.0.remove("tile/0/000");
        assert!(matches!(
            TiledTree::new(300, &mut files).subtree(0, 0),
            Err(ReadError::Reader { .. })
        ));
    }
}
