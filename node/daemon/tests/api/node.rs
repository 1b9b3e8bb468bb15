//! A node in this process, with a client that has a token, and hands in place of the scheduler's.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arknet_node::abuse::{Guard, GuardSettings, Rate, Thresholds};
use arknet_node::blobs::{BlobSettings, Blobs};
use arknet_node::http::admin::{Admin, Disk, admin_routes};
use arknet_node::http::{
    Answer as Later, Api, ApiParts, ApiSettings, ConnectionLimits, DeviceLoad, Inadmissible,
    Listener, Pace, Work, public_routes,
};
use arknet_node::metrics::Metrics;
use arknet_node::store::{Admission, Fence, NewToken, Output, Quotas, Sealing, Store, UnixMillis};
use arknet_protocol::api::{DeviceInfo, DeviceState, JobView, NodeLimits};
use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, Fingerprint, JobId, JobKind, JobRequest, JobState,
    KeyPair, Limits, Nonce, Options, Scope, Scopes, SignedRequest, Token, WorkloadRequest,
};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::wire::{self, Answer};

/// The kernel that jobs name. Nobody compiles it here.
pub(crate) const KERNEL: &[u8] = b"@compute @workgroup_size(1) fn main() {}";

/// What a test changes of the defaults.
pub(crate) struct Knobs {
    pub(crate) address: Rate,
    pub(crate) client: Rate,
    pub(crate) quotas: Quotas,
    pub(crate) max_queue: u64,
    pub(crate) connections: ConnectionLimits,
    pub(crate) pace: Pace,
    pub(crate) min_free: u64,
    pub(crate) streams_per_client: usize,
    pub(crate) quarantine: Duration,
    pub(crate) thresholds: Thresholds,
}

pub(crate) fn rate(per_second: u32, burst: u32) -> Rate {
    Rate {
        per_second: NonZeroU32::new(per_second).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    }
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            address: rate(10_000, 10_000),
            client: rate(10_000, 10_000),
            quotas: Quotas {
                running: 4,
                queued: 100,
                bytes: 64 << 20,
                device_seconds: 3600,
            },
            max_queue: 1000,
            connections: ConnectionLimits::default(),
            pace: Pace::default(),
            min_free: 0,
            streams_per_client: 4,
            quarantine: Duration::from_secs(3600),
            thresholds: Thresholds::default(),
        }
    }
}

/// The device that is there.
pub(crate) fn device() -> Fingerprint {
    Fingerprint::of("cpu", "test", "none")
}

/// Takes every job whose deadline is in the future, as long as it is told to.
pub(crate) struct Hands {
    pub(crate) accepting: AtomicBool,
}

impl Work for Hands {
    fn devices(&self) -> Vec<DeviceLoad> {
        vec![DeviceLoad {
            info: DeviceInfo {
                name: "cpu0".to_owned(),
                backend: "cpu".to_owned(),
                description: "the test's hands".to_owned(),
                fingerprint: device(),
                state: DeviceState::Idle,
            },
            job: None,
        }]
    }

    fn accepting(&self) -> bool {
        self.accepting.load(Ordering::Relaxed)
    }

    fn admit(&self, request: &JobRequest, now: UnixMillis) -> Result<(), Inadmissible> {
        if !self.accepting() {
            return Err(Inadmissible::Closed("the test says so".to_owned()));
        }
        if let Some(wanted) = request.options.device.filter(|wanted| *wanted != device()) {
            return Err(Inadmissible::NoSuchDevice(wanted));
        }
        match request.options.deadline {
            Some(deadline) if deadline <= now.seconds() => {
                Err(Inadmissible::Deadline("it has passed".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn hold(&self, _: Fingerprint, _: Option<String>) -> Later<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A node and what is needed to talk to it.
pub(crate) struct Node {
    pub(crate) key: KeyPair,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) guard: Arc<Guard>,
    pub(crate) hands: Arc<Hands>,
    pub(crate) stop: CancellationToken,
    serving: JoinSet<()>,
    _folder: TempDir,
}

pub(crate) async fn start(knobs: Knobs) -> Node {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::from_seed([1; 32]).unwrap();
    let store = Store::open(&folder.path().join("node.db"), key.public()).unwrap();
    let settings = BlobSettings {
        max_bytes: 8 << 20,
        min_free: knobs.min_free,
        unused_after: 86_400_000,
        partial_after: 86_400_000,
    };
    let blobs = Blobs::in_folder(folder.path(), store.clone(), settings).unwrap();
    let guard = Arc::new(Guard::new(GuardSettings {
        address: knobs.address,
        client: knobs.client,
        thresholds: knobs.thresholds,
        quarantine: knobs.quarantine,
    }));
    let metrics = Arc::new(Metrics::new());
    let hands = Arc::new(Hands {
        accepting: AtomicBool::new(true),
    });
    let stop = CancellationToken::new();
    let api = Api::new(ApiParts {
        store: store.clone(),
        blobs: blobs.clone(),
        guard: Arc::clone(&guard),
        metrics: Arc::clone(&metrics),
        work: Arc::<Hands>::clone(&hands),
        settings: ApiSettings {
            limits: NodeLimits {
                blob_bytes: 8 << 20,
                memory: 16 << 20,
                time_ms: 60_000,
            },
            admission: Admission {
                quotas: knobs.quotas,
                max_queue: knobs.max_queue,
            },
            pace: knobs.pace,
            streams_per_client: knobs.streams_per_client,
            streams: 64,
            log: None,
        },
        stop: stop.clone(),
    });
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let public = Listener::public(any, None).await.unwrap();
    let admin = Listener::admin(any).await.unwrap();
    let state = Admin {
        api: api.clone(),
        disk: Disk::of(folder.path().to_owned(), 0),
        log: None,
    };
    // What is merged is treated like the rest: a route that panics stands for a mistake in a handler.
    let others = axum::Router::new().route("/panic", axum::routing::get(panics));
    let addresses = (public.address(), admin.address());
    let mut serving = JoinSet::new();
    let limits = knobs.connections;
    serving.spawn(public.serve(
        public_routes(api, others),
        limits,
        Arc::clone(&metrics),
        stop.clone(),
    ));
    let admin_router = admin_routes(state, axum::Router::new());
    serving.spawn(admin.serve(admin_router, limits, metrics, stop.clone()));
    Node {
        key,
        public: addresses.0,
        admin: addresses.1,
        store,
        blobs,
        guard,
        hands,
        stop,
        serving,
        _folder: folder,
    }
}

async fn panics() {
    panic!("a mistake in a handler");
}

/// A client with its key and token.
pub(crate) struct Client {
    pub(crate) key: KeyPair,
    pub(crate) token: Token,
}

impl Client {
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token.reveal())
    }
}

impl Node {
    /// A client with a token of these scopes.
    pub(crate) async fn client(&self, seed: u8, scopes: Scopes) -> Client {
        let key = KeyPair::from_seed([seed; 32]).unwrap();
        let token = self.token(&key, scopes, None).await;
        Client { key, token }
    }

    pub(crate) async fn token(
        &self,
        key: &KeyPair,
        scopes: Scopes,
        expires_at: Option<UnixMillis>,
    ) -> Token {
        let token = Token::generate().unwrap();
        let new = NewToken {
            id: token.id(),
            hash: token.hash(),
            client: key.public(),
            scopes,
            label: "test".to_owned(),
            expires_at,
        };
        self.store
            .create_token(UnixMillis::now(), new)
            .await
            .unwrap();
        token
    }

    /// A client that may do everything and has sent the kernel.
    pub(crate) async fn ready_client(&self, seed: u8) -> Client {
        let client = self.client(seed, Scopes::all()).await;
        let answer = self.upload(&client, KERNEL).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.status);
        client
    }

    pub(crate) async fn upload(&self, client: &Client, bytes: &[u8]) -> Answer {
        let path = format!("/v1/blobs/{}", BlobDigest::of(bytes));
        let headers = [
            ("Authorization", client.bearer()),
            ("Content-Type", "application/octet-stream".to_owned()),
        ];
        self.put(&path, &headers, bytes).await
    }

    pub(crate) async fn put(&self, path: &str, headers: &[(&str, String)], body: &[u8]) -> Answer {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        wire::call(self.public, "PUT", path, &headers, body).await
    }

    pub(crate) async fn get(&self, client: &Client, path: &str) -> Answer {
        let bearer = client.bearer();
        wire::call(self.public, "GET", path, &[("Authorization", &bearer)], b"").await
    }

    pub(crate) async fn post(&self, client: &Client, path: &str) -> Answer {
        let bearer = client.bearer();
        wire::call(
            self.public,
            "POST",
            path,
            &[("Authorization", &bearer)],
            b"",
        )
        .await
    }

    /// A request of `client` that this node takes.
    pub(crate) fn request(&self, client: &Client) -> JobRequest {
        let now = UnixMillis::now().seconds();
        JobRequest {
            version: 1,
            audience: self.key.public(),
            client: client.key.public(),
            nonce: Nonce::random().unwrap(),
            not_before: now - 1,
            expires: now + 600,
            kind: JobKind::Run,
            preset: None,
            workload: WorkloadRequest {
                wgsl: BlobDigest::of(KERNEL),
                entry: "main".parse().unwrap(),
                constants: std::collections::BTreeMap::new(),
            },
            workgroups: [1, 1, 1],
            limits: Limits {
                steps: 10,
                memory: 4096,
                time_ms: 1000,
            },
            buffers: vec![BufferRequest {
                name: "out".parse().unwrap(),
                contents: BufferContents::Size(64),
            }],
            options: Options::default(),
        }
    }

    /// Signs and sends a request.
    pub(crate) async fn submit(&self, client: &Client, request: JobRequest) -> Answer {
        let signed = SignedRequest::sign(request, &client.key).unwrap();
        let signature = signed.signature().to_string();
        self.send(client, &signature, signed.body()).await
    }

    /// Sends a body with a signature.
    pub(crate) async fn send(&self, client: &Client, signature: &str, body: &[u8]) -> Answer {
        let (bearer, key) = (client.bearer(), client.key.public().to_string());
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Arknet-Key", &key),
            ("Arknet-Signature", signature),
        ];
        wire::call(self.public, "POST", "/v1/jobs", &headers, body).await
    }

    /// A job that was accepted.
    pub(crate) async fn accepted(&self, client: &Client) -> JobId {
        let view: JobView = self.submit(client, self.request(client)).await.json(201);
        view.id
    }

    pub(crate) async fn claim(&self, job: JobId, attempt: u32) {
        let quotas = Knobs::default().quotas;
        let now = UnixMillis::now();
        self.store
            .claim(now, job, attempt, device(), quotas)
            .await
            .unwrap();
    }

    /// Does what the scheduler would, up to the result.
    pub(crate) async fn finish(&self, client: &Client, job: JobId, output: &[u8]) {
        let now = UnixMillis::now;
        self.claim(job, 1).await;
        let fence = Fence {
            job,
            attempt: 1,
            state: JobState::Executing,
        };
        self.store
            .advance(now(), fence, JobState::Verifying)
            .await
            .unwrap();
        let owner = Some(client.key.public());
        let output = self
            .blobs
            .put_bytes(now(), owner, output.to_vec())
            .await
            .unwrap();
        let receipt = format!("receipt of {job}").into_bytes();
        let receipt = self.blobs.put_bytes(now(), owner, receipt).await.unwrap();
        let sealing = Sealing {
            leaf: job.to_string().into_bytes(),
            draft: receipt.digest,
            outputs: vec![Output {
                name: "out".to_owned(),
                digest: output.digest,
            }],
            device_millis: 5,
        };
        self.store.seal(now(), job, 1, sealing).await.unwrap();
        self.store
            .finish(now(), job, 1, receipt.digest)
            .await
            .unwrap();
    }

    /// Ends the node; every call is answered then.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        while self.serving.join_next().await.is_some() {}
        self.store.close().await;
    }
}

/// All scopes but one.
pub(crate) fn without(scope: Scope) -> Scopes {
    Scope::ALL
        .iter()
        .copied()
        .filter(|other| *other != scope)
        .collect()
}
