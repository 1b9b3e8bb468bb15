//! NATS as the fleet uses it: a connection that comes back, names of streams and subjects, and two queues.

mod connection;
mod names;
mod queue;
#[cfg(test)]
pub(in crate::fleet) mod server;
#[cfg(test)]
mod tests;

pub use connection::{Auth, ConnectionError, NatsConfig, Tls, connect};
pub use names::Names;
pub use queue::{Queue, QueueError, Taken};
