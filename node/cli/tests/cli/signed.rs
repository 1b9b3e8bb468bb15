//! Receipts that a provider signed: of runs that nobody proved, and in logs.

use arknet_protocol::{Domain, JobRequest, KeyPair, RequestDigest};
use arknet_receipt::{
    Attestation, Claim, Digest, ExecutionSeal, Inclusion, Races, Receipt, Seal, Usage,
};
use arknet_tlog::{Checkpoint, Entry, Hash, KeyKind, LogProof, SecretKey};
use arknet_workload::job::{Job, folder};
use arknet_workload::wgsl::FrontEndLimits;
use serde_json::Value;

use crate::arknet::{Folder, Outcome, arknet};

const KERNEL: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var i = 0u; i < id.x; i++) { data[id.x] += i; }
}
";
/// Starts of the loop's body in the last of four invocations.
const STEPS: u32 = 4;
const OUTPUTS: [u32; 4] = [0, 0, 1, 3];

const RACING: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { data[0] = 7u; }
";

/// A job folder with outputs and a receipt for them.
struct Signed {
    folder: Folder,
    provider: KeyPair,
}

fn provider() -> KeyPair {
    KeyPair::from_seed([5; 32]).expect("a good seed")
}

fn load(folder: &Folder) -> Job {
    let loaded = folder::load(folder.path()).expect("a job folder");
    let workload = loaded
        .compile(&FrontEndLimits::default())
        .expect("a good kernel");
    let assembled = loaded.assemble(workload).expect("a job");
    assembled.job().clone()
}

impl Signed {
    /// A receipt for `kernel` having ended with `outputs` and `steps`.
    fn new(kernel: &str, outputs: [u32; 4], steps: u32, request: Option<Digest>) -> Self {
        let folder = Folder::with_data(kernel, 4, 4);
        let bytes: Vec<u8> = outputs.iter().flat_map(|word| word.to_le_bytes()).collect();
        folder.write("data.out", bytes);
        let job = load(&folder);
        let usage = Usage::new(&job, steps);
        let claim = Claim::new(&job, &[outputs.to_vec()], usage).expect("outputs of the job");
        let seal = ExecutionSeal::new("cuda", "Some GPU", Digest([9; 32]), Races::NotChecked);
        let seal = Seal::Execution(seal.expect("a plain description"));
        let provider = provider();
        let attestation = Attestation::sign(
            *provider.public().as_bytes(),
            claim.digest(),
            seal.digest(),
            request,
            1_790_000_000,
            |message| *provider.sign(Domain::Attestation, message).as_bytes(),
        );
        let receipt = Receipt::attested(claim, seal, attestation);
        folder.write("receipt", receipt.encode());
        Self { folder, provider }
    }

    fn honest() -> Self {
        Self::new(KERNEL, OUTPUTS, STEPS, None)
    }

    fn receipt(&self) -> Receipt {
        Receipt::load(&self.folder.file("receipt")).expect("a receipt")
    }

    fn name(&self) -> String {
        self.provider.public().to_string()
    }

    fn verify(&self, more: &[&str]) -> Outcome {
        let receipt = self.folder.file("receipt");
        let mut arguments = vec![
            "verify",
            receipt.to_str().expect("a plain path"),
            self.folder.path().to_str().expect("a plain path"),
        ];
        arguments.extend(more);
        arknet(arguments)
    }
}

fn json(outcome: Outcome) -> Value {
    serde_json::from_str(&outcome.expect(0).stdout).expect("JSON")
}

#[test]
fn a_signed_run_holds_only_for_who_trusts_or_repeats() {
    let signed = Signed::honest();
    signed
        .verify(&[])
        .expect(1)
        .says(&["not proven", "--replay", "--provider"]);

    let outcome = signed.verify(&["--replay"]).expect(0);
    assert!(outcome.stdout.contains("VALID"), "{outcome:#?}");
    assert!(outcome.stdout.contains("run again here"), "{outcome:#?}");
    assert!(outcome.stdout.contains(&signed.name()), "{outcome:#?}");

    let outcome = signed.verify(&["--provider", &signed.name()]).expect(0);
    for part in [
        "SIGNED, NOT PROVEN",
        "word alone",
        "data races",
        "2026-09-2",
    ] {
        assert!(outcome.stdout.contains(part), "no `{part}`: {outcome:#?}");
    }
    assert!(!outcome.stdout.contains("VALID"), "{outcome:#?}");

    let other = KeyPair::from_seed([6; 32]).expect("a good seed").public();
    for more in [&[][..], &["--replay"]] {
        let other = other.to_string();
        let more = [&["--provider", other.as_str()], more].concat();
        signed.verify(&more).expect(1).says(&["its provider is"]);
    }
    signed
        .verify(&["--provider", "me"])
        .expect(2)
        .says(&["ed25519:"]);
    for grounds in [&["--replay"][..], &["--provider", &signed.name()]] {
        let more = [grounds, &["--min-bits", "1"]].concat();
        signed.verify(&more).expect(1).says(&["no bits"]);
    }
}

#[test]
fn machines_are_told_what_it_rests_on() {
    let signed = Signed::honest();
    let trusted = json(signed.verify(&["--json", "--provider", &signed.name()]));
    assert_eq!(trusted["basis"], "signature");
    assert_eq!(trusted["races_checked"], false);
    assert_eq!(trusted["security"], Value::Null);
    assert_eq!(
        trusted["endorsement"]["attestation"]["provider"],
        signed.name()
    );
    let replayed = json(signed.verify(&["--json", "--replay"]));
    assert_eq!(replayed["basis"], "replay");
    assert_eq!(replayed["races_checked"], true);

    let receipt = signed.folder.file("receipt");
    let receipt = receipt.to_str().expect("a plain path");
    let shown = json(arknet(["inspect", receipt, "--json"]));
    assert_eq!(shown["receipt"]["seal"]["device"], "Some GPU");
    assert_eq!(
        shown["receipt"]["attestation"]["finished"],
        1_790_000_000_u64
    );
    let shown = arknet(["inspect", receipt]).expect(0);
    for part in ["signed, not proven", &signed.name(), "no inclusion proof"] {
        assert!(shown.stdout.contains(part), "no `{part}`: {shown:#?}");
    }
}

#[test]
fn a_lie_is_found_by_running_again_only() {
    let wrong = Signed::new(KERNEL, [0, 0, 1, 4], STEPS, None);
    wrong
        .verify(&["--replay"])
        .expect(1)
        .says(&["`data[3]` is 3", "and 4 in the outputs"]);
    wrong.verify(&["--provider", &wrong.name()]).expect(0);

    let steps = Signed::new(KERNEL, OUTPUTS, STEPS + 1, None);
    steps.verify(&["--replay"]).expect(1).says(&["4 steps"]);

    let racing = Signed::new(RACING, [7, 0, 0, 0], 0, None);
    racing.verify(&["--replay"]).expect(1).says(&["data race"]);
    let memory = ["--replay", "--max-memory", "16"];
    wrong.verify(&memory).expect(5).says(&["--max-memory"]);
    wrong.verify(&memory[1..]).expect(2);
}

#[test]
fn any_change_breaks_the_signature() {
    let signed = Signed::honest();
    let good = signed.folder.read("receipt");
    let name = signed.name();
    for byte in 0..good.len() {
        let mut bad = good.clone();
        bad[byte] ^= 1 << (byte % 8);
        signed.folder.write("receipt", &bad);
        let outcome = signed.verify(&["--replay", "--provider", &name]);
        assert_eq!(outcome.code, 1, "byte {byte}: {outcome:#?}");
    }
    signed.folder.write("receipt", &good);
    signed.folder.write("data.out", [0; 16]);
    signed
        .verify(&["--provider", &name])
        .expect(1)
        .says(&["output differs"]);
}

#[test]
fn a_receipt_answers_one_request() {
    let provider = provider().public();
    let client = KeyPair::from_seed([7; 32]).expect("a good seed").public();
    let body = |audience: String| {
        format!(
            r#"{{"version":1,"audience":"{audience}","client":"{client}","nonce":"{nonce}","not_before":1,"expires":2,
            "kind":"run","workload":{{"wgsl":"{wgsl}","entry":"main"}},"workgroups":[4,1,1],
            "limits":{{"steps":1000,"memory":1048576,"time_ms":30000}},"buffers":[{{"name":"data","size":16}}]}}"#,
            nonce = "ab".repeat(16),
            wgsl = "cd".repeat(32),
        )
        .into_bytes()
    };
    let asked = body(provider.to_string());
    JobRequest::parse(&asked).expect("a request");
    let digest = |body: &[u8]| Some(Digest(RequestDigest::of(body).0));

    let signed = Signed::new(KERNEL, OUTPUTS, STEPS, digest(&asked));
    let request = signed.folder.file("request.json");
    let request = request.to_str().expect("a plain path");
    let ask = ["--replay", "--request", request];
    signed.verify(&ask).expect(2).says(&["does not exist"]);
    signed.folder.write("request.json", &asked);
    let outcome = signed.verify(&ask).expect(0);
    assert!(outcome.stdout.contains(&client.to_string()), "{outcome:#?}");
    signed
        .folder
        .write("request.json", [&asked[..], b" "].concat());
    signed
        .verify(&ask)
        .expect(1)
        .says(&["it answers the request"]);

    let elsewhere = body(client.to_string());
    let signed = Signed::new(KERNEL, OUTPUTS, STEPS, digest(&elsewhere));
    let request = signed.folder.file("request.json");
    let ask = ["--replay", "--request", request.to_str().expect("plain")];
    signed.folder.write("request.json", &elsewhere);
    signed.verify(&ask).expect(1).says(&["it is for the node"]);

    let signed = Signed::honest();
    let request = signed.folder.file("request.json");
    let ask = ["--replay", "--request", request.to_str().expect("plain")];
    signed.folder.write("request.json", &asked);
    signed.verify(&ask).expect(1).says(&["answers no request"]);
}

#[test]
fn a_log_has_the_receipt_or_not() {
    let signed = Signed::honest();
    let key = |seed| SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[seed; 32]);
    let key = |seed| key(seed).expect("a good seed");
    let vkey = key(1).public().to_string();
    let ask = ["--replay", "--log-key", vkey.as_str()];
    signed.verify(&ask).expect(1).says(&["no inclusion proof"]);

    let receipt = signed.receipt();
    let entry = Entry::Receipt {
        claim: receipt.claim().digest().0,
        seal: receipt.seal().digest().0,
        attestation: receipt.attestation().expect("one").encode().to_vec(),
    };
    let entry = Hash::of_entry(&entry.encode().expect("an entry"));
    let sibling = Hash::of_entry(b"another");
    let root = Hash::of_nodes(&sibling, &entry);
    let log = |root, index| {
        let text = Checkpoint::new("node.example/log", 2, root).to_string();
        let proof = LogProof {
            extra: None,
            index,
            path: vec![sibling],
            checkpoint: key(1).sign(text),
        };
        let inclusion = Inclusion::new(proof.to_string()).expect("a short proof");
        let receipt = receipt.clone().with_inclusion(inclusion).expect("attested");
        signed.folder.write("receipt", receipt.encode());
    };
    log(root, 1);
    let outcome = signed.verify(&ask).expect(0);
    for part in ["node.example/log has it", "at size 2"] {
        assert!(outcome.stdout.contains(part), "no `{part}`: {outcome:#?}");
    }
    // The inclusion proof of another log is not asked about, and not believed.
    let other = key(2).public().to_string();
    signed
        .verify(&["--replay", "--log-key", &other])
        .expect(1)
        .says(&["inclusion proof does not hold"]);
    signed.verify(&["--replay", "--log-key", "log"]).expect(2);
    log(root, 0);
    signed.verify(&ask).expect(1).says(&["does not hold"]);
    log(sibling, 1);
    signed.verify(&ask).expect(1).says(&["does not hold"]);
    signed.verify(&["--replay"]).expect(0);
}

#[test]
fn a_proof_holds_with_and_without_a_signature_that_holds() {
    let folder = Folder::with_data(KERNEL, 4, 4);
    let path = folder.file("receipt");
    let path = path.to_str().expect("a plain path");
    folder.run("prove", &["--receipt", path]).expect(0);
    let job = folder.path().to_str().expect("a plain path").to_owned();
    let verify = |more: &[&str]| arknet([&["verify", path, job.as_str()], more].concat());
    verify(&[]).expect(0);
    verify(&["--replay"]).expect(0);
    let provider = provider();
    let name = provider.public().to_string();
    verify(&["--provider", &name])
        .expect(1)
        .says(&["nobody signed it"]);

    let (claim, seal) = Receipt::load(&folder.file("receipt"))
        .expect("a receipt")
        .into_parts();
    let attest = |domain| {
        let sign = |message: &[u8]| *provider.sign(domain, message).as_bytes();
        let key = *provider.public().as_bytes();
        let attestation = Attestation::sign(key, claim.digest(), seal.digest(), None, 1, sign);
        let receipt = Receipt::attested(claim.clone(), seal.clone(), attestation);
        folder.write("receipt", receipt.encode());
    };
    attest(Domain::Attestation);
    let outcome = verify(&["--provider", &name]).expect(0);
    for part in ["VALID", &name, "provable bits"] {
        assert!(outcome.stdout.contains(part), "no `{part}`: {outcome:#?}");
    }
    // Good proof, bad signature.
    attest(Domain::Request);
    verify(&[]).expect(1).says(&["not that of"]);
}
