//! Trains the network on handwriting and writes the example's job for it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use int8_mlp_train::Inputs;
use int8_mlp_train::job::NotWritten;
use int8_mlp_train::optdigits::{Handwriting, NotTheDataSet};

const USAGE: &str = "usage: int8-mlp-train DATA JOB
DATA is a folder with optdigits.tra and optdigits.tes of the UCI data set \"Optical Recognition of Handwritten
Digits\". The job is written into the folder JOB: kernel, job.toml, network, and digits to read.";

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{USAGE}")]
    Usage,
    #[error(transparent)]
    Data(#[from] NotTheDataSet),
    #[error(transparent)]
    Job(#[from] NotWritten),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [data, job] = &arguments[..] else {
        return Err(Failure::Usage);
    };
    let handwriting = Handwriting::load(data)?;
    let inputs = Inputs::written(&handwriting);
    inputs.write(job)?;
    let (all, of) = (
        inputs.network.reads(&handwriting.tests),
        handwriting.tests.len(),
    );
    println!(
        "network trained on {} digits; of {of} by other writers it reads {all} ({:.1} %)",
        handwriting.lessons.len(),
        100.0 * f64::from(all) / of as f64
    );
    println!(
        "{} has it read the first {} of those: {} right",
        Path::new(job).display(),
        inputs.tests.len(),
        inputs.correct()
    );
    Ok(())
}
