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
            for (file, expected) in &case.outputs {
                assert!(
                    folder.words(file) == *expected,
                    "{} on {backend}: {file} is wrong",
                    case.name
                );
            }
        }
    }
}

/// The picture that a run leaves has this many columns and rows, and the pixels of `pixels.out`.
fn becomes_a_picture(example: &str, width: u32, height: u32) {
    let folder = Folder::copy_of(example);
    folder.run("run", &["--backend", "cpu"]).expect(0);
    let file = fs::File::open(folder.file("pixels.png")).expect("the picture is there");
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    assert_eq!((info.width, info.height), (width, height));
    assert!(pixels == folder.read("pixels.out"));
}

#[test]
fn the_mandelbrot_set_becomes_a_picture() {
    becomes_a_picture("mandelbrot", 64, 48);
}

#[test]
fn life_becomes_a_picture() {
    becomes_a_picture("life", 128, 128);
}

#[test]
fn scanning_needs_each_of_its_barriers() {
    const BARRIER: &str = "workgroupBarrier();";
    let folder = Folder::copy_of("scan");
    let wgsl = String::from_utf8(folder.read("scan.wgsl")).expect("text");
    let barriers: Vec<usize> = wgsl.match_indices(BARRIER).map(|(at, _)| at).collect();
    assert_eq!(barriers.len(), 3);
    for at in barriers {
        let (before, after) = wgsl.split_at(at);
        folder.write("scan.wgsl", before.to_owned() + &after[BARRIER.len()..]);
        let outcome = folder.run("run", &["--backend", "cpu"]).expect(4);
        outcome.says(&["data race on word ", "of `totals`"]);
    }
}

#[test]
fn the_network_says_how_many_digits_it_reads() {
    let folder = Folder::copy_of("int8_mlp");
    let labels = folder.words("labels.bin");
    for backend in backends() {
        let outcome = folder.run("run", &["--backend", backend]).expect(0);
        let predictions = folder.words("predictions.out");
        assert_eq!(predictions.len(), labels.len());
        let pairs = predictions.iter().zip(&labels);
        let correct = pairs.filter(|(got, label)| got == label).count();
        let line = format!("correct: {correct}\n");
        assert!(outcome.stdout.contains(&line), "{outcome:#?}");
        assert!(correct * 100 >= labels.len() * 93, "only {correct}");
    }
}
