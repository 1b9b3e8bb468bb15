//! What a worker may use for one job, set from outside before the job is sent.
//!
//! A job declares its buffers; a run needs them several times over (on their way in, on the device, on their way out) and
//! beside them what a driver takes to compile a kernel. Past this allowance the kernel ends the worker.

use std::time::{Duration, Instant};

use arknet_workload::job::Job;
#[cfg(target_os = "linux")]
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

#[cfg(target_os = "linux")]
use crate::AdapterKind;

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
///
/// Addresses are limited only where the driver computes on the processor: those of GPUs reserve them by the terabyte.
#[cfg(target_os = "linux")]
pub(super) fn grant(
    pid: Pid,
    started: Instant,
    adapter: AdapterKind,
    job: &Job,
) -> rustix::io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    // It cannot have used more than this so far.
    let lived = started.elapsed();
    let seconds = (lived.saturating_add(job.limits().time))
        .saturating_add(SPARE_TIME)
        .as_secs();
    let more = memory(job);
    let now = in_use(pid).unwrap_or(InUse {
        addresses: u64::MAX,
        data: u64::MAX,
    });
    let addresses = match adapter {
        AdapterKind::Software => now.addresses.saturating_add(more.saturating_mul(2)),
        _ => u64::MAX,
    };
    for (resource, current) in [
        (Resource::Cpu, seconds.saturating_mul(cores)),
        (Resource::Fsize, more),
        (Resource::Data, now.data.saturating_add(more)),
        (Resource::As, addresses),
    ] {
        // The worker has the hard limits of its parent.
        let maximum = getrlimit(resource).maximum;
        let current = Some(maximum.map_or(current, |maximum| current.min(maximum)));
        prlimit(Some(pid), resource, Rlimit { current, maximum })?;
    }
    Ok(())
}

/// What a process has now, in bytes.
#[cfg(target_os = "linux")]
struct InUse {
    addresses: u64,
    /// Private writable memory.
    data: u64,
}

#[cfg(target_os = "linux")]
fn in_use(pid: Pid) -> Option<InUse> {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero())).ok()?;
    let mut fields = statm.split_ascii_whitespace();
    let page = rustix::param::page_size() as u64;
    let mut bytes = |position| -> Option<u64> {
        let pages: u64 = fields.nth(position)?.parse().ok()?;
        Some(pages.saturating_mul(page))
    };
    Some(InUse {
        addresses: bytes(0)?,
        // The sixth field; five are taken from where the first one ended.
        data: bytes(4)?,
    })
}
