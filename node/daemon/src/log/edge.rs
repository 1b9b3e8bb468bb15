//! The right edge of the log as files: the tiles that the next entry changes.

use arknet_tlog::{Frontier, Hash, Level, MAX_SIZE, TILE_WIDTH, Tile, TileError, bundle};

/// A file of the log with its contents.
pub(super) type TileFile = (Tile, Vec<u8>);

/// The tree, and the tiles that are not full yet. A few hundred KiB, whatever the log's size.
#[derive(Clone, Default)]
pub(super) struct Edge {
    frontier: Frontier,
    entries: Vec<Vec<u8>>,
    rows: [Vec<Hash>; 8],
}

impl Edge {
    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(super) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Appends an entry. Tiles that it fills go to `full`.
    pub(super) fn append(
        &mut self,
        entry: Vec<u8>,
        full: &mut Vec<TileFile>,
    ) -> Result<(), TileError> {
        // What no bundle can hold must not get into the tree.
        bundle(std::slice::from_ref(&entry))?;
        let rows = &mut self.rows;
        self.frontier.append(Hash::of_entry(&entry), |level, hash| {
            if level % 8 == 0 {
                rows[level as usize / 8].push(hash);
            }
        });
        self.entries.push(entry);
        self.drain(full, |length| length == TILE_WIDTH)
    }

    /// The tiles that are not full.
    pub(super) fn partial(&self) -> Result<Vec<TileFile>, TileError> {
        let mut files = Vec::new();
        self.clone().drain(&mut files, |length| length > 0)?;
        Ok(files)
    }

    /// Moves out the tiles whose length is such.
    fn drain(
        &mut self,
        files: &mut Vec<TileFile>,
        take: impl Fn(u64) -> bool,
    ) -> Result<(), TileError> {
        let size = self.size();
        debug_assert!(size <= MAX_SIZE);
        if take(self.entries.len() as u64) {
            let entries = std::mem::take(&mut self.entries);
            let tile = Tile::of_log(Level::Entries, size.saturating_sub(1) / TILE_WIDTH, size);
            files.extend(
                tile.map(|tile| bundle(&entries).map(|bytes| (tile, bytes)))
                    .transpose()?,
            );
        }
        for (level, row) in (0u8..).zip(&mut self.rows) {
            if take(row.len() as u64) {
                let nodes = size >> (8 * u32::from(level));
                let index = nodes.saturating_sub(1) / TILE_WIDTH;
                let tile = Tile::of_log(Level::Hashes(level), index, size);
                let bytes = row.drain(..).flat_map(|hash| hash.0).collect();
                files.extend(tile.map(|tile| (tile, bytes)));
            }
        }
        Ok(())
    }
}
