//! The worker's side: a process that locks itself in, and then runs jobs until its parent has no more.
//!
//! A worker is the same program as its parent, started with [`ARGUMENT`]. It has no more code in it than it needs a
//! parent for: it asks nothing, writes nothing, and where anything is out of the ordinary it ends.

use std::os::unix::net::UnixStream;
use std::panic;
use std::process;
use std::time::Duration;

use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Execution, Job, Limits};

use crate::device::Device;
use crate::lockdown::{self, Driver};
use crate::protocol::{
    Answer, Done, Failure, JobMessage, ProtocolError, Ready, Start, Unready, outputs,
};
use crate::runner::{Ended, Ran};
use crate::wall::Walls;
use crate::{AdapterKind, BackendError};

/// The first argument of a worker. Not for people: what it starts waits on a socket.
pub const ARGUMENT: &str = "sandbox-worker";

/// How a worker ends that nobody talks to properly.
const MISUSED: i32 = 2;

/// Turns the process into a worker where it was started as one; then it does not return. Must be the first thing that
/// `main` does: a worker closes every file that is open.
pub fn enter_if_asked() {
    enter_with(|_, _| None);
}

/// Like [`enter_if_asked`], for a worker that does something else first: before each job it calls `act`, from within
/// all walls, with the job and the socket. What `act` gives becomes every word of the job's outputs; where it gives
/// nothing, the job runs as usual. This is how the tests try the walls from the inside.
pub fn enter_with(act: impl FnMut(&Job, &UnixStream) -> Option<u32>) {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == ARGUMENT)
    {
        process::exit(serve(act));
    }
}

/// The life of a worker. Gives its exit code.
fn serve(act: impl FnMut(&Job, &UnixStream) -> Option<u32>) -> i32 {
    let mut walls = Walls::default();
    let Some(socket) = lockdown::close_process(&mut walls) else {
        eprintln!("this is a part of arknet that arknet starts by itself");
        return MISUSED;
    };
    // A panic is caught or ends the worker; there is nobody to read about it.
    panic::set_hook(Box::new(|_| {}));
    match talk(&socket, walls, act) {
        // The parent has no more jobs.
        Ok(()) | Err(ProtocolError::Closed) => 0,
        Err(_) => MISUSED,
    }
}

fn talk(
    mut socket: &UnixStream,
    mut walls: Walls,
    mut act: impl FnMut(&Job, &UnixStream) -> Option<u32>,
) -> Result<(), ProtocolError> {
    let start = Start::receive(&mut socket)?;
    lockdown::close_files(&mut walls);
    let device = match open(&start) {
        Ok(device) => device,
        Err(error) => return Unready(error).send(&mut socket),
    };
    let driver = match device.adapter().kind {
        AdapterKind::Software => Driver::Software,
        _ => Driver::Hardware,
    };
    lockdown::close_system_calls(&mut walls, driver, socket);
    let adapter = device.adapter().clone();
    Ready { adapter, walls }.send(&mut socket)?;
    loop {
        let JobMessage { number, job } = JobMessage::receive(&mut socket, start.memory)?;
        let answer = match act(&job, socket) {
            Some(word) => pretend(&job, word),
            None => match device.attempt(&job) {
                Ok(ran) => answer(ran, &job),
                Err(error) => Answer::Failed(Failure::of(error)),
            },
        };
        answer.send(number, &mut socket)?;
    }
}

/// Opens the device and runs a kernel on it, so that the driver has opened and started all that it needs.
fn open(start: &Start) -> Result<Device, BackendError> {
    let device = Device::open(start)?;
    let failed = |message: String| BackendError::Device {
        adapter: device.adapter().to_string(),
        message,
    };
    let job = warm_up().map_err(|reason| failed(format!("the first kernel is none: {reason}")))?;
    match device.run(&job) {
        Ok(ran) if ran.execution.buffers == [[10]] => Ok(device),
        Ok(ran) => {
            let message = format!("0+1+2+3+4 is {:?} there", ran.execution.buffers);
            Err(failed(message))
        }
        Err(error) => Err(failed(format!("the first kernel fails: {error}"))),
    }
}

/// A small kernel with a loop and both kinds of access.
fn warm_up() -> Result<Job, String> {
    const SUM: &str = r#"workload workgroup_size(1, 1, 1)
        memory m0 "sum": output binding(0, 0) runtime
        body {
            %0: u32 = const 0
            %1: u32 = const 1
            %2: u32 = const 5
            loop (%3: u32 = %0) {
                %4: bool = lt %3, %2
                if %4 {
                    %5: u32 = load m0[%0]
                    %6: u32 = add %5, %3
                    store m0[%0] = %6
                    %7: u32 = add %3, %1
                    continue(%7)
                } else {
                    break
                }
                unreachable
            }
        }"#;
    let limits = Limits {
        steps: 100,
        memory: 1024,
        time: Duration::from_secs(60),
    };
    let program = text::parse(SUM).map_err(|error| error.to_string())?;
    let workload = Workload::new(program).map_err(|error| error.to_string())?;
    Job::new(workload, [1, 1, 1], vec![vec![0]], limits).map_err(|error| error.to_string())
}

fn answer(ran: Ran, job: &Job) -> Answer {
    match ran.ended {
        Ended::Finished(Execution { mut buffers, steps }) => Answer::Done(Done {
            steps,
            compile_time: ran.compile_time,
            run_time: ran.run_time,
            outputs: outputs(job)
                .map(|(position, _)| std::mem::take(&mut buffers[position]))
                .collect(),
        }),
        Ended::Trapped(report) => Answer::Trapped(report),
    }
}

/// The answer to a job that did not run.
fn pretend(job: &Job, word: u32) -> Answer {
    Answer::Done(Done {
        steps: 0,
        compile_time: Duration::ZERO,
        run_time: Duration::ZERO,
        outputs: outputs(job)
            .map(|(_, words)| vec![word; words.len()])
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arknet_workload::interpreter;

    #[test]
    fn the_first_kernel_adds() {
        let execution = interpreter::run(&warm_up().unwrap()).unwrap();
        assert_eq!(execution.buffers, [[10]]);
    }
}
