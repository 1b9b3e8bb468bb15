//! The client's verbs against a node that does what a test wants, lies included.

mod fake;
mod interruption;
mod jobs;
mod lies;
mod profiles;
mod submission;
pub(crate) mod user;
