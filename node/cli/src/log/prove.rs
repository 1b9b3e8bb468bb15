//! `arknet log prove`: the proof that a receipt is in a log, made from the log's files.

use std::path::Path;

use arknet_receipt::Digest;
use arknet_tlog::{
    Entry, Follower, Hash, LogProof, Note, PathError, ReadError, Subtrees, TiledTree, Trusted,
    inclusion,
};
use serde_json::json;

use super::arguments::ProveLogArguments;
use super::entry;
use super::source::{Source, SourceError};
use super::verify::refusal;
use crate::answer::{Answer, Rows};
use crate::error::CliError;
use crate::{files, receipt};

/// What is looked for.
enum Wanted {
    /// The entry with this hash.
    Entry(Hash),
    /// The last entry about a claim.
    Claim(Digest),
}

pub(super) fn prove(arguments: &ProveLogArguments) -> Result<Answer, CliError> {
    let policy = arguments
        .trust
        .policy()
        .map_err(|error| CliError::Log(error.to_string()))?;
    if let Some(out) = &arguments.out {
        files::check_destination(out)?;
    }
    let wanted = wanted(&arguments.what)?;
    let mut source = Source::open(&arguments.log)?;
    let bytes = source
        .checkpoint()
        .map_err(|error| CliError::Log(error.to_string()))?;
    let bad = |error: &dyn std::fmt::Display| CliError::BadLog(error.to_string());
    let trusted = policy.open(&bytes).map_err(|error| bad(&error))?;
    let checkpoint = Note::parse(&bytes).map_err(|error| bad(&error))?;
    let size = trusted.checkpoint.size;

    let (index, entry) = find(&wanted, &trusted, &mut source)?;
    let path =
        inclusion(index, size, &mut TiledTree::new(size, &mut source)).map_err(
            |error| match error {
                PathError::Nodes(error) => unreadable(error),
                error @ PathError::Proof(_) => CliError::BadLog(error.to_string()),
            },
        )?;
    let proof = LogProof {
        extra: None,
        index,
        path,
        checkpoint,
    };
    // The files are not trusted: what was made of them is checked like any other proof.
    proof.verify(entry, &policy).map_err(|error| bad(&error))?;

    let text = proof.to_string();
    let json = json!({ "index": index, "size": size, "proof": text });
    let Some(out) = &arguments.out else {
        return Ok(Answer { text, json });
    };
    files::write(out, text.as_bytes())?;
    let mut rows = Rows::default();
    rows.row("entry", index);
    rows.row("of", size);
    rows.row("proof", out.display());
    Ok(Answer {
        text: rows.finish(),
        json,
    })
}

fn wanted(what: &str) -> Result<Wanted, CliError> {
    if let Some(digest) = digest(what) {
        return Ok(Wanted::Claim(digest));
    }
    let receipt = receipt::load(Path::new(what))?;
    let unsigned = || CliError::Invalid("nobody signed it, so no log has it".to_owned());
    let entry = entry::of_receipt(&receipt).ok_or_else(unsigned)?;
    Ok(Wanted::Entry(Hash::of_entry(&entry)))
}

/// 64 hexadecimal digits.
fn digest(text: &str) -> Option<Digest> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Digest(digest))
}

/// The number and the hash of the entry.
fn find(wanted: &Wanted, trusted: &Trusted, source: &mut Source) -> Result<(u64, Hash), CliError> {
    let size = trusted.checkpoint.size;
    let mut found = None;
    match wanted {
        Wanted::Entry(entry) => {
            let mut tree = TiledTree::new(size, source);
            // The newest is the likeliest.
            for index in (0..size).rev() {
                if tree.subtree(0, index).map_err(unreadable)? == *entry {
                    found = Some((index, *entry));
                    break;
                }
            }
        }
        Wanted::Claim(digest) => {
            let followed = Follower::new().follow(&trusted.checkpoint, source, |index, bytes| {
                let entry = Entry::decode(bytes);
                if matches!(entry, Ok(Entry::Receipt { claim, .. }) if claim == digest.0) {
                    found = Some((index, Hash::of_entry(bytes)));
                }
            });
            followed.map_err(refusal)?;
        }
    }
    found.ok_or_else(|| {
        CliError::BadLog(format!(
            "none of its {size} entries is about this; if it was finished just now, try again"
        ))
    })
}

fn unreadable(error: ReadError<SourceError>) -> CliError {
    refusal(error.into())
}
