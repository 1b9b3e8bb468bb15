//! A refusal on its way to its caller.
//!
//! It travels as a value among the answer's extensions; [`super::call`] turns it into bytes, with the number of the call.

use arknet_protocol::{Code, Problem};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::store::{
    AcceptError, BeginUploadError, ChangeError, RetryError, StoreError, TokenRefused,
};

/// An answer that is a problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(pub(super) Box<Problem>);

impl Refusal {
    /// A refusal with this code.
    pub fn new(code: Code, detail: impl std::fmt::Display) -> Self {
        Problem::new(code, detail).into()
    }

    /// There is no such thing, or not for this caller.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(
            Code::NotFound,
            format_args!("there is no {what} here that this token may see"),
        )
    }

    /// The node failed. The caller learns nothing of how, the operator does.
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a call failed");
        Self::new(
            Code::Internal,
            "the node failed; its operator finds the cause in its log",
        )
    }

    /// What it says.
    pub fn problem(&self) -> &Problem {
        &self.0
    }
}

impl From<Box<Problem>> for Refusal {
    fn from(problem: Box<Problem>) -> Self {
        Self(problem)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = StatusCode::from_u16(self.0.status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes the answer of `problem`.
pub(super) fn render(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(Problem::MEDIA_TYPE),
    );
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.status == 401 {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"arknet\""),
        );
    }
    response
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => {
                tracing::error!(%error, "the disk is full");
                Self::new(
                    Code::StorageFull,
                    "the node has no room left; try again later",
                )
            }
            StoreError::Closed => {
                Self::new(Code::Unavailable, "the node is stopping; try again later")
            }
            error => Self::internal(&error),
        }
    }
}

impl From<TokenRefused> for Refusal {
    fn from(refused: TokenRefused) -> Self {
        let code = match &refused {
            TokenRefused::Unknown | TokenRefused::Expired(_) | TokenRefused::Revoked(_) => {
                Code::Unauthorized
            }
            TokenRefused::WrongScope { .. } => Code::WrongScope,
            TokenRefused::WrongClient(_) => Code::WrongClient,
            TokenRefused::Store(_) => {
                return match refused {
                    TokenRefused::Store(error) => error.into(),
                    other => Self::internal(&other),
                };
            }
        };
        Self::new(code, refused)
    }
}

impl From<AcceptError> for Refusal {
    fn from(error: AcceptError) -> Self {
        let detail = error.to_string();
        let refuse = |code| Problem::new(code, &detail);
        match error {
            AcceptError::WrongAudience(_) => refuse(Code::WrongAudience),
            AcceptError::NotYetValid { not_before, now } => Problem {
                retry_after: Some(not_before.since(now).div_ceil(1000)),
                ..refuse(Code::NotYetValid)
            },
            AcceptError::Expired { .. } => refuse(Code::RequestExpired),
            AcceptError::NonceUsed { .. } => refuse(Code::NonceUsed),
            AcceptError::Token(refused) => return refused.into(),
            AcceptError::Quarantined { retry_after, .. } => Problem {
                retry_after,
                ..refuse(Code::Quarantined)
            },
            AcceptError::MissingBlobs(missing) => Problem {
                missing,
                ..Problem::new(Code::MissingBlobs, detail)
            },
            AcceptError::QuotaExceeded { retry_after, .. } => Problem {
                retry_after,
                ..refuse(Code::QuotaExceeded)
            },
            AcceptError::QueueFull { .. } => Problem {
                retry_after: Some(5),
                ..refuse(Code::Unavailable)
            },
            AcceptError::Store(error) => return error.into(),
        }
        .into()
    }
}

impl From<BeginUploadError> for Refusal {
    fn from(error: BeginUploadError) -> Self {
        match error {
            BeginUploadError::QuotaExceeded { .. } | BeginUploadError::TooMany(_) => {
                Self::new(Code::QuotaExceeded, error)
            }
            BeginUploadError::OtherLength(_) => Self::new(Code::BadRequest, error),
            BeginUploadError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NoSuchJob(_) => Self::not_found("job"),
            ChangeError::Stale { .. } | ChangeError::NotAllowed { .. } | ChangeError::Sealed(_) => {
                Self::new(Code::WrongState, error)
            }
            ChangeError::AtQuota(_) => Self::new(Code::QuotaExceeded, error),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<RetryError> for Refusal {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::Change(error) => error.into(),
            RetryError::Accept(error) => error.into(),
            RetryError::DeadlinePassed(_) => Self::new(Code::DeadlineUnmeetable, error),
        }
    }
}
