//! `arknet jobs`: see and change jobs on a node.

use std::path::Path;

use arknet_client::JobFilter;
use arknet_protocol::api::JobView;
use arknet_protocol::{JobId, JobState};
use serde_json::json;

use super::arguments::{Connection, JobsArguments, JobsVerb};
use super::ended::Ended;
use super::kept;
use super::result::{self, Order};
use super::session::Session;
use super::view;
use super::watch::{self, Bars};
use crate::answer::{Answer, Rows};
use crate::error::{CliError, NodeError};
use crate::job::OpenJob;

/// Runs one of the verbs. `visible` shows progress where there is a terminal.
pub(crate) fn jobs(arguments: &JobsArguments, visible: bool) -> Result<Answer, CliError> {
    match &arguments.verb {
        JobsVerb::List {
            connection,
            state,
            limit,
        } => list(connection, *state, *limit),
        JobsVerb::Show { id, connection } => show(*id, connection),
        JobsVerb::Cancel { id, connection } => {
            let session = Session::open(connection)?;
            session
                .wait(session.client().cancel(*id))
                .map(|job| answer(&job))
        }
        JobsVerb::Retry { id, connection } => {
            let session = Session::open(connection)?;
            session
                .wait(session.client().retry(*id))
                .map(|job| answer(&job))
        }
        JobsVerb::Watch { id, connection } => {
            let session = Session::open(connection)?;
            let job = watch::follow(&session, *id, &Bars::new(visible))?;
            match Ended::of(&job) {
                Some(ended) => Err(NodeError::Ended(ended).into()),
                None => Ok(answer(&job)),
            }
        }
        JobsVerb::Fetch {
            id,
            connection,
            job,
            receipt,
        } => fetch(*id, connection, job.as_deref(), receipt.as_deref()),
    }
}

fn answer(job: &JobView) -> Answer {
    let mut rows = Rows::default();
    view::describe(job, &mut rows);
    Answer {
        text: rows.finish(),
        json: view::object(job),
    }
}

fn list(connection: &Connection, state: Option<JobState>, limit: u32) -> Result<Answer, CliError> {
    let session = Session::open(connection)?;
    let mut jobs = Vec::new();
    let mut filter = JobFilter {
        state,
        ..JobFilter::default()
    };
    let limit = limit as usize;
    loop {
        filter.limit = Some(
            u32::try_from(limit - jobs.len())
                .unwrap_or(u32::MAX)
                .min(100),
        );
        let page = session.wait(session.client().jobs(&filter))?;
        let is_empty = page.jobs.is_empty();
        jobs.extend(page.jobs);
        filter.cursor = page.next;
        if is_empty || jobs.len() >= limit || filter.cursor.is_none() {
            break;
        }
    }
    jobs.truncate(limit);
    let mut rows = Rows::default();
    for job in &jobs {
        rows.line(&view::line(job));
    }
    if jobs.is_empty() {
        rows.line("no jobs");
    }
    Ok(Answer {
        text: rows.finish(),
        json: json!({ "jobs": jobs }),
    })
}

fn show(id: JobId, connection: &Connection) -> Result<Answer, CliError> {
    let session = Session::open(connection)?;
    let job = session.wait(session.client().job(id))?;
    let lineage = session.wait(session.client().lineage(id))?;
    let mut rows = Rows::default();
    view::describe(&job, &mut rows);
    view::describe_lineage(&lineage, &mut rows);
    Ok(Answer {
        text: rows.finish(),
        json: json!({ "job": job, "lineage": lineage }),
    })
}

/// Fetches the result of a job that was submitted from here.
fn fetch(
    id: JobId,
    connection: &Connection,
    folder: Option<&Path>,
    receipt: Option<&Path>,
) -> Result<Answer, CliError> {
    let session = Session::open(connection)?;
    let kept = kept::load(session.places(), id)?;
    let open = OpenJob::open(folder.unwrap_or(&kept.job))?;
    open.check_outputs()?;
    if let Some(receipt) = receipt {
        open.check_receipt(receipt)?;
    }
    let job = session.wait(session.client().job(id))?;
    if let Some(ended) = Ended::of(&job) {
        return Err(NodeError::Ended(ended).into());
    }
    if job.state != JobState::Done {
        return Err(NodeError::NotDone {
            id,
            state: job.state,
        }
        .into());
    }
    let info = session.node()?;
    let order = Order {
        open: &open,
        body: &kept.body,
        request: &kept.request,
        node: session.node_key().unwrap_or(kept.request.audience),
        log: session.log_key(Some(&info))?,
    };
    let mut rows = Rows::default();
    rows.row("job", id);
    let result = result::collect(&session, &order, &job, receipt, &mut rows)?;
    Ok(Answer {
        text: rows.finish(),
        json: json!({ "id": id.to_string(), "job": job, "result": result }),
    })
}
