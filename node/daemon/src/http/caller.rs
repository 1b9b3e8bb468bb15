//! Who calls: the client whose token comes with the call.

use arknet_protocol::{Code, PublicKey, Scope, Token};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::api::Api;
use super::call::Call;
use super::problem::Refusal;
use crate::store::{ClientRecord, Standing, TokenRecord, UnixMillis};

/// A client that showed a token which is good now, within its rate.
pub(super) struct Caller {
    /// The token.
    pub(super) token: TokenRecord,
    /// What was decided about the client.
    pub(super) record: ClientRecord,
    /// When the call came.
    pub(super) now: UnixMillis,
}

impl Caller {
    /// The client.
    pub(super) fn client(&self) -> PublicKey {
        self.token.client
    }

    /// Refuses where the token does not have `scope`.
    pub(super) fn may(&self, scope: Scope) -> Result<(), Refusal> {
        Ok(self.token.has(scope)?)
    }

    /// Refuses where the client is quarantined: it may still see and cancel what it has, and nothing else.
    pub(super) fn is_not_quarantined(&self) -> Result<(), Refusal> {
        if self.record.standing_at(self.now) != Standing::Quarantined {
            return Ok(());
        }
        let mut refusal = Refusal::new(
            Code::Quarantined,
            format_args!(
                "this client is quarantined: {}; ask the node's operator to release it",
                self.record.reason
            ),
        );
        refusal.0.retry_after = self
            .record
            .until
            .map(|until| until.since(self.now).div_ceil(1000));
        Err(refusal)
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers)?;
        let now = UnixMillis::now();
        let token = api.store().authenticate(now, token).await?;
        if let Some(call) = parts.extensions.get::<Call>() {
            call.is_of(token.client);
        }
        let record = api.store().client(token.client).await?;
        api.guard().admit_client(token.client, &record, now)?;
        Ok(Self { token, record, now })
    }
}

/// The token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Result<Token, Refusal> {
    let refuse = |detail| Refusal::new(Code::Unauthorized, detail);
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(refuse(
            "this call needs one header `Authorization: Bearer ark_…`",
        ));
    };
    let text = value.to_str().unwrap_or("");
    let token = text
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("Bearer "))
        .and_then(|_| text.get(7..));
    token
        .and_then(|token| token.parse().ok())
        .ok_or_else(|| refuse("`Authorization` must be `Bearer ark_<16 digits>_<64 digits>`"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_one_well_formed_token_is_taken() {
        let token = Token::generate().unwrap();
        let with = |values: &[String]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            bearer(&headers).ok()
        };
        let good = format!("Bearer {}", token.reveal());
        assert_eq!(with(std::slice::from_ref(&good)), Some(token.clone()));
        assert_eq!(with(&[good.replace("Bearer", "bearer")]), Some(token));
        for wrong in [
            vec![],
            vec![good.clone(), good.clone()],
            vec![good.replace("Bearer ", "Bearer  ")],
            vec![good.replace("Bearer", "Basic")],
            vec!["Bearer".to_owned()],
            vec![format!("{good} ")],
        ] {
            assert_eq!(with(&wrong), None, "{wrong:?}");
        }
    }
}
