//! Trains the network on files of handwriting and writes the example's inputs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use int8_mlp_train::image::Image;
use int8_mlp_train::optdigits::{self, NotAnImage};
use int8_mlp_train::{Inputs, TESTS};

const USAGE: &str = "usage: int8-mlp-train TRAINING TESTS FOLDER
TRAINING and TESTS are optdigits.tra and optdigits.tes of the UCI data set \"Optical Recognition of Handwritten
Digits\"; network.bin, images.bin and labels.bin are written to FOLDER.";

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{USAGE}")]
    Usage,
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Image { path: PathBuf, source: NotAnImage },
    #[error("{} has no image", path.display())]
    Empty { path: PathBuf },
}

fn main() -> ExitCode {
    match run() {
        Ok(inputs) => {
            println!("{} of {} are read", inputs.correct(), inputs.tests.len());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Inputs, Failure> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [training, tests, folder] = &arguments[..] else {
        return Err(Failure::Usage);
    };
    let lessons = load(training)?;
    let mut tests = load(tests)?;
    tests.truncate(TESTS);
    let inputs = Inputs::new(&lessons, tests);
    for (name, words) in [
        ("network.bin", inputs.network.words()),
        ("images.bin", inputs.images()),
        ("labels.bin", inputs.labels()),
    ] {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|source| Failure::File { path, source })?;
    }
    Ok(inputs)
}

fn load(path: &Path) -> Result<Vec<Image>, Failure> {
    let path = path.to_owned();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(Failure::File { path, source }),
    };
    match optdigits::parse(&text) {
        Ok(images) if images.is_empty() => Err(Failure::Empty { path }),
        Ok(images) => Ok(images),
        Err(source) => Err(Failure::Image { path, source }),
    }
}
