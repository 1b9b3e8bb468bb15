//! The job that a signed request describes, put together from blobs.
//!
//! The node has checked the request already; here it only has to give the same job. What it says beyond that (nonce,
//! times, options) is bound by its digest and not looked at. A body that the node would refuse, as for a key that
//! occurs twice, is refused here too.

use std::collections::BTreeMap;
use std::time::Duration;

use arknet_workload::ir::Workload;
use arknet_workload::job::{InvalidJob, Job, Limits};
use arknet_workload::wgsl::{Constant, Constants, FrontEndLimits, compile_with};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::evidence::{BadEvidence, Evidence};

/// The parts of a request that make a job. Other keys may be there.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    version: u32,
    pub(crate) audience: String,
    pub(crate) client: String,
    workload: WorkloadPart,
    workgroups: [u32; 3],
    limits: LimitsPart,
    buffers: Vec<BufferPart>,
}

#[derive(Debug, Deserialize)]
struct WorkloadPart {
    wgsl: String,
    entry: String,
    #[serde(default)]
    constants: BTreeMap<String, ConstantPart>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum ConstantPart {
    Bool(bool),
    Integer(i64),
}

#[derive(Debug, Deserialize)]
struct LimitsPart {
    steps: u32,
    memory: u64,
    time_ms: u64,
}

#[derive(Debug, Deserialize)]
struct BufferPart {
    name: String,
    input: Option<String>,
    size: Option<u64>,
}

/// Why there is no job.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoJob {
    #[error("the request is malformed: {0}")]
    Malformed(String),
    #[error("the request has version {0}; this verifier reads version 1")]
    Version(u32),
    #[error(transparent)]
    Evidence(#[from] BadEvidence),
    #[error("the kernel is not WGSL text")]
    NotText,
    #[error("the kernel is refused: {0}")]
    Refused(String),
    #[error("the request does not describe buffer `{0}` of the kernel, or describes it twice")]
    Buffer(String),
    #[error("the request describes a buffer `{0}` that the kernel does not have")]
    NoBuffer(String),
    #[error(
        "buffer `{name}` has {bytes} bytes, which are not whole words, or more than the limit on memory"
    )]
    Size { name: String, bytes: u64 },
    #[error("there is no output for buffer `{0}`")]
    NoOutput(String),
    #[error(transparent)]
    Invalid(#[from] InvalidJob),
}

impl Request {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, NoJob> {
        let request: Self =
            serde_json::from_slice(body).map_err(|error| NoJob::Malformed(error.to_string()))?;
        if request.version != 1 {
            return Err(NoJob::Version(request.version));
        }
        Ok(request)
    }

    /// The digest of a body, as an attestation has it.
    pub(crate) fn digest(body: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"ArkNet request digest v1\0");
        hasher.update(body);
        hasher.finalize().into()
    }

    /// The job.
    pub(crate) fn job(&self, evidence: &Evidence<'_>) -> Result<Job, NoJob> {
        let source = evidence.blob("the kernel", &self.workload.wgsl)?;
        let source = std::str::from_utf8(source).map_err(|_| NoJob::NotText)?;
        let constants: Constants = self
            .workload
            .constants
            .iter()
            .map(|(name, value)| {
                let value = match *value {
                    ConstantPart::Bool(value) => Constant::Bool(value),
                    ConstantPart::Integer(value) => Constant::Integer(value),
                };
                (name.clone(), value)
            })
            .collect();
        let limits = FrontEndLimits::default();
        let workload = compile_with(source, &self.workload.entry, &constants, &limits)
            .map_err(|refusal| NoJob::Refused(refusal.render("kernel.wgsl", source)))?;
        let buffers = self.inputs(&workload, evidence)?;
        let limits = Limits {
            steps: self.limits.steps,
            memory: self.limits.memory,
            time: Duration::from_millis(self.limits.time_ms),
        };
        Ok(Job::new(workload, self.workgroups, buffers, limits)?)
    }

    fn inputs(&self, workload: &Workload, evidence: &Evidence<'_>) -> Result<Vec<Vec<u32>>, NoJob> {
        let mut parts: BTreeMap<&str, &BufferPart> = BTreeMap::new();
        for part in &self.buffers {
            if parts.insert(&part.name, part).is_some() {
                return Err(NoJob::Buffer(part.name.clone()));
            }
        }
        let mut left = self.limits.memory;
        let mut buffers = Vec::new();
        let memories = workload.program().memories();
        for (_, memory) in memories.filter(|(_, memory)| memory.is_buffer()) {
            let name = &memory.name;
            let missing = || NoJob::Buffer(name.clone());
            let part = parts.remove(name.as_str()).ok_or_else(missing)?;
            let (bytes, blob) = match (&part.input, part.size) {
                (Some(digest), None) => {
                    let blob = evidence.blob(&format!("input `{name}`"), digest)?;
                    (blob.len() as u64, Some(blob))
                }
                (None, Some(size)) => (size, None),
                _ => return Err(missing()),
            };
            // The limit comes before the memory is taken, whoever wrote the request.
            let size = |_| NoJob::Size {
                name: name.clone(),
                bytes,
            };
            left = left.checked_sub(bytes).ok_or(()).map_err(size)?;
            buffers.push(match blob {
                Some(blob) => words(blob).ok_or(()).map_err(size)?,
                None if bytes.is_multiple_of(4) => {
                    let length = usize::try_from(bytes / 4).map_err(drop).map_err(size)?;
                    vec![0; length]
                }
                None => return Err(size(())),
            });
        }
        match parts.keys().next() {
            Some(name) => Err(NoJob::NoBuffer((*name).to_owned())),
            None => Ok(buffers),
        }
    }
}

/// The final words of each buffer: the outputs, and inputs as they were.
pub(crate) fn outputs(job: &Job, evidence: &Evidence<'_>) -> Result<Vec<Vec<u32>>, NoJob> {
    job.buffer_memories()
        .zip(job.buffers())
        .map(|((_, memory), before)| {
            let name = &memory.name;
            match evidence.question.outputs.get(name) {
                Some(digest) => {
                    let blob = evidence.blob(&format!("output `{name}`"), digest)?;
                    words(blob).ok_or(NoJob::Size {
                        name: name.clone(),
                        bytes: blob.len() as u64,
                    })
                }
                None if memory.is_writable() => Err(NoJob::NoOutput(name.clone())),
                None => Ok(before.clone()),
            }
        })
        .collect()
}

/// The little-endian words of a blob.
fn words(blob: &[u8]) -> Option<Vec<u32>> {
    let (words, []) = blob.as_chunks::<4>() else {
        return None;
    };
    Some(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
}
