//! The node's two listeners.
//!
//! ```text
//!  public  /v1/…   any address, TLS or plain: clients            admin  loopback only: the operator, Prometheus, the page
//!     │                                                             │
//!  connection: caps, TLS, header and write timeouts  (listen, pace) │
//!  call: number, rate of the address, sizes          (call)         │ host: the Host header must be this machine's
//!  caller: token, rate of the key, standing          (caller)       │
//!  body: a least rate, a most size                   (pace, body)   │
//!  request: signature, limits, blobs, transaction    (jobs)         │
//!     └──────────────────────────── store, blobs, log, scheduler ───┘
//! ```
//!
//! A call that is refused answers a problem (RFC 9457) from wherever it was refused: the refusal travels as a value and is
//! turned into bytes in one place ([`call`]), where it is also counted and given to the audit log's ledger.

mod api;
mod blobs;
mod body;
mod call;
mod caller;
mod connection;
mod events;
mod jobs;
mod lineage;
mod listen;
mod openapi;
mod pace;
mod path;
mod problem;
mod results;
mod send;
mod streams;
mod tls;
mod view;
mod work;

pub mod admin;

pub use api::{Api, ApiParts, ApiSettings, public_routes};
pub use connection::ConnectionLimits;
pub use listen::{ListenError, Listener};
pub use openapi::document;
pub use pace::Pace;
pub use problem::Refusal;
pub use tls::{Tls, TlsError};
pub use work::{Answer, DeviceLoad, Inadmissible, Work};
