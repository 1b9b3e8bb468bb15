//! A node without its network: store, blobs, scheduler, children.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use arknet_node::blobs::{BlobSettings, Blobs};
use arknet_node::pipeline::{Future, Limits, Log, Parts, Pipeline, PipelineError};
use arknet_node::scheduler::{DeviceSettings, Scheduler, Settings};
use arknet_node::store::{Admission, Job, NewToken, Quotas, Retention, Store, UnixMillis};
use arknet_node::task::{Placement, Program};
use arknet_protocol::api::DeviceState;
use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, JobId, JobKind, JobRequest, JobState, KeyPair,
    Limits as JobLimits, Nonce, Options, SignedRequest, Token, TokenId, WorkloadRequest,
};
use tempfile::TempDir;

pub(crate) const COLLATZ: &str = "@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> made: array<u32>;
@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var n = given[id.x];
    var steps = 0u;
    while n > 1u {
        if n % 2u == 0u { n = n / 2u; } else { n = 3u * n + 1u; }
        steps = steps + 1u;
    }
    made[id.x] = steps;
}";

pub(crate) const SLOW: &str = "@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> made: array<u32>;
@compute @workgroup_size(1) fn main() {
    var n = given[0];
    for (var i = 0u; i < 4000000000u; i++) { n = n * 5u + i; }
    made[0] = n;
}";

pub(crate) const TRAPS: &str = "@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> made: array<u32>;
@compute @workgroup_size(1) fn main() {
    made[given[3] + 100u] = 1u;
}";

const QUOTAS: Quotas = Quotas {
    running: 8,
    queued: 100,
    bytes: 1 << 30,
    device_seconds: 86_400,
};

/// A log that can fail.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) broken: AtomicBool,
    pub(crate) asked: AtomicU32,
}

impl Log for Notes {
    fn inclusion(&self, leaf: u64) -> Future<'_, Result<String, PipelineError>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.broken.load(Ordering::Relaxed) {
                return Err(PipelineError::Log("it is broken".to_owned()));
            }
            Ok(format!("leaf {leaf}"))
        })
    }
}

/// A node's data folder, its key, and a client.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) key: Arc<KeyPair>,
    pub(crate) client: KeyPair,
    pub(crate) log: Arc<Notes>,
    pub(crate) program: Program,
    pub(crate) limits: Limits,
    pub(crate) drain_after: u64,
    pub(crate) grace: Duration,
}

/// A node that runs.
pub(crate) struct Node {
    pub(crate) store: Store,
    pub(crate) pipeline: Pipeline,
    pub(crate) scheduler: Scheduler,
    blobs: Blobs,
    token: TokenId,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            key: Arc::new(KeyPair::from_seed([1; 32]).unwrap()),
            client: KeyPair::from_seed([2; 32]).unwrap(),
            log: Arc::default(),
            program: Program::at(env!("CARGO_BIN_EXE_arknet-node-child")),
            limits: Limits {
                pause: Duration::from_millis(50),
                ..Limits::default()
            },
            drain_after: 3,
            grace: Duration::from_secs(60),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn start(&self) -> Node {
        let store = Store::open(&self.path().join("node.db"), self.key.public()).unwrap();
        let recovered = store.recover(UnixMillis::now()).await.unwrap();
        let settings = BlobSettings {
            max_bytes: 1 << 30,
            min_free: 0,
            unused_after: 3_600_000,
            partial_after: 3_600_000,
        };
        let blobs = Blobs::in_folder(self.path(), store.clone(), settings).unwrap();
        let pipeline = Pipeline::new(Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            log: self.log.clone(),
            key: self.key.clone(),
            program: self.program.clone(),
            scratch: self.path().join("scratch"),
            limits: self.limits,
        })
        .unwrap();
        let settings = Settings {
            devices: vec![DeviceSettings {
                name: "cpu".to_owned(),
                placement: Placement::Cpu,
                runs: true,
                proves: true,
                required: true,
            }],
            quotas: QUOTAS,
            retention: Retention {
                queued: 3_600_000,
                finished: 3_600_000,
                usage_days: 7,
            },
            drain_after: self.drain_after,
            rest: 600_000,
            quantum_ms: 1000,
            grace: self.grace,
        };
        let token = Token::generate().unwrap();
        let new = NewToken {
            id: token.id(),
            hash: token.hash(),
            client: self.client.public(),
            scopes: arknet_protocol::Scopes::all(),
            label: String::new(),
            expires_at: None,
        };
        store.create_token(UnixMillis::now(), new).await.unwrap();
        let scheduler = Scheduler::start(pipeline.clone(), settings, recovered)
            .await
            .unwrap();
        Node {
            store,
            pipeline,
            scheduler,
            blobs,
            token: token.id(),
        }
    }

    /// A request for a kernel over the words 1 to 16.
    pub(crate) async fn request(&self, node: &Node, wgsl: &str, kind: JobKind) -> JobRequest {
        let words: Vec<u8> = (1u32..=16).flat_map(u32::to_le_bytes).collect();
        let client = Some(self.client.public());
        let put = async |bytes: Vec<u8>| {
            let stored = node.blobs.put_bytes(UnixMillis::now(), client, bytes).await;
            stored.unwrap().digest
        };
        let (wgsl, given) = (put(wgsl.as_bytes().to_vec()).await, put(words).await);
        let now = UnixMillis::now().seconds();
        let buffer = |name: &str, contents| BufferRequest {
            name: name.parse().unwrap(),
            contents,
        };
        JobRequest {
            version: JobRequest::VERSION,
            audience: self.key.public(),
            client: self.client.public(),
            nonce: Nonce::random().unwrap(),
            not_before: now,
            expires: now + 600,
            kind,
            preset: None,
            workload: WorkloadRequest {
                wgsl,
                entry: "main".parse().unwrap(),
                constants: Default::default(),
            },
            workgroups: [4, 1, 1],
            limits: JobLimits {
                steps: u32::MAX,
                memory: 65_536,
                time_ms: 3_600_000,
            },
            buffers: vec![
                buffer("given", BufferContents::Input(given)),
                buffer("made", BufferContents::Size(64)),
            ],
            options: Options::default(),
        }
    }

    pub(crate) async fn submit(&self, node: &Node, request: JobRequest) -> JobId {
        let signed = SignedRequest::sign(request, &self.client).unwrap();
        let admission = Admission {
            quotas: QUOTAS,
            max_queue: 100,
        };
        let accepted = node
            .store
            .accept(UnixMillis::now(), signed, node.token, admission)
            .await;
        accepted.unwrap().job()
    }
}

impl Node {
    /// Waits until a job is as it should be.
    pub(crate) async fn wait(&self, id: JobId, is: impl Fn(&Job) -> bool) -> Job {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let job = self.store.job(id).await.unwrap().unwrap();
            if is(&job) {
                return job;
            }
            assert!(Instant::now() < deadline, "{job:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn wait_for(&self, id: JobId, state: JobState) -> Job {
        self.wait(id, |job| {
            assert!(
                job.summary.state == state || !job.summary.state.is_final(),
                "{:?}",
                job.summary
            );
            job.summary.state == state
        })
        .await
    }

    /// Waits until the device is as it should be. It is idle only once what it did is stored.
    pub(crate) async fn wait_for_device(&self, state: DeviceState) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.scheduler.devices()[0].state != state {
            assert!(Instant::now() < deadline, "{:?}", self.scheduler.devices());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn bytes(&self, digest: BlobDigest) -> Vec<u8> {
        self.blobs.bytes(digest, 64 << 20).await.unwrap()
    }

    /// Ends it as a crash would: nobody is asked.
    pub(crate) async fn crash(self) {
        let Self {
            store,
            pipeline,
            scheduler,
            blobs,
            ..
        } = self;
        drop((scheduler, pipeline, blobs));
        store.close().await;
    }
}
