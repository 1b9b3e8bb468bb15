//! The calls of the API.

use std::time::Duration;

use arknet_protocol::api::{JobList, JobView, Lineage, NodeInfo};
use arknet_protocol::{JobId, JobState, KeyPair, PublicKey, Signature, SignedRequest, Token};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Url, redirect};
use serde::de::DeserializeOwned;

use crate::address::NodeAddress;
use crate::backoff::Backoff;
use crate::error::ClientError;
use crate::events::Events;
use crate::fetch;

/// The most bytes of an answer about one thing.
const ONE: u64 = 1 << 20;
/// The most bytes of a list.
const MANY: u64 = 16 << 20;

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long a connection may be silent. A node sends something on an event stream more often than that.
    pub idle: Duration,
    /// How often a call that may be repeated is repeated.
    pub repeats: u32,
    /// Certificates (PEM) that are trusted beside those of the system.
    pub roots: Option<Vec<u8>>,
    /// Send a token to another machine without TLS.
    pub allow_plain: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            repeats: 6,
            roots: None,
            allow_plain: false,
        }
    }
}

/// A client of one node. Copies share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    address: NodeAddress,
    calls: reqwest::Client,
    /// Without a bound on the silence of the node, which says nothing while it receives.
    uploads: reqwest::Client,
    token: Option<HeaderValue>,
    settings: Settings,
}

/// A job that a node has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The job.
    pub job: JobView,
    /// Whether it was not there before.
    pub created: bool,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only those in this state.
    pub state: Option<JobState>,
    /// Those that follow an earlier list.
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: Option<u32>,
}

impl Client {
    /// A client of the node at `address`, which shows it `token`.
    pub fn new(
        address: NodeAddress,
        token: Option<&Token>,
        settings: Settings,
    ) -> Result<Self, ClientError> {
        if token.is_some() && address.is_plain() && !address.is_loopback() && !settings.allow_plain
        {
            return Err(ClientError::Plain {
                address: address.to_string(),
            });
        }
        let token = token.map(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
                .map_err(|error| ClientError::Setup(error.to_string()))?;
            value.set_sensitive(true);
            Ok::<_, ClientError>(value)
        });
        Ok(Self {
            calls: connections(&address, &settings, Some(settings.idle))?,
            uploads: connections(&address, &settings, None)?,
            token: token.transpose()?,
            address,
            settings,
        })
    }

    /// Where the node is.
    pub fn address(&self) -> &NodeAddress {
        &self.address
    }

    /// What the node says of itself. Not repeated: this is how one finds out whether it is there.
    pub async fn node(&self) -> Result<NodeInfo, ClientError> {
        let request = self.request(Method::GET, self.url(&["v1", "node"]));
        self.json(request, "the question what it is", ONE).await
    }

    /// Submits a request. The same bytes are one job, so a broken connection is followed by the same again.
    pub async fn submit(&self, request: &SignedRequest) -> Result<Submitted, ClientError> {
        self.submit_signed(
            request.request().client,
            *request.signature(),
            request.body(),
        )
        .await
    }

    /// Signs bytes as they are and submits them: for a body that was kept.
    pub async fn submit_body(&self, body: &[u8], key: &KeyPair) -> Result<Submitted, ClientError> {
        let signature = key.sign(arknet_protocol::Domain::Request, body);
        self.submit_signed(key.public(), signature, body).await
    }

    async fn submit_signed(
        &self,
        key: PublicKey,
        signature: Signature,
        body: &[u8],
    ) -> Result<Submitted, ClientError> {
        let what = "the submission";
        self.repeat(async || {
            let request = self
                .request(Method::POST, self.url(&["v1", "jobs"]))
                .timeout(self.settings.idle)
                .header(CONTENT_TYPE, "application/json")
                .header("Arknet-Key", key.to_string())
                .header("Arknet-Signature", signature.to_string())
                .body(body.to_vec());
            let response = fetch::send(request, &self.address, what).await?;
            let created = response.status() == reqwest::StatusCode::CREATED;
            let job = fetch::json(response, what, ONE).await?;
            Ok(Submitted { job, created })
        })
        .await
    }

    /// A job.
    pub async fn job(&self, id: JobId) -> Result<JobView, ClientError> {
        self.get(
            &["v1", "jobs", &id.to_string()],
            "the question about a job",
            ONE,
        )
        .await
    }

    /// Some jobs of this client, newest first.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<JobList, ClientError> {
        let mut url = self.url(&["v1", "jobs"]);
        {
            let mut query = url.query_pairs_mut();
            if let Some(state) = filter.state {
                query.append_pair("state", state.as_str());
            }
            if let Some(cursor) = &filter.cursor {
                query.append_pair("cursor", cursor);
            }
            if let Some(limit) = filter.limit {
                query.append_pair("limit", &limit.to_string());
            }
        }
        self.get_url(&url, "the question about jobs", MANY).await
    }

    /// Ends a job.
    pub async fn cancel(&self, id: JobId) -> Result<JobView, ClientError> {
        self.change(id, "cancel").await
    }

    /// Takes up a job again that failed, was cancelled, or expired.
    pub async fn retry(&self, id: JobId) -> Result<JobView, ClientError> {
        self.change(id, "retry").await
    }

    /// Done once: a second time would find the job in another state.
    async fn change(&self, id: JobId, verb: &'static str) -> Result<JobView, ClientError> {
        let request = self.request(
            Method::POST,
            self.url(&["v1", "jobs", &id.to_string(), verb]),
        );
        self.json(request, verb, ONE).await
    }

    /// The jobs that a job is connected with.
    pub async fn lineage(&self, id: JobId) -> Result<Lineage, ClientError> {
        self.get(
            &["v1", "jobs", &id.to_string(), "lineage"],
            "the question where a job comes from",
            MANY,
        )
        .await
    }

    /// What happens to a job, from its beginning or from the event after `last` on.
    pub fn events(&self, id: JobId, last: Option<u64>) -> Events {
        Events::new(self.clone(), id, last)
    }

    /// The words of an output as they are in its blob, of at most `limit` bytes.
    pub async fn output(&self, id: JobId, name: &str, limit: u64) -> Result<Vec<u8>, ClientError> {
        self.bytes(
            &["v1", "jobs", &id.to_string(), "outputs", name],
            &format!("the question for output {name}"),
            limit,
        )
        .await
    }

    /// The receipt of a job, of at most `limit` bytes.
    pub async fn receipt(&self, id: JobId, limit: u64) -> Result<Vec<u8>, ClientError> {
        self.bytes(
            &["v1", "jobs", &id.to_string(), "receipt"],
            "the question for the receipt",
            limit,
        )
        .await
    }

    /// Bytes of the node's transparency log, such as `["checkpoint"]`: they need no token.
    pub async fn log(&self, path: &[&str], limit: u64) -> Result<Vec<u8>, ClientError> {
        let path = [&["log"], path].concat();
        self.bytes(&path, "the question about its log", limit).await
    }

    async fn bytes(&self, path: &[&str], what: &str, limit: u64) -> Result<Vec<u8>, ClientError> {
        self.repeat(async || {
            let request = self.request(Method::GET, self.url(path));
            let response = fetch::send(request, &self.address, what).await?;
            fetch::bytes(response, what, limit).await
        })
        .await
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        what: &str,
        limit: u64,
    ) -> Result<T, ClientError> {
        self.get_url(&self.url(path), what, limit).await
    }

    async fn get_url<T: DeserializeOwned>(
        &self,
        url: &Url,
        what: &str,
        limit: u64,
    ) -> Result<T, ClientError> {
        self.repeat(async || {
            let request = self.request(Method::GET, url.clone());
            self.json(request, what, limit).await
        })
        .await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        what: &str,
        limit: u64,
    ) -> Result<T, ClientError> {
        let request = request.timeout(self.settings.idle);
        let response = fetch::send(request, &self.address, what).await?;
        fetch::json(response, what, limit).await
    }

    /// Repeats a call until it succeeds, is refused, or has failed often enough.
    async fn repeat<T>(
        &self,
        call: impl AsyncFn() -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut backoff = self.backoff();
        loop {
            match call().await {
                Err(error) => backoff.wait(error).await?,
                done => return done,
            }
        }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.settings.repeats)
    }

    pub(crate) fn idle(&self) -> Duration {
        self.settings.idle
    }

    pub(crate) fn url(&self, path: &[&str]) -> Url {
        self.address.path(path)
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.authorised(self.calls.request(method, url))
    }

    pub(crate) fn upload_request(&self, url: Url) -> RequestBuilder {
        self.authorised(self.uploads.request(Method::PUT, url))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, token.clone()),
            None => request,
        }
    }
}

/// Connections to a node.
fn connections(
    address: &NodeAddress,
    settings: &Settings,
    idle: Option<Duration>,
) -> Result<reqwest::Client, ClientError> {
    // Another part of the program may have installed one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("arknet/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(settings.connect)
        .tcp_nodelay(true);
    if let Some(idle) = idle {
        builder = builder.read_timeout(idle);
    }
    if address.is_loopback() {
        builder = builder.no_proxy();
    }
    if address.is_plain() {
        // A machine without any certificates can still talk to itself.
        builder = builder.tls_certs_only([]);
    } else if let Some(roots) = &settings.roots {
        let roots = reqwest::Certificate::from_pem_bundle(roots).map_err(|error| {
            ClientError::Setup(format!(
                "the certificates to trust are not in PEM form: {error}"
            ))
        })?;
        builder = builder.tls_certs_merge(roots);
    }
    builder
        .build()
        .map_err(|error| ClientError::of_transport(&error, &address.to_string(), "setting up"))
}
