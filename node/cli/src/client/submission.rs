//! From a job folder to a signed request and the blobs that it names.

use arknet_client::{Blob, ClientError};
use arknet_protocol::api::NodeInfo;
use arknet_protocol::{
    BufferContents, BufferRequest, ConstantValue, InvalidName, JobKind, JobRequest, KeyPair,
    Limits, NoRandomness, Nonce, Options, PresetName, RefusedRequest, Replay, SignedRequest,
    WorkloadRequest,
};
use arknet_workload::job::folder::{BufferSource, JobFileError};
use arknet_workload::wgsl::Constant;

use super::arguments::SubmitArguments;
use super::deadline;
use crate::answer::bytes;
use crate::arguments;
use crate::job::OpenJob;

/// How long a request is valid, in seconds, from its making on: as long as uploads and repeats may take.
const VALID: u64 = 60 * 60;
/// How far clocks may be apart, in seconds.
const SKEW: u64 = 5 * 60;

/// A job ready to be sent.
pub(super) struct Submission {
    /// The request.
    pub(super) request: SignedRequest,
    /// The blobs that it names, with what they are.
    pub(super) blobs: Vec<(String, Blob)>,
}

/// Why a job cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmissionError {
    #[error(transparent)]
    Folder(#[from] JobFileError),
    #[error("{0}")]
    Read(ClientError),
    #[error("`{name}`: {source}, or a node cannot take it")]
    Name { name: String, source: InvalidName },
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Request(#[from] RefusedRequest),
    #[error("the node takes no {what}: {limit}")]
    NodeLimit { what: String, limit: String },
    #[error(
        "this machine's clock and the node's are {apart} seconds apart; a request is only valid for a time, so set \
         whichever is wrong"
    )]
    Clocks { apart: u64 },
}

impl Submission {
    /// Makes a request for `node` out of a job.
    pub(super) fn new(
        open: &OpenJob,
        arguments: &SubmitArguments,
        node: &NodeInfo,
        key: &KeyPair,
    ) -> Result<Self, SubmissionError> {
        let now = deadline::now();
        check_node(open, arguments, node, now)?;
        let folder = open.folder();
        let wgsl = Blob::from_bytes(folder.source().as_bytes());
        let mut blobs = vec![(folder.workload_name().to_owned(), wgsl.clone())];
        let mut buffers = Vec::new();
        for (name, source) in folder.buffer_sources()? {
            let contents = match source {
                BufferSource::Zeros { bytes } => BufferContents::Size(bytes),
                BufferSource::File(path) => {
                    let blob = Blob::from_file(&path).map_err(SubmissionError::Read)?;
                    check_blob(&blob, name, node)?;
                    let digest = blob.digest();
                    if !blobs.iter().any(|(_, other)| other.digest() == digest) {
                        blobs.push((name.to_owned(), blob));
                    }
                    BufferContents::Input(digest)
                }
            };
            let name = parse_name(name)?;
            buffers.push(BufferRequest { name, contents });
        }
        let constants = folder.constants().into_iter().map(|(name, value)| {
            let value = match value {
                Constant::Integer(value) => ConstantValue::Integer(value),
                Constant::Bool(value) => ConstantValue::Bool(value),
            };
            Ok((parse_name(&name)?, value))
        });
        let limits = folder.limits();
        let request = JobRequest {
            version: JobRequest::VERSION,
            audience: node.node,
            client: key.public(),
            nonce: Nonce::random()?,
            not_before: now.saturating_sub(SKEW),
            expires: now.saturating_add(VALID),
            kind: arguments.kind,
            preset: arguments.preset.map(preset),
            workload: WorkloadRequest {
                wgsl: wgsl.digest(),
                entry: parse_name(folder.entry())?,
                constants: constants.collect::<Result<_, SubmissionError>>()?,
            },
            workgroups: open.job().dispatch().workgroups(),
            limits: Limits {
                steps: limits.steps,
                memory: limits.memory,
                time_ms: u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX),
            },
            buffers,
            options: Options {
                deadline: arguments
                    .deadline
                    .map(|time| now.saturating_add(time.as_secs())),
                priority: arguments.priority,
                device: arguments.device,
                replay: arguments.replay.then_some(Replay::Reference),
            },
        };
        Ok(Self {
            request: SignedRequest::sign(request, key)?,
            blobs,
        })
    }
}

fn preset(preset: arguments::PresetName) -> PresetName {
    match preset {
        arguments::PresetName::S100 => PresetName::S100,
        arguments::PresetName::S128 => PresetName::S128,
    }
}

fn parse_name<T: std::str::FromStr<Err = InvalidName>>(name: &str) -> Result<T, SubmissionError> {
    name.parse().map_err(|source| SubmissionError::Name {
        name: name.to_owned(),
        source,
    })
}

/// Refuses before anything is sent what the node says that it refuses.
fn check_node(
    open: &OpenJob,
    arguments: &SubmitArguments,
    node: &NodeInfo,
    now: u64,
) -> Result<(), SubmissionError> {
    let refuse = |what: &str, limit: String| {
        Err(SubmissionError::NodeLimit {
            what: what.to_owned(),
            limit,
        })
    };
    let apart = now.abs_diff(node.time);
    if apart >= SKEW {
        return Err(SubmissionError::Clocks { apart });
    }
    if !node.kinds.contains(&arguments.kind) {
        return refuse(
            &format!("jobs of the kind `{}`", arguments.kind),
            format!("it takes {:?}", node.kinds),
        );
    }
    let wanted = arguments.preset.map(preset).unwrap_or_default();
    if arguments.kind == JobKind::Prove && !node.presets.contains(&wanted) {
        return refuse(
            "proofs of this preset",
            format!("it makes {:?}", node.presets),
        );
    }
    if let Some(device) = &arguments.device
        && !node
            .devices
            .iter()
            .any(|known| known.fingerprint == *device)
    {
        let known: Vec<String> = node
            .devices
            .iter()
            .map(|device| format!("{} {}", device.fingerprint, device.name))
            .collect();
        return refuse(
            "jobs for this device",
            format!("it has {}", known.join(", ")),
        );
    }
    let limits = open.folder().limits();
    if limits.memory > node.limits.memory {
        return refuse(
            "jobs with so much memory",
            format!(
                "`limits.memory` is {}, and at most {} is allowed",
                bytes(limits.memory),
                bytes(node.limits.memory)
            ),
        );
    }
    if limits.time.as_millis() > u128::from(node.limits.time_ms) {
        return refuse(
            "jobs with so much time",
            format!(
                "`limits.time` is {} ms, and at most {} ms is allowed",
                limits.time.as_millis(),
                node.limits.time_ms
            ),
        );
    }
    Ok(())
}

fn check_blob(blob: &Blob, name: &str, node: &NodeInfo) -> Result<(), SubmissionError> {
    if blob.size() <= node.limits.blob_bytes {
        return Ok(());
    }
    Err(SubmissionError::NodeLimit {
        what: "inputs so large".to_owned(),
        limit: format!(
            "`{name}` has {}, and at most {} is allowed",
            bytes(blob.size()),
            bytes(node.limits.blob_bytes)
        ),
    })
}
