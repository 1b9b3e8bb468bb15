//! Jobs: submit, list, show, cancel, retry.

use std::str::FromStr;

use arknet_protocol::api::{JobList, JobView, NodeLimits};
use arknet_protocol::{
    Code, JobRequest, JobState, PublicKey, RefusedRequest, Scope, Signature, SignedRequest,
};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::api::Api;
use super::caller::Caller;
use super::path::{JobPath, Parameters};
use super::problem::Refusal;
use super::{body, openapi, view};
use crate::abuse::Trespass;
use crate::store::{Accepted, JobFilter};

/// Jobs that a page has where the caller says nothing.
const PAGE: u32 = 20;
/// Jobs that a page has at most.
const LARGEST_PAGE: u32 = 100;

/// Submits a job. The body is a signed request; the token must be of the key that signed it. The very same bytes again are
/// the same job: status 200 and not 201.
#[utoipa::path(
    post, path = "/v1/jobs", tag = "jobs",
    params(
        ("Arknet-Key" = PublicKey, Header, description = "The client's key"),
        ("Arknet-Signature" = Signature, Header, description = "Its signature over `ArkNet request v1`, a zero byte and the body"),
    ),
    request_body(content = JobRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "It is a job now", body = JobView),
        (status = 200, description = "It was a job before", body = JobView),
        openapi::Submitting,
    ),
)]
pub(super) async fn submit(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsSubmit)?;
    caller.is_not_quarantined()?;
    body::expect_type(&headers, "application/json")?;
    let key: PublicKey = header(&headers, "Arknet-Key")?;
    let signature: Signature = header(&headers, "Arknet-Signature")?;
    if key != caller.client() {
        return Err(Refusal::new(
            Code::WrongClient,
            format_args!(
                "the token is of client {}, and `Arknet-Key` is {key}",
                caller.client()
            ),
        ));
    }
    let body = body::read(&headers, body, JobRequest::MAX_BYTES, api.settings().pace).await?;
    let signed = SignedRequest::verify(key, signature, body).map_err(refuse)?;
    let request = signed.request();
    if request.audience != api.node() {
        return Err(Refusal::new(
            Code::WrongAudience,
            format_args!(
                "the request is for the node {}, and this is {}",
                request.audience,
                api.node()
            ),
        ));
    }
    // A request that was accepted before is answered even where it would not be taken now.
    if api.store().job(signed.job()).await?.is_none() {
        within(request, &api.settings().limits)?;
        let admitted = api.work().admit(request, caller.now);
        admitted.map_err(|inadmissible| Refusal::new(inadmissible.code(), inadmissible))?;
    }
    let admission = api.settings().admission;
    let accepted = api
        .store()
        .accept(caller.now, signed, caller.token.id, admission)
        .await?;
    let created = matches!(accepted, Accepted::Created(_));
    api.metrics().accepted(created);
    if created {
        api.good(caller.client());
    }
    let job = view::find(&api, accepted.job(), Some(caller.client())).await?;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let mut response = (status, Json(view::job(&api, job).await?)).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("/v1/jobs/{}", accepted.job())) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The value of a header that must be there exactly once.
fn header<T>(headers: &HeaderMap, name: &'static str) -> Result<T, Refusal>
where
    T: FromStr<Err: std::fmt::Display>,
{
    let refuse = |why: &dyn std::fmt::Display| {
        Refusal::new(Code::BadRequest, format_args!("the header `{name}`: {why}"))
    };
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(refuse(&"it must be there once"));
    };
    let text = value.to_str().map_err(|error| refuse(&error))?;
    text.parse().map_err(|error: T::Err| refuse(&error))
}

fn refuse(refused: RefusedRequest) -> Refusal {
    let code = match &refused {
        RefusedRequest::Signature(_) | RefusedRequest::Client { .. } => Code::BadSignature,
        RefusedRequest::Body(_) => Code::InvalidRequest,
    };
    Refusal::new(code, refused)
}

/// Refuses a job that needs more than this node gives any job.
fn within(request: &JobRequest, limits: &NodeLimits) -> Result<(), Refusal> {
    let declared = [
        ("limits.memory", request.limits.memory, limits.memory),
        ("limits.time_ms", request.limits.time_ms, limits.time_ms),
    ];
    for (what, asked, most) in declared {
        if asked > most {
            return Err(Refusal::new(
                Code::OverNodeLimit,
                format_args!("`{what}` is {asked}; this node allows at most {most}"),
            ));
        }
    }
    Ok(())
}

/// Which jobs to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only jobs in this state.
    pub(super) state: Option<JobState>,
    /// What `next` of the page before says.
    #[param(pattern = "^[0-9]{1,18}$")]
    pub(super) cursor: Option<String>,
    /// Jobs on a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(super) limit: Option<u32>,
}

impl ListQuery {
    pub(super) fn filter(&self, client: Option<PublicKey>) -> Result<(JobFilter, u32), Refusal> {
        let refuse = |detail: String| Refusal::new(Code::BadRequest, detail);
        let before = match &self.cursor {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                refuse("`cursor` must be the `next` of a page that came before".to_owned())
            })?),
        };
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(refuse(format!("`limit` must be 1 to {LARGEST_PAGE}")));
        }
        let filter = JobFilter {
            client,
            state: self.state,
            before,
        };
        Ok((filter, limit))
    }
}

/// A page of jobs.
pub(super) async fn page(
    api: &Api,
    query: &ListQuery,
    client: Option<PublicKey>,
) -> Result<JobList, Refusal> {
    let (filter, limit) = query.filter(client)?;
    let page = api.store().jobs(filter, limit).await?;
    let mut jobs = Vec::with_capacity(page.jobs.len());
    for summary in page.jobs {
        // A job may have been removed since the page was read.
        if let Some(job) = api.store().job(summary.id).await? {
            jobs.push(view::job(api, job).await?);
        }
    }
    Ok(JobList {
        jobs,
        next: page.next.map(|number| number.to_string()),
    })
}

/// Lists the client's jobs, newest first.
#[utoipa::path(
    get, path = "/v1/jobs", tag = "jobs",
    params(ListQuery),
    responses((status = 200, description = "A page of jobs", body = JobList), openapi::Listing),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsRead)?;
    let list = page(&api, &query, Some(caller.client())).await?;
    Ok(Json(list).into_response())
}

/// Shows a job.
#[utoipa::path(
    get, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = arknet_protocol::JobId, Path, description = "The job")),
    responses((status = 200, description = "The job", body = JobView), openapi::Reading),
)]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsRead)?;
    let job = view::find(&api, id, Some(caller.client())).await?;
    Ok(Json(view::job(&api, job).await?).into_response())
}

/// Cancels a job that has no result yet.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/cancel", tag = "jobs",
    params(("id" = arknet_protocol::JobId, Path, description = "The job")),
    responses((status = 200, description = "It is cancelled", body = JobView), openapi::Changing),
)]
pub(super) async fn cancel(
    State(api): State<Api>,
    caller: Caller,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsCancel)?;
    let client = caller.client();
    let before = api.store().cancel(caller.now, id, Some(client)).await?;
    if before != JobState::Queued {
        // Work was done for nothing. Once in a while that is what cancelling is for.
        let change = api
            .guard()
            .trespass(client, Trespass::Cancelled, caller.now);
        if let Some(change) = change {
            crate::abuse::write_down(api.store().clone(), change, caller.now);
        }
    }
    let job = view::find(&api, id, Some(client)).await?;
    Ok(Json(view::job(&api, job).await?).into_response())
}

/// Queues a job again that ended without a result.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/retry", tag = "jobs",
    params(("id" = arknet_protocol::JobId, Path, description = "The job")),
    responses((status = 200, description = "It is queued", body = JobView), openapi::Retrying),
)]
pub(super) async fn retry(
    State(api): State<Api>,
    caller: Caller,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsSubmit)?;
    caller.is_not_quarantined()?;
    let client = caller.client();
    let admission = api.settings().admission;
    api.store()
        .retry(caller.now, id, Some(client), admission)
        .await?;
    let job = view::find(&api, id, Some(client)).await?;
    Ok(Json(view::job(&api, job).await?).into_response())
}
