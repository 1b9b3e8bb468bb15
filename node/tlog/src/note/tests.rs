//! Notes from the specification, and hostile ones.

use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = "This is an example message.

\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
";

const WITH_EMPTY_LINES: &str = "Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

\u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
";

#[test]
fn the_examples_of_the_specification_are_read() {
    let note = Note::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.signatures()[0].name(), "example.com/foo");
    assert_eq!(note.signatures()[0].id(), 0x530d_903a);
    assert_eq!(note.to_string(), EXAMPLE);
    let note = Note::parse(WITH_EMPTY_LINES.as_bytes()).unwrap();
    assert!(note.text().ends_with(":\n\ned è subito sera.\n"));
    assert_eq!(note.to_string(), WITH_EMPTY_LINES);
}

#[cfg(feature = "sign")]
#[test]
fn the_example_of_the_specification_verifies() {
    let key: VerifierKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        .parse()
        .unwrap();
    assert_eq!(
        key.verify(&Note::parse(EXAMPLE.as_bytes()).unwrap()),
        Ok(None)
    );
    for (from, to) in [
        ("example message", "Example message"),
        ("Uw2QOkn8", "Uw2QOkn9"),
    ] {
        let changed = Note::parse(EXAMPLE.replacen(from, to, 1).as_bytes()).unwrap();
        assert!(
            matches!(
                key.verify(&changed),
                Err(crate::SignatureError::Wrong { .. })
            ),
            "{to}"
        );
    }
    // Another name or another id is another key.
    for (from, to) in [("com/foo", "com/bar"), ("Uw2Q", "Uw2R")] {
        let changed = Note::parse(EXAMPLE.replacen(from, to, 1).as_bytes()).unwrap();
        assert!(
            matches!(
                key.verify(&changed),
                Err(crate::SignatureError::Missing { .. })
            ),
            "{to}"
        );
    }
    // A good signature does not make up for a bad one by the same key.
    let bad = EXAMPLE
        .lines()
        .last()
        .unwrap()
        .replace("Uw2QOkn8", "Uw2QOkn9");
    let note = Note::parse(format!("{EXAMPLE}{bad}\n").as_bytes()).unwrap();
    assert!(matches!(
        key.verify(&note),
        Err(crate::SignatureError::Wrong { .. })
    ));
}

#[test]
fn what_is_no_note_is_refused() {
    let refused = |text: &str| Note::parse(text.as_bytes()).unwrap_err();
    let line = EXAMPLE.lines().last().unwrap();
    for text in [
        "",
        "\n",
        "\n\n",
        "text",
        "text\n",
        "text\n\n",
        &format!("text\n{line}\n"),
        &format!("text\n\n{line}"),
    ] {
        assert!(
            matches!(
                refused(text),
                NoteError::NotSigned | NoteError::BadSignatureLine { .. }
            ),
            "{text:?}"
        );
    }
    for line in [
        "- example.com/foo Uw2QOkn8",
        "\u{2014}example.com/foo Uw2QOkn8",
        "\u{2014}  Uw2QOkn8",
        "\u{2014} example.com/foo  Uw2QOkn8",
        "\u{2014} example.com/foo Uw2QOkn8 ",
        "\u{2014} exam+ple Uw2QOkn8",
        "\u{2014} exam\u{a0}ple Uw2QOkn8",
        "\u{2014} example.com/foo Uw2Q",
        "\u{2014} example.com/foo Uw2QOg==",
        "\u{2014} example.com/foo Uw2QOkn",
        "\u{2014} example.com/foo",
        "\u{2014} ",
    ] {
        assert_eq!(
            refused(&format!("text\n\n{line}\n")),
            NoteError::BadSignatureLine { line: 1 },
            "{line}"
        );
    }
    assert_eq!(
        refused("te\txt\n\n\u{2014} a AAAAAAAA\n"),
        NoteError::NotText
    );
    assert_eq!(
        refused("te\rxt\n\n\u{2014} a AAAAAAAA\n"),
        NoteError::NotText
    );
    assert_eq!(Note::parse(b"t\xff\n\n"), Err(NoteError::NotText));
    assert!(matches!(
        Note::parse(&vec![b'a'; Note::MAX_BYTES + 1]),
        Err(NoteError::TooLarge { .. })
    ));
}

#[test]
fn signatures_are_counted() {
    let lines = |count: usize| {
        (0..count)
            .map(|i| format!("\u{2014} k{i} AAAAAAAA\n"))
            .collect::<String>()
    };
    let mut full = Note::parse(format!("text\n\n{}", lines(64)).as_bytes()).unwrap();
    assert_eq!(full.signatures().len(), 64);
    assert_eq!(
        Note::parse(format!("text\n\n{}", lines(65)).as_bytes()),
        Err(NoteError::TooManySignatures)
    );
    assert!(!full.add(NoteSignature::parse("\u{2014} other AAAAAAAA").unwrap()));
    assert!(full.add(NoteSignature::parse("\u{2014} k7 AAAAAAAB").unwrap()));
    assert_eq!(full.signatures().len(), 64);
    assert_eq!(full.signatures()[63].bytes(), [0, 1]);
}

proptest! {
    #[test]
    fn what_is_read_prints_the_same(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_is_seen(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = WITH_EMPTY_LINES.as_bytes().to_vec();
        let note = Note::parse(&bytes).unwrap();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(changed) = Note::parse(&bytes) {
            prop_assert_ne!(&changed, &note);
            prop_assert_eq!(changed.to_string().into_bytes(), bytes);
        }
    }
}
