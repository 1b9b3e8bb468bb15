//! The node as a whole: what starts after what, and what ends before what.
//!
//! ```text
//!  start: folder, lock ─▶ key ─▶ store ─▶ blobs ─▶ log ─▶ scheduler ─▶ listeners ─▶ ready
//!  end:   listeners and their calls ─▶ scheduler ─▶ ledger of the audit log ─▶ store ─▶ lock
//! ```
//!
//! Whatever fails on the way up is an error that says what to do; nothing is left running then.

mod control_group;
mod error;
mod inclusion;
mod log_view;
mod observe;
mod settings;
mod signals;

use std::net::SocketAddr;
use std::sync::Arc;

use arknet_protocol::{KeyPair, PublicKey};
use sd_notify::NotifyState;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use control_group::settle_in_control_group;
pub use error::NodeError;

use crate::abuse::{self, Guard};
use crate::blobs::Blobs;
use crate::config::Config;
use crate::http::admin::{Admin, Disk, admin_routes};
use crate::http::{Api, ApiParts, Listener, Tls, public_routes};
use crate::log::{self as transparency, Log, LogConfig};
use crate::metrics::Metrics;
use crate::page;
use crate::pipeline::{Parts, Pipeline};
use crate::scheduler::Scheduler;
use crate::store::{DataLock, Standing, Store, UnixMillis};
use crate::task::Program;

/// Clients whose standing is read at the start.
const CLIENTS: u32 = 100_000;

/// A node that runs.
pub struct Node {
    key: PublicKey,
    url: String,
    admin: SocketAddr,
    tls: Option<Tls>,
    store: Store,
    scheduler: Arc<Scheduler>,
    stop: CancellationToken,
    listeners: JoinSet<()>,
    chores: JoinSet<()>,
    /// Last, so that the folder is free only when everything else is gone.
    _lock: DataLock,
}

impl Node {
    /// Starts the node that is configured. It answers when this returns.
    pub async fn start(config: &Config) -> Result<Self, NodeError> {
        let data = &config.node.data;
        let lock = DataLock::take(data)?;
        let key = KeyPair::load(&config.keys().join("node.key"))?;
        let store = Store::open(&data.join("node.db"), key.public())?;
        let blobs = Blobs::in_folder(data, store.clone(), config.blobs())?;
        let swept = blobs.sweep().await?;
        let now = UnixMillis::now();
        let recovered = store.recover(now).await?;
        tracing::info!(
            node = %key.public(), swept, requeued = recovered.requeued.len(), sealed = recovered.sealed.len(),
            "what a former run left is put in order"
        );
        let log = Log::open(LogConfig::of_node(config)?, Arc::new(store.clone())).await?;
        let guard = Arc::new(Guard::new(settings::guard(config)));
        remember_standings(&guard, &store, config, now).await?;
        let tls = settings::tls(config)?;
        let public = Listener::public(config.http.listen, tls.clone()).await?;
        let admin = Listener::admin(config.http.admin).await?;

        let stop = CancellationToken::new();
        let metrics = Arc::new(Metrics::new());
        let pipeline = Pipeline::new(Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            log: Arc::new(log.clone()),
            key: Arc::new(key),
            program: Program::default(),
            scratch: config.scratch(),
            limits: config.into(),
        })?;
        let scheduler = Arc::new(Scheduler::start(pipeline, config.into(), recovered).await?);
        let api = Api::new(ApiParts {
            store: store.clone(),
            blobs: blobs.clone(),
            guard: Arc::clone(&guard),
            metrics: Arc::clone(&metrics),
            work: Arc::<Scheduler>::clone(&scheduler),
            settings: settings::api(config, Some(log.key().to_string())),
            stop: stop.clone(),
        });
        let admin_state = Admin {
            api: api.clone(),
            disk: Disk::of(data.clone(), config.retention.min_free.0),
            log: Some(Arc::new(log.clone())),
        };
        let mut node = Self {
            key: store.node(),
            url: config.http.url.clone().unwrap_or_else(|| public.url()),
            admin: admin.address(),
            tls,
            store: store.clone(),
            scheduler,
            stop: stop.clone(),
            listeners: JoinSet::new(),
            chores: JoinSet::new(),
            _lock: lock,
        };
        let limits = settings::connections(config);
        let observer = observe::Observer {
            store: store.clone(),
            guard: Arc::clone(&guard),
            metrics: Arc::clone(&metrics),
        };
        node.chores.spawn(observer.watch(stop.clone()));
        node.chores
            .spawn(abuse::keep(guard, store.clone(), stop.clone()));
        node.chores.spawn(collect(blobs, stop.clone()));
        node.chores.spawn(tend(log.clone(), stop.clone()));
        node.listeners.spawn(public.serve(
            public_routes(api, transparency::routes(log.clone())),
            limits,
            Arc::clone(&metrics),
            stop.clone(),
        ));
        node.listeners.spawn(admin.serve(
            admin_routes(admin_state, page::routes()),
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
        tell_supervisor(&[NotifyState::Ready]);
        let told = signals::until_told_to_end(&self).await;
        tell_supervisor(&[NotifyState::Stopping]);
        self.stop().await;
        told
    }

    /// Ends: no more calls are taken, those under way are answered, and everything is written.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.listeners.join_next().await.is_some() {}
        // Nobody else asks it for anything now, since all calls are answered.
        if let Some(scheduler) = Arc::into_inner(self.scheduler) {
            scheduler.stop().await;
        }
        while self.chores.join_next().await.is_some() {}
        self.store.close().await;
    }
}

/// Says to systemd where the node is. Without systemd nobody listens.
fn tell_supervisor(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}

/// Standings that were decided in a former run, or by the operator since.
async fn remember_standings(
    guard: &Guard,
    store: &Store,
    config: &Config,
    now: UnixMillis,
) -> Result<(), NodeError> {
    let quotas = config.admission().quotas;
    for client in store.clients(now, quotas, CLIENTS).await? {
        let standing = client.record.standing_at(now);
        if standing != Standing::Good {
            guard.set_standing(client.client, standing, client.record.until);
        }
    }
    Ok(())
}

/// Publishes what nobody waits for, and asks witnesses again, until `stop`.
async fn tend(log: Log, stop: CancellationToken) {
    const EVERY: std::time::Duration = std::time::Duration::from_secs(5);
    tokio::select! {
        () = log.tend(EVERY) => {}
        () = stop.cancelled() => {}
    }
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
