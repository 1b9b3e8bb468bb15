//! From a verified result to a receipt in the log.

use arknet_protocol::{BlobDigest, Domain, JobId};
use arknet_receipt::{Attestation, Claim, Digest, Inclusion, Receipt, Seal};
use arknet_tlog::Entry;

use super::Pipeline;
use super::error::PipelineError;
use crate::store::{Job, Output, Sealing, UnixMillis};

/// A verified result.
pub(super) struct Made {
    pub(super) claim: Claim,
    pub(super) seal: Seal,
    pub(super) outputs: Vec<Output>,
}

impl Pipeline {
    /// Attests a result and gives it its place in the log, in one transaction with the state of its job.
    pub(super) async fn seal(
        &self,
        job: &Job,
        made: Made,
        device_millis: u64,
    ) -> Result<(), PipelineError> {
        let parts = self.parts();
        let Made {
            claim,
            seal,
            outputs,
        } = made;
        let now = UnixMillis::now();
        let (claim_digest, seal_digest) = (claim.digest(), seal.digest());
        let attestation = Attestation::sign(
            *parts.key.public().as_bytes(),
            claim_digest,
            seal_digest,
            Some(Digest(job.request_digest.0)),
            now.seconds(),
            |message| *parts.key.sign(Domain::Attestation, message).as_bytes(),
        );
        let entry = Entry::Receipt {
            claim: claim_digest.0,
            seal: seal_digest.0,
            attestation: attestation.encode().to_vec(),
        };
        let leaf = entry
            .encode()
            .map_err(|error| PipelineError::Inconsistent(error.to_string()))?;
        let receipt = Receipt::attested(claim, seal, attestation);
        let draft = self.store(receipt.encode()).await?;
        let sealing = Sealing {
            leaf,
            draft,
            outputs,
            device_millis,
        };
        parts
            .store
            .seal(now, job.summary.id, job.summary.attempt, sealing)
            .await?;
        Ok(())
    }

    /// Finishes a job that has its leaf: publishes the leaf, puts the inclusion proof into the receipt, and stores that.
    /// To be repeated until it succeeds; a job that is done stays as it is.
    pub async fn resume(&self, id: JobId, attempt: u32) -> Result<(), PipelineError> {
        let parts = self.parts();
        let missing = |what: &str| PipelineError::Inconsistent(format!("job {id} has no {what}"));
        let job = parts.store.job(id).await?.ok_or_else(|| missing("row"))?;
        if job.summary.receipt.is_some() {
            return Ok(());
        }
        let leaf = job.summary.leaf.ok_or_else(|| missing("leaf"))?;
        let draft = job.draft.ok_or_else(|| missing("draft"))?;
        let draft = parts.blobs.bytes(draft, Receipt::MAX_BYTES).await?;
        let draft = Receipt::decode(&draft)
            .map_err(|error| PipelineError::Inconsistent(error.to_string()))?;
        let proof = parts.log.inclusion(leaf).await?;
        let proof = Inclusion::new(proof)
            .map_err(|error| PipelineError::Inconsistent(error.to_string()))?;
        let receipt = draft
            .with_inclusion(proof)
            .map_err(|error| PipelineError::Inconsistent(error.to_string()))?;
        let receipt = self.store(receipt.encode()).await?;
        parts
            .store
            .finish(UnixMillis::now(), id, attempt, receipt)
            .await?;
        Ok(())
    }

    async fn store(&self, bytes: Vec<u8>) -> Result<BlobDigest, PipelineError> {
        let blobs = &self.parts().blobs;
        let stored = blobs.put_bytes(UnixMillis::now(), None, bytes).await?;
        Ok(stored.digest)
    }
}
