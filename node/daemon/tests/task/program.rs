//! A node of a few lines, whose children the tests look at.

use std::process::exit;

use arknet_node::task::{self, Program, TaskSpec};

fn main() {
    arknet_sandbox::worker::enter_if_asked();
    task::enter_if_asked();
    // A node that waits for the one child that it is told to start.
    let spec: Option<TaskSpec> = std::env::args()
        .nth(1)
        .and_then(|spec| serde_json::from_str(&spec).ok());
    let (Some(spec), Ok(runtime)) = (spec, tokio::runtime::Runtime::new()) else {
        exit(2);
    };
    let never = std::future::pending();
    let ended = runtime.block_on(task::perform(
        &Program::default(),
        &spec,
        &mut |_| {},
        never,
    ));
    println!("{ended:?}");
}
