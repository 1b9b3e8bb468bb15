use arknet_receipt::{ExecutionSeal, Inclusion, Preset, Usage};
use arknet_stark::Prepared;
use arknet_tlog::{Checkpoint, Entry, Hash, KeyKind, LogProof, Note, VerifierKey};
use arknet_workload::job::{Job, Limits};
use arknet_workload::wgsl::{Constant, Constants, FrontEndLimits, compile_with};
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest as _, Sha256};

use super::*;

const KERNEL: &str = "
override factor: u32 = 1;
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var i = 0u; i < a[id.x]; i++) { out[id.x] += factor * i; }
}";

/// A receipt with all that its check takes, each part open to change.
struct Case {
    question: Value,
    receipt: Receipt,
    request: Value,
    blobs: Vec<Vec<u8>>,
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn log_key() -> VerifierKey {
    let public = SigningKey::from_bytes(&[2; 32]).verifying_key();
    VerifierKey::new("node.example/log", KeyKind::Ed25519, public.to_bytes()).unwrap()
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn blob_digest(bytes: &[u8]) -> String {
    Digest(Sha256::digest(bytes).into()).to_string()
}

fn request() -> Value {
    json!({
        "version": 1,
        "audience": provider_name(&key().verifying_key().to_bytes()),
        "client": provider_name(&[9; 32]),
        "nonce": "00".repeat(16),
        "not_before": 1, "expires": 2, "kind": "prove",
        "workload": {
            "wgsl": blob_digest(KERNEL.as_bytes()), "entry": "main", "constants": { "factor": 3 },
        },
        "workgroups": [2, 1, 1],
        "limits": { "steps": 100, "memory": 65536, "time_ms": 60000 },
        "buffers": [
            { "name": "out", "size": 16 },
            { "name": "a", "input": blob_digest(&bytes(&[3, 5, 0, 9])) },
        ],
    })
}

fn job() -> Job {
    let constants = Constants::from([("factor".to_owned(), Constant::Integer(3))]);
    let limits = FrontEndLimits::default();
    let workload = compile_with(KERNEL, "main", &constants, &limits).unwrap();
    let limits = Limits {
        steps: 100,
        memory: 65536,
        time: std::time::Duration::from_secs(60),
    };
    Job::new(
        workload,
        [2, 1, 1],
        vec![vec![3, 5, 0, 9], vec![0; 4]],
        limits,
    )
    .unwrap()
}

fn attested(claim: Claim, seal: Seal, request: &Value) -> Receipt {
    let request = Digest(Request::digest(&serde_json::to_vec(request).unwrap()));
    let attestation = Attestation::sign(
        key().verifying_key().to_bytes(),
        claim.digest(),
        seal.digest(),
        Some(request),
        1_790_000_000,
        |message| {
            key()
                .sign(&[Attestation::DOMAIN, message].concat())
                .to_bytes()
        },
    );
    Receipt::attested(claim, seal, attestation)
}

impl Case {
    fn new(request: Value, receipt: Receipt, outputs: &[u32]) -> Self {
        let output = bytes(outputs);
        Self {
            question: json!({ "outputs": { "out": blob_digest(&output) }, "replay": false }),
            receipt,
            request,
            blobs: vec![output, bytes(&[3, 5, 0, 9]), KERNEL.as_bytes().to_vec()],
        }
    }

    fn proven() -> Self {
        let prepared = Prepared::new(&job(), Preset::S100, u64::MAX, &mut |_, _| {}).unwrap();
        let proven = prepared.prove(&mut |_, _| {}).unwrap();
        let (claim, seal) = proven.receipt.into_parts();
        let request = request();
        let receipt = attested(claim, seal, &request);
        Self::new(request, receipt, &proven.outputs[1])
    }

    fn run(outputs: [u32; 4], steps: u32) -> Self {
        let job = job();
        let buffers = [vec![3, 5, 0, 9], outputs.to_vec()];
        let claim = Claim::new(&job, &buffers, Usage::new(&job, steps)).unwrap();
        let seal = ExecutionSeal::new("cuda", "a GPU", Digest([8; 32]), Races::NotChecked);
        let seal = Seal::Execution(seal.unwrap());
        let request = request();
        let receipt = attested(claim, seal, &request);
        Self::new(request, receipt, &outputs)
    }

    fn check(&self) -> Value {
        let mut parts = vec![
            self.question.to_string().into_bytes(),
            self.receipt.encode(),
            serde_json::to_vec(&self.request).unwrap(),
        ];
        parts.extend(self.blobs.iter().cloned());
        let length = |part: &[u8]| (part.len() as u32).to_le_bytes();
        let evidence: Vec<u8> = parts
            .iter()
            .flat_map(|part| [&length(part), part.as_slice()].concat())
            .collect();
        check(&evidence)
    }

    #[track_caller]
    fn is_refused(&self, reason: &str) {
        let found = self.check();
        assert_eq!(found["valid"], false, "{found:#}");
        assert_eq!(found["basis"], Value::Null);
        let got = found["reason"].as_str().unwrap();
        assert!(got.contains(reason), "{got}");
    }
}

#[test]
fn a_proof_holds_and_everything_is_shown() {
    let mut case = Case::proven();
    let found = case.check();
    assert_eq!(found["valid"], true, "{found:#}");
    assert_eq!(found["basis"], "proof");
    assert_eq!(found["reason"], Value::Null);
    assert!(found["security"]["bits"].as_u64().unwrap() >= 100);
    assert_eq!(found["attestation"]["finished"], 1_790_000_000_u64);
    assert_eq!(found["claim"]["buffers"][1]["name"], "out");

    // Every way of handing over something else.
    case.blobs[0][0] ^= 1;
    case.is_refused("output `out`");
    case.question["outputs"]["out"] = blob_digest(&case.blobs[0]).into();
    case.is_refused("its output differs");
    let mut case = Case::proven();
    case.question["outputs"] = json!({});
    case.is_refused("no output for buffer `out`");
    let mut case = Case::proven();
    case.blobs.pop();
    case.is_refused("the kernel");
    for (path, value, reason) in [
        ("/workgroups/0", json!(1), "workgroups differs"),
        ("/limits/steps", json!(99), "limit on steps differs"),
        ("/workload/constants/factor", json!(2), "workload differs"),
        ("/workload/entry", json!("other"), "refused"),
        ("/version", json!(2), "version 2"),
        ("/nonce", json!("11".repeat(16)), "attests another request"),
        ("/buffers/0/size", json!(15), "whole words"),
        ("/buffers/0/size", json!(u64::MAX), "limit on memory"),
        ("/buffers/0/name", json!("a"), "describes it twice"),
        ("/buffers/0/name", json!("b"), "buffer `out`"),
    ] {
        let mut case = Case::proven();
        *case.request.pointer_mut(path).unwrap() = value;
        case.is_refused(reason);
    }
}

#[test]
fn a_signature_that_does_not_hold_refuses_a_proof_that_does() {
    let mut case = Case::proven();
    let receipt = &case.receipt;
    let mut attestation = receipt.attestation().unwrap().clone();
    attestation.finished += 1;
    let (claim, seal) = receipt.clone().into_parts();
    case.receipt = Receipt::attested(claim, seal, attestation);
    case.is_refused("signature");
}

#[test]
fn a_run_holds_if_it_is_repeated() {
    let mut honest = Case::run([9, 30, 0, 108], 10);
    honest.is_refused("signed and not proven");
    assert!(honest.check()["attestation"]["provider"].is_string());
    honest.question["replay"] = true.into();
    let found = honest.check();
    assert_eq!(found["basis"], "replay", "{found:#}");
    assert_eq!(found["security"], Value::Null);

    let mut liar = Case::run([9, 30, 1, 108], 10);
    liar.question["replay"] = true.into();
    liar.is_refused("`out[2]` is 0 when the job is run again");
}

#[test]
fn a_log_that_is_named_must_have_the_receipt() {
    let mut case = Case::run([9, 30, 0, 108], 10);
    case.question["replay"] = true.into();
    case.question["log_key"] = log_key().to_string().into();
    case.is_refused("no inclusion proof");

    let receipt = case.receipt.clone();
    let entry = Entry::Receipt {
        claim: receipt.claim().digest().0,
        seal: receipt.seal().digest().0,
        attestation: receipt.attestation().unwrap().encode().to_vec(),
    };
    let root = Hash::of_entry(&entry.encode().unwrap());
    let logged = |secret: [u8; 32], root| {
        let text = Checkpoint::new("node.example/log", 1, root).to_string();
        let signature = SigningKey::from_bytes(&secret).sign(text.as_bytes());
        let blob = [&log_key().id().to_be_bytes()[..], &signature.to_bytes()].concat();
        let line = format!("\u{2014} node.example/log {}\n", base64(&blob));
        let note = Note::parse(format!("{text}\n{line}").as_bytes()).unwrap();
        let proof = LogProof {
            extra: None,
            index: 0,
            path: vec![],
            checkpoint: note,
        };
        let inclusion = Inclusion::new(proof.to_string()).unwrap();
        receipt.clone().with_inclusion(inclusion).unwrap()
    };
    case.receipt = logged([2; 32], root);
    let found = case.check();
    assert_eq!(found["log"]["size"], 1, "{found:#}");
    case.receipt = logged([3; 32], root);
    case.is_refused("not signed by the log");
    case.receipt = logged([2; 32], Hash([0; 32]));
    case.is_refused("the log does not have it");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let is_padding = digit > chunk.len();
            text.push(if is_padding {
                '='
            } else {
                char::from(DIGITS[value as usize])
            });
        }
    }
    text
}

#[test]
fn bytes_that_are_nothing_are_an_answer() {
    for evidence in [&b""[..], &[0; 12], &[0xff; 40]] {
        assert_eq!(check(evidence)["valid"], false);
    }
}
