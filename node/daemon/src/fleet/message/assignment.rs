//! What a node gives a worker to do.

use std::collections::BTreeSet;
use std::fmt;

use arknet_protocol::{
    BlobDigest, Domain, JobRequest, PublicKey, RefusedRequest, Signature, SignedRequest,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Ends, Message};
use crate::fleet::Ticket;

/// One attempt at one segment, for one worker. The client's request is in it as it was signed, so a worker computes
/// nothing that no client has asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The version of the message.
    pub version: u32,
    /// The node.
    pub node: PublicKey,
    /// The worker.
    pub worker: PublicKey,
    /// Which attempt at what.
    pub ticket: Ticket,
    /// Segments of the job. A job is one segment today.
    pub segments: u32,
    /// The client's key.
    pub client: PublicKey,
    /// The client's signature over the request.
    pub signature: Signature,
    /// The client's request.
    pub request: String,
    /// Every blob that the request needs, once, with its size.
    pub blobs: Vec<BlobSize>,
    /// After this time the result is of no use, in seconds since 1970.
    pub deadline: u64,
}

/// A blob and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobSize {
    /// Which.
    pub digest: BlobDigest,
    /// Its bytes.
    pub size: u64,
}

/// SHA-256 of an assignment as it was sent: an outcome names what it is the outcome of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssignmentDigest(BlobDigest);

impl AssignmentDigest {
    /// The digest of a sealed assignment.
    pub fn of(sealed: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"ArkNet fleet assignment digest v1\0");
        hasher.update(sealed);
        Self(BlobDigest(hasher.finalize().into()))
    }
}

impl fmt::Display for AssignmentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Assignment {
    /// The client's request, if it is the one of the ticket and its signature holds.
    pub fn request(&self) -> Result<SignedRequest, RefusedRequest> {
        SignedRequest::verify(
            self.client,
            self.signature,
            self.request.clone().into_bytes(),
        )
    }
}

impl Message for Assignment {
    const KIND: &'static str = "an assignment";
    const DOMAIN: Domain = Domain::Assignment;
    /// In JSON text a request at most doubles: what JSON has outside of strings and must be escaped inside of them is
    /// quotes, backslashes and line ends. The rest, 65 blobs among it, is small.
    const MAX_BYTES: usize = 2 * JobRequest::MAX_BYTES + (16 << 10);

    fn version(&self) -> u32 {
        self.version
    }

    fn ends(&self) -> Ends {
        Ends {
            node: self.node,
            worker: self.worker,
        }
    }

    fn signer(ends: &Ends) -> PublicKey {
        ends.node
    }

    fn check(&self) -> Result<(), String> {
        let request = self.request().map_err(|error| error.to_string())?;
        if request.job() != self.ticket.job {
            return Err(format!(
                "it is for job {}, its request is of job {}",
                self.ticket.job,
                request.job()
            ));
        }
        if (self.segments, self.ticket.segment) != (1, 0) {
            return Err(format!(
                "segment {} of {} is not for this build, which takes jobs whole",
                self.ticket.segment, self.segments
            ));
        }
        let needed: BTreeSet<BlobDigest> = request.request().blobs().collect();
        let given: BTreeSet<BlobDigest> = self.blobs.iter().map(|blob| blob.digest).collect();
        if given != needed || self.blobs.len() != needed.len() {
            return Err("its blobs are not those of its request".to_owned());
        }
        Ok(())
    }
}
