//! A node of a few routes that has run one job, honestly or not.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use arknet_protocol::api::{
    BlobStatus, JobEvent, JobList, JobView, Lineage, NodeInfo, NodeLimits, OutputView,
};
use arknet_protocol::{
    BlobDigest, Code, Domain, JobKind, JobState, KeyPair, PresetName, Problem, Reason,
    RequestDigest, SignedRequest,
};
use arknet_receipt::{
    Attestation, Claim, Digest, ExecutionSeal, Inclusion, Races, Receipt, Seal, Usage,
};
use arknet_tlog::{Checkpoint, Entry, Hash, KeyKind, LogProof, SecretKey};
use arknet_workload::interpreter;
use arknet_workload::job::{Job, folder};
use arknet_workload::wgsl::FrontEndLimits;
use serde::Serialize;

/// What a node does that it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Nothing.
    Honest,
    /// It gives another output than the receipt is about.
    OtherOutput,
    /// It gives fewer bytes than the output has.
    ShortOutput,
    /// It gives bytes that are no receipt.
    NoReceipt,
    /// Another key signs.
    OtherProvider,
    /// The signature is somebody else's.
    ForgedSignature,
    /// The receipt answers another request.
    OtherRequest,
    /// The receipt is in no log.
    Unlogged,
    /// The receipt is in another log.
    OtherLog,
    /// The run was not repeated.
    NotReplayed,
    /// It loses the connection of the first submission, after it arrived.
    Forgetful,
    /// It gives up on the job, with words for the terminal.
    Trapping,
    /// It never comes to an end.
    Endless,
}

/// The node.
pub(crate) struct FakeNode {
    pub(crate) address: String,
    inner: Arc<Inner>,
}

struct Inner {
    conduct: Conduct,
    key: KeyPair,
    log: SecretKey,
    job: Job,
    outputs: Vec<Vec<u32>>,
    steps: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Method and path of each request.
    asked: Vec<String>,
    /// The bodies that were submitted.
    submitted: Vec<Vec<u8>>,
    blobs: HashMap<String, Vec<u8>>,
    watched: bool,
}

struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Status, media type and body; nothing is a connection that breaks.
type Reply = Option<(u16, &'static str, Vec<u8>)>;

impl FakeNode {
    /// A node that will have run the job in `folder`.
    pub(crate) fn start(folder: &Path, conduct: Conduct) -> Self {
        let loaded = folder::load(folder).expect("a job folder");
        let workload = loaded
            .compile(&FrontEndLimits::default())
            .expect("a good kernel");
        let job = loaded.assemble(workload).expect("a job").job().clone();
        let execution = interpreter::run(&job).expect("a result");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner {
            conduct,
            key: KeyPair::generate().expect("randomness"),
            log: SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[1; 32])
                .expect("a good seed"),
            job,
            outputs: execution.buffers,
            steps: execution.steps,
            state: Mutex::default(),
        });
        let served = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                // A client that goes away in the middle is what some tests are about.
                thread::spawn(move || served.serve(stream));
            }
        });
        Self { address, inner }
    }

    pub(crate) fn key(&self) -> String {
        self.inner.key.public().to_string()
    }

    pub(crate) fn log_key(&self) -> String {
        self.inner.log.public().to_string()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.inner.state().asked.clone()
    }

    pub(crate) fn submitted(&self) -> Vec<Vec<u8>> {
        self.inner.state().submitted.clone()
    }

    /// The id of the job.
    pub(crate) fn job(&self) -> String {
        let body = self.submitted().pop().expect("a submission");
        RequestDigest::of(&body).job().to_string()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let request = read(&mut reader)?;
        self.state()
            .asked
            .push(format!("{} {}", request.method, request.path));
        let (status, kind, body) = self.answer(&request)?;
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let stream = reader.get_mut();
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(&body).ok()
    }

    fn answer(&self, request: &Request) -> Reply {
        let path: Vec<&str> = request.path[1..].split(['/', '?']).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["v1", "node"]) => json(200, &self.info()),
            ("GET", ["v1", "blobs", digest, "status"]) => {
                let state = self.state();
                let received = state.blobs.get(*digest).map_or(0, Vec::len) as u64;
                json(
                    200,
                    &BlobStatus {
                        digest: digest.parse().ok()?,
                        received,
                        complete: received > 0,
                    },
                )
            }
            ("PUT", ["v1", "blobs", digest]) => {
                let got = BlobDigest::of(&request.body);
                if got.to_string() != *digest {
                    return problem(Code::DigestMismatch, "other bytes");
                }
                let received = request.body.len() as u64;
                self.state()
                    .blobs
                    .insert((*digest).to_owned(), request.body.clone());
                json(
                    201,
                    &BlobStatus {
                        digest: got,
                        received,
                        complete: true,
                    },
                )
            }
            ("POST", ["v1", "jobs"]) => self.submit(request),
            ("GET", ["v1", "jobs", ..]) if !request.headers.contains_key("authorization") => {
                problem(Code::Unauthorized, "a token is needed")
            }
            ("GET", ["v1", "jobs"] | ["v1", "jobs", "limit=20"]) => json(
                200,
                &JobList {
                    jobs: self.view().into_iter().collect(),
                    next: None,
                },
            ),
            ("GET", ["v1", "jobs", _]) => json(200, &self.view()?),
            ("GET", ["v1", "jobs", _, "events"]) => self.events(),
            ("GET", ["v1", "jobs", _, "lineage"]) => json(
                200,
                &Lineage {
                    job: self.view()?.id,
                    jobs: Vec::new(),
                    edges: Vec::new(),
                    truncated: false,
                },
            ),
            ("GET", ["v1", "jobs", _, "outputs", _]) => {
                let mut bytes: Vec<u8> = self.outputs[0]
                    .iter()
                    .flat_map(|word| word.to_le_bytes())
                    .collect();
                match self.conduct {
                    Conduct::OtherOutput => bytes[0] ^= 1,
                    Conduct::ShortOutput => bytes.truncate(8),
                    _ => {}
                }
                Some((200, "application/octet-stream", bytes))
            }
            ("GET", ["v1", "jobs", _, "receipt"]) => {
                let receipt = if self.conduct == Conduct::NoReceipt {
                    b"not a receipt".to_vec()
                } else {
                    self.receipt()?.encode()
                };
                Some((200, "application/octet-stream", receipt))
            }
            ("POST", ["v1", "jobs", _, "cancel"]) => {
                problem(Code::WrongState, "the job is done, it cannot be cancelled")
            }
            _ => problem(Code::NotFound, "nothing here"),
        }
    }

    fn info(&self) -> NodeInfo {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        NodeInfo {
            node: self.key.public(),
            version: "0".to_owned(),
            time: now.map_or(0, |now| now.as_secs()),
            kinds: JobKind::ALL.to_vec(),
            presets: vec![PresetName::S100, PresetName::S128],
            limits: NodeLimits {
                blob_bytes: 1 << 20,
                memory: 1 << 20,
                time_ms: 60_000,
            },
            devices: Vec::new(),
            log: Some(self.log.public().to_string()),
            accepting: true,
        }
    }

    fn submit(&self, request: &Request) -> Reply {
        let signed = SignedRequest::verify(
            request.headers.get("arknet-key")?.parse().ok()?,
            request.headers.get("arknet-signature")?.parse().ok()?,
            request.body.clone(),
        );
        let signed = signed.expect("a good signature");
        let mut state = self.state();
        for blob in signed.request().blobs() {
            if !state.blobs.contains_key(&blob.to_string()) {
                return problem(Code::MissingBlobs, "blobs are missing");
            }
        }
        state.submitted.push(request.body.clone());
        let first = state.submitted.len() == 1;
        drop(state);
        if first && self.conduct == Conduct::Forgetful {
            return None;
        }
        json(if first { 201 } else { 200 }, &self.view()?)
    }

    /// The job: under way until it was watched.
    fn view(&self) -> Option<JobView> {
        let state = self.state();
        let signed = state.submitted.last()?;
        let request = arknet_protocol::JobRequest::parse(signed).expect("a request");
        let digest = RequestDigest::of(signed);
        let ended = state.watched && self.conduct != Conduct::Endless;
        let trapped = ended && self.conduct == Conduct::Trapping;
        Some(JobView {
            id: digest.job(),
            request: digest,
            client: request.client,
            kind: request.kind,
            state: match (ended, trapped) {
                (false, _) => JobState::Executing,
                (true, false) => JobState::Done,
                (true, true) => JobState::Failed,
            },
            percent: None,
            attempt: 1,
            priority: request.priority(),
            deadline: request.options.deadline,
            device: None,
            reason: trapped.then_some(Reason::Trapped),
            detail: trapped.then(|| "out of bounds\u{1b}[2J".to_owned()),
            timeline: Vec::new(),
            outputs: vec![OutputView {
                name: "data".to_owned(),
                digest: BlobDigest::of(b""),
                size: 16,
            }],
            receipt: None,
            log_index: Some(0),
        })
    }

    fn events(&self) -> Reply {
        self.state().watched = true;
        let job = self.view()?;
        let mut text = String::new();
        for (sequence, state) in [(1, JobState::Queued), (2, job.state)] {
            let event = JobEvent {
                sequence,
                job: job.id,
                at_ms: 0,
                state,
                attempt: 1,
                phase: None,
                percent: None,
                reason: job.reason,
                detail: None,
            };
            let event = serde_json::to_string(&event).expect("JSON");
            text.push_str(&format!("id: {sequence}\ndata: {event}\n\n"));
        }
        Some((200, "text/event-stream", text.into_bytes()))
    }

    fn receipt(&self) -> Option<Receipt> {
        let usage = Usage::new(&self.job, self.steps);
        let claim = Claim::new(&self.job, &self.outputs, usage).expect("outputs of the job");
        let races = if self.conduct == Conduct::NotReplayed {
            Races::NotChecked
        } else {
            Races::Checked
        };
        let seal = ExecutionSeal::new("cpu", "interpreter", Digest([9; 32]), races);
        let seal = Seal::Execution(seal.expect("a plain description"));
        let other = KeyPair::generate().expect("randomness");
        let named = match self.conduct {
            Conduct::OtherProvider => &other,
            _ => &self.key,
        };
        let signer = match self.conduct {
            Conduct::OtherProvider | Conduct::ForgedSignature => &other,
            _ => &self.key,
        };
        let body = match self.conduct {
            Conduct::OtherRequest => b"another".to_vec(),
            _ => self.state().submitted.last()?.clone(),
        };
        let attestation = Attestation::sign(
            *named.public().as_bytes(),
            claim.digest(),
            seal.digest(),
            Some(Digest(*RequestDigest::of(&body).as_bytes())),
            1_790_000_000,
            |message| *signer.sign(Domain::Attestation, message).as_bytes(),
        );
        let receipt = Receipt::attested(claim, seal, attestation);
        if self.conduct == Conduct::Unlogged {
            return Some(receipt);
        }
        let entry = Entry::Receipt {
            claim: receipt.claim().digest().0,
            seal: receipt.seal().digest().0,
            attestation: receipt.attestation()?.encode().to_vec(),
        };
        let root = Hash::of_entry(&entry.encode().expect("an entry"));
        let log = match self.conduct {
            Conduct::OtherLog => {
                &SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[2; 32])
                    .expect("a good seed")
            }
            _ => &self.log,
        };
        let proof = LogProof {
            extra: None,
            index: 0,
            path: Vec::new(),
            checkpoint: log.sign(Checkpoint::new("node.example/log", 1, root).to_string()),
        };
        let inclusion = Inclusion::new(proof.to_string()).expect("a short proof");
        receipt.with_inclusion(inclusion).ok()
    }
}

fn json(status: u16, body: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(body).expect("JSON");
    Some((status, "application/json", body))
}

fn problem(code: Code, detail: &str) -> Reply {
    let problem = Problem::new(code, detail);
    let body = serde_json::to_vec(&problem).expect("JSON");
    Some((problem.status, Problem::MEDIA_TYPE, body))
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}
