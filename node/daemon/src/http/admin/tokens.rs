//! Tokens: made, listed without their secrets, revoked.

use arknet_protocol::{PublicKey, Scopes, Token, TokenId};
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::{Admin, MOST_BODY_BYTES};
use crate::http::path::{Parameters, parameter};
use crate::http::{Refusal, body, view};
use crate::store::{NewToken, UnixMillis};

const DAY_MS: i64 = 86_400_000;

/// The `{id}` of a token.
pub(super) struct TokenPath(TokenId);

impl<S: Send + Sync> FromRequestParts<S> for TokenPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parameter(parts, "id").await.map(Self)
    }
}

#[derive(Serialize)]
struct TokenView {
    id: TokenId,
    client: PublicKey,
    scopes: Scopes,
    label: String,
    created_ms: u64,
    expires_ms: Option<u64>,
    revoked_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    client: Option<PublicKey>,
}

pub(super) async fn list(
    State(admin): State<Admin>,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Response, Refusal> {
    let tokens = admin.api.store().tokens(query.client).await?;
    let views: Vec<TokenView> = tokens
        .into_iter()
        .map(|token| TokenView {
            id: token.id,
            client: token.client,
            scopes: token.scopes,
            label: token.label,
            created_ms: view::millis(token.created_at),
            expires_ms: token.expires_at.map(view::millis),
            revoked_ms: token.revoked_at.map(view::millis),
        })
        .collect();
    Ok(Json(views).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    client: PublicKey,
    scopes: Scopes,
    #[serde(default)]
    label: String,
    #[serde(default)]
    days: Option<u32>,
}

#[derive(Serialize)]
struct Created {
    id: TokenId,
    /// Shown this once: the node keeps only a hash.
    token: String,
}

pub(super) async fn create(
    State(admin): State<Admin>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let pace = admin.api.settings().pace;
    let order: Create = body::json(&headers, body, MOST_BODY_BYTES, pace).await?;
    let token = Token::generate().map_err(|error| Refusal::internal(&error))?;
    let now = UnixMillis::now();
    let new = NewToken {
        id: token.id(),
        hash: token.hash(),
        client: order.client,
        scopes: order.scopes,
        label: order.label,
        expires_at: order.days.map(|days| now.plus(i64::from(days) * DAY_MS)),
    };
    admin.api.store().create_token(now, new).await?;
    let created = Created {
        id: token.id(),
        token: token.reveal(),
    };
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

pub(super) async fn revoke(
    State(admin): State<Admin>,
    TokenPath(id): TokenPath,
) -> Result<StatusCode, Refusal> {
    let store = admin.api.store();
    match store.revoke_token(UnixMillis::now(), id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::not_found("token that is not revoked")),
    }
}
