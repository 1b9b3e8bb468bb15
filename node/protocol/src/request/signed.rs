//! A request whose signature holds.

use super::JobRequest;
use super::parse::InvalidRequest;
use crate::digest::{JobId, RequestDigest};
use crate::identity::{BadSignature, Domain, KeyPair, PublicKey, Signature};

/// A request with the bytes that were signed. The signature holds, and the key is the one that the request names:
/// there is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    request: JobRequest,
    body: Vec<u8>,
    signature: Signature,
}

/// Why a message is not a request of its client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedRequest {
    /// The signature does not hold for these bytes and the key that came with them.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// The body is wrong.
    #[error(transparent)]
    Body(#[from] InvalidRequest),
    /// The request names another key than the one that signed it.
    #[error("the request is of client {named}, but {signed} signed it")]
    Client {
        /// The key in the request.
        named: PublicKey,
        /// The key of the signature.
        signed: PublicKey,
    },
}

impl SignedRequest {
    /// Checks a message: the size first, then the signature, and only then is anything of it read.
    pub fn verify(
        key: PublicKey,
        signature: Signature,
        body: Vec<u8>,
    ) -> Result<Self, RefusedRequest> {
        if body.len() > JobRequest::MAX_BYTES {
            return Err(InvalidRequest::TooLarge { got: body.len() }.into());
        }
        key.verify(Domain::Request, &body, &signature)?;
        let request = JobRequest::parse(&body)?;
        if request.client != key {
            return Err(RefusedRequest::Client {
                named: request.client,
                signed: key,
            });
        }
        Ok(Self {
            request,
            body,
            signature,
        })
    }

    /// Signs a request with its client's key.
    pub fn sign(request: JobRequest, key: &KeyPair) -> Result<Self, RefusedRequest> {
        let body = request.to_body();
        let signature = key.sign(Domain::Request, &body);
        Self::verify(key.public(), signature, body)
    }

    /// What is asked for.
    pub fn request(&self) -> &JobRequest {
        &self.request
    }

    /// The bytes that were signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The signature over them.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Their digest.
    pub fn digest(&self) -> RequestDigest {
        RequestDigest::of(&self.body)
    }

    /// The job that it makes.
    pub fn job(&self) -> JobId {
        self.digest().job()
    }
}
