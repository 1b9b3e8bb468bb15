//! The log as the pipeline sees it.

use crate::log::Log;
use crate::pipeline::{self, Future, PipelineError};

impl pipeline::Log for Log {
    fn inclusion(&self, leaf: u64) -> Future<'_, Result<String, PipelineError>> {
        Box::pin(async move {
            let proof = self.include(leaf).await;
            let proof = proof.map_err(|error| PipelineError::Log(error.to_string()))?;
            Ok(proof.to_string())
        })
    }
}
