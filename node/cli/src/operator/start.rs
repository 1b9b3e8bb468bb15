//! `arknet node`: run a node until it is told to end.

use std::io::{self, Write};

use arknet_node::config::Config;
use arknet_node::node::{Node, settle_in_control_group};
use arknet_node::telemetry;
use serde_json::json;
use tokio::runtime::Builder;

use super::arguments::{NodeArguments, NodeVerb};
use super::{OperatorError, init, place};
use crate::answer::Answer;
use crate::error::CliError;

/// Runs a node, or makes one.
pub(crate) fn node(arguments: &NodeArguments) -> Result<Answer, CliError> {
    if let Some(NodeVerb::Init { dir, profile }) = &arguments.verb {
        return init::init(dir, profile.as_ref());
    }
    let config = place::load(&arguments.place.config)?;
    let format = config
        .telemetry
        .format
        .parse()
        .map_err(OperatorError::from)?;
    telemetry::start(format, &config.telemetry.filter).map_err(OperatorError::from)?;
    settle_in_control_group();
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Machine(error.to_string()))?;
    runtime.block_on(run(&config))?;
    Ok(Answer {
        text: String::new(),
        json: json!({ "stopped": true }),
    })
}

async fn run(config: &Config) -> Result<(), OperatorError> {
    let node = Node::start(config).await?;
    announce(node.url());
    Ok(node.run().await?)
}

/// Says where the node is, once it answers. Nobody may be reading any more.
fn announce(url: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "listening on {url}").and_then(|()| stdout.flush());
}
