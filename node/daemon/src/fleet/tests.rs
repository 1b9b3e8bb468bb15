//! A node and a worker with a real NATS server between them, and attempts that do what each test wants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::{Future, pending};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arknet_protocol::api::DeviceState;
use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, Fingerprint, JobKind, JobRequest, KeyPair, Limits,
    Nonce, Options, Phase, SignedRequest, WorkloadRequest,
};
use arknet_receipt::Digest;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::message::WorkerDevice;
use super::nats::server::Server;
use super::nats::{Names, Queue, connect};
use super::worker::{self, Execute, Job, WorkerConfig};
use super::*;
use crate::metrics::Metrics;
use crate::task::{Done, Ended, FailureKind, Progress, Refusal, RefusalKind, WRITABLE};

const LEASE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);

/// What an attempt does at the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Makes these files, which have their names as contents.
    Make(&'static [&'static str]),
    /// Finds fault with the job.
    Refuse,
    /// Goes on until it is dropped.
    Hang,
    /// Goes on for three leases whatever happens, and is done then.
    Ignore,
}

struct Fake {
    act: Act,
    begun: Arc<Notify>,
}

impl Execute for Fake {
    fn device(&self) -> WorkerDevice {
        WorkerDevice {
            backend: "cpu".to_owned(),
            description: "a fake".to_owned(),
            fingerprint: Fingerprint([1; 32]),
        }
    }

    async fn execute(
        &self,
        job: Job<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
        dropped: impl Future<Output = ()> + Send,
    ) -> Ended {
        let kernel = &job.blobs[&job.request.request().workload.wgsl];
        assert_eq!(fs::read(kernel).unwrap(), b"wgsl");
        let out = job.folder.join(WRITABLE);
        fs::create_dir(&out).unwrap();
        progress(Progress {
            phase: Phase::Proving,
            percent: 40,
        });
        self.begun.notify_one();
        let names = match self.act {
            Act::Make(names) => names,
            Act::Refuse => {
                return Ended::Refused(Refusal {
                    kind: RefusalKind::Trapped,
                    reason: "out of bounds".to_owned(),
                });
            }
            Act::Hang => {
                dropped.await;
                return Ended::Cancelled;
            }
            Act::Ignore => {
                sleep(3 * LEASE).await;
                &["receipt"]
            }
        };
        for name in names {
            fs::write(out.join(name), name).unwrap();
        }
        Ended::Done(Done {
            device: "a fake".to_owned(),
            races_checked: true,
            steps: 1,
            invocations: 1,
            cells: 1,
            bits: 1,
            executing_ms: 1,
            proving_ms: 1,
            verifying_ms: 1,
            claim: Digest([7; 32]),
        })
    }
}

/// A node, a worker, and the server between them.
struct Setup {
    /// Taken by a test that restarts it.
    server: Option<Server>,
    fleet: Fleet,
    node: Arc<KeyPair>,
    worker: Arc<KeyPair>,
    begun: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    working: JoinHandle<()>,
    folder: tempfile::TempDir,
    request: SignedRequest,
    blob: PathBuf,
}

impl Setup {
    async fn new(act: Act) -> Option<Self> {
        let server = Server::start(&[])?;
        let folder = tempfile::tempdir().unwrap();
        let [node, worker] = [1, 2].map(|seed| Arc::new(KeyPair::from_seed([seed; 32]).unwrap()));
        let config = FleetConfig {
            nats: server.config(),
            listen: ([127, 0, 0, 1], 0).into(),
            tls: None,
            workers: vec![WorkerEntry {
                name: "rack1".to_owned(),
                key: worker.public(),
            }],
            lease: LEASE,
        };
        let fleet = Fleet::start(&config, Arc::clone(&node), Arc::new(Metrics::new()))
            .await
            .unwrap();
        let config = WorkerConfig {
            node: node.public(),
            files: format!("http://{}", fleet.files()),
            authority: None,
            nats: server.config(),
            scratch: folder.path().join("worker"),
            drain: Duration::ZERO,
        };
        let begun = Arc::<Notify>::default();
        let fake = Fake {
            act,
            begun: Arc::clone(&begun),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let key = Arc::clone(&worker);
        let working = tokio::spawn(async move {
            let stop = async move {
                let _ = stopped.await;
            };
            worker::run(&config, key, fake, stop).await.unwrap();
        });
        let blob = folder.path().join("blob");
        fs::write(&blob, "wgsl").unwrap();
        let setup = Self {
            server: Some(server),
            fleet,
            node,
            worker,
            begun,
            stop: Some(stop),
            working,
            request: request(),
            blob,
            folder,
        };
        setup.until(DeviceState::Idle).await;
        Some(setup)
    }

    /// Waits until the node sees the worker in a state.
    async fn until(&self, state: DeviceState) {
        let seen = timeout(PATIENCE, async {
            while self.fleet.workers()[0].state != state {
                sleep(Duration::from_millis(20)).await;
            }
        });
        seen.await.unwrap();
    }

    async fn perform(&self, attempt: u32, cancelled: impl Future<Output = ()>) -> Ended {
        let folder = self.folder.path().join(format!("job{attempt}"));
        fs::create_dir_all(folder.join(WRITABLE)).unwrap();
        let given = Attempt {
            ticket: Ticket {
                job: self.request.job(),
                segment: 0,
                attempt,
            },
            request: &self.request,
            blobs: vec![(BlobDigest::of(b"wgsl"), self.blob.clone())],
            folder: &folder,
            results: BTreeSet::from(["receipt".to_owned(), "buffer-data".to_owned()]),
            result_bytes: 100,
            patience: PATIENCE,
        };
        let worker = self.worker.public();
        self.fleet
            .perform(&worker, given, &mut |_| {}, cancelled)
            .await
    }

    fn count(&self, name: &str) -> u64 {
        let counters: BTreeMap<_, _> = self.fleet.counters().all().into_iter().collect();
        counters[name]
    }
}

fn request() -> SignedRequest {
    let client = KeyPair::from_seed([3; 32]).unwrap();
    let wgsl = BlobDigest::of(b"wgsl");
    let request = JobRequest {
        version: JobRequest::VERSION,
        audience: client.public(),
        client: client.public(),
        nonce: Nonce([7; 16]),
        not_before: 1,
        expires: 2,
        kind: JobKind::Prove,
        preset: None,
        workload: WorkloadRequest {
            wgsl,
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
            contents: BufferContents::Input(wgsl),
        }],
        options: Options::default(),
    };
    SignedRequest::sign(request, &client).unwrap()
}

fn kind(ended: &Ended) -> Option<FailureKind> {
    match ended {
        Ended::Failed(failure) => Some(failure.kind),
        _ => None,
    }
}

#[tokio::test]
async fn what_a_worker_makes_arrives() {
    let Some(setup) = Setup::new(Act::Make(&["receipt", "buffer-data"])).await else {
        return;
    };
    for attempt in 1..=2 {
        let ended = setup.perform(attempt, pending()).await;
        assert!(matches!(ended, Ended::Done(done) if done.claim == Digest([7; 32])));
        let out = setup
            .folder
            .path()
            .join(format!("job{attempt}"))
            .join(WRITABLE);
        for name in ["receipt", "buffer-data"] {
            assert_eq!(fs::read(out.join(name)).unwrap(), name.as_bytes());
        }
        // Nothing else is left behind at either end.
        assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 1);
    }
    assert_eq!((setup.count("outcomes"), setup.count("stale")), (2, 0));
}

#[tokio::test]
async fn a_refusal_is_the_job_s_end() {
    let Some(setup) = Setup::new(Act::Refuse).await else {
        return;
    };
    let ended = setup.perform(1, pending()).await;
    assert!(matches!(ended, Ended::Refused(refusal) if refusal.kind == RefusalKind::Trapped));
}

#[tokio::test]
async fn files_that_the_job_does_not_make_are_refused() {
    let Some(setup) = Setup::new(Act::Make(&["receipt", "more"])).await else {
        return;
    };
    let ended = setup.perform(1, pending()).await;
    assert_eq!(kind(&ended), Some(FailureKind::InvalidProof));
    let out = setup.folder.path().join("job1").join(WRITABLE);
    assert!(!out.join("more").exists());
}

#[tokio::test]
async fn a_cancelled_attempt_is_dropped_at_once() {
    let Some(setup) = Setup::new(Act::Hang).await else {
        return;
    };
    let ended = setup.perform(1, setup.begun.notified()).await;
    assert_eq!(ended, Ended::Cancelled);
    // The worker is free for the next, which it would not be if it hung on.
    let start = Instant::now();
    assert_eq!(
        setup.perform(2, setup.begun.notified()).await,
        Ended::Cancelled
    );
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_worker_that_stops_gives_back_what_it_has() {
    let Some(mut setup) = Setup::new(Act::Hang).await else {
        return;
    };
    let stop = setup.stop.take().unwrap();
    let begun = Arc::clone(&setup.begun);
    tokio::spawn(async move {
        begun.notified().await;
        stop.send(()).unwrap();
    });
    let ended = setup.perform(1, pending()).await;
    assert_eq!(kind(&ended), Some(FailureKind::NotStarted));
    timeout(PATIENCE, setup.working).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_comes_too_late_changes_nothing() {
    let Some(setup) = Setup::new(Act::Ignore).await else {
        return;
    };
    assert_eq!(
        setup.perform(1, setup.begun.notified()).await,
        Ended::Cancelled
    );
    // The worker goes on with the first for a while.
    sleep(2 * LEASE).await;
    let ended = setup.perform(2, pending()).await;
    assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
    let out = setup.folder.path().join("job1").join(WRITABLE);
    assert_eq!(fs::read_dir(out).unwrap().count(), 0);
    assert_eq!(setup.count("outcomes"), 1);
}

#[tokio::test]
async fn an_attempt_survives_a_restart_of_nats() {
    let Some(mut setup) = Setup::new(Act::Ignore).await else {
        return;
    };
    let mut attempt = 0;
    let ended = loop {
        attempt += 1;
        let begun = Arc::clone(&setup.begun);
        let (restart, restarted) = oneshot::channel();
        let restart = Some(restart).filter(|_| attempt == 1);
        if let Some(restart) = restart {
            tokio::spawn(async move {
                begun.notified().await;
                restart.send(()).unwrap();
            });
        }
        // The server belongs to this task.
        let mut server = setup.server.take();
        let restarting = async {
            if restarted.await.is_ok()
                && let Some(server) = &mut server
            {
                server.stop();
                server.resume();
            }
            server
        };
        let (ended, server) = tokio::join!(setup.perform(attempt, pending()), restarting);
        setup.server = server;
        match ended {
            Ended::Failed(failure) if attempt < 5 => {
                eprintln!("attempt {attempt}: {}", failure.detail);
                setup.until(DeviceState::Idle).await;
            }
            ended => break ended,
        }
    };
    assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
}

#[tokio::test]
async fn strangers_are_not_heard() {
    let Some(setup) = Setup::new(Act::Make(&["receipt"])).await else {
        return;
    };
    let client = connect(&setup.server.as_ref().unwrap().config(), "stranger")
        .await
        .unwrap();
    let (queue, names) = (Queue::new(client.clone()), Names::of(&setup.node.public()));
    let stranger = KeyPair::from_seed([9; 32]).unwrap().public();
    let worker = setup.worker.public();
    for (number, subject) in [names.outcome(&worker), names.outcome(&stranger)]
        .iter()
        .enumerate()
    {
        let forged = vec![0; 100 + number];
        queue
            .send(subject.clone(), &number.to_string(), forged)
            .await
            .unwrap();
    }
    client
        .publish(names.heartbeat(&worker), vec![1; 200].into())
        .await
        .unwrap();
    let ended = setup.perform(1, pending()).await;
    assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
    timeout(PATIENCE, async {
        while setup.count("rejected") < 3 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn files_are_for_the_ticket_s_worker_alone() {
    let Some(setup) = Setup::new(Act::Hang).await else {
        return;
    };
    let outsider = async {
        setup.begun.notified().await;
        let ticket = Ticket {
            job: setup.request.job(),
            segment: 0,
            attempt: 1,
        };
        let blob = BlobDigest::of(b"wgsl");
        let get = async |key: &KeyPair, ticket: Ticket, digest: BlobDigest| {
            let call = file_call::FileCall {
                method: file_call::Method::Get,
                ticket,
                digest,
            };
            let url = format!("http://{}{}", setup.fleet.files(), call.path());
            let now = std::time::SystemTime::UNIX_EPOCH
                .elapsed()
                .unwrap()
                .as_millis();
            let mut request = reqwest::Client::new().get(url);
            for (name, value) in call.headers(&setup.node.public(), key, now.try_into().unwrap()) {
                request = request.header(name, value);
            }
            request.send().await.unwrap().status().as_u16()
        };
        let other = Ticket {
            attempt: 2,
            ..ticket
        };
        assert_eq!(get(&setup.worker, ticket, blob).await, 200);
        assert_eq!(get(&setup.worker, other, blob).await, 410);
        assert_eq!(get(&setup.worker, ticket, BlobDigest([0; 32])).await, 404);
        assert_eq!(get(&KeyPair::generate().unwrap(), ticket, blob).await, 401);
    };
    assert_eq!(setup.perform(1, outsider).await, Ended::Cancelled);
}
