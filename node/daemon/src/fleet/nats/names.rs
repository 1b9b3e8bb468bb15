//! Names of streams, consumers and subjects. Several nodes can share one NATS: each has its key in all names.

use arknet_protocol::PublicKey;

/// The names of one node's fleet.
///
/// | subject | from, to | kept in |
/// | --- | --- | --- |
/// | `arknet.N.work.W` | node to worker | stream `ARKNET_N_WORK`, consumer `W` |
/// | `arknet.N.outcome.W` | worker to node | stream `ARKNET_N_OUTCOME`, consumer `node` |
/// | `arknet.N.heartbeat.W` | worker to node | nothing |
/// | `arknet.N.orders.W` | node to worker | nothing |
///
/// `N` is the first 16 digits of the node's key, `W` all 64 of the worker's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    node: String,
}

/// The prefix of a printed key.
const KEY_PREFIX: &str = "ed25519:";

impl Names {
    /// The names for a node's fleet.
    pub fn of(node: &PublicKey) -> Self {
        let mut node = digits(node);
        node.truncate(16);
        Self { node }
    }

    /// The stream of assignments.
    pub fn work_stream(&self) -> String {
        format!("ARKNET_{}_WORK", self.node)
    }

    /// The stream of outcomes.
    pub fn outcome_stream(&self) -> String {
        format!("ARKNET_{}_OUTCOME", self.node)
    }

    /// The consumer of a worker's assignments.
    pub fn worker_consumer(&self, worker: &PublicKey) -> String {
        digits(worker)
    }

    /// The consumer of all outcomes.
    pub fn node_consumer(&self) -> String {
        "node".to_owned()
    }

    /// Where a worker's assignments go.
    pub fn work(&self, worker: &PublicKey) -> String {
        self.subject("work", &digits(worker))
    }

    /// Where a worker's outcomes go.
    pub fn outcome(&self, worker: &PublicKey) -> String {
        self.subject("outcome", &digits(worker))
    }

    /// Where a worker's heartbeats go.
    pub fn heartbeat(&self, worker: &PublicKey) -> String {
        self.subject("heartbeat", &digits(worker))
    }

    /// Where a worker's orders go.
    pub fn orders(&self, worker: &PublicKey) -> String {
        self.subject("orders", &digits(worker))
    }

    /// All subjects of a kind.
    pub fn all(&self, kind: &str) -> String {
        self.subject(kind, "*")
    }

    /// The worker that a subject names. Whether the message on it is the worker's, its signature says.
    pub fn worker_of(subject: &str) -> Option<PublicKey> {
        let digits = subject.rsplit('.').next()?;
        format!("{KEY_PREFIX}{digits}").parse().ok()
    }

    fn subject(&self, kind: &str, worker: &str) -> String {
        format!("arknet.{}.{kind}.{worker}", self.node)
    }
}

fn digits(key: &PublicKey) -> String {
    let text = key.to_string();
    text.strip_prefix(KEY_PREFIX).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use arknet_protocol::KeyPair;

    use super::*;

    #[test]
    fn a_subject_names_its_worker() {
        let key = |seed| KeyPair::from_seed([seed; 32]).unwrap().public();
        let names = Names::of(&key(1));
        assert_eq!(Names::worker_of(&names.outcome(&key(2))), Some(key(2)));
        assert_eq!(Names::worker_of(&names.all("outcome")), None);
        assert_eq!(Names::worker_of(""), None);
        assert_ne!(names.work(&key(2)), Names::of(&key(3)).work(&key(2)));
    }
}
