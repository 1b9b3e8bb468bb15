//! One worker process, from its start to its end.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use arknet_workload::job::{Execution, Job};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::memory_group::MemoryGroup;
use super::timed::Timed;
use super::{Program, StartError, allowance, spawn};
use crate::protocol::{Answer, Backend, Done, Expected, JobMessage, ProtocolError, Ready, Start};
use crate::wall::{Wall, WallState, Walls};
use crate::{
    AdapterInfo, AdapterKind, CompileLimits, Death, GpuExecution, RunError, Selection, trap,
};

/// What the parent grants a job beyond its declared time, for the way there and back.
const GRACE: Duration = Duration::from_secs(2);
/// Bytes of buffers that go through a socket in a second, at least.
const BYTES_PER_SECOND: u64 = 100 << 20;
/// How long a process that has hung up may take to end by itself.
const ENDING: Duration = Duration::from_millis(200);
/// How long a killed process may take to be gone.
const REAPING: Duration = Duration::from_secs(5);

/// What a worker is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// The program.
    pub program: Program,
    /// What runs the kernels.
    pub backend: Backend,
    /// Which adapters will do.
    pub selection: Selection,
    /// What a driver may be given to compile.
    pub compile_limits: CompileLimits,
    /// Most bytes that a job's buffers may have.
    pub memory: u64,
    /// Whether to go on where the system lacks a wall that strangers' jobs need.
    pub allow_weak: bool,
    /// How long a worker may take to be ready.
    pub start_time: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            program: Program::default(),
            backend: Backend::Wgpu,
            selection: Selection::Auto,
            compile_limits: CompileLimits::default(),
            memory: 4 << 30,
            allow_weak: false,
            start_time: Duration::from_secs(30),
        }
    }
}

/// A worker process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Worker {
    process: Process,
    adapter: AdapterInfo,
    walls: Walls,
    memory: u64,
    /// Jobs sent so far.
    jobs: u64,
    /// Nothing more can be asked of it.
    spent: bool,
}

impl Worker {
    /// Starts a worker and waits until it has locked itself in.
    pub fn start(settings: &WorkerSettings) -> Result<Self, StartError> {
        let (mut process, memory_wall) = Process::spawn(&settings.program)
            .map_err(|error| StartError::Spawn(error.to_string()))?;
        let deadline = process.started + settings.start_time;
        let start = Start {
            backend: settings.backend,
            selection: settings.selection,
            compile_limits: settings.compile_limits,
            memory: settings.memory,
        };
        let ready = start
            .send(&mut Timed::new(&process.socket, deadline))
            .and_then(|()| {
                Ready::receive(
                    &mut Timed::new(&process.socket, deadline),
                    settings.selection,
                )
            });
        let ready = match ready {
            Ok(Ok(ready)) => ready,
            Ok(Err(unready)) => return Err(unready.0.into()),
            Err(ProtocolError::Closed) => return Err(StartError::Died(process.death())),
            Err(error) => return Err(StartError::Protocol(error)),
        };
        let mut walls = ready.walls;
        walls.set(Wall::Memory, memory_wall);
        if !walls.hold() && !settings.allow_weak {
            return Err(StartError::Weak {
                walls: Box::new(walls),
            });
        }
        Ok(Self {
            process,
            adapter: ready.adapter,
            walls,
            memory: settings.memory,
            jobs: 0,
            spent: false,
        })
    }

    /// What it runs kernels on.
    pub fn adapter(&self) -> &AdapterInfo {
        &self.adapter
    }

    /// The walls around it.
    pub fn walls(&self) -> &Walls {
        &self.walls
    }

    /// Its process.
    pub fn process_id(&self) -> u32 {
        self.process.child.id()
    }

    /// Jobs that it was given.
    pub fn jobs(&self) -> u64 {
        self.jobs
    }

    /// Whether it still takes jobs.
    pub fn is_usable(&mut self) -> bool {
        !self.spent && !self.process.has_ended()
    }

    /// Runs a job. As for [`WgpuRunner::run`](crate::WgpuRunner::run), races are not detected.
    ///
    /// Where the worker goes over the time, dies, loses its device or says what it should not, it is killed, and that is
    /// an error of this job alone.
    pub fn run(&mut self, job: &Job) -> Result<GpuExecution, RunError> {
        if job.memory_bytes() > self.memory {
            return Err(RunError::OverWorker {
                bytes: job.memory_bytes(),
                limit: self.memory,
            });
        }
        if self.spent {
            return Err(RunError::DeviceLost {
                adapter: self.adapter.to_string(),
                message: "its worker process has ended".to_owned(),
            });
        }
        let answer = self.ask(job);
        // Only a worker that is known to be in order is used again.
        self.spent = !matches!(answer, Ok(Answer::Done(_) | Answer::Trapped(_)));
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.give_up(error, job)),
        };
        match answer {
            Answer::Done(done) => Ok(self.finish(done, job)),
            Answer::Trapped(report) => Err(trap::explain(report, job)),
            Answer::Failed(failure) => {
                let error = failure.into_error(self.adapter.to_string(), job);
                // These are found out before the device is touched.
                self.spent = !matches!(
                    error,
                    RunError::OverAdapter { .. } | RunError::TooComplex { .. }
                );
                if self.spent {
                    self.process.kill();
                }
                Err(error)
            }
        }
    }

    fn ask(&mut self, job: &Job) -> Result<Answer, ProtocolError> {
        let number = self.jobs;
        self.jobs += 1;
        self.process.check_silence()?;
        let refused = |error: io::Error| ProtocolError::Connection(error.to_string());
        self.process
            .grant(self.adapter.kind, job)
            .map_err(refused)?;
        let transfer = Duration::from_secs(job.memory_bytes() / BYTES_PER_SECOND);
        let sent_by = Instant::now() + GRACE + transfer;
        JobMessage::send(number, job, &mut Timed::new(&self.process.socket, sent_by)).map_err(
            |error| match error {
                ProtocolError::Late => ProtocolError::Deaf,
                error => error,
            },
        )?;
        let time = (GRACE + transfer).saturating_add(job.limits().time);
        let now = Instant::now();
        // A time past what a clock can show is as good as none; the worker's processor time still ends.
        let answered_by = now
            .checked_add(time)
            .unwrap_or(now + Duration::from_secs(u32::MAX.into()));
        Answer::receive(
            &mut Timed::new(&self.process.socket, answered_by),
            &Expected::of(number, job),
        )
    }

    /// Kills the worker, and says what its failure means for the job.
    fn give_up(&mut self, error: ProtocolError, job: &Job) -> RunError {
        match error {
            ProtocolError::Closed => RunError::Died(self.process.death()),
            ProtocolError::Late => {
                self.process.kill();
                RunError::OverTime {
                    limit: job.limits().time,
                }
            }
            error => {
                self.process.kill();
                RunError::Protocol(error)
            }
        }
    }

    fn finish(&self, done: Done, job: &Job) -> GpuExecution {
        let mut outputs = done.outputs.into_iter();
        let buffers = job
            .buffer_memories()
            .zip(job.buffers())
            .map(|((_, memory), initial)| {
                let output = if memory.is_writable() {
                    outputs.next()
                } else {
                    None
                };
                output.unwrap_or_else(|| initial.clone())
            })
            .collect();
        GpuExecution {
            execution: Execution {
                buffers,
                steps: done.steps,
            },
            adapter: self.adapter.clone(),
            compile_time: done.compile_time,
            run_time: done.run_time,
        }
    }
}

/// The process of a worker, its socket and its control group.
#[derive(Debug)]
struct Process {
    child: Child,
    socket: UnixStream,
    group: Option<MemoryGroup>,
    started: Instant,
    reaped: bool,
}

impl Process {
    fn spawn(program: &Program) -> io::Result<(Self, WallState)> {
        let (socket, theirs) = UnixStream::pair()?;
        let command = program.command(Stdio::from(OwnedFd::from(theirs)));
        let child = spawn::spawn(command)?;
        // It waits for its first message, so it has not used much yet.
        let group = MemoryGroup::around(child.id());
        let wall = match &group {
            Ok(group) => WallState::Up(group.describe()),
            Err(reason) => WallState::Missing(reason.clone()),
        };
        let process = Self {
            child,
            socket,
            group: group.ok(),
            started: Instant::now(),
            reaped: false,
        };
        Ok((process, wall))
    }

    /// Lets the worker have what a job may take.
    fn grant(&self, adapter: AdapterKind, job: &Job) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(pid) = self.pid() {
            allowance::grant(pid, self.started, adapter, job)?;
        }
        match &self.group {
            Some(group) => group.allow(allowance::memory(job)),
            None => Ok(()),
        }
    }

    /// Fails where the worker has said something that nobody asked for: it could pass for the answer to the next job.
    fn check_silence(&self) -> Result<(), ProtocolError> {
        let failed = |error: io::Error| ProtocolError::Connection(error.to_string());
        self.socket.set_nonblocking(true).map_err(failed)?;
        let read = (&self.socket).read(&mut [0]);
        self.socket.set_nonblocking(false).map_err(failed)?;
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Ok(0) => Err(ProtocolError::Closed),
            Ok(_) => Err(ProtocolError::Unasked),
            Err(error) => Err(failed(error)),
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }

    /// Whether the first process has ended. It is not reaped for that: as long as it is not, its number and that of its
    /// group belong to nobody else.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let Some(pid) = self.pid() else { return true };
        // Nobody else waits for it, so an error means that it is gone.
        self.reaped || !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
    }

    /// How the process ended, once its end of the socket is closed. One that does not end by itself is killed.
    fn death(&mut self) -> Death {
        let deadline = Instant::now() + ENDING;
        while !self.has_ended() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        let status = self.kill();
        let exhausted = self.group.as_ref().is_some_and(MemoryGroup::was_exhausted);
        Death::of(status, exhausted)
    }

    /// Kills the process and whatever it may have started, and waits until it is gone.
    fn kill(&mut self) -> Option<ExitStatus> {
        if self.reaped {
            return self.child.try_wait().ok().flatten();
        }
        // The group has the number of its first process, which stays taken until that is reaped.
        if let Some(pid) = self.pid() {
            // Fails where all of them are gone already.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        self.wait(REAPING)
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        let mut pause = Duration::from_micros(200);
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                self.reaped = true;
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that the system still keeps, such as in a call of a driver that hangs, stays a zombie until this process
        // ends.
        self.kill();
    }
}
