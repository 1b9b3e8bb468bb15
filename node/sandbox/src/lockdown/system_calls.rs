//! seccomp: the system calls that are left to a worker.
//!
//! Filters lie on top of each other, and the strictest answer counts. One knows what a run needs and kills the process
//! for anything else. The others answer with an error instead what libraries try at odd moments and live without, such
//! as looking for a file: killing there would kill honest jobs.
//!
//! A driver for a real GPU opens its device files, controls them and starts threads while jobs run. There Landlock
//! alone stands between the worker and files, and `ioctl` is open: what it does to a device only the kernel's driver
//! can judge.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Compare,
    SeccompCondition, SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};

use super::Driver;
use crate::wall::{Wall, Walls};

/// What a run needs, and what the C library and the allocator do on its way, whatever the arguments.
const NEEDED: [c_long; 33] = [
    // Memory that is not executable; `conditional` has the rest.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Files that are open already; Mesa keeps device memory in one without a name.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_ftruncate,
    // Waiting for threads that run already, and time.
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_ppoll,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_restart_syscall,
    // Facts about the process and the machine.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_sysinfo,
    libc::SYS_getrandom,
    // Its own signals.
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_sigaltstack,
    // The end.
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What a driver of a GPU needs besides.
const NEEDED_BY_HARDWARE: [c_long; 24] = [
    libc::SYS_ioctl,
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_memfd_create,
    libc::SYS_pread64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_getparam,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_uname,
    libc::SYS_prctl,
];

/// What is answered with "permission denied" instead of death.
const PROBES: [c_long; 9] = [
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_prlimit64,
];

/// The same in their older forms, which newer architectures never had.
#[cfg(target_arch = "x86_64")]
const OLD_PROBES: [c_long; 6] = [
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_getrlimit,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_PROBES: [c_long; 0] = [];

/// The older form of a call that waits, which newer architectures never had.
#[cfg(target_arch = "x86_64")]
const OLD_NEEDED: [c_long; 1] = [libc::SYS_poll];
#[cfg(not(target_arch = "x86_64"))]
const OLD_NEEDED: [c_long; 0] = [];

/// Per system call, the rules of which one must match; without rules any arguments do.
pub(super) type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Stage three: system calls, once the driver has run a kernel.
pub(crate) fn close_system_calls(walls: &mut Walls, driver: Driver, socket: &UnixStream) {
    walls.set(Wall::SystemCalls, close(driver, socket));
}

/// Closes the door, and tries the handle.
fn close(driver: Driver, socket: &UnixStream) -> Result<String, String> {
    let filters = filters(driver, socket.as_raw_fd())?;
    // The last filter refuses the call that installs filters.
    for filter in &filters {
        apply_filter_all_threads(filter).map_err(|error| format!("seccomp fails: {error}"))?;
    }
    match File::open("/etc/passwd") {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Ok(format!("{} filters on all threads", filters.len()))
        }
        Ok(_) => Err("the filters are there, but files open".to_owned()),
        Err(error) => Err(format!("a forbidden call ends in \"{error}\"")),
    }
}

/// The filters in the order in which to install them.
fn filters(driver: Driver, socket: i32) -> Result<Vec<BpfProgram>, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|_| format!("there are no filters for {}", std::env::consts::ARCH))?;
    let compile = || -> Result<Vec<BpfProgram>, BackendError> {
        let mut denials = Vec::new();
        let mut allowed = conditional(socket)?;
        allowed.extend(any(&NEEDED));
        allowed.extend(any(&OLD_NEEDED));
        match driver {
            Driver::Software => {
                let probes = probes()?;
                // What one filter answers with an error the other must let through to it.
                allowed.extend(probes.keys().map(|call| (*call, Vec::new())));
                denials.push((probes, libc::EACCES));
            }
            Driver::Hardware => {
                allowed.extend(any(&NEEDED_BY_HARDWARE));
                allowed.extend(any(&[libc::SYS_clone3]));
                allowed.insert(libc::SYS_clone, vec![threads_only()?]);
                // Its arguments are in memory, where no filter looks; without it libraries take `clone`.
                denials.push((any(&[libc::SYS_clone3]).collect(), libc::ENOSYS));
            }
        }
        let mut filters = Vec::new();
        for (rules, errno) in denials {
            let action = SeccompAction::Errno(errno as u32);
            filters.push(SeccompFilter::new(
                rules,
                SeccompAction::Allow,
                action,
                arch,
            )?);
        }
        filters.push(SeccompFilter::new(
            allowed,
            SeccompAction::KillProcess,
            SeccompAction::Allow,
            arch,
        )?);
        filters.into_iter().map(BpfProgram::try_from).collect()
    };
    compile().map_err(|error| format!("the filters do not compile: {error}"))
}

pub(super) fn any(calls: &[c_long]) -> impl Iterator<Item = (c_long, Vec<SeccompRule>)> {
    calls.iter().map(|call| (*call, Vec::new()))
}

/// Calls that are allowed with some arguments only.
fn conditional(socket: i32) -> Result<Rules, BackendError> {
    let executable = libc::PROT_EXEC as u64;
    let writable = libc::PROT_WRITE as u64;
    let on_socket = || condition(0, Compare::Eq, socket as u64);
    Ok(Rules::from([
        // Memory is written or executed, never both: compilers write kernels first and then turn the page.
        (
            libc::SYS_mmap,
            vec![rule([condition(2, Compare::MaskedEq(executable), 0)?])?],
        ),
        (
            libc::SYS_mprotect,
            vec![
                rule([condition(2, Compare::MaskedEq(executable), 0)?])?,
                rule([condition(2, Compare::MaskedEq(writable), 0)?])?,
            ],
        ),
        // The parent, and no address that could be another's.
        (libc::SYS_recvfrom, vec![rule([on_socket()?])?]),
        (
            libc::SYS_sendto,
            vec![rule([on_socket()?, no_pointer(4)?])?],
        ),
        // Aborting.
        (
            libc::SYS_tgkill,
            vec![rule([
                condition(0, Compare::Eq, std::process::id().into())?,
                condition(2, Compare::Eq, libc::SIGABRT as u64)?,
            ])?],
        ),
    ]))
}

/// Calls that are answered with "permission denied".
fn probes() -> Result<Rules, BackendError> {
    let mut probes: Rules = any(&PROBES).chain(any(&OLD_PROBES)).collect();
    // With this flag it asks about an open file, which is what `fstat` became.
    let open_file = libc::AT_EMPTY_PATH as u64;
    probes.insert(
        libc::SYS_newfstatat,
        vec![rule([condition(3, Compare::MaskedEq(open_file), 0)?])?],
    );
    // Installing the next filter asks for no new privileges again, which takes nothing and gives nothing.
    let privileges = libc::PR_SET_NO_NEW_PRIVS as u64;
    probes.insert(
        libc::SYS_prctl,
        vec![rule([condition(0, Compare::Ne, privileges)?])?],
    );
    Ok(probes)
}

/// A new thread of this process, not a new process or namespace.
fn threads_only() -> Result<SeccompRule, BackendError> {
    let thread = (libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND) as u64;
    let namespaces = (libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP) as u64;
    rule([condition(
        0,
        Compare::MaskedEq(thread | namespaces),
        thread,
    )?])
}

pub(super) fn rule<const N: usize>(
    conditions: [SeccompCondition; N],
) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into())
}

pub(super) fn condition(
    argument: u8,
    compare: Compare,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Width::Dword, compare, value)
}

fn no_pointer(argument: u8) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Width::Qword, Compare::Eq, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile_within_what_the_kernel_takes() {
        for driver in [Driver::Software, Driver::Hardware] {
            let filters = filters(driver, 3).unwrap();
            assert_eq!(filters.len(), 2);
            // BPF_MAXINSNS.
            assert!(filters.iter().all(|filter| filter.len() <= 4096));
        }
    }

    #[test]
    fn nothing_that_is_needed_is_a_probe() {
        // `fstat` in its new form is both, by its arguments.
        for call in NEEDED.iter().chain(&OLD_NEEDED) {
            assert!(!PROBES.contains(call) && !OLD_PROBES.contains(call));
        }
    }
}
