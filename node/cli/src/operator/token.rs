//! `arknet token`: who may come in.

use arknet_node::store::{NewToken, TokenRecord, UnixMillis};
use arknet_protocol::Token;
use serde_json::{Value, json};

use super::arguments::{TokenArguments, TokenVerb};
use super::{OperatorError, place};
use crate::answer::{Answer, Rows};
use crate::client;
use crate::error::CliError;

pub(crate) fn token(arguments: &TokenArguments) -> Result<Answer, CliError> {
    let runtime = client::runtime()?;
    let now = UnixMillis::now();
    match &arguments.verb {
        TokenVerb::Create {
            client,
            scopes,
            expires,
            label,
            place,
        } => {
            let store = place::open_store(&place::load(&place.config)?)?;
            let token = Token::generate().map_err(OperatorError::from)?;
            let lasts = expires.map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
            let new = NewToken {
                id: token.id(),
                hash: token.hash(),
                client: *client,
                scopes: scopes.clone(),
                label: label.clone(),
                expires_at: lasts.map(|lasts| now.plus(lasts)),
            };
            runtime
                .block_on(store.create_token(now, new))
                .map_err(OperatorError::from)?;
            let mut rows = Rows::default();
            rows.row("token", token.reveal());
            rows.row("client", client);
            rows.row("scopes", scopes);
            rows.line("It is not shown again: the node keeps only its hash.");
            Ok(Answer {
                text: rows.finish(),
                json: json!({
                    "token": token.reveal(),
                    "id": token.id().to_string(),
                    "client": client.to_string(),
                    "scopes": scopes,
                }),
            })
        }
        TokenVerb::List { client, place } => {
            let store = place::open_store(&place::load(&place.config)?)?;
            let tokens = runtime
                .block_on(store.tokens(*client))
                .map_err(OperatorError::from)?;
            let mut rows = Rows::default();
            for token in &tokens {
                describe(token, now, &mut rows);
            }
            if tokens.is_empty() {
                rows.line("no tokens");
            }
            let objects: Vec<Value> = tokens.iter().map(object).collect();
            Ok(Answer {
                text: rows.finish(),
                json: json!({ "tokens": objects }),
            })
        }
        TokenVerb::Revoke { id, place } => {
            let store = place::open_store(&place::load(&place.config)?)?;
            let revoked = runtime
                .block_on(store.revoke_token(now, *id))
                .map_err(OperatorError::from)?;
            if !revoked {
                return Err(OperatorError::NoToken(*id).into());
            }
            let mut rows = Rows::default();
            rows.row("revoked", id);
            Ok(Answer {
                text: rows.finish(),
                json: json!({ "revoked": id.to_string() }),
            })
        }
    }
}

fn describe(token: &TokenRecord, now: UnixMillis, rows: &mut Rows) {
    let state = if token.revoked_at.is_some() {
        "revoked".to_owned()
    } else {
        match token.expires_at {
            Some(end) if end <= now => "expired".to_owned(),
            Some(end) => format!("good for {} days more", end.since(now) / 86_400_000),
            None => "good until it is revoked".to_owned(),
        }
    };
    let label = if token.label.is_empty() {
        String::new()
    } else {
        format!("\n{}", token.label)
    };
    rows.row(
        "token",
        format!(
            "{}, {state}\n{}\n{}{label}",
            token.id, token.client, token.scopes
        ),
    );
}

fn object(token: &TokenRecord) -> Value {
    json!({
        "id": token.id.to_string(),
        "client": token.client.to_string(),
        "scopes": token.scopes,
        "label": token.label,
        "created_ms": token.created_at.0,
        "expires_ms": token.expires_at.map(|time| time.0),
        "revoked_ms": token.revoked_at.map(|time| time.0),
    })
}
