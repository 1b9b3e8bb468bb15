//! Handwriting: the UCI data set "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998), whose
//! images have the same 8 × 8 pixels from 0 to 16.
//!
//! Only the published bytes are taken, so that what is said of the trained network holds wherever it is trained.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use crate::image::{INK, Image, PIXELS};

/// The file to learn from, written by 30 people, and its SHA-256.
const LESSONS: (&str, &str) = (
    "optdigits.tra",
    "e1b683cc211604fe8fd8c4417e6a69f31380e0c61d4af22e93cc21e9257ffedd",
);
/// The file to read, written by 13 others.
const TESTS: (&str, &str) = (
    "optdigits.tes",
    "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
);
/// More bytes than either file has; what is longer is not read to its end.
const MOST_BYTES: u64 = 1 << 20;

/// The data set.
#[derive(Clone, Debug)]
pub struct Handwriting {
    /// Images to learn from.
    pub lessons: Vec<Image>,
    /// Images by people who wrote none of the lessons.
    pub tests: Vec<Image>,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTheDataSet {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has other bytes than the published one.
    #[error(
        "{} is not the file as published: its SHA-256 is {found}, not {published}; download it anew and leave its \
         lines as they are", path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// The digest of what is there.
        found: String,
        /// The digest that it should have.
        published: &'static str,
    },
    /// A line is no image.
    #[error("{}: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which.
        source: NotAnImage,
    },
}

/// A line that is not 64 pixels and a label.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not 64 numbers from 0 to 16 and a digit, with commas between them")]
pub struct NotAnImage {
    /// The line, counted from 1.
    pub line: usize,
}

impl Handwriting {
    /// Reads both files of the folder.
    pub fn load(folder: &Path) -> Result<Self, NotTheDataSet> {
        let load = |(name, published)| load(folder.join(name), published);
        Ok(Self {
            lessons: load(LESSONS)?,
            tests: load(TESTS)?,
        })
    }
}

fn load(path: PathBuf, published: &'static str) -> Result<Vec<Image>, NotTheDataSet> {
    let mut bytes = Vec::new();
    let read = fs::File::open(&path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    if let Err(source) = read {
        return Err(NotTheDataSet::File { path, source });
    }
    let found = format!("{:x}", Sha256::digest(&bytes));
    if found != published {
        return Err(NotTheDataSet::Changed {
            path,
            found,
            published,
        });
    }
    // A file with the published digest is text.
    parse(&String::from_utf8_lossy(&bytes)).map_err(|source| NotTheDataSet::Line { path, source })
}

/// The images of such a file, a line each.
fn parse(text: &str) -> Result<Vec<Image>, NotAnImage> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| image(line).ok_or(NotAnImage { line: index + 1 }))
        .collect()
}

fn image(line: &str) -> Option<Image> {
    let numbers = line.split(',').map(|number| number.trim().parse());
    let numbers: Vec<u8> = numbers.collect::<Result<_, _>>().ok()?;
    let (pixels, &[label]) = numbers.split_first_chunk::<PIXELS>()? else {
        return None;
    };
    let fits = pixels.iter().all(|&pixel| pixel <= INK) && label < 10;
    fits.then_some(Image {
        pixels: *pixels,
        label,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(pixel: &str, label: &str) -> String {
        format!("{}{label}\n", format!("{pixel},").repeat(64))
    }

    #[test]
    fn lines_are_images() {
        let images = parse(&(line("0", "7") + &line("16", " 9"))).unwrap();
        assert_eq!(images[0].pixels, [0; 64]);
        assert_eq!(images[1].pixels, [16; 64]);
        assert_eq!([images[0].label, images[1].label], [7, 9]);
        for wrong in [
            line("17", "1"),
            line("-1", "1"),
            line("0", "10"),
            line("0", ""),
            line("0", "1,2"),
            "0,1\n".to_owned(),
        ] {
            let text = line("0", "7") + &wrong;
            assert_eq!(parse(&text), Err(NotAnImage { line: 2 }), "{text}");
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let folder = std::env::temp_dir().join(format!("arknet-digits-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let missing = Handwriting::load(&folder).unwrap_err();
        fs::write(folder.join("optdigits.tra"), line("0", "7")).unwrap();
        let changed = Handwriting::load(&folder).unwrap_err();
        fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(missing, NotTheDataSet::File { .. }), "{missing}");
        assert!(
            matches!(changed, NotTheDataSet::Changed { .. }),
            "{changed}"
        );
    }
}
