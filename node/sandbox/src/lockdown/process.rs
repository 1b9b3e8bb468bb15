//! Walls that are properties of the process: descriptors, limits, its parent, its rights.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getrlimit, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

use crate::confine::Confinement;
use crate::environment;
use crate::wall::{Wall, Walls};

/// Open files at most: a driver needs a few dozen.
const OPEN_FILES: u64 = 512;
/// Seconds of processor time to start in. The parent sets another limit for each job.
const START_SECONDS: u64 = 120;
/// Bytes of a file to start with; Mesa keeps device memory in files without a name.
const START_FILE: u64 = 1 << 30;

/// A worker's limits, each with its value and whether it can never be raised again.
const WORKER_LIMITS: [(Resource, u64, bool); 4] = [
    (Resource::Core, 0, true),
    (Resource::Nofile, OPEN_FILES, true),
    (Resource::Cpu, START_SECONDS, false),
    (Resource::Fsize, START_FILE, false),
];

/// Stage one: what needs no knowledge of the job or the driver. Must be the first thing that the process does.
///
/// Gives the socket to the parent, which is standard input, or `None` where that is none.
pub(crate) fn close_process(walls: &mut Walls) -> Option<UnixStream> {
    walls.set(Wall::Descriptors, close_descriptors());
    let socket = take_socket()?;
    walls.set(Wall::Environment, environment::check());
    walls.set(Wall::ParentDeath, die_with_parent());
    walls.set(Wall::Undumpable, close_memory());
    walls.set(Wall::Limits, limit(&WORKER_LIMITS));
    go_first();
    walls.set(Wall::NoNewPrivileges, give_up_new_privileges());
    walls.set(Wall::Capabilities, give_up_capabilities());
    Some(socket)
}

/// The same for a process that is confined by [`Confinement::enter`], which keeps its three standard files.
pub(crate) fn close_confined(walls: &mut Walls, confinement: &Confinement) {
    walls.set(Wall::Descriptors, close_descriptors());
    walls.set(Wall::Environment, environment::check());
    walls.set(Wall::ParentDeath, die_with_parent());
    go_first();
    walls.set(Wall::Undumpable, close_memory());
    // Workers have the limits of their parent, and more to do than it has: they set their own.
    let for_good = !confinement.workers;
    let mut limits = vec![
        (Resource::Core, 0, true),
        (Resource::Nofile, OPEN_FILES, true),
        (Resource::Cpu, confinement.processor_seconds, for_good),
        (Resource::Fsize, confinement.file_bytes, for_good),
    ];
    if for_good {
        limits.push((Resource::Data, confinement.memory_bytes, true));
    }
    walls.set(Wall::Limits, limit(&limits));
    walls.set(Wall::NoNewPrivileges, give_up_new_privileges());
    walls.set(Wall::Capabilities, give_up_capabilities());
}

#[expect(unsafe_code, reason = "there is no safe way to close all descriptors")]
fn close_descriptors() -> Result<String, String> {
    // SAFETY: nothing in this process owns a descriptor above the three standard ones yet: `main` comes straight here.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
    if result == 0 {
        Ok("all but the socket closed".to_owned())
    } else {
        Err(failed("close_range", &io::Error::last_os_error()))
    }
}

/// Takes the socket out of standard input, and leaves nothing there.
fn take_socket() -> Option<UnixStream> {
    let socket = io::stdin().as_fd().try_clone_to_owned().ok()?;
    let socket = UnixStream::from(socket);
    socket.peer_addr().ok()?;
    let nothing = File::open("/dev/null").ok()?;
    rustix::stdio::dup2_stdin(nothing).ok()?;
    Some(socket)
}

fn die_with_parent() -> Result<String, String> {
    // A parent that died before this has closed the socket, which ends the worker just as well.
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| failed("PR_SET_PDEATHSIG", &error.into()))?;
    Ok("killed when its parent ends".to_owned())
}

fn close_memory() -> Result<String, String> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| failed("PR_SET_DUMPABLE", &error.into()))?;
    Ok("not dumpable".to_owned())
}

fn limit(limits: &[(Resource, u64, bool)]) -> Result<String, String> {
    for &(resource, most, for_good) in limits {
        let maximum = getrlimit(resource).maximum;
        let current = maximum.map_or(most, |maximum| most.min(maximum));
        let new = Rlimit {
            current: Some(current),
            maximum: if for_good { Some(current) } else { maximum },
        };
        setrlimit(resource, new).map_err(|error| failed("setrlimit", &error.into()))?;
    }
    Ok("processor time, memory, files, no core dumps".to_owned())
}

/// Where the machine itself runs out of memory, the kernel is to end this process rather than its parent. It is no wall:
/// the limits are to hold before that.
fn go_first() {
    // A system that does not offer this has its own way to choose.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

fn give_up_new_privileges() -> Result<String, String> {
    set_no_new_privs(true).map_err(|error| failed("PR_SET_NO_NEW_PRIVS", &error.into()))?;
    Ok("set".to_owned())
}

fn give_up_capabilities() -> Result<String, String> {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none).map_err(|error| failed("capset", &error.into()))?;
    Ok("none left".to_owned())
}

fn failed(what: &str, error: &io::Error) -> String {
    format!("{what} fails: {error}")
}
