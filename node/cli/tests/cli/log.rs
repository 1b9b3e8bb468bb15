//! `arknet log` on folders: checking, proving, and noticing a log that is not what it was.

use std::fs;
use std::path::PathBuf;

use arknet_protocol::{Domain, KeyPair};
use arknet_receipt::{Attestation, Digest};
use arknet_tlog::{
    Checkpoint, Entry, Frontier, Hash, KeyKind, LogProof, Policy, SecretKey, bundle,
};
use tempfile::TempDir;

use crate::arknet::{Outcome, arknet};

/// A log in a folder, small enough for one tile.
struct Log {
    folder: TempDir,
    entries: Vec<Vec<u8>>,
}

fn log_key() -> SecretKey {
    SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[1; 32]).unwrap()
}

fn witness() -> SecretKey {
    SecretKey::from_seed("witness.example", KeyKind::Cosignature, &[2; 32]).unwrap()
}

fn claim(number: u8) -> Digest {
    Digest([number; 32])
}

/// An entry as a node logs it.
fn entry(number: u8) -> Vec<u8> {
    let key = KeyPair::from_seed([9; 32]).unwrap();
    let seal = Digest([7; 32]);
    let sign = |message: &[u8]| *key.sign(Domain::Attestation, message).as_bytes();
    let attestation =
        Attestation::sign(*key.public().as_bytes(), claim(number), seal, None, 5, sign);
    let attestation = attestation.encode().to_vec();
    Entry::Receipt {
        claim: claim(number).0,
        seal: seal.0,
        attestation,
    }
    .encode()
    .unwrap()
}

impl Log {
    fn new(entries: u8) -> Self {
        let mut log = Self {
            folder: tempfile::tempdir().unwrap(),
            entries: Vec::new(),
        };
        log.grow((0..entries).map(entry));
        log
    }

    /// Appends entries, writes the files and signs.
    fn grow(&mut self, entries: impl IntoIterator<Item = Vec<u8>>) {
        self.entries.extend(entries);
        let mut tree = Frontier::new();
        let mut hashes = Vec::new();
        for entry in &self.entries {
            hashes.extend(Hash::of_entry(entry).0);
            tree.append(Hash::of_entry(entry), |_, _| ());
        }
        let size = self.entries.len();
        self.write(
            &format!("tile/entries/000.p/{size}"),
            &bundle(&self.entries).unwrap(),
        );
        self.write(&format!("tile/0/000.p/{size}"), &hashes);
        let text = Checkpoint::new("node.example/log", size as u64, tree.root()).to_string();
        let mut note = log_key().sign(text);
        assert!(note.add(witness().cosign(note.text(), 1_700_000_000)));
        self.write("checkpoint", note.to_string().as_bytes());
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, verb: &str, more: &[&str]) -> Outcome {
        let (path, key) = (
            self.folder.path().to_str().unwrap(),
            log_key().public().to_string(),
        );
        let mut arguments = vec!["log", verb];
        if verb != "prove" {
            arguments.push(path);
        }
        arguments.extend(more);
        if verb == "prove" {
            arguments.extend(["--log", path]);
        }
        arguments.extend(["--key", &key]);
        arknet(arguments)
    }

    fn monitor(&self) -> Outcome {
        let state = self.file("state");
        self.run("monitor", &["--once", "--state", state.to_str().unwrap()])
    }
}

#[test]
fn a_log_is_checked_whole() {
    let log = Log::new(5);
    let outcome = log.run("verify", &[]).expect(0);
    assert!(
        outcome.stdout.contains("VALID") && outcome.stdout.contains("receipts     5"),
        "{outcome:#?}"
    );
    let cosigned = log
        .run(
            "verify",
            &["--json", "--witness", &witness().public().to_string()],
        )
        .expect(0);
    assert!(
        cosigned.stdout.contains("\"witness\":\"witness.example\""),
        "{cosigned:#?}"
    );
    let stranger = SecretKey::from_seed("stranger", KeyKind::Cosignature, &[3; 32]).unwrap();
    log.run("verify", &["--witness", &stranger.public().to_string()])
        .expect(1)
        .says(&["0 of the known witnesses"]);

    let tile = log.file("tile/0/000.p/5");
    let good = fs::read(&tile).unwrap();
    fs::write(&tile, [&[0], &good[1..]].concat()).unwrap();
    log.run("verify", &[])
        .expect(1)
        .says(&["tile/0/000.p/5", "hash 0"]);
    fs::remove_file(&tile).unwrap();
    log.run("verify", &[])
        .expect(2)
        .says(&["cannot read", "000.p"]);
    fs::write(&tile, good).unwrap();
    let other = SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[8; 32]).unwrap();
    arknet([
        "log",
        "verify",
        log.folder.path().to_str().unwrap(),
        "--key",
        &other.public().to_string(),
    ])
    .expect(1)
    .says(&["not signed by node.example/log"]);
    log.run("verify", &["--quorum", "1"]).expect(2);
}

#[test]
fn an_entry_that_no_honest_node_logs_is_found() {
    let mut forged = entry(5);
    *forged.last_mut().unwrap() ^= 1;
    let release = Entry::Release {
        name: "arknet".to_owned(),
        version: "1.0.0".to_owned(),
        digest: [4; 32],
    };
    let mut log = Log::new(5);
    log.grow([release.encode().unwrap()]);
    assert!(
        log.run("verify", &[])
            .expect(0)
            .stdout
            .contains("releases     1")
    );
    log.grow([forged]);
    log.run("verify", &[])
        .expect(1)
        .says(&["entry 6", "attestation"]);
    let mut log = Log::new(2);
    log.grow([b"\x1b[2Jhello".to_vec()]);
    log.run("verify", &[])
        .expect(1)
        .says(&["entry 2", "not an entry"]);
}

#[test]
fn a_claim_is_proven_to_be_logged() {
    let log = Log::new(5);
    let policy = Policy::log(log_key().public().clone()).unwrap();
    let proven = log.run("prove", &[&claim(3).to_string()]).expect(0);
    let proof = LogProof::parse(proven.stdout.as_bytes()).unwrap();
    assert_eq!(proof.index, 3);
    proof.verify(Hash::of_entry(&entry(3)), &policy).unwrap();
    let out = log.file("proof");
    log.run(
        "prove",
        &[&claim(3).to_string(), "--out", out.to_str().unwrap()],
    )
    .expect(0);
    assert_eq!(fs::read_to_string(out).unwrap(), proven.stdout);
    log.run("prove", &[&claim(77).to_string()])
        .expect(1)
        .says(&["none of its 5 entries"]);
    log.run("prove", &["no-such-receipt"]).expect(2);
}

#[test]
fn a_monitor_sees_a_log_grow_and_shouts_when_it_does_not() {
    let mut log = Log::new(3);
    let first = log.monitor().expect(0);
    assert!(
        first.stdout.contains("never seen") && first.stdout.contains(&claim(2).to_string()),
        "{first:#?}"
    );
    log.grow([entry(3)]);
    let second = log.monitor().expect(0);
    assert!(
        second.stdout.contains(&claim(3).to_string())
            && !second.stdout.contains(&claim(2).to_string())
    );
    assert!(second.stdout.contains("CONSISTENT"), "{second:#?}");
    let kept = fs::read(log.file("state")).unwrap();

    // An old checkpoint is served again, which is not yet a lie.
    let mut old = Log::new(2);
    fs::copy(log.file("state"), old.file("state")).unwrap();
    old.monitor()
        .expect(2)
        .says(&["over 2 entries, after one over 4"]);
    // It goes on from there in another way, which is.
    old.grow([entry(100), entry(101)]);
    for more in 0..2 {
        let shout = old
            .monitor()
            .expect(1)
            .says(&["NOT CONSISTENT", "evidence-"]);
        assert!(shout.stdout.is_empty());
        assert_eq!(
            fs::read(old.file("state")).unwrap(),
            kept,
            "the state stays"
        );
        let evidence = fs::read_dir(old.folder.path()).unwrap();
        let evidence = evidence.filter(|file| {
            file.as_ref()
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .contains("evidence")
        });
        assert_eq!(evidence.count(), more + 1);
        old.grow([entry(102)]);
    }
    fs::write(log.file("state"), b"something else").unwrap();
    log.monitor().expect(2).says(&["no checkpoint of this log"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let log = Log::new(1);
    let folder = log.folder.path().to_str().unwrap();
    arknet(["log", "verify", folder]).expect(2).says(&["--key"]);
    arknet(["log", "verify", folder, "--key", "nonsense"])
        .expect(2)
        .says(&["verifier key"]);
    log.run("verify", &["--witness", &log_key().public().to_string()])
        .expect(2)
        .says(&["wrong kind"]);
    let key = log_key().public().to_string();
    arknet(["log", "verify", "/nowhere/at/all", "--key", &key])
        .expect(2)
        .says(&["no folder"]);
}
