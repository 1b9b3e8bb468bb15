//! Tiles: the files in which a log serves its tree and its entries.
//!
//! A tile holds up to 256 hashes side by side: at level 0 those of entries, at level `l` the roots over 256^l entries.
//! The hashes between are computed. An entry bundle holds the entries under a tile of level 0. A tile that is not full
//! has its width in its path, so that what is at a path never changes.

use std::fmt;
use std::str::FromStr;

use crate::encoding::{MAX_SIZE, decimal};
use crate::hash::Hash;

/// Hashes of a full tile, entries of a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// log2 of [`TILE_WIDTH`].
const HEIGHT: u32 = 8;
/// The highest level that a log of fewer than 2^63 entries has.
const MAX_LEVEL: u8 = 7;

/// Which row of a log's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The entries themselves.
    Entries,
    /// Hashes, level 0 being those of entries.
    Hashes(u8),
}

/// One file of a log. Prints and parses as its path, such as `tile/0/x001/x234/067.p/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    level: Level,
    index: u64,
    width: u16,
}

/// Why a path or bytes are no tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not a path of a tile.
    #[error(
        "this is not the path of a tile, which looks like `tile/0/x001/234.p/56` or `tile/entries/001`"
    )]
    BadPath,
    /// A tile with more or fewer hashes than it must have.
    #[error("{tile} must have {expected} bytes, and has {got}")]
    WrongLength {
        /// The tile.
        tile: Tile,
        /// Bytes it must have.
        expected: usize,
        /// Bytes it has.
        got: usize,
    },
    /// A bundle with more or fewer entries than it must have.
    #[error("{tile} does not have {} entries, each with its length before it", tile.width)]
    WrongEntries {
        /// The bundle.
        tile: Tile,
    },
    /// An entry that no bundle can hold.
    #[error("an entry has at most 65,535 bytes, this one has {got}")]
    EntryTooLong {
        /// Its bytes.
        got: usize,
    },
}

impl Tile {
    /// The tile `index` of a level, as wide as it is in a log of `size` entries; `None` where it has nothing there.
    pub fn of_log(level: Level, index: u64, size: u64) -> Option<Self> {
        let nodes = match level {
            _ if size > MAX_SIZE => return None,
            Level::Entries => size,
            Level::Hashes(level) if level > MAX_LEVEL => return None,
            Level::Hashes(level) => size >> (HEIGHT * u32::from(level)),
        };
        let before = index.checked_mul(TILE_WIDTH)?;
        let width = nodes.checked_sub(before)?.min(TILE_WIDTH);
        let width = u16::try_from(width).ok().filter(|&width| width > 0)?;
        Some(Self {
            level,
            index,
            width,
        })
    }

    /// The tiles that a log has when it has `new` entries and did not have, or not as wide, at `old`: bundles first,
    /// then hashes from the bottom up. `old` must not be larger.
    pub fn grown(old: u64, new: u64) -> impl Iterator<Item = Self> {
        let levels = (0..=MAX_LEVEL).map(Level::Hashes);
        std::iter::once(Level::Entries)
            .chain(levels)
            .flat_map(move |level| {
                let shift = match level {
                    Level::Entries => 0,
                    Level::Hashes(level) => HEIGHT * u32::from(level),
                };
                let (before, after) = (old >> shift, new >> shift);
                let first = before / TILE_WIDTH;
                let end = if after > before {
                    after.div_ceil(TILE_WIDTH)
                } else {
                    first
                };
                (first..end).filter_map(move |index| Self::of_log(level, index, new))
            })
    }

    /// Its row.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Its place in the row.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it.
    pub fn width(&self) -> u64 {
        u64::from(self.width)
    }

    /// Whether it will never grow.
    pub fn is_full(&self) -> bool {
        self.width() == TILE_WIDTH
    }

    /// Whether a log of `size` entries has all of it.
    pub fn is_in(&self, size: u64) -> bool {
        Self::of_log(self.level, self.index, size).is_some_and(|tile| tile.width >= self.width)
    }

    /// The tile in this place once it is full.
    pub fn full(&self) -> Self {
        Self {
            width: TILE_WIDTH as u16,
            ..*self
        }
    }

    /// The most bytes that it can have.
    pub fn max_bytes(&self) -> usize {
        let each = match self.level {
            Level::Entries => 2 + usize::from(u16::MAX),
            Level::Hashes(_) => Hash::BYTES,
        };
        each * usize::from(self.width)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Level::Entries => write!(f, "tile/entries")?,
            Level::Hashes(level) => write!(f, "tile/{level}")?,
        }
        // 7 groups of 3 digits hold every u64.
        let groups: [u64; 7] =
            std::array::from_fn(|i| self.index / 1000u64.pow(6 - i as u32) % 1000);
        let first = groups.iter().position(|&group| group > 0).unwrap_or(6);
        for (i, group) in groups.iter().enumerate().skip(first) {
            write!(f, "/{}{group:03}", if i < 6 { "x" } else { "" })?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl FromStr for Tile {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        let tile = parse(path).ok_or(TileError::BadPath)?;
        // Whatever was taken above, only the one spelling is a path.
        if tile.to_string() == path {
            Ok(tile)
        } else {
            Err(TileError::BadPath)
        }
    }
}

fn parse(path: &str) -> Option<Tile> {
    let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let level = match level {
        "entries" => Level::Entries,
        level => Level::Hashes(
            u8::try_from(decimal(level)?)
                .ok()
                .filter(|&level| level <= MAX_LEVEL)?,
        ),
    };
    let (place, width) = match place.split_once(".p/") {
        Some((place, width)) => (
            place,
            decimal(width).filter(|width| (1..TILE_WIDTH).contains(width))?,
        ),
        None => (place, TILE_WIDTH),
    };
    let mut index = 0u64;
    for group in place.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    let shift = match level {
        Level::Entries => HEIGHT,
        Level::Hashes(level) => HEIGHT * (u32::from(level) + 1),
    };
    // The last tile of the largest log.
    (index <= MAX_SIZE.checked_shr(shift).unwrap_or(0)).then_some(())?;
    Some(Tile {
        level,
        index,
        width: width as u16,
    })
}

/// The hashes in a tile.
pub fn hashes_of(tile: &Tile, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
    let expected = usize::from(tile.width) * Hash::BYTES;
    let (hashes, _) = bytes.as_chunks();
    if bytes.len() != expected {
        return Err(TileError::WrongLength {
            tile: *tile,
            expected,
            got: bytes.len(),
        });
    }
    Ok(hashes.iter().map(|&hash| Hash(hash)).collect())
}

/// The entries in a bundle.
pub fn entries_of<'a>(tile: &Tile, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, TileError> {
    let wrong = || TileError::WrongEntries { tile: *tile };
    let mut rest = bytes;
    let mut entries = Vec::with_capacity(usize::from(tile.width));
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or_else(wrong)?;
        if entries.len() == usize::from(tile.width) {
            return Err(wrong());
        }
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() && entries.len() == usize::from(tile.width) {
        Ok(entries)
    } else {
        Err(wrong())
    }
}

/// The bytes of a bundle with these entries.
pub fn bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len());
        let length = length.map_err(|_| TileError::EntryTooLong { got: entry.len() })?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        let tile = Tile {
            level: Level::Hashes(0),
            index: 1_234_067,
            width: 256,
        };
        assert_eq!(tile.to_string(), "tile/0/x001/x234/067");
        // 70,000 entries: 273 full tiles and one of 112 at level 0, one full and one of 17 at 1, one of 1 at 2.
        let tiles: Vec<_> = Tile::grown(0, 70_000)
            .filter(|tile| tile.level() != Level::Entries)
            .collect();
        assert_eq!(tiles.len(), 273 + 1 + 1 + 1 + 1);
        let partial: Vec<_> = tiles
            .iter()
            .filter(|tile| !tile.is_full())
            .map(Tile::to_string)
            .collect();
        assert_eq!(
            partial,
            ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
        let tiles: Vec<_> = Tile::grown(0, 256).map(|tile| tile.to_string()).collect();
        assert_eq!(tiles, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
    }

    #[test]
    fn growing_writes_what_changed() {
        let grown = |old, new| {
            Tile::grown(old, new)
                .map(|tile| tile.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(grown(5, 5), [""; 0]);
        assert_eq!(grown(0, 1), ["tile/entries/000.p/1", "tile/0/000.p/1"]);
        assert_eq!(
            grown(255, 257),
            [
                "tile/entries/000",
                "tile/entries/001.p/1",
                "tile/0/000",
                "tile/0/001.p/1",
                "tile/1/000.p/1"
            ]
        );
        assert_eq!(grown(256, 257), ["tile/entries/001.p/1", "tile/0/001.p/1"]);
    }

    #[test]
    fn a_log_has_what_it_grew() {
        for tile in Tile::grown(0, 70_000) {
            assert!(tile.is_in(70_000) && tile.is_in(70_001));
            let short = Tile {
                width: tile.width - 1,
                ..tile
            };
            assert!(short.is_in(70_000));
            assert_eq!(
                tile.is_in(69_000) && !tile.is_full(),
                tile.to_string() == "tile/2/000.p/1"
            );
        }
        let last: Tile = "tile/6/127".parse().unwrap();
        assert!(!last.is_in(MAX_SIZE) && last.full() == last);
    }

    #[test]
    fn other_paths_are_refused() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/1",
            "tile/0/0001",
            "tile/0/x001",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/01",
            "tile/0/001.p/",
            "tile/0/001.p",
            "tile/8/000",
            "tile/00/000",
            "tile/-1/000",
            "tile/data/000",
            "tile/0/../0/000",
            "tile/0/000/..",
            "tile/0//000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/x0\u{661}1/000",
            "tile/0/%2e%2e",
            "tile/0/x999/x999/x999/x999/x999/x999/x999",
            "tile/7/128",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(path.parse::<Tile>(), Err(TileError::BadPath), "{path}");
        }
        assert!("tile/7/000.p/127".parse::<Tile>().is_ok());
    }

    #[test]
    fn bundles_have_the_entries_they_must() {
        let tile = Tile {
            level: Level::Entries,
            index: 0,
            width: 3,
        };
        let bytes = bundle(&[&b"a"[..], b"", b"ccc"]).unwrap();
        assert_eq!(bytes, b"\0\x01a\0\0\0\x03ccc");
        assert_eq!(entries_of(&tile, &bytes), Ok(vec![&b"a"[..], b"", b"ccc"]));
        for length in 0..bytes.len() {
            assert!(entries_of(&tile, &bytes[..length]).is_err());
        }
        assert!(entries_of(&tile, &[&bytes[..], b"\0\0"].concat()).is_err());
        assert!(entries_of(&tile, &[&bytes[..], b"\0"].concat()).is_err());
        assert!(bundle(&[vec![0; 65_536]]).is_err());
        let hashes = Tile {
            level: Level::Hashes(0),
            index: 0,
            width: 2,
        };
        assert!(hashes_of(&hashes, &[0; 64]).is_ok());
        assert!(hashes_of(&hashes, &[0; 63]).is_err());
        assert!(hashes_of(&hashes, &[0; 96]).is_err());
    }

    proptest! {
        #[test]
        fn paths_survive_their_text(size in 1..=MAX_SIZE, at in any::<u64>(), level in 0u8..9) {
            let level = if level == 8 { Level::Entries } else { Level::Hashes(level) };
            let rows = match level { Level::Entries => size, Level::Hashes(l) => size >> (8 * l) };
            prop_assume!(rows > 0);
            let tile = Tile::of_log(level, at % rows.div_ceil(256), size).unwrap();
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }
    }
}
