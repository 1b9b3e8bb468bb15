//! What a client keeps of a job that it submitted: without the request, nobody could tell later that a receipt answers
//! it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arknet_protocol::{InvalidRequest, JobId, JobRequest, RequestDigest};
use arknet_workload::printable::printable_path;
use arknet_workload::regular;
use serde_json::json;

use super::places::Places;
use super::private;

const REQUEST: &str = "request.json";
const ABOUT: &str = "about.json";

/// A submitted job.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The request as it was sent.
    pub(crate) body: Vec<u8>,
    /// What it says.
    pub(crate) request: JobRequest,
    /// The job file that it came from.
    pub(crate) job: PathBuf,
}

/// Why nothing is known of a job here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    #[error(
        "job {id} was not submitted from here (`{}` is not there), so there is nothing to check its receipt against",
        printable_path(path)
    )]
    Unknown { id: JobId, path: PathBuf },
    #[error("cannot keep the request in `{}`: {source}", printable_path(path))]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "what is kept of the job in `{}` is wrong: {reason}",
        printable_path(path)
    )]
    Contents { path: PathBuf, reason: String },
}

/// Keeps a request before it is sent: afterwards might be too late.
pub(crate) fn keep(places: &Places, body: &[u8], job: &Path, node: &str) -> Result<(), KeptError> {
    let folder = places.job(RequestDigest::of(body).job());
    let failed = |source| KeptError::Write {
        path: folder.clone(),
        source,
    };
    // The folder may be moved about between now and then; the job may not.
    let job = fs::canonicalize(job).unwrap_or_else(|_| job.to_owned());
    let about = json!({ "job": job.to_string_lossy(), "node": node });
    private::create_folder(&folder).map_err(failed)?;
    for (name, contents) in [(ABOUT, about.to_string().as_bytes()), (REQUEST, body)] {
        match private::write_new(&folder.join(name), contents) {
            // The same bytes, from an attempt that was broken off: the folder's name is their digest.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result.map_err(failed)?,
        }
    }
    Ok(())
}

/// What is kept of a job.
pub(crate) fn load(places: &Places, id: JobId) -> Result<Kept, KeptError> {
    let folder = places.job(id);
    let wrong = |reason: String| KeptError::Contents {
        path: folder.clone(),
        reason,
    };
    let read = |name: &str| -> Result<Vec<u8>, KeptError> {
        let file = regular::open(&folder.join(name)).map_err(|error| match error {
            regular::OpenError::Missing => KeptError::Unknown {
                id,
                path: folder.clone(),
            },
            error => wrong(format!("{name} {error}")),
        })?;
        private::read(file, JobRequest::MAX_BYTES as u64)
            .map_err(|error| wrong(format!("{name}: {error}")))
    };
    let body = read(REQUEST)?;
    if RequestDigest::of(&body).job() != id {
        return Err(wrong(format!("{REQUEST} is that of another job")));
    }
    let request =
        JobRequest::parse(&body).map_err(|error: InvalidRequest| wrong(error.to_string()))?;
    let about: serde_json::Value =
        serde_json::from_slice(&read(ABOUT)?).map_err(|error| wrong(error.to_string()))?;
    let job = about["job"]
        .as_str()
        .ok_or_else(|| wrong(format!("{ABOUT} names no job")))?;
    Ok(Kept {
        body,
        request,
        job: job.into(),
    })
}
