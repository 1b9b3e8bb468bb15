//! Where a job's inputs come from, and where its outputs went.

use std::collections::BTreeMap;

use arknet_protocol::api::{Lineage, LineageEdge, LineageJob};
use arknet_protocol::{JobId, PublicKey, Scope};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::api::Api;
use super::caller::Caller;
use super::path::JobPath;
use super::problem::Refusal;
use super::{openapi, view};
use crate::store::Job;

/// Jobs that an answer has at most.
const MOST_JOBS: usize = 64;

/// The jobs that are connected with a job by an output that became an input.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/lineage", tag = "results",
    params(("id" = JobId, Path, description = "The job")),
    responses((status = 200, description = "The graph around the job", body = Lineage), openapi::Reading),
)]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsRead)?;
    Ok(Json(of(&api, id, Some(caller.client())).await?).into_response())
}

/// The lineage of a job of `client`, or of anybody's.
pub(super) async fn of(
    api: &Api,
    id: JobId,
    client: Option<PublicKey>,
) -> Result<Lineage, Refusal> {
    let start = view::find(api, id, client).await?;
    let found = api.store().lineage(id, MOST_JOBS).await?;
    let mut jobs: BTreeMap<JobId, Job> = BTreeMap::from([(id, start)]);
    let mut truncated = false;
    for end in found.iter().flat_map(|edge| [edge.parent, edge.child]) {
        if jobs.contains_key(&end) {
            continue;
        }
        if jobs.len() >= MOST_JOBS {
            truncated = true;
            continue;
        }
        // An edge goes when one of its jobs is removed, which may be now.
        if let Some(job) = api.store().job(end).await? {
            jobs.insert(end, job);
        }
    }
    let mut edges = Vec::new();
    for edge in found {
        let (Some(parent), true) = (jobs.get(&edge.parent), jobs.contains_key(&edge.child)) else {
            continue;
        };
        let made = parent
            .outputs
            .iter()
            .find(|(name, ..)| *name == edge.output);
        if let Some((_, digest, _)) = made {
            edges.push(LineageEdge {
                from: edge.parent,
                to: edge.child,
                digest: *digest,
            });
        }
    }
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.digest));
    edges.dedup();
    Ok(Lineage {
        job: id,
        jobs: jobs
            .into_values()
            .map(|job| LineageJob {
                id: job.summary.id,
                kind: job.summary.kind,
                state: job.summary.state,
            })
            .collect(),
        edges,
        truncated,
    })
}
