//! `arknet keys`: the client's own key.

use serde_json::json;

use super::arguments::{KeysArguments, KeysVerb};
use super::identity::Identity;
use super::places::Places;
use crate::answer::{Answer, Rows};
use crate::error::CliError;

pub(crate) fn keys(arguments: &KeysArguments) -> Result<Answer, CliError> {
    let places = Places::of_environment()?;
    let identity = match arguments.verb {
        KeysVerb::New => Identity::create(&places)?,
        KeysVerb::Show => Identity::load(&places)?,
    };
    let public = identity.key.public().to_string();
    let path = identity.path.display().to_string();
    let mut rows = Rows::default();
    rows.row("client", &public);
    rows.row("key file", &path);
    Ok(Answer {
        text: rows.finish(),
        json: json!({ "client": public, "file": path, "new": identity.is_new }),
    })
}
