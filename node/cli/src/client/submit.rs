//! `arknet submit`: send a job to a node, and with `--wait` fetch and check what comes of it.

use std::sync::Arc;

use arknet_protocol::JobKind;
use serde_json::json;

use super::arguments::SubmitArguments;
use super::ended::Ended;
use super::identity::Identity;
use super::kept;
use super::result::{self, Order};
use super::session::Session;
use super::submission::Submission;
use super::view;
use super::watch::{self, Bars};
use crate::answer::{Answer, Rows};
use crate::error::{CliError, NodeError};
use crate::files;
use crate::job::OpenJob;

/// Submits a job. `visible` shows progress where there is a terminal.
pub(crate) fn submit(arguments: &SubmitArguments, visible: bool) -> Result<Answer, CliError> {
    // What is wrong with the job is said before anybody is asked.
    let open = OpenJob::open(&arguments.job)?;
    if arguments.kind == JobKind::Prove {
        open.assembled().require_outputs()?;
    }
    if arguments.wait {
        open.check_outputs()?;
        if let Some(receipt) = &arguments.receipt {
            open.check_receipt(receipt)?;
        }
    }

    let session = Session::open(&arguments.connection)?;
    let identity = Identity::load_or_create(session.places())?;
    let client = identity.key.public();
    if let Some(owner) = session.token_client().filter(|owner| *owner != client) {
        return Err(NodeError::OtherClient {
            owner,
            client,
            path: identity.path,
        }
        .into());
    }
    let node = session.node()?;
    let submission = Submission::new(&open, arguments, &node, &identity.key)?;
    let request = &submission.request;
    let bars = Bars::new(visible);
    let mut sent = 0;
    for (name, blob) in &submission.blobs {
        let bar = bars.bytes(name, blob.size());
        let shown = bar.clone();
        let upload = session
            .client()
            .upload(blob, Arc::new(move |at| shown.set_position(at)));
        sent += u64::from(session.wait(upload)?) * blob.size();
        bar.finish_and_clear();
    }
    let address = session.client().address().to_string();
    kept::keep(session.places(), request.body(), &arguments.job, &address)?;
    let submitted = session.wait(session.client().submit(request))?;
    let id = request.job();
    if submitted.job.id != id {
        return Err(CliError::Invalid(format!(
            "the node calls the job {}, and its request makes it {id}",
            submitted.job.id
        )));
    }

    let mut rows = Rows::default();
    let mut answer = json!({
        "id": id.to_string(),
        "request": request.digest().to_string(),
        "client": client.to_string(),
        "node": { "address": address, "key": node.node.to_string(), "pinned": session.is_pinned() },
        "uploaded_bytes": sent,
    });
    rows.row("job", id);
    rows.row(
        "node",
        format!(
            "{address}\n{}{}",
            node.node,
            if session.is_pinned() {
                ""
            } else {
                " (its own word: no profile knows it)"
            }
        ),
    );
    if identity.is_new {
        let path = identity.path.display().to_string();
        rows.row("client", format!("{client}\na new key, in {path}"));
        answer["new_key"] = path.into();
    }
    if !arguments.wait {
        rows.row("state", submitted.job.state);
        rows.row(
            "next",
            format!("arknet jobs watch {id}\narknet jobs fetch {id}"),
        );
        answer["job"] = view::object(&submitted.job);
        return Ok(Answer {
            text: rows.finish(),
            json: answer,
        });
    }

    let job = watch::follow(&session, id, &bars)?;
    drop(bars);
    if let Some(ended) = Ended::of(&job) {
        return Err(NodeError::Ended(ended).into());
    }
    let order = Order {
        open: &open,
        body: request.body(),
        request: request.request(),
        node: node.node,
        log: session.log_key(Some(&node))?,
    };
    // Proving took long: what is there may have changed.
    if let Some(receipt) = &arguments.receipt {
        files::check_destination(receipt)?;
    }
    answer["result"] = result::collect(
        &session,
        &order,
        &job,
        arguments.receipt.as_deref(),
        &mut rows,
    )?;
    answer["job"] = view::object(&job);
    Ok(Answer {
        text: rows.finish(),
        json: answer,
    })
}
