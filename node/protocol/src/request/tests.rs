use serde_json::{Value, json};

use super::*;
use crate::identity::{Domain, KeyPair};
use crate::request::signed::RefusedRequest;

fn key(seed: u8) -> KeyPair {
    KeyPair::from_seed([seed; 32]).unwrap()
}

fn request() -> JobRequest {
    JobRequest {
        version: 1,
        audience: key(1).public(),
        client: key(2).public(),
        nonce: Nonce([3; 16]),
        not_before: 1_000,
        expires: 1_600,
        kind: JobKind::Prove,
        preset: None,
        workload: WorkloadRequest {
            wgsl: BlobDigest::of(b"kernel"),
            entry: "main".parse().unwrap(),
            constants: BTreeMap::from([
                ("on".parse().unwrap(), ConstantValue::Bool(true)),
                ("7".parse().unwrap(), ConstantValue::Integer(-3)),
            ]),
        },
        workgroups: [4, 1, 1],
        limits: Limits {
            steps: 100,
            memory: 65_536,
            time_ms: 60_000,
        },
        buffers: vec![
            BufferRequest {
                name: "blocks".parse().unwrap(),
                contents: BufferContents::Input(BlobDigest::of(b"input")),
            },
            BufferRequest {
                name: "digests".parse().unwrap(),
                contents: BufferContents::Size(2048),
            },
        ],
        options: Options {
            deadline: Some(5_000),
            ..Options::default()
        },
    }
}

/// The body of the request above after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::to_value(request()).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

fn refusal(change: impl FnOnce(&mut Value)) -> String {
    JobRequest::parse(&changed(change)).unwrap_err().to_string()
}

#[test]
fn a_request_is_read_back() {
    assert_eq!(JobRequest::parse(&request().to_body()), Ok(request()));
    assert_eq!(request().preset(), Some(PresetName::S100));
    assert_eq!(request().priority(), 5);
    let blobs: Vec<BlobDigest> = request().blobs().collect();
    assert_eq!(blobs, [BlobDigest::of(b"kernel"), BlobDigest::of(b"input")]);
}

#[test]
fn a_signed_request_is_of_its_client_and_its_bytes() {
    let signed = SignedRequest::sign(request(), &key(2)).unwrap();
    let body = signed.body().to_vec();
    let again = SignedRequest::verify(key(2).public(), *signed.signature(), body.clone());
    assert_eq!(again.unwrap(), signed);

    // The same content in another order, or with a space, is not what was signed.
    let value: Value = serde_json::from_slice(&body).unwrap();
    let mut spaced = body.clone();
    spaced.push(b' ');
    let sorted = serde_json::to_vec(&value).unwrap();
    assert_ne!(sorted, body);
    for other in [sorted, spaced] {
        assert!(JobRequest::parse(&other).is_ok());
        let error = SignedRequest::verify(key(2).public(), *signed.signature(), other);
        assert!(matches!(error, Err(RefusedRequest::Signature(_))));
    }

    // Whoever signs somebody else's request is told.
    let stolen = SignedRequest::sign(request(), &key(4));
    assert!(matches!(stolen, Err(RefusedRequest::Client { .. })));
    let attestation = key(2).sign(Domain::Attestation, &body);
    assert!(SignedRequest::verify(key(2).public(), attestation, body).is_err());
}

#[test]
fn nothing_is_read_before_the_signature_holds() {
    let signature = key(2).sign(Domain::Request, b"{}");
    let malformed = SignedRequest::verify(key(2).public(), signature, b"{}".to_vec());
    assert!(matches!(malformed, Err(RefusedRequest::Body(_))));
    let forged = SignedRequest::verify(key(2).public(), signature, b"{ }".to_vec());
    assert!(matches!(forged, Err(RefusedRequest::Signature(_))));
    let large = vec![b' '; JobRequest::MAX_BYTES + 1];
    let large = SignedRequest::verify(key(2).public(), signature, large);
    assert!(matches!(
        large,
        Err(RefusedRequest::Body(InvalidRequest::TooLarge { .. }))
    ));
}

#[test]
fn keys_are_known_and_unique() {
    for path in ["", "/workload", "/limits", "/buffers/0", "/options"] {
        let error = refusal(|value| {
            value.pointer_mut(path).unwrap()["surprise"] = json!(1);
        });
        assert!(
            error.contains("unknown field `surprise`"),
            "{path}: {error}"
        );
    }
    let body = String::from_utf8(request().to_body()).unwrap();
    for (once, twice, name) in [
        ("\"version\":1", "\"version\":1,\"version\":1", "version"),
        ("\"steps\":100", "\"steps\":1,\"steps\":100", "steps"),
        ("\"size\":2048", "\"size\":4,\"size\":2048", "size"),
        ("\"on\":true", "\"on\":false,\"on\":true", "on"),
        (
            "\"deadline\":5000",
            "\"deadline\":1,\"deadline\":5000",
            "deadline",
        ),
        (
            "\"entry\":\"main\"",
            "\"entry\":\"main\",\"entry\":\"m\"",
            "entry",
        ),
    ] {
        let doubled = body.replace(once, twice);
        assert_ne!(doubled, body, "{once}");
        let error = JobRequest::parse(doubled.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(error.contains(name), "{error}");
        assert!(
            error.contains("duplicate") || error.contains("twice"),
            "{error}"
        );
    }
    let trailing = format!("{body}{{}}");
    assert!(JobRequest::parse(trailing.as_bytes()).is_err());
}

#[test]
fn values_stay_in_their_ranges() {
    let cases: &[(&str, Value, &str)] = &[
        ("/version", json!(2), "version 2"),
        ("/expires", json!(1_000), "expires"),
        ("/expires", json!(1_000 + 86_401), "expires"),
        ("/not_before", json!(-1), "-1"),
        ("/workgroups", json!([1, 0, 1]), "workgroups"),
        ("/workgroups", json!([1, 1]), "length 2"),
        ("/limits/memory", json!(4_294_967_300_u64), "limits.memory"),
        ("/limits/time_ms", json!(0), "limits.time_ms"),
        ("/limits/steps", json!(1.0), "floating point"),
        ("/limits/steps", json!("1"), "string"),
        ("/kind", json!("mine"), "mine"),
        ("/workload/entry", json!("../main"), "name"),
        ("/workload/wgsl", json!("AB"), "digest"),
        ("/workload/constants", json!({"a": 1.5}), "ConstantValue"),
        ("/nonce", json!("00"), "nonce"),
        ("/buffers/1/size", json!(7), "multiple of 4"),
        ("/buffers/1/size", json!(65_540), "limits.memory"),
        ("/buffers/1/name", json!("blocks"), "twice"),
        ("/options/deadline", json!([]), "sequence"),
    ];
    for (path, value, expected) in cases {
        let error = refusal(|body| *body.pointer_mut(path).unwrap() = value.clone());
        assert!(error.contains(expected), "{path} = {value}: {error}");
    }
    let priority = refusal(|body| body["options"]["priority"] = json!(10));
    assert!(priority.contains("options.priority"), "{priority}");
    let both = refusal(|body| body["buffers"][1]["input"] = body["nonce"].clone());
    assert!(!both.is_empty());
    let both = refusal(|body| body["buffers"][0]["size"] = json!(4));
    assert!(both.contains("both"), "{both}");
    let preset = refusal(|body| {
        body["kind"] = json!("run");
        body["preset"] = json!("s100");
    });
    assert!(preset.contains("preset"), "{preset}");
    let replay = refusal(|body| body["options"]["replay"] = json!("reference"));
    assert!(replay.contains("replay"), "{replay}");
}

#[test]
fn sizes_of_a_request_are_bounded() {
    let many = refusal(|body| {
        let buffers = (0..1000).map(|n| json!({ "name": format!("b{n}"), "size": 0 }));
        body["buffers"] = buffers.collect();
    });
    assert!(many.contains("1000 buffers"), "{many}");
    let deep = "[".repeat(JobRequest::MAX_BYTES);
    assert!(JobRequest::parse(deep.as_bytes()).is_err());
    let long = vec![b' '; JobRequest::MAX_BYTES + 1];
    assert!(matches!(
        JobRequest::parse(&long),
        Err(InvalidRequest::TooLarge { .. })
    ));
}

proptest::proptest! {
    /// Arbitrary changes of one byte never panic, and whatever still parses prints to a request that parses.
    #[test]
    fn mutations_do_no_harm(at in 0_usize..600, byte in 0_u8..128) {
        let mut body = request().to_body();
        let at = at % body.len();
        body[at] = byte;
        if let Ok(parsed) = JobRequest::parse(&body) {
            proptest::prop_assert_eq!(JobRequest::parse(&parsed.to_body()), Ok(parsed));
        }
    }
}
