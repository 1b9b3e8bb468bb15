//! Errors of the API in the form of RFC 9457, with codes that do not change.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::BlobDigest;

/// An error as a node sends it: `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `https://arknet.dev/problems/<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means, the same for every problem of it.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and what to do about it.
    pub detail: String,
    /// The code, for programs.
    pub code: Code,
    /// The request's number in the node's log, to quote to its operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Seconds after which the same call may succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The blobs that must be uploaded first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<BlobDigest>,
    /// The offset at which an upload goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl Problem {
    /// The media type.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem of this code.
    pub fn new(code: Code, detail: impl fmt::Display) -> Self {
        Self {
            kind: format!("https://arknet.dev/problems/{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.to_string(),
            code,
            request_id: None,
            retry_after: None,
            missing: Vec::new(),
            offset: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, status {})", self.detail, self.code, self.status)
    }
}

impl std::error::Error for Problem {}

/// Defines the codes with their word, status and title.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $status:literal, $title:literal;)+) => {
        /// What kind of error it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// What it means.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    /// The call itself makes no sense: a bad parameter, header or path.
    BadRequest = "bad-request", 400, "The call is malformed";
    /// The body of a submission is no job request.
    InvalidRequest = "invalid-request", 400, "The job request is malformed";
    /// The signature does not hold, or is of another key than the request's.
    BadSignature = "bad-signature", 401, "The signature does not hold";
    /// No token, or one that is not known, expired or revoked.
    Unauthorized = "unauthorized", 401, "A valid token is needed";
    /// The token does not allow this.
    WrongScope = "wrong-scope", 403, "The token does not allow this";
    /// The token belongs to another client than the request.
    WrongClient = "wrong-client", 403, "The token belongs to another client";
    /// The request is for another node.
    WrongAudience = "wrong-audience", 403, "The request is for another node";
    /// The client misbehaved and must wait for the operator.
    Quarantined = "quarantined", 403, "This client is quarantined";
    /// No such thing, or not this client's.
    NotFound = "not-found", 404, "There is no such thing here";
    /// The path exists, the method does not.
    MethodNotAllowed = "method-not-allowed", 405, "This path has no such method";
    /// The client took too long to send its request.
    RequestTimeout = "request-timeout", 408, "The request took too long to arrive";
    /// The nonce was used by another request.
    NonceUsed = "nonce-used", 409, "The nonce was used before";
    /// The job is not in a state for this.
    WrongState = "wrong-state", 409, "The job is not in a state for this";
    /// An upload that does not go on where it stopped.
    WrongOffset = "wrong-offset", 409, "The upload goes on at another offset";
    /// The result is not there yet.
    NotReady = "not-ready", 409, "The result is not there yet";
    /// The body is larger than allowed.
    TooLarge = "too-large", 413, "The body is too large";
    /// The media type of the body is not the one expected.
    UnsupportedMediaType = "unsupported-media-type", 415, "The body is of another media type";
    /// The request's time of validity has not begun.
    NotYetValid = "not-yet-valid", 422, "The request is not valid yet";
    /// The request's time of validity is over.
    RequestExpired = "request-expired", 422, "The request has expired";
    /// Blobs that the job needs are not there.
    MissingBlobs = "missing-blobs", 422, "Blobs of the job are missing";
    /// The bytes do not have the digest that they were announced under.
    DigestMismatch = "digest-mismatch", 422, "The bytes have another digest";
    /// The job needs more than this node gives any job.
    OverNodeLimit = "over-node-limit", 422, "The job is over this node's limits";
    /// The deadline cannot be kept.
    DeadlineUnmeetable = "deadline-unmeetable", 422, "The deadline cannot be kept";
    /// The node has no such device.
    NoSuchDevice = "no-such-device", 422, "The node has no such device";
    /// The headers are larger than allowed.
    HeadersTooLarge = "headers-too-large", 431, "The headers are too large";
    /// Too many calls.
    RateLimited = "rate-limited", 429, "Too many calls";
    /// The client has used up what it may use.
    QuotaExceeded = "quota-exceeded", 429, "A quota is used up";
    /// The client's calls are slowed down for a while.
    Throttled = "throttled", 429, "This client is slowed down";
    /// The node failed.
    Internal = "internal", 500, "The node failed";
    /// The node does not take work now.
    Unavailable = "unavailable", 503, "The node takes no work now";
    /// The node's disk is full.
    StorageFull = "storage-full", 507, "The node has no room left";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_json() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
            assert!((400..600).contains(&code.status()));
        }
    }

    #[test]
    fn a_problem_has_the_members_of_the_standard() {
        let problem = Problem::new(Code::NonceUsed, "nonce 00 was used at 12");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "https://arknet.dev/problems/nonce-used");
        assert_eq!(json["status"], 409);
        assert_eq!(json["title"], "The nonce was used before");
        assert!(json.get("retry_after").is_none());
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    }
}
