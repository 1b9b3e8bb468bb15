//! Takes connections: as many as the node can bear, and not all of them from one address.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connection::{self, ConnectionLimits};
use super::tls::Tls;
use crate::abuse::AddressKey;
use crate::metrics::{Cut, Metrics};

/// The pause after the system gave no connection, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a listener is not there.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be listened on.
    #[error(
        "{address} cannot be listened on: {source}; stop what uses it, or set another address in arknet.toml"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The admin listener is for this machine alone.
    #[error(
        "the admin listener is on {0}, but may only be on a loopback address such as 127.0.0.1:7118"
    )]
    NotLoopback(SocketAddr),
}

/// A socket that is listened on, before anything is answered.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    name: &'static str,
    tls: Option<Tls>,
}

impl Listener {
    /// Listens for clients on `address`, with TLS where it is given.
    pub async fn public(address: SocketAddr, tls: Option<Tls>) -> Result<Self, ListenError> {
        Self::bind(address, "public", tls).await
    }

    /// Listens for the workers of a fleet on `address`, with TLS where it is given.
    pub async fn fleet(address: SocketAddr, tls: Option<Tls>) -> Result<Self, ListenError> {
        Self::bind(address, "fleet", tls).await
    }

    /// Listens for the operator on `address`, which must be a loopback address.
    pub async fn admin(address: SocketAddr) -> Result<Self, ListenError> {
        match address.ip().to_canonical().is_loopback() {
            true => Self::bind(address, "admin", None).await,
            false => Err(ListenError::NotLoopback(address)),
        }
    }

    async fn bind(
        address: SocketAddr,
        name: &'static str,
        tls: Option<Tls>,
    ) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self {
            socket,
            address,
            name,
            tls,
        })
    }

    /// The address, with the port that the system chose where none was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it can be reached on this machine.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("{scheme}://{address}")
    }

    /// Answers calls until `stop`, and those that are under way then.
    pub async fn serve(
        self,
        router: Router,
        limits: ConnectionLimits,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) {
        let all = Arc::new(Semaphore::new(limits.total));
        let addresses = Addresses::default();
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, listener = self.name, "no connection can be taken");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            // A cap is kept by closing at once: an answer would cost more than the attempt did.
            let Ok(permit) = Arc::clone(&all).try_acquire_owned() else {
                metrics.cut(Cut::TooMany);
                continue;
            };
            let Some(place) = addresses.enter(AddressKey::of(peer.ip()), limits.per_address) else {
                metrics.cut(Cut::TooManyOfAddress);
                continue;
            };
            let (router, metrics, stop) = (router.clone(), Arc::clone(&metrics), stop.clone());
            let (tls, name) = (self.tls.clone(), self.name);
            connections.spawn(async move {
                let _held = (permit, place, metrics.connected(name));
                answer(stream, peer, tls, router, limits, metrics, stop).await;
            });
        }
        drop(self.socket);
        while connections.join_next().await.is_some() {}
    }
}

async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Tls>,
    router: Router,
    limits: ConnectionLimits,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    // Answers are small and written at once; where this fails they are only a little later.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return connection::serve(stream, peer, router, limits, metrics, stop).await;
    };
    match timeout(limits.handshake, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => connection::serve(stream, peer, router, limits, metrics, stop).await,
        Ok(Err(_)) | Err(_) => metrics.cut(Cut::Handshake),
    }
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<AddressKey, usize>>>);

struct Place {
    addresses: Addresses,
    address: AddressKey,
}

impl Addresses {
    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<AddressKey, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, address: AddressKey, most: usize) -> Option<Place> {
        let mut counts = self.counts();
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place {
            addresses: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.counts();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_places_and_gives_them_back() {
        let addresses = Addresses::default();
        let address = AddressKey::of([192, 0, 2, 1].into());
        let other = AddressKey::of([192, 0, 2, 2].into());
        let first = addresses.enter(address, 2).unwrap();
        let second = addresses.enter(address, 2).unwrap();
        assert!(addresses.enter(address, 2).is_none());
        assert!(addresses.enter(other, 2).is_some());
        drop(first);
        assert!(addresses.enter(address, 2).is_some());
        drop(second);
        assert!(addresses.counts().is_empty());
    }

    #[tokio::test]
    async fn the_operators_listener_is_for_this_machine_alone() {
        let anywhere = "0.0.0.0:0".parse().unwrap();
        let error = Listener::admin(anywhere).await.err().unwrap();
        assert!(matches!(error, ListenError::NotLoopback(_)), "{error}");
        let listener = Listener::admin("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let again = Listener::admin(listener.address()).await.err().unwrap();
        assert!(matches!(again, ListenError::Bind { .. }), "{again}");
    }
}
