//! Which job runs where, and when.
//!
//! ```text
//!  store: queued ─▶ [`fair`] whose turn ─▶ claim ─▶ pipeline on a free device ─▶ report ─▶ [`health`], [`admission`]
//!                    a pin, a kind, devices that failed it                        rates and failures, stored
//! ```
//!
//! One task does all of it, so that no two can give a device away. What decides is without I/O and tested on its own:
//! [`FairShare`] shares time among clients, [`Health`] takes devices out and back in, [`judge`] says whether a deadline
//! can be met. The store holds what must outlive the node.

mod admission;
mod device;
mod fair;
mod handle;
mod health;
mod select;
mod service;
mod settings;
mod work;

#[cfg(test)]
mod tests;

pub use admission::{Experience, Load, Shape, TooLate, judge};
pub use device::{Device, DeviceError};
pub use fair::FairShare;
pub use handle::{DeviceStatus, Scheduler};
pub use health::{Drained, Health};
pub use select::{Choice, choose};
pub use settings::{DeviceSettings, Settings};
