//! What a child is told to do.

use std::path::PathBuf;
use std::time::Duration;

use arknet_receipt::Preset;
use serde::{Deserialize, Serialize};

use arknet_protocol::Phase;

/// The folder below the job's in which a child writes. Everything else in the job's folder it only reads, so that inputs
/// may be hard links to blobs.
pub const WRITABLE: &str = "out";
/// The receipt, seen from the job's folder.
pub const RECEIPT: &str = "out/receipt";

/// The file with the final words of a buffer that the kernel may write, seen from the job's folder. There is none for a
/// buffer that is only read.
pub fn output_file(buffer: &str) -> String {
    format!("{WRITABLE}/buffer-{buffer}")
}

/// An attempt, or the check of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// What to do.
    pub act: Act,
    /// The job's folder (`arknet_workload::job::folder`), with a folder [`WRITABLE`] in it in which its outputs lie.
    pub folder: PathBuf,
    /// Bytes of memory that the child may take.
    pub memory_bytes: u64,
    /// Bytes of a file that it may write.
    pub file_bytes: u64,
    /// How long each part of it may take.
    pub deadlines: Deadlines,
    /// Whether to go on where the system lacks a wall that strangers' jobs need.
    pub allow_weak: bool,
}

/// What to do with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// Run it, and write its outputs.
    Run {
        /// Where.
        on: Placement,
        /// Whether the interpreter runs it too where that is a GPU: it looks for races and compares every word.
        reference: bool,
    },
    /// Run and prove it, and write its outputs and the receipt.
    Prove {
        /// The parameters of the proof.
        #[serde(with = "preset")]
        preset: Preset,
    },
    /// Hold the receipt against the job and the outputs.
    Verify,
}

/// What runs a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// The reference interpreter.
    Cpu,
    /// A GPU through wgpu.
    Wgpu {
        /// Whether a driver that computes on the processor will do.
        software: bool,
    },
    /// An NVIDIA GPU through CUDA.
    Cuda {
        /// Its number, as the driver counts.
        number: u32,
    },
}

/// How long each part of an attempt may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// From the start of the process to its first phase.
    pub starting: Duration,
    /// The run.
    pub executing: Duration,
    /// The proof.
    pub proving: Duration,
    /// The check.
    pub verifying: Duration,
}

impl Deadlines {
    /// The time that a phase may take.
    pub fn of(&self, phase: Option<Phase>) -> Duration {
        match phase {
            None => self.starting,
            Some(Phase::Executing) => self.executing,
            Some(Phase::Proving) => self.proving,
            Some(Phase::Verifying) => self.verifying,
        }
    }

    /// The time that all phases together may take.
    pub(super) fn total(&self) -> Duration {
        [self.executing, self.proving, self.verifying]
            .into_iter()
            .fold(self.starting, Duration::saturating_add)
    }
}

impl Placement {
    /// Whether the kernel runs in a sandbox worker.
    pub fn is_gpu(self) -> bool {
        self != Self::Cpu
    }
}

impl TaskSpec {
    /// Bytes of a spec in JSON; what is longer is none.
    pub(super) const MAX_BYTES: u64 = 32 << 10;
}

/// A preset by its name.
mod preset {
    use arknet_receipt::Preset;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        preset: &Preset,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(preset.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Preset, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}
