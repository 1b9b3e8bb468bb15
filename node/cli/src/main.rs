//! `arknet`: run, prove and verify WGSL workloads from the command line.
//!
//! A verb is a function from its arguments to an [`answer::Answer`] or a [`error::CliError`]; only this file
//! prints, and only it decides the exit code. Nothing here decides whether a receipt holds: that is
//! `arknet_receipt::verify`.
#![forbid(unsafe_code)]

mod answer;
mod arguments;
mod backend;
#[cfg(feature = "node")]
mod client;
mod endorsement;
mod error;
mod exit;
mod fault;
mod files;
mod inspect;
mod job;
mod log;
mod memory;
#[cfg(feature = "node")]
mod operator;
mod picture;
#[cfg(feature = "prove")]
mod progress;
#[cfg(feature = "prove")]
mod prove;
mod receipt;
mod run;
mod tables;
#[cfg(feature = "prove")]
mod target;
mod verify;
#[cfg(feature = "node")]
mod worker;

use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use answer::Answer;
use arguments::{Arguments, Verb};
use error::CliError;
use exit::Exit;

fn main() -> ExitCode {
    // Workers and the node's children are this program too. They close every open file, so this comes first.
    #[cfg(feature = "gpu")]
    arknet_sandbox::worker::enter_if_asked();
    #[cfg(feature = "node")]
    arknet_node::task::enter_if_asked();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => return misused(&error).into(),
        Err(help) => {
            // Help and the version come this way. There is no one left to tell if printing fails.
            let _ = help.print();
            return Exit::Fine.into();
        }
    };
    let result = fault::catch(|| execute(&arguments));
    finish(&arguments, result).into()
}

/// Reports a command line that makes no sense, as JSON where it asks for that.
fn misused(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    let message = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let wants_json = std::env::args_os()
        .skip(1)
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json");
    fail(Exit::Usage, message, wants_json)
}

fn execute(arguments: &Arguments) -> Result<Answer, CliError> {
    #[cfg(any(feature = "prove", feature = "node"))]
    let bars = !arguments.json && !arguments.quiet;
    match &arguments.verb {
        Verb::Run(run) => run::run(run),
        #[cfg(feature = "node")]
        Verb::Worker(arguments) => Ok(worker::worker(arguments)?),
        #[cfg(feature = "prove")]
        Verb::Prove(prove) => prove::prove(prove, bars),
        Verb::Verify(verify) => verify::verify(verify),
        Verb::Inspect(inspect) => inspect::inspect(inspect),
        Verb::Log(log) => log::log(log, manner(arguments)),
        #[cfg(feature = "node")]
        Verb::Node(node) => operator::node(node),
        #[cfg(feature = "node")]
        Verb::Doctor(doctor) => operator::doctor(doctor),
        #[cfg(feature = "node")]
        Verb::Token(token) => operator::token(token),
        #[cfg(feature = "node")]
        Verb::Backup(backup) => operator::save(backup),
        #[cfg(feature = "node")]
        Verb::Restore(restore) => operator::bring_back(restore),
        #[cfg(feature = "node")]
        Verb::Submit(submit) => client::submit(submit, bars),
        #[cfg(feature = "node")]
        Verb::Jobs(jobs) => client::jobs(jobs, bars),
        #[cfg(feature = "node")]
        Verb::Keys(keys) => client::keys(keys),
        #[cfg(feature = "node")]
        Verb::Profile(profile) => client::profiles(profile),
    }
}

/// How a verb prints that goes on for ever.
fn manner(arguments: &Arguments) -> log::Manner {
    match (arguments.quiet, arguments.json) {
        (true, _) => log::Manner::Quiet,
        (_, true) => log::Manner::Json,
        _ => log::Manner::Text,
    }
}

/// Prints the result and says how the process ends.
fn finish(arguments: &Arguments, result: Result<Answer, CliError>) -> Exit {
    match result {
        Ok(answer) => print(Exit::Fine, &text(arguments, &answer)),
        #[cfg(feature = "node")]
        Err(CliError::Node(error @ error::NodeError::Sick { .. })) => {
            answer::complain(&error.to_string());
            let error::NodeError::Sick { answer, .. } = error else {
                return Exit::Node;
            };
            print(Exit::Node, &text(arguments, &answer))
        }
        Err(error) => fail(error.exit(), &error.to_string(), arguments.json),
    }
}

/// The answer in the form that was asked for.
fn text(arguments: &Arguments, answer: &Answer) -> String {
    match (arguments.quiet, arguments.json) {
        (true, _) => String::new(),
        (_, true) => format!("{}\n", answer.json),
        _ => answer.text.clone(),
    }
}

/// Reports a failure for people, and for machines where they asked.
fn fail(exit: Exit, message: &str, json: bool) -> Exit {
    answer::complain(message);
    if !json {
        return exit;
    }
    let mut object = json!({ "exit_code": exit as u8, "error": message });
    if exit == Exit::Invalid {
        object["valid"] = false.into();
    }
    print(exit, &format!("{object}\n"))
}

/// Prints to standard output, which may fail too.
fn print(exit: Exit, text: &str) -> Exit {
    match answer::print(text) {
        Ok(()) => exit,
        Err(error) => {
            answer::complain(&format!("cannot write to standard output: {error}"));
            if exit == Exit::Fine {
                Exit::Usage
            } else {
                exit
            }
        }
    }
}
