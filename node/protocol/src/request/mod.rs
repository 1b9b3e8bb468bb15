//! What a client asks for: a job with everything that decides what it is, signed.
//!
//! The body is JSON of one shape: every key is known, none occurs twice, and every value is of its type. What is signed
//! and digested is the body as it was sent, so a proxy that prints it anew breaks the signature instead of changing the
//! request.

mod parse;
mod signed;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::{BlobDigest, Fingerprint, Nonce};
use crate::identity::PublicKey;
use crate::name::Name;
use crate::state::JobKind;

pub use parse::InvalidRequest;
pub use signed::{RefusedRequest, SignedRequest};

/// A job as its client describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobRequest {
    /// The shape of the request: 1.
    pub version: u32,
    /// The node that it is for. Another node refuses it.
    pub audience: PublicKey,
    /// Whose it is. The signature is this key's.
    pub client: PublicKey,
    /// A number that this client has not used before.
    pub nonce: Nonce,
    /// Not valid before this time, in seconds since 1970.
    pub not_before: u64,
    /// Not accepted after this time, in seconds since 1970; at most [`JobRequest::MAX_VALIDITY`] after `not_before`.
    pub expires: u64,
    /// What is to be done.
    pub kind: JobKind,
    /// Parameters of the proof; only for `prove`, where it is `s100` unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<PresetName>,
    /// The kernel.
    pub workload: WorkloadRequest,
    /// Workgroups in x, y and z.
    pub workgroups: [u32; 3],
    /// The limits that the job must stay within.
    pub limits: Limits,
    /// Every storage and uniform buffer of the kernel, once.
    pub buffers: Vec<BufferRequest>,
    /// What the node is to do beyond the job itself.
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
}

/// A kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkloadRequest {
    /// The blob with the WGSL.
    pub wgsl: BlobDigest,
    /// The entry point.
    pub entry: Name,
    /// Values for the `override` declarations, by name or by the digits of an `@id`.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "parse::constants"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, ConstantValue>))]
    pub constants: BTreeMap<Name, ConstantValue>,
}

/// The value of an `override`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ConstantValue {
    /// Of a `bool`.
    Bool(bool),
    /// Of a `u32` or `i32`.
    Integer(i64),
}

/// The limits of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Steps (starts of a loop body) of one invocation, all its loops together.
    pub steps: u32,
    /// Bytes of all buffers together.
    pub memory: u64,
    /// Wall-clock time of the run in milliseconds.
    pub time_ms: u64,
}

/// A buffer at the start of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "parse::BufferFields", into = "parse::BufferFields")]
pub struct BufferRequest {
    /// The variable's name in the WGSL.
    pub name: Name,
    /// What it holds.
    pub contents: BufferContents,
}

/// What a buffer holds at the start. In JSON it is one of the keys `input` and `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferContents {
    /// The words of a blob, little-endian. It may be the output of another job of this client.
    Input(BlobDigest),
    /// This many zero bytes.
    Size(u64),
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for BufferRequest {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        parse::BufferFields::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for BufferRequest {}

/// The parameters of a proof, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PresetName {
    /// At least 100 bits.
    #[default]
    S100,
    /// At least 128 bits.
    S128,
}

/// What a node is to do beyond the job itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Options {
    /// The job is of no use after this time, in seconds since 1970. A node that cannot keep it refuses the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<u64>,
    /// Which of the client's own jobs go first: 0 to 9, 9 first, 5 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Only this device may run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Fingerprint>,
    /// Whether a run on a GPU is repeated in the reference interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

/// Whether a run on a GPU is repeated in the reference interpreter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Replay {
    /// The device's result is taken.
    #[default]
    Never,
    /// The interpreter runs the job too: it looks for data races, and every word of the results is compared.
    Reference,
}

impl Options {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl JobRequest {
    /// The version that this build writes and reads.
    pub const VERSION: u32 = 1;
    /// The most bytes of a body.
    pub const MAX_BYTES: usize = 64 << 10;
    /// The longest time in seconds that a request may be valid for. A node keeps its nonce that long.
    pub const MAX_VALIDITY: u64 = 24 * 60 * 60;
    /// The most buffers: as many as a workload may have.
    pub const MAX_BUFFERS: usize = arknet_workload::ir::Workload::MAX_MEMORIES;
    /// The most constants.
    pub const MAX_CONSTANTS: usize = 256;

    /// The parameters of the proof, where there is one.
    pub fn preset(&self) -> Option<PresetName> {
        match self.kind {
            JobKind::Prove => Some(self.preset.unwrap_or_default()),
            JobKind::Run => None,
        }
    }

    /// The priority among the client's own jobs.
    pub fn priority(&self) -> u8 {
        self.options.priority.unwrap_or(5)
    }

    /// Every blob that the job needs: the WGSL first, then the inputs. One may occur more than once.
    pub fn blobs(&self) -> impl Iterator<Item = BlobDigest> + '_ {
        let inputs = self
            .buffers
            .iter()
            .filter_map(|buffer| match buffer.contents {
                BufferContents::Input(digest) => Some(digest),
                BufferContents::Size(_) => None,
            });
        std::iter::once(self.workload.wgsl).chain(inputs)
    }

    /// The body to sign and send.
    ///
    /// # Panics
    ///
    /// Never: every part has a JSON form.
    pub fn to_body(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("keys are strings and no value fails to print")
    }
}
