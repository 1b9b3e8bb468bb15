//! One job's way from a device to its receipt.
//!
//! ```text
//!  claimed ─▶ folder ─▶ child: run or prove ─▶ blobs ─▶ child: verify ─▶ attest ─▶ seal (leaf) ─▶ log ─▶ done
//!              scratch        executing, proving          verifying        │        one transaction
//!                                                                          └── the node's key
//! ```
//!
//! Every step can be cut off anywhere. Up to the seal nothing is kept: the attempt is made anew, under a new number, and
//! what the old one still says comes too late ([`Fence`](crate::store::Fence)). From the seal on everything that is
//! needed is stored (the leaf, the outputs, the receipt but for its inclusion proof), and what is left is repeated until
//! it is done ([`Pipeline::resume`]); each of its steps gives the same again.
//!
//! What a child made is copied into the blob store first, and the second child verifies the copies, in a folder of its
//! own: what is published is what was verified, whatever else still has the first folder open.

mod attempt;
mod error;
mod folder;
mod halt;
mod parts;
mod probe;
mod publish;
mod reported;

use std::path::Path;
use std::sync::Arc;

pub use error::PipelineError;
pub use folder::Workspace;
pub use parts::{Future, Limits, Log, Parts};
pub use reported::{Outcome, Reported, Stop};

/// Makes attempts at jobs, and publishes what came of them.
#[derive(Clone)]
pub struct Pipeline {
    parts: Arc<Parts>,
}

impl Pipeline {
    /// A pipeline of these parts. Removes what an earlier one left in the scratch folder.
    pub fn new(parts: Parts) -> Result<Self, PipelineError> {
        clear(&parts.scratch)?;
        Ok(Self {
            parts: Arc::new(parts),
        })
    }

    /// What it works with.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }
}

/// Makes a folder that is there and empty.
fn clear(folder: &Path) -> Result<(), PipelineError> {
    let failed = |source| PipelineError::Scratch {
        path: folder.to_owned(),
        source,
    };
    match std::fs::remove_dir_all(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    std::fs::create_dir_all(folder).map_err(failed)
}
