//! The network of `int8_mlp` on handwriting. Where `ARKNET_DIGITS` names no folder with the data set, which is not in
//! the repository, nothing is tested.

use std::env;
use std::path::Path;

use int8_mlp_train::Inputs;
use int8_mlp_train::optdigits::Handwriting;

use crate::arknet::{Folder, arknet, backends};

#[test]
fn handwriting_is_read_proven_and_verified() {
    let Some(data) = env::var_os("ARKNET_DIGITS") else {
        return;
    };
    let handwriting = Handwriting::load(Path::new(&data)).expect("the data set");
    let inputs = Inputs::written(&handwriting);
    assert!(
        inputs.correct() >= 210,
        "only {} are read",
        inputs.correct()
    );

    let folder = Folder::new("", "");
    inputs.write(folder.path()).expect("a writable folder");
    let line = format!("correct: {}\n", inputs.correct());
    let is_right = |verb, more: &[&str]| {
        let outcome = folder.run(verb, more).expect(0);
        assert!(outcome.stdout.contains(&line), "{outcome:#?}");
        assert_eq!(folder.words("predictions.out"), inputs.predictions());
        assert_eq!(folder.words("correct.out"), [inputs.correct()]);
    };
    for backend in backends() {
        is_right("run", &["--backend", backend]);
    }

    let receipt = folder.file("receipt");
    is_right("prove", &["--receipt", receipt.to_str().expect("a path")]);
    let verify = || arknet([Path::new("verify"), &receipt, folder.path()]);
    let outcome = verify().expect(0);
    assert!(outcome.stdout.contains("VALID"), "{outcome:#?}");
    folder.write("correct.out", (inputs.correct() + 1).to_le_bytes());
    verify().expect(1);
}
