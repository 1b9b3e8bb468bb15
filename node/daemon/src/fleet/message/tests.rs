use std::collections::BTreeMap;

use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, Domain, Fingerprint, JobId, JobKind, JobRequest,
    KeyPair, Limits, Nonce, Options, Phase, SignedRequest, WorkloadRequest,
};
use arknet_receipt::Digest;
use serde_json::Value;

use super::*;
use crate::fleet::Ticket;
use crate::task::Done;

fn key(seed: u8) -> KeyPair {
    KeyPair::from_seed([seed; 32]).unwrap()
}

fn ends() -> Ends {
    Ends {
        node: key(1).public(),
        worker: key(2).public(),
    }
}

fn assignment() -> Assignment {
    let client = key(3);
    let blob = BlobDigest::of(b"wgsl");
    let request = JobRequest {
        version: JobRequest::VERSION,
        audience: ends().node,
        client: client.public(),
        nonce: Nonce([7; 16]),
        not_before: 1,
        expires: 2,
        kind: JobKind::Prove,
        preset: None,
        workload: WorkloadRequest {
            wgsl: blob,
            entry: "main".parse().unwrap(),
            constants: BTreeMap::new(),
        },
        workgroups: [1, 1, 1],
        limits: Limits {
            steps: 1,
            memory: 1024,
            time_ms: 1000,
        },
        buffers: vec![BufferRequest {
            name: "data".parse().unwrap(),
            contents: BufferContents::Input(blob),
        }],
        options: Options::default(),
    };
    let signed = SignedRequest::sign(request, &client).unwrap();
    Assignment {
        version: VERSION,
        node: ends().node,
        worker: ends().worker,
        ticket: Ticket {
            job: signed.job(),
            segment: 0,
            attempt: 1,
        },
        segments: 1,
        client: client.public(),
        signature: *signed.signature(),
        request: String::from_utf8(signed.body().to_vec()).unwrap(),
        blobs: vec![BlobSize {
            digest: blob,
            size: 4,
        }],
        deadline: 1000,
    }
}

fn heartbeat() -> Heartbeat {
    Heartbeat {
        version: VERSION,
        node: ends().node,
        worker: ends().worker,
        sent_ms: 5,
        state: WorkerState::Ready,
        device: WorkerDevice {
            backend: "cpu".to_owned(),
            description: "reference interpreter".to_owned(),
            fingerprint: Fingerprint([1; 32]),
        },
        held: vec![Held {
            ticket: assignment().ticket,
            phase: Some(Phase::Proving),
            percent: 40,
        }],
    }
}

fn orders() -> Orders {
    Orders {
        version: VERSION,
        node: ends().node,
        worker: ends().worker,
        answers_ms: Some(5),
        keep: vec![assignment().ticket],
        closed: vec![assignment().ticket],
        lease_ms: 10_000,
    }
}

/// A message with one value of its JSON changed, signed anew by its sender.
fn changed<M: Message>(message: &M, signer: &KeyPair, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::to_value(message).unwrap();
    change(&mut value);
    signed(M::DOMAIN, signer, &value.to_string())
}

fn signed(domain: Domain, signer: &KeyPair, body: &str) -> Vec<u8> {
    let signature = signer.sign(domain, body.as_bytes());
    [signature.as_bytes().as_slice(), body.as_bytes()].concat()
}

fn refusal<M: Message + std::fmt::Debug>(bytes: &[u8]) -> String {
    open::<M>(bytes, &ends()).unwrap_err().to_string()
}

#[test]
fn messages_are_read_as_they_were_written() {
    let (node, worker) = (key(1), key(2));
    assert_eq!(open(&seal(&assignment(), &node), &ends()), Ok(assignment()));
    assert_eq!(open(&seal(&orders(), &node), &ends()), Ok(orders()));
    assert_eq!(open(&seal(&heartbeat(), &worker), &ends()), Ok(heartbeat()));
}

#[test]
fn every_changed_byte_is_seen() {
    let sealed = seal(&assignment(), &key(1));
    for at in 0..sealed.len() {
        let mut bytes = sealed.clone();
        bytes[at] ^= 1;
        let refused = open::<Assignment>(&bytes, &ends());
        assert!(
            matches!(refused, Err(InvalidMessage::Signature { .. })),
            "byte {at}"
        );
    }
    for length in [0, 63, 64, sealed.len() - 1] {
        assert!(open::<Assignment>(&sealed[..length], &ends()).is_err());
    }
}

#[test]
fn a_message_is_only_what_it_was_signed_as() {
    // The worker cannot assign, the node cannot beat, and one kind is not another.
    let body = serde_json::to_string(&assignment()).unwrap();
    assert!(open::<Assignment>(&signed(Domain::Assignment, &key(2), &body), &ends()).is_err());
    assert!(open::<Assignment>(&signed(Domain::Orders, &key(1), &body), &ends()).is_err());
    assert!(open::<Assignment>(&signed(Domain::Request, &key(1), &body), &ends()).is_err());
    assert!(open::<Heartbeat>(&seal(&heartbeat(), &key(1)), &ends()).is_err());
}

#[test]
fn what_is_for_another_is_refused() {
    let sealed = changed(&assignment(), &key(1), |value| {
        value["worker"] = key(9).public().to_string().into();
    });
    assert!(refusal::<Assignment>(&sealed).contains("names another worker"));
    let sealed = changed(&heartbeat(), &key(2), |value| {
        value["node"] = key(9).public().to_string().into();
    });
    assert!(refusal::<Heartbeat>(&sealed).contains("names another node"));
}

#[test]
fn one_shape_is_read() {
    let unknown = changed(&orders(), &key(1), |value| value["more"] = 1.into());
    assert!(refusal::<Orders>(&unknown).contains("unknown field `more`"));
    let nested = changed(&heartbeat(), &key(2), |value| {
        value["held"][0]["ticket"]["more"] = 1.into();
    });
    assert!(refusal::<Heartbeat>(&nested).contains("unknown field"));
    let missing = changed(&orders(), &key(1), |value| {
        value.as_object_mut().unwrap().remove("keep");
    });
    assert!(refusal::<Orders>(&missing).contains("missing field `keep`"));
    let version = changed(&orders(), &key(1), |value| value["version"] = 2.into());
    assert!(refusal::<Orders>(&version).contains("update the older"));
    let body = serde_json::to_string(&orders()).unwrap();
    let twice = format!("{{\"version\":1,{}", &body[1..]);
    assert!(refusal::<Orders>(&signed(Domain::Orders, &key(1), &twice)).contains("duplicate"));
    let trailing = format!("{body} {{}}");
    assert!(refusal::<Orders>(&signed(Domain::Orders, &key(1), &trailing)).contains("trailing"));
    let long = format!("{body}{}", " ".repeat(Orders::MAX_BYTES));
    let refused = open::<Orders>(&signed(Domain::Orders, &key(1), &long), &ends());
    assert!(matches!(refused, Err(InvalidMessage::Size { .. })));
}

#[test]
fn counts_and_texts_are_bounded() {
    for (key_, text) in [("description", "a\u{1b}[2J"), ("backend", "")] {
        let sealed = changed(&heartbeat(), &key(2), |value| {
            value["device"][key_] = text.into();
        });
        assert!(refusal::<Heartbeat>(&sealed).contains("no printable name"));
    }
    let many = Heartbeat {
        held: vec![heartbeat().held[0]; 17],
        ..heartbeat()
    };
    assert!(refusal::<Heartbeat>(&seal(&many, &key(2))).contains("17 attempts"));
    for lease_ms in [0, u64::MAX] {
        let wrong = Orders {
            lease_ms,
            ..orders()
        };
        assert!(refusal::<Orders>(&seal(&wrong, &key(1))).contains("a lease of"));
    }
}

#[test]
fn only_an_answer_says_what_is_kept() {
    let wrong = Orders {
        answers_ms: None,
        ..orders()
    };
    assert!(refusal::<Orders>(&seal(&wrong, &key(1))).contains("answers nothing"));
}

#[test]
fn a_worker_computes_only_what_a_client_signed() {
    let node = key(1);
    let forged = Assignment {
        request: assignment().request.replace("\"steps\":1", "\"steps\":9"),
        ..assignment()
    };
    assert!(refusal::<Assignment>(&seal(&forged, &node)).contains("signature"));
    let other_job = Assignment {
        ticket: Ticket {
            job: JobId([0; 16]),
            ..assignment().ticket
        },
        ..assignment()
    };
    assert!(refusal::<Assignment>(&seal(&other_job, &node)).contains("it is for job 0000"));
    let more = Assignment {
        blobs: vec![assignment().blobs[0]; 2],
        ..assignment()
    };
    let other = Assignment {
        blobs: vec![BlobSize {
            digest: BlobDigest::of(b"other"),
            size: 1,
        }],
        ..assignment()
    };
    for wrong in [more, other] {
        assert!(refusal::<Assignment>(&seal(&wrong, &node)).contains("blobs"));
    }
    let part = Assignment {
        segments: 2,
        ..assignment()
    };
    assert!(refusal::<Assignment>(&seal(&part, &node)).contains("segment 0 of 2"));
}

#[test]
fn the_largest_request_fits() {
    // Whitespace of JSON that doubles when it is put into a string.
    let text = "\n".repeat(JobRequest::MAX_BYTES);
    let escaped = serde_json::to_string(&text).unwrap();
    assert!(escaped.len() + (8 << 10) < Assignment::MAX_BYTES);
}

fn outcome(files: &[(&str, u64)]) -> Outcome {
    let files = files.iter().map(|(name, size)| ResultFile {
        name: (*name).to_owned(),
        digest: BlobDigest::of(b"x"),
        size: *size,
    });
    Outcome {
        version: VERSION,
        node: ends().node,
        worker: ends().worker,
        ticket: assignment().ticket,
        assignment: AssignmentDigest::of(b"assignment"),
        result: OutcomeResult::Done {
            done: done(),
            files: files.collect(),
        },
    }
}

fn done() -> Done {
    Done {
        device: "a device".to_owned(),
        races_checked: true,
        steps: 1,
        invocations: 1,
        cells: 1,
        bits: 100,
        executing_ms: 1,
        proving_ms: 1,
        verifying_ms: 1,
        claim: Digest([1; 32]),
    }
}

#[test]
fn names_of_results_stay_in_their_folder() {
    let worker = key(2);
    let fine = outcome(&[("buffer-values", 4), ("receipt", 1)]);
    assert_eq!(open(&seal(&fine, &worker), &ends()), Ok(fine));
    let long = "x".repeat(161);
    for name in ["", ".", "..", "../x", "a/b", ".hidden", "a\0", "ä", &long] {
        let refused = refusal::<Outcome>(&seal(&outcome(&[(name, 1)]), &worker));
        assert!(refused.contains("a file named"), "{name}: {refused}");
    }
    let twice = outcome(&[("receipt", 1), ("receipt", 2)]);
    assert!(refusal::<Outcome>(&seal(&twice, &worker)).contains("a file named"));
    let many: Vec<String> = (0..81).map(|number| format!("f{number}")).collect();
    let many: Vec<(&str, u64)> = many.iter().map(|name| (name.as_str(), 1)).collect();
    assert!(refusal::<Outcome>(&seal(&outcome(&many), &worker)).contains("81 files"));
}

#[test]
fn a_worker_s_words_are_only_text() {
    let failed = |detail: &str| Outcome {
        result: OutcomeResult::Failed {
            kind: Trouble::Device,
            detail: detail.to_owned(),
        },
        ..outcome(&[])
    };
    let lines = failed("one\ntwo");
    assert_eq!(open(&seal(&lines, &key(2)), &ends()), Ok(lines));
    for text in ["a\u{1b}[2J", "\u{202e}", &"x".repeat(Outcome::MAX_TEXT + 1)] {
        let refused = refusal::<Outcome>(&seal(&failed(text), &key(2)));
        assert!(refused.contains("not printable"), "{refused}");
    }
}
