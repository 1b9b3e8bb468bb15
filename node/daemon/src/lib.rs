//! The ArkNet node.
#![forbid(unsafe_code)]

pub mod abuse;
pub mod backup;
pub mod blobs;
pub mod config;
pub mod doctor;
pub mod fleet;
pub mod http;
pub mod log;
pub mod metrics;
pub mod node;
pub mod page;
pub mod pipeline;
pub mod scheduler;
pub mod store;
pub mod task;
pub mod telemetry;
