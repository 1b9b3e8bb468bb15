//! Checkpoints: what a log says of itself when it signs.

use std::fmt;

use crate::encoding::decimal;
use crate::hash::Hash;

/// The text of a checkpoint note: which log, how many entries, and the root over them. Prints as what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Entries in the log.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
    /// Further lines, which nobody here gives a meaning to. ArkNet's logs have none.
    pub extensions: Vec<String>,
}

/// Why text is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not three lines or more.
    #[error(
        "a checkpoint has at least three lines, none of them empty, and ends with the end of a line"
    )]
    NotLines,
    /// Not a size.
    #[error("the second line of a checkpoint is the log's size, a decimal without leading zeroes")]
    BadSize,
    /// Not a hash.
    #[error("the third line of a checkpoint is the tree's root: {0}")]
    BadRoot(#[from] crate::hash::NotAHash),
    /// An empty tree with a root of its own.
    #[error(
        "the root of a log without entries is {}, not {got}",
        Hash::empty_root()
    )]
    NotEmpty {
        /// The root given.
        got: Hash,
    },
}

impl Checkpoint {
    /// The checkpoint of a log without extensions.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// Reads the text of a note.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::NotLines)?;
        let mut lines = lines.split('\n');
        if lines.clone().any(str::is_empty) {
            return Err(CheckpointError::NotLines);
        }
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::NotLines);
        };
        let size = decimal(size).ok_or(CheckpointError::BadSize)?;
        let root = root.parse()?;
        if size == 0 && root != Hash::empty_root() {
            return Err(CheckpointError::NotEmpty { got: root });
        }
        let extensions = lines.map(str::to_owned).collect();
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification() {
        let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
        assert_eq!(
            (checkpoint.origin.as_str(), checkpoint.size),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert_eq!(checkpoint.to_string(), EXAMPLE);
        let extended = format!("{EXAMPLE}one\ntwo\n");
        let checkpoint = Checkpoint::parse(&extended).unwrap();
        assert_eq!(checkpoint.extensions, ["one", "two"]);
        assert_eq!(checkpoint.to_string(), extended);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "-1"),
            ("20852163", "20852163 "),
            ("20852163", "9223372036854775808"),
            ("20852163", "0"),
            ("20852163", ""),
            ("example.com/behind-the-sofa", ""),
            ("CsUY", "CsU"),
            ("q2I=", "q2J="),
            ("q2I=\n", "q2I="),
            ("q2I=\n", "q2I=\n\n"),
        ] {
            let text = EXAMPLE.replace(from, to);
            assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
        }
        let empty = Checkpoint::new("log", 0, Hash::empty_root());
        assert_eq!(Checkpoint::parse(&empty.to_string()), Ok(empty));
    }
}
