//! `docs/protocol.md` says what is so: its example is a request that holds, and its tables and numbers are the code's.
//! The example's signature and digest were made with OpenSSL.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arknet_protocol::{
    BlobDigest, BufferContents, Code, Domain, JobKind, JobRequest, JobState, KeyPair, Name, Reason,
    Replay, Scope, Signature, SignedRequest,
};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn document() -> String {
    fs::read_to_string(repository("docs/protocol.md")).expect("the document")
}

/// The rows of all tables, their cells without the marks of code.
fn rows(document: &str) -> Vec<Vec<String>> {
    let rows = document
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    rows.map(|row| {
        row.split('|')
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    })
    .collect()
}

/// The value in the row of a table with two columns.
fn value(document: &str, what: &str) -> String {
    let rows = rows(document);
    let row = rows.iter().find(|row| row.len() == 2 && row[0] == what);
    row.unwrap_or_else(|| panic!("no row `{what}`"))[1].clone()
}

/// The example's body: what stands between the fences, without the last line end.
fn body(document: &str) -> Vec<u8> {
    let (_, after) = document.split_once("```json\n").expect("the example");
    let (body, _) = after.split_once("\n```").expect("its end");
    body.as_bytes().to_vec()
}

fn seed(document: &str) -> [u8; 32] {
    let text = value(document, "secret key");
    // The type is another's, but the text of 32 bytes is the same.
    *text
        .parse::<BlobDigest>()
        .expect("64 hexadecimal digits")
        .as_bytes()
}

#[test]
fn the_example_holds() {
    let document = document();
    let body = body(&document);
    assert!(document.contains(&format!("The body has {} bytes", body.len())));
    let key = KeyPair::from_seed(seed(&document)).expect("a key");
    let signature: Signature = value(&document, "signature").parse().expect("a signature");
    assert_eq!(key.sign(Domain::Request, &body), signature);

    let signed = SignedRequest::verify(key.public(), signature, body.clone()).expect("it holds");
    assert_eq!(signed.digest().to_string(), value(&document, "digest"));
    assert_eq!(signed.job().to_string(), value(&document, "job"));

    let mut other = body;
    other.push(b'\n');
    SignedRequest::verify(key.public(), signature, other).expect_err("a byte more");
}

#[test]
fn the_example_is_the_job_that_it_says() {
    let request = JobRequest::parse(&body(&document())).expect("a request");
    let file = |name: &str| {
        let bytes = fs::read(repository("examples/sha256").join(name)).expect("an example");
        BlobDigest::of(&bytes)
    };
    assert_eq!(request.workload.wgsl, file("sha256.wgsl"));
    let input = BufferContents::Input(file("blocks.bin"));
    assert_eq!(request.buffers[0].contents, input);
}

#[test]
fn codes_and_reasons_are_all_of_them() {
    let document = document();
    let rows = rows(&document);
    let described: BTreeMap<&str, (&str, &str)> = rows
        .iter()
        .filter(|row| row.len() == 3 && row[1].parse::<u16>().is_ok())
        .map(|row| (row[0].as_str(), (row[1].as_str(), row[2].as_str())))
        .collect();
    assert_eq!(described.len(), Code::ALL.len());
    for code in Code::ALL {
        let status = code.status().to_string();
        let expected = (status.as_str(), code.title());
        assert_eq!(described.get(code.as_str()), Some(&expected), "{code}");
    }
    for reason in Reason::ALL {
        assert!(
            rows.iter()
                .any(|row| row.len() == 2 && row[0] == reason.as_str()),
            "{reason}"
        );
    }
}

#[test]
fn words_and_numbers_are_those_of_the_code() {
    let document = document();
    let words = Scope::ALL
        .iter()
        .map(|scope| scope.as_str())
        .chain(JobKind::ALL.iter().map(|kind| kind.as_str()));
    for word in words {
        assert!(document.contains(&format!("`{word}`")), "{word}");
    }
    for state in JobState::ALL {
        assert!(document.contains(state.as_str()), "{state}");
    }
    for (number, what) in [
        (JobRequest::MAX_BYTES as u64, "bytes of a body"),
        (JobRequest::MAX_VALIDITY, "seconds of validity"),
    ] {
        let (thousands, rest) = (number / 1000, number % 1000);
        assert!(
            document.contains(&format!("at most {thousands},{rest:03}")),
            "{what}"
        );
    }
    for (number, what) in [
        (JobRequest::MAX_BUFFERS, "buffers"),
        (JobRequest::MAX_CONSTANTS, "constants"),
        (Name::MAX_BYTES, "characters of a name"),
    ] {
        let stands = [format!("at most {number} "), format!("1 to {number} ")];
        assert!(
            stands.iter().any(|text| document.contains(text)),
            "{number} {what}"
        );
    }
    for replay in [Replay::Never, Replay::Reference] {
        let word = serde_json::to_string(&replay).expect("a word");
        assert!(document.contains(&format!("`{}`", word.trim_matches('"'))));
    }
}
