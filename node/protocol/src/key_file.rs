//! Secret keys in files: one line `arknet-secret-key-1 <64 hex>`, readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::hex;
use crate::identity::{InvalidKey, KeyPair, NoRandomness};

const MARK: &str = "arknet-secret-key-1 ";
/// More than any secret here takes; the longest is the key of a log, with a name of 255 bytes.
const MAX_BYTES: u64 = 512;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than the owner may read it.
    #[error(
        "{} can be read by others than its owner (mode {mode:03o}): a key that others may have seen should be replaced; if none has, run `chmod 600 {}`",
        path.display(),
        path.display()
    )]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else, or is no ordinary file.
    #[error("{} is not an ordinary file of this user", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("{} does not hold an ArkNet secret key", path.display())]
    Contents {
        /// The file.
        path: PathBuf,
    },
    /// The key in it is refused.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: InvalidKey,
    },
    /// No new key can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl KeyPair {
    /// Reads a key, of this user alone.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let text = read_secret(path)?;
        let digits = text
            .strip_suffix('\n')
            .and_then(|line| line.strip_prefix(MARK));
        let seed = digits
            .and_then(hex::decode)
            .ok_or_else(|| KeyFileError::Contents {
                path: path.to_owned(),
            })?;
        Self::from_seed(seed).map_err(|source| KeyFileError::Key {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes the key to a new file, which must not exist.
    pub fn save_new(&self, path: &Path) -> Result<(), KeyFileError> {
        save_new_secret(path, &format!("{MARK}{}\n", hex::encode(self.seed())))
    }
}

/// Reads a short secret text, such as a key in another format, from a file of this user alone.
pub fn read_secret(path: &Path) -> Result<String, KeyFileError> {
    let failed = |source| KeyFileError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = open_without_waiting(path).map_err(failed)?;
    check_owner(path, &file)?;
    let mut text = String::new();
    Read::by_ref(&mut file)
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => KeyFileError::Contents {
                path: path.to_owned(),
            },
            _ => failed(error),
        })?;
    Ok(text)
}

/// Writes a secret text to a new file that only its owner can read; what is there already is kept, and refused.
pub fn save_new_secret(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::File {
        path: path.to_owned(),
        source,
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(failed)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half a key helps nobody and would be in the way of the next attempt.
        let _ = fs::remove_file(path);
        failed(error)
    })?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed)
}

/// A pipe in place of the file must not make the caller wait for a writer.
#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
}

#[cfg(unix)]
fn check_owner(path: &Path, file: &File) -> Result<(), KeyFileError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file.metadata().map_err(|source| KeyFileError::File {
        path: path.to_owned(),
        source,
    })?;
    if !metadata.is_file() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(KeyFileError::Owner {
            path: path.to_owned(),
        });
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &File) -> Result<(), KeyFileError> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = KeyPair::generate().unwrap();
        key.save_new(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(KeyPair::load(&path).unwrap().public(), key.public());
        // What is there is never overwritten.
        assert!(matches!(
            KeyPair::generate().unwrap().save_new(&path),
            Err(KeyFileError::File { .. })
        ));
        assert_eq!(KeyPair::load(&path).unwrap().public(), key.public());
    }

    #[test]
    fn what_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        KeyPair::generate().unwrap().save_new(&path).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = KeyPair::load(&path).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn other_files_are_no_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let line = format!("{MARK}{}", "ab".repeat(32));
        for text in [
            "",
            "x",
            &line,
            &format!("{line}\n\n"),
            &format!("{line}0\n"),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = KeyPair::load(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::Contents { .. }), "{error}");
        }
        let error = KeyPair::load(folder.path()).unwrap_err();
        assert!(matches!(error, KeyFileError::Owner { .. }), "{error}");
        assert!(matches!(
            KeyPair::load(&folder.path().join("none")),
            Err(KeyFileError::File { .. })
        ));
    }
}
