//! The node as a whole: what starts after what, and what ends before what.
//!
//! ```text
//!  start: folder, lock ─▶ key ─▶ store ─▶ blobs ─▶ log ─▶ scheduler ─▶ listeners ─▶ ready
//!  end:   listeners and their calls ─▶ scheduler ─▶ ledger of the audit log ─▶ store ─▶ lock
//! ```
//!
//! Whatever fails on the way up is an error that says what to do; nothing is left running then.

mod error;
mod settings;
mod signals;

use std::net::SocketAddr;
use std::sync::Arc;

use arknet_protocol::{KeyPair, PublicKey};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use error::NodeError;
pub use settings::{NodeSettings, TlsFiles};

use crate::abuse::{self, Guard};
use crate::blobs::Blobs;
use crate::http::admin::{Admin, Disk, admin_routes};
use crate::http::{Api, ApiParts, ApiSettings, Listener, Nobody, Tls, Work, public_routes};
use crate::metrics::Metrics;
use crate::store::{DataLock, Standing, Store, UnixMillis};

/// Clients whose standing is read at the start.
const CLIENTS: u32 = 100_000;

/// A node that runs.
pub struct Node {
    key: PublicKey,
    url: String,
    admin: SocketAddr,
    tls: Option<Tls>,
    store: Store,
    stop: CancellationToken,
    listeners: JoinSet<()>,
    chores: JoinSet<()>,
    /// Last, so that the folder is free only when everything else is gone.
    _lock: DataLock,
}

impl Node {
    /// Starts a node. It answers when this returns.
    pub async fn start(settings: NodeSettings) -> Result<Self, NodeError> {
        let lock = DataLock::take(&settings.data)?;
        let key = KeyPair::load(&settings.data.join("keys/node.key"))?;
        let store = Store::open(&settings.data.join("node.db"), key.public())?;
        let blobs = Blobs::in_folder(&settings.data, store.clone(), settings.blobs)?;
        let swept = blobs.sweep().await?;
        let now = UnixMillis::now();
        let recovered = store.recover(now).await?;
        tracing::info!(
            node = %key.public(), swept, requeued = recovered.requeued.len(), sealed = recovered.sealed.len(),
            "what a former run left is put in order"
        );
        let guard = Arc::new(Guard::new(settings.guard));
        remember_standings(&guard, &store, &settings, now).await?;
        let tls = settings
            .tls
            .as_ref()
            .map(|files| Tls::open(&files.certificate, &files.key))
            .transpose()?;
        let public = Listener::public(settings.listen, tls.clone()).await?;
        let admin = Listener::admin(settings.admin).await?;

        let stop = CancellationToken::new();
        let metrics = Arc::new(Metrics::new());
        let work: Arc<dyn Work> = Arc::new(Nobody);
        let api = Api::new(ApiParts {
            store: store.clone(),
            blobs: blobs.clone(),
            guard: Arc::clone(&guard),
            metrics: Arc::clone(&metrics),
            work,
            settings: ApiSettings {
                limits: settings.limits,
                admission: settings.admission,
                pace: settings.pace,
                streams_per_client: settings.streams_per_client,
                streams: settings.streams,
                log: None,
            },
            stop: stop.clone(),
        });
        let admin_state = Admin {
            api: api.clone(),
            disk: Disk::of(settings.data.clone(), settings.blobs.min_free),
            log: None,
        };
        let mut node = Self {
            key: key.public(),
            url: public.url(),
            admin: admin.address(),
            tls,
            store: store.clone(),
            stop: stop.clone(),
            listeners: JoinSet::new(),
            chores: JoinSet::new(),
            _lock: lock,
        };
        let limits = settings.connections;
        node.chores
            .spawn(abuse::keep(guard, store.clone(), stop.clone()));
        node.chores.spawn(collect(blobs, stop.clone()));
        node.listeners.spawn(public.serve(
            public_routes(api, axum::Router::new()),
            limits,
            Arc::clone(&metrics),
            stop.clone(),
        ));
        node.listeners.spawn(admin.serve(
            admin_routes(admin_state, axum::Router::new()),
            limits,
            metrics,
            stop,
        ));
        Ok(node)
    }

    /// The node's key.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Where clients on this machine reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the operator reaches it.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The store, for those in the same process.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reads the certificate again, for connections from now on.
    pub fn reload(&self) -> Result<(), NodeError> {
        match &self.tls {
            Some(tls) => Ok(tls.reload()?),
            None => Ok(()),
        }
    }

    /// Runs until the process is told to end, and ends in order then. SIGHUP reads the certificate again.
    pub async fn run(self) -> Result<(), NodeError> {
        signals::until_told_to_end(&self).await?;
        self.stop().await;
        Ok(())
    }

    /// Ends: no more calls are taken, those under way are answered, and everything is written.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.listeners.join_next().await.is_some() {}
        while self.chores.join_next().await.is_some() {}
        self.store.close().await;
    }
}

/// Standings that were decided in a former run, or by the operator since.
async fn remember_standings(
    guard: &Guard,
    store: &Store,
    settings: &NodeSettings,
    now: UnixMillis,
) -> Result<(), NodeError> {
    let quotas = settings.admission.quotas;
    for client in store.clients(now, quotas, CLIENTS).await? {
        let standing = client.record.standing_at(now);
        if standing != Standing::Good {
            guard.set_standing(client.client, standing, client.record.until);
        }
    }
    Ok(())
}

/// Removes blobs that nobody needs any more, now and then.
async fn collect(blobs: Blobs, stop: CancellationToken) {
    const PAUSE: std::time::Duration = std::time::Duration::from_secs(300);
    while tokio::time::timeout(PAUSE, stop.cancelled()).await.is_err() {
        match blobs.collect(UnixMillis::now()).await {
            Ok(collected) => {
                tracing::debug!(
                    blobs = collected.blobs,
                    uploads = collected.uploads,
                    "collected"
                );
            }
            Err(error) => tracing::error!(%error, "blobs that nobody needs could not be removed"),
        }
    }
}
