//! Starting processes from a thread that lasts.
//!
//! A worker asks the kernel to be killed when its parent dies, and the kernel takes the *thread* that started it for the
//! parent. So all workers are started by one thread, which lives as long as the process.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::thread;

struct Request {
    command: Command,
    answer: Sender<io::Result<Child>>,
}

/// Starts a process that may ask the kernel to be killed when this one ends.
pub fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Sender<Request>> = OnceLock::new();
    let spawner = match SPAWNER.get() {
        Some(spawner) => spawner,
        None => {
            let (sender, requests) = mpsc::channel::<Request>();
            thread::Builder::new()
                .name("arknet-spawner".to_owned())
                .spawn(move || {
                    for mut request in requests {
                        // Who asked may be gone; the worker then finds its socket closed.
                        let _ = request.answer.send(request.command.spawn());
                    }
                })?;
            // Another thread may have been faster; then this sender is dropped and its thread ends.
            SPAWNER.get_or_init(|| sender)
        }
    };
    let (answer, started) = mpsc::channel();
    spawner
        .send(Request { command, answer })
        .map_err(|_| io::Error::other("the thread that starts workers is gone"))?;
    started
        .recv()
        .map_err(|_| io::Error::other("the thread that starts workers is gone"))?
}
