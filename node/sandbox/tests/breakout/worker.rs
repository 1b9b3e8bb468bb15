//! A worker that turns against its parent.
//!
//! It starts and locks itself in as every worker does. Then, for a job with a buffer named `act`, it does what the buffer
//! says instead of running the kernel, from within its walls, as a kernel would that has broken the driver. Its acts are
//! numbered; `acts.rs` has the list. What an act that comes back has found out becomes the words of the job's output.
#![expect(
    unsafe_code,
    reason = "breaking out means system calls that no safe interface offers"
)]

#[path = "acts.rs"]
mod acts;

use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use std::{io, thread};

use arknet_sandbox::worker;
use arknet_workload::job::Job;

use acts::Act;

fn main() {
    worker::enter_with(act);
    eprintln!("the break-out tests start this");
}

fn act(job: &Job, socket: &UnixStream) -> Option<u32> {
    let position = job
        .buffer_memories()
        .position(|(_, memory)| memory.name == "act")?;
    let words = &job.buffers()[position];
    let argument = words.get(1).copied().unwrap_or_default();
    let act = Act::ALL.get(words[0] as usize)?;
    if *act == Act::WritePastBuffers {
        write_past(job.buffers().last()?);
    }
    Some(perform(*act, argument, socket))
}

fn perform(act: Act, argument: u32, mut socket: &UnixStream) -> u32 {
    match act {
        Act::ReadFile => outcome(std::fs::read("/etc/passwd")),
        Act::CreateFile => outcome(std::fs::write("/dev/shm/arknet-escape", b"escaped")),
        Act::OpenMemory => outcome(std::fs::File::open(format!("/proc/{argument}/mem"))),
        Act::ListFiles => outcome(std::fs::read_dir("/")),
        Act::SystemCall => {
            // SAFETY: all arguments are zero, so no call finds memory to read or write; it is meant to be refused.
            let result = unsafe { libc::syscall(argument.into(), 0, 0, 0, 0, 0, 0) };
            if result < 0 {
                outcome(Err::<(), _>(io::Error::last_os_error()))
            } else {
                acts::SUCCEEDED
            }
        }
        Act::ReadProcess => {
            let mut byte = 0u8;
            let local = libc::iovec {
                iov_base: (&raw mut byte).cast(),
                iov_len: 1,
            };
            let remote = libc::iovec {
                iov_base: std::ptr::without_provenance_mut(0x1000),
                iov_len: 1,
            };
            // SAFETY: `local` is one byte of this frame; `remote` is an address in another process.
            let read = unsafe { libc::process_vm_readv(argument as i32, &local, 1, &remote, 1, 0) };
            u32::from(read >= 0)
        }
        Act::TraceProcess => {
            // SAFETY: attaching takes no pointers.
            let result = unsafe {
                libc::ptrace(libc::PTRACE_ATTACH, argument as libc::pid_t, 0usize, 0usize)
            };
            u32::from(result >= 0)
        }
        Act::KillProcess => {
            // SAFETY: a signal takes no pointers.
            u32::from(unsafe { libc::kill(argument as libc::pid_t, libc::SIGKILL) } == 0)
        }
        Act::Connect => outcome(std::net::TcpStream::connect(("127.0.0.1", 1))),
        Act::Fork => {
            // SAFETY: the child, if there is one, shares nothing and ends at once.
            match unsafe { libc::fork() } {
                0 => std::process::exit(0),
                child if child > 0 => acts::SUCCEEDED,
                _ => outcome(Err::<(), _>(io::Error::last_os_error())),
            }
        }
        Act::RunProgram => outcome(std::process::Command::new("/bin/true").spawn()),
        Act::StartThread => outcome(thread::Builder::new().spawn(|| ())),
        Act::MapExecutable => {
            // SAFETY: a new mapping that nothing else knows of.
            let page = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    4096,
                    libc::PROT_READ | libc::PROT_EXEC,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                    -1,
                    0,
                )
            };
            u32::from(page != libc::MAP_FAILED)
        }
        Act::MakeWritableCode => {
            let page = vec![0u8; 8192];
            let aligned = page
                .as_ptr()
                .map_addr(|address| address.next_multiple_of(4096));
            // SAFETY: the page lies within `page`, and stays readable and writable.
            let result = unsafe {
                libc::mprotect(
                    aligned.cast_mut().cast(),
                    4096,
                    libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC,
                )
            };
            u32::from(result == 0)
        }
        Act::Allocate => {
            let mut kept = Vec::new();
            loop {
                // Touched, so that it counts.
                kept.push(vec![1u8; 16 << 20]);
                std::hint::black_box(&kept);
            }
        }
        Act::AllocateShared => loop {
            const STEP: usize = 16 << 20;
            // SAFETY: a new mapping that nothing else knows of.
            let memory = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    STEP,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                    -1,
                    0,
                )
            };
            if memory == libc::MAP_FAILED {
                return outcome(Err::<(), _>(io::Error::last_os_error()));
            }
            // SAFETY: the mapping is writable and as long as that.
            unsafe { memory.write_bytes(1, STEP) };
        },
        Act::GrowFiles => grow_files(),
        Act::GrowFilesDeaf => {
            // SAFETY: ignoring a signal runs no code of this process.
            unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
            grow_files()
        }
        Act::RaiseLimits => {
            let all = libc::rlimit {
                rlim_cur: libc::RLIM_INFINITY,
                rlim_max: libc::RLIM_INFINITY,
            };
            // SAFETY: `all` is read and nothing is written.
            let raised = unsafe {
                libc::prlimit(0, libc::RLIMIT_FSIZE, &raw const all, std::ptr::null_mut())
            };
            if raised == 0 {
                acts::SUCCEEDED
            } else {
                outcome(Err::<(), _>(io::Error::last_os_error()))
            }
        }
        Act::WritePastBuffers => unreachable!("it is done where the job is at hand"),
        Act::FillPipe => loop {
            if socket.write_all(&[0; 4096]).is_err() {
                return 0;
            }
        },
        Act::AnswerTooMuch => {
            send(socket, 131, &done(argument), 1 << 40);
            forever()
        }
        Act::AnswerTooLittle => {
            send(socket, 131, &done(argument), 0);
            forever()
        }
        Act::AnswerAnotherJob => {
            send(socket, 131, &done(argument + 1), 1);
            forever()
        }
        Act::AnswerAhead => {
            // At once, so that the second answer is there when the first one is read.
            let _ = socket.write_all(&[answer(argument), answer(argument + 1)].concat());
            forever()
        }
        Act::AnswerAndGoDeaf => {
            let _ = socket.write_all(&answer(argument));
            forever()
        }
        Act::AnswerEndlessHead => {
            let mut message = vec![131];
            message.extend(u32::MAX.to_le_bytes());
            message.extend(1u64.to_le_bytes());
            let _ = socket.write_all(&message);
            forever()
        }
        Act::AnswerEscapes => {
            let text = b"\x1b]0;owned\x07";
            let mut head = u64::from(argument).to_le_bytes().to_vec();
            head.push(6);
            head.extend((text.len() as u16).to_le_bytes());
            head.extend_from_slice(text);
            send(socket, 133, &head, 0);
            forever()
        }
        Act::AnswerSlowly => {
            let mut message = vec![131];
            message.extend(28u32.to_le_bytes());
            message.extend(1u64.to_le_bytes());
            message.extend(done(argument));
            // All right but for the time it takes.
            for byte in message {
                let _ = socket.write_all(&[byte]);
                thread::sleep(Duration::from_millis(200));
            }
            forever()
        }
        Act::NeverAnswer => forever(),
        Act::Burn => loop {
            std::hint::black_box(0);
        },
        Act::Crash => {
            // SAFETY: none; this is the crash.
            unsafe { std::ptr::null_mut::<u32>().write_volatile(1) };
            acts::SUCCEEDED
        }
        Act::Exit => std::process::exit(7),
        Act::Panic => panic!("a defect in the worker"),
        Act::HangUp => {
            // SAFETY: the descriptor is open, and whoever owns it does not come back to use it.
            unsafe { libc::close(socket.as_raw_fd()) };
            forever()
        }
        Act::LeaveData => {
            let secret = vec![acts::SECRET; 16 << 20];
            std::hint::black_box(&secret);
            std::mem::forget(secret);
            acts::SUCCEEDED
        }
    }
}

/// Makes every open file a terabyte long. Gives the reason why the last file that could have grown did not.
fn grow_files() -> u32 {
    let mut refused = acts::SUCCEEDED;
    for descriptor in 0..256 {
        // SAFETY: growing a file takes no pointers, and what was in it stays.
        if unsafe { libc::ftruncate(descriptor, 1 << 40) } == 0 {
            return acts::SUCCEEDED;
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() == Some(libc::EFBIG) {
            refused = outcome(Err::<(), _>(error));
        }
    }
    refused
}

/// Writes from the end of a buffer upwards, whatever lies there.
fn write_past(buffer: &[u32]) -> ! {
    let mut word = buffer.as_ptr_range().end.cast_mut();
    loop {
        // SAFETY: none; this is the act. It ends where nothing is mapped.
        unsafe {
            word.write_volatile(acts::SECRET);
            word = word.add(1);
        }
    }
}

fn outcome<T>(result: io::Result<T>) -> u32 {
    match result {
        Ok(_) => acts::SUCCEEDED,
        Err(error) => error.raw_os_error().unwrap_or(-1) as u32,
    }
}

fn forever() -> ! {
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

/// The head of a "done" message for a job.
fn done(number: u32) -> Vec<u8> {
    let mut head = u64::from(number).to_le_bytes().to_vec();
    head.extend([0; 20]);
    head
}

/// A "done" message for a job, as it should be.
fn answer(number: u32) -> Vec<u8> {
    let mut answer = message(131, &done(number), 1);
    answer.extend(acts::SECRET.to_le_bytes());
    answer
}

/// A message that announces so many words.
fn message(kind: u8, head: &[u8], words: u64) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend((head.len() as u32).to_le_bytes());
    message.extend(words.to_le_bytes());
    message.extend_from_slice(head);
    message
}

fn send(mut socket: &UnixStream, kind: u8, head: &[u8], words: u64) {
    let _ = socket.write_all(&message(kind, head, words));
}
