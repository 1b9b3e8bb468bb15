//! The examples: their inputs are what they say, and their outputs what independent code computes.

use std::fs;

use crate::arknet::{Folder, backends, example};
use crate::data::examples;

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// With `ARKNET_WRITE_EXAMPLES` set it writes the inputs instead, which is how they were made.
#[test]
fn committed_inputs_are_the_generated_ones() {
    let write = std::env::var_os("ARKNET_WRITE_EXAMPLES").is_some();
    for case in examples() {
        for (file, words) in &case.inputs {
            let path = example(case.name).join(file);
            if write {
                fs::write(&path, bytes(words)).expect("a writable repository");
            }
            let committed = fs::read(&path).expect("the input is committed");
            assert!(committed == bytes(words), "{} differs", path.display());
        }
    }
}

#[test]
fn outputs_are_those_of_independent_code() {
    for case in examples() {
        for backend in backends() {
            let folder = Folder::copy_of(case.name);
            let outcome = folder.run("run", &["--backend", backend]).expect(0);
            assert!(outcome.stdout.contains(backend), "{outcome:#?}");
            assert!(
                folder.words(case.output) == case.expected,
                "{} on {backend}: the output is wrong",
                case.name
            );
        }
    }
}

#[test]
fn the_mandelbrot_set_becomes_a_picture() {
    let folder = Folder::copy_of("mandelbrot");
    folder.run("run", &["--backend", "cpu"]).expect(0);
    let file = fs::File::open(folder.file("pixels.png")).expect("the picture is there");
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    assert_eq!((info.width, info.height), (64, 48));
    assert!(pixels == folder.read("pixels.out"));
}
