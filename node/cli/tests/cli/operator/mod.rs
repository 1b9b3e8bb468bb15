//! The operator's verbs, and a real node that answers.

mod daemon;
mod doctor;
mod init;
mod jobs;
mod tokens;
