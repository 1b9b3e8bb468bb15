//! How a worker proves to the node that it may have, or bring, a file of a ticket.
//!
//! Each call is signed with the worker's key. No secret passes through NATS or stands in an assignment, and what is
//! signed names the node, the method and the whole path, digest included: a call that somebody has overheard brings
//! nobody another file and changes none.

use arknet_protocol::{
    BadSignature, BlobDigest, Domain, InvalidHex, KeyPair, PublicKey, Signature,
};

use super::Ticket;

/// The header with the worker's key.
pub const WORKER: &str = "arknet-worker";
/// The header with the time of the call, in milliseconds since 1970.
pub const TIME: &str = "arknet-time";
/// The header with the signature.
pub const SIGNATURE: &str = "arknet-signature";
/// How far the time of a call may be from the node's clock.
const TOLERANCE_MS: u64 = 60_000;

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The worker fetches it.
    Get,
    /// The worker brings it.
    Put,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
        }
    }
}

/// A call for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileCall {
    /// What is done.
    pub method: Method,
    /// For which attempt.
    pub ticket: Ticket,
    /// With which file.
    pub digest: BlobDigest,
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedCall {
    /// A header is missing or no text.
    #[error("the header `{0}` is missing or malformed")]
    Header(&'static str),
    /// A key, digest or signature is none.
    #[error(transparent)]
    Hex(#[from] InvalidHex),
    /// Too old, or from the future.
    #[error(
        "the call's time differs from the node's by more than {TOLERANCE_MS} ms: set both clocks by NTP"
    )]
    Time,
    /// The signature does not hold.
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

impl FileCall {
    /// The path of the call.
    pub fn path(&self) -> String {
        let Ticket {
            job,
            segment,
            attempt,
        } = self.ticket;
        format!("/v1/files/{job}/{segment}/{attempt}/{}", self.digest)
    }

    /// The headers of the call by the worker of this key.
    pub fn headers(
        &self,
        node: &PublicKey,
        key: &KeyPair,
        now_ms: u64,
    ) -> [(&'static str, String); 3] {
        let signature = key.sign(Domain::FileCall, &self.signed(node, now_ms));
        [
            (WORKER, key.public().to_string()),
            (TIME, now_ms.to_string()),
            (SIGNATURE, signature.to_string()),
        ]
    }

    /// The worker whose call this is, from the headers that `header` finds.
    pub fn caller<'a>(
        &self,
        node: &PublicKey,
        now_ms: u64,
        header: impl Fn(&'static str) -> Option<&'a str>,
    ) -> Result<PublicKey, RefusedCall> {
        let text = |name| header(name).ok_or(RefusedCall::Header(name));
        let worker: PublicKey = text(WORKER)?.parse()?;
        let sent_ms: u64 = text(TIME)?.parse().map_err(|_| RefusedCall::Header(TIME))?;
        let signature: Signature = text(SIGNATURE)?.parse()?;
        if sent_ms.abs_diff(now_ms) > TOLERANCE_MS {
            return Err(RefusedCall::Time);
        }
        worker.verify(Domain::FileCall, &self.signed(node, sent_ms), &signature)?;
        Ok(worker)
    }

    fn signed(&self, node: &PublicKey, sent_ms: u64) -> Vec<u8> {
        let method = self.method.name();
        format!("{node}\n{method}\n{}\n{sent_ms}", self.path()).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arknet_protocol::JobId;

    use super::*;

    #[test]
    fn a_call_is_good_for_what_it_was_signed_for() {
        let key = |seed| KeyPair::from_seed([seed; 32]).unwrap();
        let (node, worker) = (key(1).public(), key(2));
        let call = FileCall {
            method: Method::Get,
            ticket: Ticket {
                job: JobId([1; 16]),
                segment: 0,
                attempt: 1,
            },
            digest: BlobDigest([2; 32]),
        };
        let headers: HashMap<_, _> = call.headers(&node, &worker, 100_000).into();
        let caller = |call: &FileCall, node, now_ms| {
            call.caller(node, now_ms, |name| headers.get(name).map(String::as_str))
        };
        assert_eq!(caller(&call, &node, 160_000), Ok(worker.public()));
        assert_eq!(caller(&call, &node, 160_001), Err(RefusedCall::Time));
        let put = FileCall {
            method: Method::Put,
            ..call
        };
        let other = FileCall {
            digest: BlobDigest([3; 32]),
            ..call
        };
        let mut later = call;
        later.ticket.attempt = 2;
        for wrong in [put, other, later] {
            let refused = caller(&wrong, &node, 100_000);
            assert_eq!(refused, Err(RefusedCall::Signature(BadSignature)));
        }
        let refused = caller(&call, &key(3).public(), 100_000);
        assert_eq!(refused, Err(RefusedCall::Signature(BadSignature)));
        assert!(matches!(
            call.caller(&node, 100_000, |_| None),
            Err(RefusedCall::Header(WORKER))
        ));
    }
}
