//! What keeps one client, or one address, from spoiling the node for the others.
//!
//! ```text
//!  address ──▶ rate ──▶ token ──▶ rate of its key ──▶ standing ──▶ the call
//!                │        │             │                │            │
//!                └────────┴── refusals ─┴────────────────┴────────────┤
//!                                 │                                   │
//!                      ledger: sums, once a minute              conduct: score of the key
//!                                 ▼                                   ▼
//!                             audit log                   good → throttled → quarantined
//! ```
//!
//! Only what a key's own token was shown for counts against that key: nobody can have another client quarantined. What comes
//! without a valid token counts against its address, whose rate it uses up faster.
//!
//! [`conduct`] and [`ledger`] are told the time and do no input or output.

mod conduct;
mod declared;
mod guard;
mod ledger;
mod rate;
mod record;

pub use conduct::{Conduct, Level, Thresholds, Trespass};
pub use declared::{Used, is_overdeclared};
pub use guard::{Change, Guard, GuardSettings, Suspect};
pub use ledger::{Entry, Ledger, Party};
pub use rate::{AddressKey, Limiter, Rate};
pub use record::{keep, write_down};
