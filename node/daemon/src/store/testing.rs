//! A store in a folder of its own, with a client that may do everything.

use std::path::PathBuf;

use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, Fingerprint, JobId, JobKind, JobRequest, JobState,
    KeyPair, Limits, Nonce, Scopes, SignedRequest, Token, TokenId, WorkloadRequest,
};
use tempfile::TempDir;

use super::{
    AcceptError, Accepted, Admission, BlobRecord, Fence, NewToken, Output, Quotas, Sealing, Store,
    UnixMillis,
};

/// A time at which tests begin: noon of a day.
pub(crate) const NOON: UnixMillis = UnixMillis(20_000 * 86_400_000 + 43_200_000);

/// What a node takes that takes much.
pub(crate) const ADMISSION: Admission = Admission {
    quotas: Quotas {
        running: 8,
        queued: 100,
        bytes: 1 << 30,
        device_seconds: 3600,
    },
    max_queue: 1000,
};

/// A device.
pub(crate) const DEVICE: Fingerprint = Fingerprint([7; 32]);

/// A store with a client.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) node: KeyPair,
    pub(crate) client: KeyPair,
    pub(crate) token: TokenId,
    pub(crate) store: Store,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = KeyPair::from_seed([1; 32]).unwrap();
        let store = Store::open(&folder.path().join("node.db"), node.public()).unwrap();
        let client = KeyPair::from_seed([2; 32]).unwrap();
        let token = give_token(&store, &client, Scopes::all(), None).await;
        let bench = Self {
            folder,
            node,
            client,
            token,
            store,
        };
        bench.give_blob(&bench.client, b"kernel").await;
        bench
            .store
            .device_seen(NOON, DEVICE, "device".to_owned())
            .await
            .unwrap();
        bench
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("node.db")
    }

    /// Writes the row of a blob that a client has.
    pub(crate) async fn give_blob(&self, client: &KeyPair, bytes: &[u8]) -> BlobDigest {
        let digest = BlobDigest::of(bytes);
        let bytes = bytes.len() as u64;
        let record = BlobRecord { digest, bytes };
        self.store
            .add_blob(NOON, Some(client.public()), record)
            .await
            .unwrap();
        digest
    }

    /// A request with a nonce that is valid for an hour from noon on.
    pub(crate) fn request(&self, nonce: u8) -> JobRequest {
        JobRequest {
            version: JobRequest::VERSION,
            audience: self.node.public(),
            client: self.client.public(),
            nonce: Nonce([nonce; 16]),
            not_before: NOON.seconds(),
            expires: NOON.seconds() + 3600,
            kind: JobKind::Prove,
            preset: None,
            workload: WorkloadRequest {
                wgsl: BlobDigest::of(b"kernel"),
                entry: "main".parse().unwrap(),
                constants: Default::default(),
            },
            workgroups: [1, 1, 1],
            limits: Limits {
                steps: 10,
                memory: 1000,
                time_ms: 1000,
            },
            buffers: vec![BufferRequest {
                name: "data".parse().unwrap(),
                contents: BufferContents::Size(16),
            }],
            options: Default::default(),
        }
    }

    pub(crate) fn sign(&self, request: JobRequest) -> SignedRequest {
        SignedRequest::sign(request, &self.client).unwrap()
    }

    pub(crate) async fn accept_at(
        &self,
        now: UnixMillis,
        request: JobRequest,
    ) -> Result<Accepted, AcceptError> {
        let signed = self.sign(request);
        self.store.accept(now, signed, self.token, ADMISSION).await
    }

    /// Makes a job of a request with this nonce.
    pub(crate) async fn job(&self, nonce: u8) -> JobId {
        let accepted = self.accept_at(NOON, self.request(nonce)).await.unwrap();
        accepted.job()
    }

    /// A fence around a job as it is.
    pub(crate) async fn fence(&self, job: JobId) -> Fence {
        let summary = self.store.job(job).await.unwrap().unwrap().summary;
        Fence {
            job,
            attempt: summary.attempt,
            state: summary.state,
        }
    }

    /// Starts a queued job.
    pub(crate) async fn start(&self, job: JobId) {
        let attempt = self.fence(job).await.attempt;
        let quotas = ADMISSION.quotas;
        self.store
            .claim(NOON, job, attempt, DEVICE, quotas)
            .await
            .unwrap();
    }

    /// Brings a queued job to `verifying`.
    pub(crate) async fn verify(&self, job: JobId) {
        self.start(job).await;
        for to in [JobState::Proving, JobState::Verifying] {
            let fence = self.fence(job).await;
            self.store.advance(NOON, fence, to).await.unwrap();
        }
    }

    /// What a job may be sealed with: an output of these bytes.
    pub(crate) async fn sealing(&self, output: &[u8]) -> Sealing {
        let draft = self.give_blob(&self.client, b"draft").await;
        Sealing {
            leaf: [b"leaf of ", output].concat(),
            draft,
            outputs: vec![Output {
                name: "data".to_owned(),
                digest: self.give_blob(&self.client, output).await,
            }],
            device_millis: 1500,
        }
    }
}

/// Gives a client a token.
pub(crate) async fn give_token(
    store: &Store,
    client: &KeyPair,
    scopes: Scopes,
    expires_at: Option<UnixMillis>,
) -> TokenId {
    let token = Token::generate().unwrap();
    let new = NewToken {
        id: token.id(),
        hash: token.hash(),
        client: client.public(),
        scopes,
        label: "a test".to_owned(),
        expires_at,
    };
    store.create_token(NOON, new).await.unwrap();
    token.id()
}
