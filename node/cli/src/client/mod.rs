//! The verbs of a client: sending jobs to a node, watching them, and fetching what came of them.
//!
//! ```text
//!  profile ─▶ session ──▶ submission (job folder ─▶ signed request, blobs) ──▶ node
//!                             │ kept                                            │ outputs, receipt
//!                             ▼                                                 ▼
//!                      request as it was sent ─────────────────────────▶ result: verified, then written
//! ```
//!
//! The node is not trusted with the result: nothing is written before the receipt holds for the job in the folder, for
//! the request that was sent, and for the keys in the profile.

pub(crate) mod arguments;
mod deadline;
mod ended;
mod failure;
mod identity;
mod jobs;
mod kept;
mod keys;
mod places;
mod private;
mod profile;
mod profiles;
mod result;
mod session;
mod submission;
mod submit;
mod view;
mod watch;

pub(crate) use deadline::parse as parse_time;
pub(crate) use ended::Ended;
pub(crate) use failure::CallError;
pub(crate) use identity::{Identity, IdentityError};
pub(crate) use jobs::jobs;
pub(crate) use kept::KeptError;
pub(crate) use keys::keys;
pub(crate) use places::{Places, PlacesError};
pub(crate) use profile::{InvalidProfileName, Profile, ProfileError, ProfileName};
pub(crate) use profiles::profiles;
pub(crate) use session::runtime;
pub(crate) use submission::SubmissionError;
pub(crate) use submit::submit;
