//! seccomp: the system calls that a confined process has no use for.
//!
//! It interprets and proves, so the list is of what is taken away rather than of what is left: starting processes and
//! programs (so that all it ever is ends with it), leaving its process group, sockets, other processes, and the parts of
//! the kernel that have given way most often. They end in "operation not permitted".

use libc::c_long;
use seccompiler::apply_filter_all_threads;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpOp, SeccompFilter, TargetArch,
};

use super::system_calls::{Rules, any, condition, rule};
use crate::wall::{Wall, Walls};

const TAKEN: [c_long; 31] = [
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_mknodat,
    libc::SYS_memfd_create,
    libc::SYS_ioctl,
];

/// Calls that newer architectures never had.
#[cfg(target_arch = "x86_64")]
const OLD: [c_long; 3] = [libc::SYS_fork, libc::SYS_vfork, libc::SYS_mknod];
#[cfg(not(target_arch = "x86_64"))]
const OLD: [c_long; 0] = [];

/// Takes them away from all threads.
pub(crate) fn close_confined_calls(walls: &mut Walls) {
    walls.set(Wall::SystemCalls, close());
}

fn close() -> Result<String, String> {
    let filters = filters()?;
    for filter in &filters {
        apply_filter_all_threads(filter).map_err(|error| format!("seccomp fails: {error}"))?;
    }
    Ok("no processes, programs, sockets or keys".to_owned())
}

fn filters() -> Result<[BpfProgram; 2], String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|_| format!("there are no filters for {}", std::env::consts::ARCH))?;
    let compile = |rules: Rules, errno: i32| -> Result<BpfProgram, BackendError> {
        let action = SeccompAction::Errno(errno.unsigned_abs());
        SeccompFilter::new(rules, SeccompAction::Allow, action, arch)?.try_into()
    };
    let both = || -> Result<[BpfProgram; 2], BackendError> {
        let mut taken: Rules = any(&TAKEN).chain(any(&OLD)).collect();
        // A thread is no process.
        let thread = libc::CLONE_THREAD.unsigned_abs().into();
        let no_thread = condition(0, SeccompCmpOp::MaskedEq(thread), 0)?;
        taken.insert(libc::SYS_clone, vec![rule([no_thread])?]);
        // Its arguments are in memory, where no filter looks; without it libraries take `clone`.
        let clone3 = any(&[libc::SYS_clone3]).collect();
        Ok([compile(clone3, libc::ENOSYS)?, compile(taken, libc::EPERM)?])
    };
    both().map_err(|error| format!("the filters do not compile: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile_within_what_the_kernel_takes() {
        // BPF_MAXINSNS.
        assert!(filters().unwrap().iter().all(|filter| filter.len() <= 4096));
    }
}
