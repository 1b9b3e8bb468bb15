//! How many event streams there are: each holds a connection and memory for as long as its client likes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arknet_protocol::PublicKey;

/// Streams by client.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    open: Arc<Mutex<Counts>>,
    per_client: usize,
    total: usize,
}

#[derive(Debug, Default)]
struct Counts {
    clients: HashMap<PublicKey, usize>,
    total: usize,
}

/// A place for a stream, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    streams: Streams,
    client: PublicKey,
}

impl Streams {
    pub(super) fn new(per_client: usize, total: usize) -> Self {
        Self {
            open: Arc::default(),
            per_client,
            total,
        }
    }

    /// Streams that one client may have.
    pub(super) fn per_client(&self) -> usize {
        self.per_client
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, where there is one.
    pub(super) fn open(&self, client: PublicKey) -> Option<Place> {
        let mut counts = self.counts();
        if counts.total >= self.total {
            return None;
        }
        let count = counts.clients.entry(client).or_default();
        if *count >= self.per_client {
            return None;
        }
        *count += 1;
        counts.total += 1;
        Some(Place {
            streams: self.clone(),
            client,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.streams.counts();
        counts.total -= 1;
        if let Some(count) = counts.clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arknet_protocol::KeyPair;

    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let key = |seed| KeyPair::from_seed([seed; 32]).unwrap().public();
        let streams = Streams::new(2, 3);
        let first = streams.open(key(1)).unwrap();
        let _second = streams.open(key(1)).unwrap();
        assert!(streams.open(key(1)).is_none());
        let third = streams.open(key(2)).unwrap();
        assert!(streams.open(key(3)).is_none(), "all places are taken");
        drop(first);
        assert!(streams.open(key(3)).is_some());
        drop(third);
        assert_eq!(streams.counts().clients.len(), 1);
    }
}
