//! The description of the public listener, made from the code: served as `GET /openapi.json` and held against the node by
//! `ci/check-api`.
//!
//! Each handler names a set of problems. A set lists codes; the statuses and what they mean follow from the codes.

use std::collections::BTreeMap;

use arknet_protocol::api::JobEvent;
use arknet_protocol::{Code, Problem, Signature};
use utoipa::openapi::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
    SecurityRequirement,
};
use utoipa::{IntoResponses, PartialSchema as _, ToSchema};

/// What every call may meet.
const ANY: &[Code] = &[
    Code::BadRequest,
    Code::HeadersTooLarge,
    Code::Internal,
    Code::RateLimited,
    Code::Unavailable,
    Code::UnsupportedMediaType,
];
/// What every call with a token may meet.
const TOKEN: &[Code] = &[
    Code::StorageFull,
    Code::Throttled,
    Code::Unauthorized,
    Code::WrongScope,
];
/// What a call about a thing may meet.
const THING: &[Code] = &[Code::NotFound];
/// What a call with a body may meet.
const BODY: &[Code] = &[Code::RequestTimeout, Code::TooLarge];
/// What a call that makes work may meet.
const WORK: &[Code] = &[Code::Quarantined, Code::QuotaExceeded];

fn responses(sets: &[&[Code]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in sets.iter().copied().flatten() {
        by_status.entry(code.status()).or_default().push(*code);
    }
    let schema = Ref::from_schema_name(Problem::name());
    by_status
        .into_iter()
        .map(|(status, codes)| {
            let lines: Vec<String> = codes
                .iter()
                .map(|code| format!("`{code}`: {}", code.title()))
                .collect();
            let content = ContentBuilder::new().schema(Some(schema.clone())).build();
            let response = ResponseBuilder::new()
                .description(lines.join("; "))
                .content(Problem::MEDIA_TYPE, content)
                .build();
            (status.to_string(), response.into())
        })
        .collect()
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = [$($set:expr),+];)+) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    responses(&[$($set),+])
                }
            }
        )+
    };
}

problems! {
    /// A call without a token.
    Open = [ANY];
    /// Listing.
    Listing = [ANY, TOKEN];
    /// Reading a thing.
    Reading = [ANY, TOKEN, THING];
    /// Following a job.
    Following = [ANY, TOKEN, THING];
    /// Reading a result.
    Fetching = [ANY, TOKEN, THING, &[Code::NotReady]];
    /// Changing a job.
    Changing = [ANY, TOKEN, THING, &[Code::WrongState]];
    /// Queueing a job again.
    Retrying = [ANY, TOKEN, THING, WORK, &[Code::WrongState, Code::DeadlineUnmeetable]];
    /// Submitting a job.
    Submitting = [ANY, TOKEN, BODY, WORK, &[
        Code::BadSignature,
        Code::DeadlineUnmeetable,
        Code::InvalidRequest,
        Code::MissingBlobs,
        Code::NoSuchDevice,
        Code::NonceUsed,
        Code::NotYetValid,
        Code::OverNodeLimit,
        Code::RequestExpired,
        Code::WrongAudience,
        Code::WrongClient
    ]];
    /// Uploading a blob.
    Uploading = [ANY, TOKEN, BODY, WORK, &[Code::DigestMismatch, Code::WrongOffset]];
}

/// The description without its paths.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("ArkNet node")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Send a GPU kernel and its data, get back its output and a receipt that anybody can check. Requests are signed \
             with the client's Ed25519 key; every call but `GET /v1/node` and the log's needs a token of that key. Errors \
             are problems (RFC 9457) with a stable `code`.",
        ))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// Adds what handlers do not say by themselves: the problem's schema and the token.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    // What only headers and events hold is not collected by itself.
    let mut schemas = vec![
        (Problem::name().into_owned(), Problem::schema()),
        (Signature::name().into_owned(), Signature::schema()),
        (JobEvent::name().into_owned(), JobEvent::schema()),
    ];
    Problem::schemas(&mut schemas);
    JobEvent::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("ark_<id>_<secret>")
        .build();
    components
        .security_schemes
        .insert("token".to_owned(), SecurityScheme::Http(bearer).into());
    document.security = Some(vec![SecurityRequirement::new(
        "token",
        Vec::<String>::new(),
    )]);
}

/// The whole description.
pub fn document() -> OpenApi {
    let (_, mut document) = super::api::described().split_for_parts();
    complete(&mut document);
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json() -> serde_json::Value {
        serde_json::to_value(document()).unwrap()
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = json();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "#{pointer}");
        }
    }

    #[test]
    fn every_code_is_described() {
        let text = json().to_string();
        // A known path with another method is not among the described ones.
        let unlisted = [Code::MethodNotAllowed];
        for code in Code::ALL.iter().filter(|code| !unlisted.contains(code)) {
            assert!(text.contains(&format!("`{code}`: ")), "{code}");
        }
    }

    #[test]
    fn only_what_everybody_may_know_is_open() {
        let document = json();
        let open: Vec<&String> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, item)| item["get"]["security"] == serde_json::json!([{}]))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(open, ["/v1/node"]);
        assert!(document["security"][0].get("token").is_some());
    }
}
