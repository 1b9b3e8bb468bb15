//! Acts against the system: files, the network, other processes, executable memory.

use arknet_sandbox::{Death, RunError};

use crate::acts::Act;
use crate::harness::{assert_works, attempt, start};

/// The act ends in "permission denied".
#[track_caller]
fn denied(act: Act, argument: u32) {
    let Some(result) = attempt(act, argument) else {
        return;
    };
    assert_eq!(result, Ok(libc::EACCES as u32), "{act:?}");
}

/// The act ends the worker.
#[track_caller]
fn killed(act: Act, argument: u32) {
    let Some(result) = attempt(act, argument) else {
        return;
    };
    assert_eq!(
        result,
        Err(RunError::Died(Death::ForbiddenCall)),
        "{act:?} {argument}"
    );
}

#[test]
fn files_do_not_open() {
    denied(Act::ReadFile, 0);
    denied(Act::ListFiles, 0);
    denied(Act::CreateFile, 0);
    assert!(!std::path::Path::new("/dev/shm/arknet-escape").exists());
}

#[test]
fn there_is_no_network() {
    killed(Act::Connect, 0);
}

#[test]
fn no_program_and_no_thread_starts() {
    killed(Act::Fork, 0);
    killed(Act::RunProgram, 0);
    killed(Act::StartThread, 0);
}

#[test]
fn the_parent_is_out_of_reach() {
    out_of_reach(std::process::id());
}

#[test]
fn other_workers_are_out_of_reach() {
    let Some(mut other) = start() else { return };
    out_of_reach(other.process_id());
    assert_works(&mut other);
}

#[track_caller]
fn out_of_reach(process: u32) {
    denied(Act::OpenMemory, process);
    killed(Act::ReadProcess, process);
    killed(Act::TraceProcess, process);
    killed(Act::KillProcess, process);
}

#[test]
fn new_memory_is_never_executable() {
    killed(Act::MapExecutable, 0);
    killed(Act::MakeWritableCode, 0);
}

#[test]
fn limits_are_not_the_workers_to_raise() {
    denied(Act::RaiseLimits, 0);
}

/// Calls with a history of holes, and those that would open a way around a wall.
#[test]
fn other_system_calls_are_forbidden() {
    let calls = [
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_clone,
        libc::SYS_clone3,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_chroot,
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_sendmsg,
        libc::SYS_recvmsg,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_memfd_create,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_seccomp,
        libc::SYS_setrlimit,
        libc::SYS_capset,
        libc::SYS_setuid,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_mkdirat,
        libc::SYS_fchmodat,
        libc::SYS_shmget,
        libc::SYS_init_module,
        libc::SYS_personality,
        libc::SYS_sendmmsg,
        libc::SYS_pwritev2,
        libc::SYS_splice,
        libc::SYS_vmsplice,
        libc::SYS_copy_file_range,
        libc::SYS_fallocate,
        libc::SYS_open_by_handle_at,
        libc::SYS_name_to_handle_at,
        libc::SYS_inotify_init1,
        libc::SYS_timer_create,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_tkill,
        libc::SYS_process_madvise,
        libc::SYS_pkey_mprotect,
        libc::SYS_memfd_secret,
        libc::SYS_remap_file_pages,
        libc::SYS_mlockall,
        libc::SYS_msgget,
        libc::SYS_semget,
        libc::SYS_kcmp,
        libc::SYS_setsid,
        libc::SYS_setpgid,
        libc::SYS_setpriority,
    ];
    for call in calls {
        killed(Act::SystemCall, call as u32);
    }
    #[cfg(target_arch = "x86_64")]
    for call in [
        libc::SYS_fork,
        libc::SYS_vfork,
        // The second set of numbers that a processor may understand.
        0x4000_0000 | libc::SYS_getpid,
    ] {
        killed(Act::SystemCall, call as u32);
    }
    // These are tried by libraries in good faith.
    for call in [libc::SYS_openat, libc::SYS_prctl, libc::SYS_prlimit64] {
        denied(Act::SystemCall, call as u32);
    }
}
