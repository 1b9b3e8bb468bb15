//! Writing the job: a folder that `arknet run`, `prove` and `verify` take.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Inputs;

/// What the folder has beside the inputs.
const TEXTS: [(&str, &str); 2] = [
    ("int8_mlp.wgsl", include_str!("../../int8_mlp.wgsl")),
    ("job.toml", include_str!("../../job.toml")),
];

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct NotWritten {
    path: PathBuf,
    source: io::Error,
}

impl Inputs {
    /// The input files and their words.
    pub fn files(&self) -> [(&'static str, Vec<u32>); 3] {
        [
            ("network.bin", self.network.words()),
            ("images.bin", self.images()),
            ("labels.bin", self.labels()),
        ]
    }

    /// Writes kernel, job file and inputs into `folder`, which is made if it is not there.
    pub fn write(&self, folder: &Path) -> Result<(), NotWritten> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| NotWritten { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let texts = TEXTS.map(|(name, text)| (name, text.as_bytes().to_vec()));
        let inputs = self.files().map(|(name, words)| {
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            (name, bytes.collect())
        });
        for (name, bytes) in texts.into_iter().chain(inputs) {
            let path = folder.join(name);
            fs::write(&path, bytes).map_err(failed(&path))?;
        }
        Ok(())
    }
}
