//! Acts against the system: files, the network, other processes, executable memory.

use arknet_sandbox::{Death, RunError};

use crate::acts::Act;
use crate::harness::attempt;

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
    killed(Act::RunProgram, 0);
    killed(Act::StartThread, 0);
}

#[test]
fn the_parent_is_out_of_reach() {
    let parent = std::process::id();
    denied(Act::ReadParentMemory, parent);
    killed(Act::ReadParent, parent);
    killed(Act::TraceParent, parent);
    killed(Act::KillParent, parent);
}

#[test]
fn new_memory_is_never_executable() {
    killed(Act::MapExecutable, 0);
    killed(Act::MakeWritableCode, 0);
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
    ];
    for call in calls {
        killed(Act::SystemCall, call as u32);
    }
    // The second set of numbers that a processor may understand.
    #[cfg(target_arch = "x86_64")]
    killed(Act::SystemCall, 0x4000_0000 | libc::SYS_getpid as u32);
    // These are tried by libraries in good faith.
    for call in [libc::SYS_openat, libc::SYS_prctl, libc::SYS_prlimit64] {
        denied(Act::SystemCall, call as u32);
    }
}
