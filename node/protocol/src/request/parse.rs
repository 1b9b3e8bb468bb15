//! From a body to a [`JobRequest`] that follows every rule which needs no clock and no storage.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{BufferContents, BufferRequest, ConstantValue, JobRequest};
use crate::digest::BlobDigest;
use crate::name::Name;
use crate::state::JobKind;

/// Why a body is not a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// More bytes than a body may have.
    #[error(
        "the request has {got} bytes; at most {} are read",
        JobRequest::MAX_BYTES
    )]
    TooLarge {
        /// Its bytes.
        got: usize,
    },
    /// Not JSON of the right shape.
    #[error("the request is malformed: {0}")]
    Malformed(String),
    /// A later shape.
    #[error(
        "version {got} of requests is not known here; this build reads version {}",
        JobRequest::VERSION
    )]
    Version {
        /// The version found.
        got: u32,
    },
    /// It ends before it begins, or lasts too long.
    #[error(
        "`expires` must be after `not_before`, and by at most {} seconds",
        JobRequest::MAX_VALIDITY
    )]
    Validity,
    /// A preset on a job without a proof.
    #[error("`preset` goes with `kind` = `prove`")]
    PresetWithoutProof,
    /// A replay of a job that is proven anyway.
    #[error("`options.replay` goes with `kind` = `run`: a proof needs no replay")]
    ReplayOfProof,
    /// A number out of its range.
    #[error("`{what}` is {got}; it must be {expected}")]
    Range {
        /// The key.
        what: &'static str,
        /// Its value.
        got: u64,
        /// What it may be.
        expected: &'static str,
    },
    /// Too many entries.
    #[error("{got} {what} are more than the {limit} allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        got: usize,
        /// How many may be.
        limit: usize,
    },
    /// Two buffers of one name.
    #[error("buffer `{0}` is described twice")]
    DuplicateBuffer(Name),
    /// The zero-filled buffers alone are over the limit.
    #[error("the buffers given by size take {sizes} bytes, over `limits.memory` = {memory}")]
    OverMemory {
        /// Their bytes.
        sizes: u64,
        /// The limit.
        memory: u64,
    },
}

/// The largest `limits.memory`: what 32-bit indices into bytes reach.
const MAX_MEMORY: u64 = 4 << 30;
/// The longest `limits.time_ms`: a day.
const MAX_TIME_MS: u64 = 24 * 60 * 60 * 1000;

impl JobRequest {
    /// Parses and checks a body.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        if body.len() > Self::MAX_BYTES {
            return Err(InvalidRequest::TooLarge { got: body.len() });
        }
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| InvalidRequest::Malformed(error.to_string()))?;
        request.check()?;
        Ok(request)
    }

    /// Checks what types alone do not say.
    fn check(&self) -> Result<(), InvalidRequest> {
        if self.version != Self::VERSION {
            return Err(InvalidRequest::Version { got: self.version });
        }
        let lasts = self.expires.checked_sub(self.not_before);
        if !lasts.is_some_and(|lasts| (1..=Self::MAX_VALIDITY).contains(&lasts)) {
            return Err(InvalidRequest::Validity);
        }
        match self.kind {
            JobKind::Run if self.preset.is_some() => {
                return Err(InvalidRequest::PresetWithoutProof);
            }
            JobKind::Prove if self.options.replay.is_some() => {
                return Err(InvalidRequest::ReplayOfProof);
            }
            JobKind::Run | JobKind::Prove => {}
        }
        self.check_ranges()?;
        let mut names = BTreeSet::new();
        let mut sizes: u64 = 0;
        for buffer in &self.buffers {
            if !names.insert(&buffer.name) {
                return Err(InvalidRequest::DuplicateBuffer(buffer.name.clone()));
            }
            if let BufferContents::Size(size) = buffer.contents {
                if size % 4 != 0 {
                    return Err(InvalidRequest::Range {
                        what: "size",
                        got: size,
                        expected: "a multiple of 4",
                    });
                }
                sizes = sizes.saturating_add(size);
            }
        }
        let memory = self.limits.memory;
        if sizes > memory {
            return Err(InvalidRequest::OverMemory { sizes, memory });
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), InvalidRequest> {
        let counts = [
            ("buffers", self.buffers.len(), Self::MAX_BUFFERS),
            (
                "constants",
                self.workload.constants.len(),
                Self::MAX_CONSTANTS,
            ),
        ];
        for (what, got, limit) in counts {
            if got > limit {
                return Err(InvalidRequest::TooMany { what, got, limit });
            }
        }
        let ranges = [
            (
                "workgroups",
                self.workgroups.iter().copied().min().unwrap_or(0).into(),
                1..=u32::MAX.into(),
                "at least 1 in each dimension",
            ),
            (
                "limits.memory",
                self.limits.memory,
                0..=MAX_MEMORY,
                "at most 4294967296",
            ),
            (
                "limits.time_ms",
                self.limits.time_ms,
                1..=MAX_TIME_MS,
                "1 to 86400000",
            ),
            ("options.priority", self.priority().into(), 0..=9, "0 to 9"),
        ];
        for (what, got, range, expected) in ranges {
            if !range.contains(&got) {
                return Err(InvalidRequest::Range {
                    what,
                    got,
                    expected,
                });
            }
        }
        Ok(())
    }
}

/// Reads the constants of a workload: a map in which no name occurs twice.
pub(super) fn constants<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Name, ConstantValue>, D::Error> {
    struct Constants;

    impl<'de> Visitor<'de> for Constants {
        type Value = BTreeMap<Name, ConstantValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map from names to integers and truth values")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut constants = BTreeMap::new();
            while let Some((name, value)) = map.next_entry::<Name, ConstantValue>()? {
                let error = A::Error::custom(format_args!("constant `{name}` occurs twice"));
                if constants.insert(name, value).is_some() {
                    return Err(error);
                }
            }
            Ok(constants)
        }
    }

    deserializer.deserialize_map(Constants)
}

/// A buffer as JSON has it: exactly one of `input` and `size` is there.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(super) struct BufferFields {
    /// The variable's name in the WGSL.
    name: Name,
    /// The blob with its words. Excludes `size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<BlobDigest>,
    /// Its length in bytes, all zero. Excludes `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl TryFrom<BufferFields> for BufferRequest {
    type Error = String;

    fn try_from(fields: BufferFields) -> Result<Self, String> {
        let contents = match (fields.input, fields.size) {
            (Some(digest), None) => BufferContents::Input(digest),
            (None, Some(size)) => BufferContents::Size(size),
            (input, _) => {
                let found = if input.is_some() { "both" } else { "neither" };
                return Err(format!(
                    "buffer `{}` must have one of `input` and `size`, it has {found}",
                    fields.name
                ));
            }
        };
        Ok(Self {
            name: fields.name,
            contents,
        })
    }
}

impl From<BufferRequest> for BufferFields {
    fn from(buffer: BufferRequest) -> Self {
        let (input, size) = match buffer.contents {
            BufferContents::Input(digest) => (Some(digest), None),
            BufferContents::Size(size) => (None, Some(size)),
        };
        Self {
            name: buffer.name,
            input,
            size,
        }
    }
}
