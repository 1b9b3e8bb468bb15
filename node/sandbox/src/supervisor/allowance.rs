//! What a worker may use for one job, set from outside before the job is sent.
//!
//! A job declares its buffers; a run needs them several times over (on their way in, on the device, on their way out) and
//! beside them what a driver takes to compile a kernel. Past this allowance the kernel ends the worker.

use std::time::{Duration, Instant};

use arknet_workload::job::Job;
#[cfg(target_os = "linux")]
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

/// Bytes for a driver that compiles a kernel.
const COMPILING: u64 = 1 << 30;
/// How often the bytes of the buffers may be there at the same time.
const COPIES: u64 = 6;
/// Processor time besides that of the job itself.
const SPARE_TIME: Duration = Duration::from_secs(30);

/// Bytes that a worker may add for a job.
pub(super) fn memory(job: &Job) -> u64 {
    COMPILING.saturating_add(job.memory_bytes().saturating_mul(COPIES))
}

/// Sets the limits of a worker that has lived since `started`. Only the soft limits: the hard ones stay for the next
/// job, and the worker cannot change either.
#[cfg(target_os = "linux")]
pub(super) fn grant(pid: Pid, started: Instant, job: &Job) -> rustix::io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    // It cannot have used more than this so far.
    let lived = started.elapsed();
    let seconds = (lived.saturating_add(job.limits().time))
        .saturating_add(SPARE_TIME)
        .as_secs();
    let data = data_bytes(pid).map_or(u64::MAX, |now| now.saturating_add(memory(job)));
    for (resource, current) in [
        (Resource::Cpu, seconds.saturating_mul(cores)),
        (Resource::Fsize, memory(job)),
        (Resource::Data, data),
    ] {
        // The worker has the hard limits of its parent.
        let maximum = getrlimit(resource).maximum;
        let current = Some(maximum.map_or(current, |maximum| current.min(maximum)));
        prlimit(Some(pid), resource, Rlimit { current, maximum })?;
    }
    Ok(())
}

/// Bytes of private writable memory that a process has now.
#[cfg(target_os = "linux")]
fn data_bytes(pid: Pid) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero())).ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(5)?.parse().ok()?;
    Some(pages.saturating_mul(rustix::param::page_size() as u64))
}
