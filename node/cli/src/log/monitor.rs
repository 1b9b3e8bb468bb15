//! `arknet log monitor`: keeps a checkpoint and notices when the log contradicts it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arknet_tlog::{AuditError, Follower, Hash, Note, Policy, ProofError, Trusted};
use arknet_workload::regular::{self, OpenError};
use serde_json::{Value, json};

use super::Manner;
use super::arguments::MonitorArguments;
use super::entry::Logged;
use super::source::{Source, SourceError};
use super::verify::{describe, describe_json, refusal};
use crate::answer::{self, Answer, Rows};
use crate::error::CliError;
use crate::files;

/// What one look at the log found.
struct Look {
    trusted: Trusted,
    /// Entries that were not there before, as lines and as JSON.
    new: Vec<(String, Value)>,
    /// How many entries were there before, if the log was looked at before.
    before: Option<u64>,
}

pub(super) fn monitor(arguments: &MonitorArguments, manner: Manner) -> Result<Answer, CliError> {
    let policy = arguments
        .trust
        .policy()
        .map_err(|error| CliError::Log(error.to_string()))?;
    files::check_destination(&arguments.state)?;
    loop {
        let look = Source::open(&arguments.log)
            .and_then(|mut source| look(arguments, &policy, &mut source));
        match look {
            Ok(look) if arguments.once => return Ok(answer(&look)),
            Ok(look) => print(&look, manner)?,
            // A log that cannot be reached now may be reached later; one that lies stays a liar.
            Err(error @ CliError::Log(_)) if !arguments.once => {
                answer::complain(&error.to_string())
            }
            Err(error) => return Err(error),
        }
        std::thread::sleep(Duration::from_secs(arguments.every));
    }
}

fn look(
    arguments: &MonitorArguments,
    policy: &Policy,
    source: &mut Source,
) -> Result<Look, CliError> {
    let state = &arguments.state;
    let seen = load(state, policy)?;
    let bytes = source
        .checkpoint()
        .map_err(|error| CliError::Log(error.to_string()))?;
    let trusted = policy
        .open(&bytes)
        .map_err(|error| CliError::BadLog(error.to_string()))?;
    let size = trusted.checkpoint.size;
    let mut new = Vec::new();
    let mut bad = None;
    let result = start(seen.as_ref(), &trusted, source).and_then(|mut follower| {
        follower.follow(
            &trusted.checkpoint,
            source,
            |index, bytes| match Logged::read(bytes) {
                Ok(logged) => new.push((logged.line(index), logged.json(index))),
                Err(error) => {
                    bad.get_or_insert_with(|| format!("entry {index}: {error}"));
                }
            },
        )
    });
    if let Err(error) = result {
        return Err(accuse(error, seen.as_ref(), &bytes, state));
    }
    if let Some(bad) = bad {
        return Err(CliError::BadLog(bad));
    }
    let before = seen.map(|seen| seen.checkpoint.size);
    if before != Some(size) {
        files::write(state, &bytes)?;
    }
    Ok(Look {
        trusted,
        new,
        before,
    })
}

/// The follower at the checkpoint that was seen last, in the log as it is now.
fn start(
    seen: Option<&Trusted>,
    now: &Trusted,
    source: &mut Source,
) -> Result<Follower, AuditError<SourceError>> {
    let Some(seen) = seen else {
        return Ok(Follower::new());
    };
    let (old, new) = (&seen.checkpoint, &now.checkpoint);
    // What the log signs is judged before what it serves: two roots need no files to be a contradiction.
    if old.size == new.size && old.root != new.root {
        let forked = arknet_tlog::verify_consistency(old.size, old.root, new.size, new.root, &[]);
        forked.map_err(AuditError::Inconsistent)?;
    }
    Follower::at(old, new.size, source)
}

/// Turns an error into an accusation where the log's own signatures are the evidence, and keeps that.
fn accuse(
    error: AuditError<SourceError>,
    seen: Option<&Trusted>,
    now: &[u8],
    state: &Path,
) -> CliError {
    let Some(seen) = seen else {
        return refusal(error);
    };
    match error {
        AuditError::Read(_) => return refusal(error),
        // An old checkpoint is a true one. If the log goes on from there in another way, that will be noticed.
        AuditError::Inconsistent(ProofError::Shrunk { old, new }) => {
            return CliError::Log(format!(
                "it serves a checkpoint over {new} entries, after one over {old}: a cache on the way is stale, or the \
                 node was set back"
            ));
        }
        _ => {}
    }
    // The old one lies in the state file and stays there; the new one never takes its place.
    let evidence = evidence(state, now);
    let kept = match files::write(&evidence, now) {
        Ok(()) => format!(
            "The checkpoint that contradicts it is kept in {}.",
            evidence.display()
        ),
        Err(error) => format!("The checkpoint that contradicts it could not be kept: {error}."),
    };
    CliError::BadLog(format!(
        "THE LOG IS NOT CONSISTENT with the checkpoint over {} entries in {}: {error}. {kept} The log signed both: it was \
         rewritten, or its files are damaged. Do not rely on receipts of this node until its operator has explained it",
        seen.checkpoint.size,
        state.display()
    ))
}

/// A file beside the state, named for what it holds, so that evidence never replaces other evidence.
fn evidence(state: &Path, note: &[u8]) -> PathBuf {
    let digest: String = Hash::of_entry(note).0[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut name = state.as_os_str().to_owned();
    name.push(format!(".evidence-{digest}"));
    name.into()
}

/// The checkpoint that was seen last, if there is one.
fn load(state: &Path, policy: &Policy) -> Result<Option<Trusted>, CliError> {
    let failed = |source| CliError::Read {
        path: state.to_owned(),
        expected: "a checkpoint",
        source,
    };
    let file = match regular::open(state) {
        Ok(file) => file,
        Err(_) if !state.exists() => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    let read = file
        .take(Note::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(|source| failed(OpenError::Io(source)))?;
    // Which witnesses it has is no matter here: it was believed when it was kept.
    let own = Policy::log(policy.log_key().clone()).and_then(|own| own.open(&bytes));
    own.map(Some).map_err(|error| {
        CliError::Log(format!(
            "{} is no checkpoint of this log: {error}; name another file",
            state.display()
        ))
    })
}

fn answer(look: &Look) -> Answer {
    let mut rows = Rows::default();
    for (line, _) in &look.new {
        rows.line(line);
    }
    describe(&mut rows, &look.trusted);
    rows.row(
        "before",
        look.before.map_or("never seen".to_owned(), answer::count),
    );
    rows.verdict("CONSISTENT");
    let mut json = describe_json(&look.trusted);
    json["before"] = look.before.into();
    json["new"] = look.new.iter().map(|(_, json)| json.clone()).collect();
    Answer {
        text: rows.finish(),
        json,
    }
}

/// Says what is new while it goes on.
fn print(look: &Look, manner: Manner) -> Result<(), CliError> {
    let mut text = String::new();
    for (line, json) in &look.new {
        match manner {
            Manner::Quiet => {}
            Manner::Json => text.push_str(&format!("{json}\n")),
            Manner::Text => text.push_str(&format!("{line}\n")),
        }
    }
    if look.before != Some(look.trusted.checkpoint.size) {
        match manner {
            Manner::Quiet => {}
            Manner::Json => text.push_str(&format!(
                "{}\n",
                json!({ "checkpoint": describe_json(&look.trusted) })
            )),
            Manner::Text => text.push_str(&format!(
                "{} entries, consistent\n",
                look.trusted.checkpoint.size
            )),
        }
    }
    answer::print(&text)
        .map_err(|error| CliError::Machine(format!("cannot write to standard output: {error}")))
}
