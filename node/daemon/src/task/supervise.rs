//! The node's side of a child.

use arknet_protocol::Phase;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use arknet_sandbox::Death;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, sleep_until, timeout};

use super::ended::{Ended, Failure, FailureKind};
use super::message::{Message, Progress, Trouble, cut};
use super::process::{Pipes, Process, Program};
use super::spec::TaskSpec;

/// How long a child may take to end after its result, or after it hung up.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the end of standard error is waited for once the child is gone.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Bytes of standard error that are kept.
const STDERR: usize = 8 << 10;

/// Performs an attempt and says how it ended.
///
/// `progress` hears how far it is. Once `cancelled` is ready the child is killed. So it is where the future is dropped.
pub async fn perform(
    program: &Program,
    spec: &TaskSpec,
    progress: &mut (dyn FnMut(Progress) + Send),
    cancelled: impl Future<Output = ()>,
) -> Ended {
    let not_started = |detail: String| {
        Ended::Failed(Failure {
            kind: FailureKind::NotStarted,
            detail,
            stderr: String::new(),
        })
    };
    let (owned_program, owned_spec) = (program.clone(), spec.clone());
    let start = move || Process::start(&owned_program, &owned_spec);
    let (process, Pipes { stdout, stderr }) = match tokio::task::spawn_blocking(start).await {
        Ok(Ok(started)) => started,
        Ok(Err(error)) => return not_started(format!("no child can be started: {error}")),
        Err(error) => return not_started(format!("no child can be started: {error}")),
    };
    let pipes = receiver(stdout.into()).and_then(|stdout| Ok((stdout, receiver(stderr.into())?)));
    let (stdout, stderr) = match pipes {
        Ok(pipes) => pipes,
        Err(error) => return not_started(format!("the child cannot be read: {error}")),
    };
    let mut last_words = LastWords::new(stderr);
    let heard = {
        let listened = listen(Lines::new(stdout), spec, progress);
        tokio::select! {
            biased;
            () = cancelled => Heard::Cancelled,
            heard = listened => heard,
            never = last_words.collect() => match never {},
        }
    };
    let patience = match heard {
        Heard::Result(_) | Heard::Nothing => PATIENCE,
        Heard::Cancelled | Heard::Late(_) | Heard::Nonsense(_) => Duration::ZERO,
    };
    let death = process.end(patience).await;
    // A descendant that has left the group might hold the pipe open: it is not waited for.
    let _ = timeout(LAST_WORDS, last_words.read_to_end()).await;
    conclude(heard, death, &last_words.text())
}

fn receiver(fd: OwnedFd) -> io::Result<Receiver> {
    Receiver::from_owned_fd(fd)
}

/// What was heard of a child.
#[derive(Debug)]
enum Heard {
    /// Its result, and nothing after it.
    Result(Message),
    /// It hung up without one.
    Nothing,
    /// It said what it should not have.
    Nonsense(String),
    /// It took too long.
    Late(Option<Phase>),
    /// Nobody wants to hear more.
    Cancelled,
}

async fn listen(
    mut lines: Lines<Receiver>,
    spec: &TaskSpec,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Heard {
    let mut phase = None;
    let mut deadline = after(spec.deadlines.of(None));
    for _ in 0..Message::MAX_LINES {
        let line = tokio::select! {
            biased;
            () = sleep_until(deadline) => return Heard::Late(phase),
            line = lines.next() => line,
        };
        let message = match line {
            Ok(Some(line)) => Message::parse(line),
            Ok(None) => return Heard::Nothing,
            Err(error) => Err(error.to_string()),
        };
        match message {
            Ok(Message::Progress(told)) => {
                if phase.is_some_and(|phase| (told.phase as u8) < phase as u8) {
                    return Heard::Nonsense(format!("it went back to {}", told.phase));
                }
                if phase != Some(told.phase) {
                    phase = Some(told.phase);
                    deadline = after(spec.deadlines.of(phase));
                }
                progress(told);
            }
            Ok(result) => {
                return match timeout(PATIENCE, lines.next()).await {
                    Ok(Ok(None)) => Heard::Result(result),
                    Ok(_) => Heard::Nonsense("it went on after its result".to_owned()),
                    Err(_) => Heard::Nonsense("it stayed after its result".to_owned()),
                };
            }
            Err(reason) => return Heard::Nonsense(reason),
        }
    }
    Heard::Nonsense("it has too much to say".to_owned())
}

/// A time from now; one past what a clock can show is as good as none.
fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time)
        .unwrap_or(now + Duration::from_secs(u32::MAX.into()))
}

/// What it all means.
fn conclude(heard: Heard, death: Death, stderr: &str) -> Ended {
    let failed = |kind, detail: String| {
        Ended::Failed(Failure {
            kind,
            detail,
            stderr: stderr.to_owned(),
        })
    };
    let result = match heard {
        Heard::Cancelled => return Ended::Cancelled,
        Heard::Late(phase) => {
            let what = phase.map_or("starting".to_owned(), |phase| phase.to_string());
            return failed(
                FailureKind::TimedOut(phase),
                format!("{what} took longer than this node allows"),
            );
        }
        Heard::Nonsense(reason) => {
            return failed(
                FailureKind::Unbelievable,
                format!("the child is not to be believed: {reason}"),
            );
        }
        Heard::Nothing => {
            let kind = match death {
                Death::OutOfMemory => FailureKind::OutOfMemory,
                // What Rust says before it gives up; only one failure is told from another by it.
                Death::Signal(_) if stderr.contains("memory allocation of ") => {
                    FailureKind::OutOfMemory
                }
                Death::OutOfTime => FailureKind::TimedOut(Some(Phase::Executing)),
                _ => FailureKind::Crashed,
            };
            return failed(kind, format!("the child ended without a result: {death}"));
        }
        Heard::Result(result) => result,
    };
    if death != Death::Exit(0) {
        return failed(
            FailureKind::Crashed,
            format!("the child ended badly after its result: {death}"),
        );
    }
    match result {
        Message::Done(done) => Ended::Done(done),
        Message::Refused(refusal) => Ended::Refused(refusal),
        Message::Failed { trouble, reason } => failed(
            match trouble {
                Trouble::Memory => FailureKind::OutOfMemory,
                Trouble::Device => FailureKind::Device,
                Trouble::Differs => FailureKind::Differs,
                Trouble::Invalid => FailureKind::InvalidProof,
                Trouble::Weak => FailureKind::NotStarted,
                Trouble::Defect => FailureKind::Defect,
            },
            reason,
        ),
        Message::Progress(_) => failed(FailureKind::Unbelievable, "no result".to_owned()),
    }
}

/// The lines of a stream, none longer than a message may be.
struct Lines<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were given out as a line.
    given: usize,
}

/// A line that is none.
#[derive(Debug, thiserror::Error)]
enum BadLine {
    #[error("a line has more than {} bytes", Message::MAX_BYTES)]
    TooLong,
    #[error("the last line has no end")]
    Unfinished,
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(stream: R) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            given: 0,
        }
    }

    /// The next line, or `None` at the end. Nothing is lost where the future is dropped.
    async fn next(&mut self) -> Result<Option<&[u8]>, BadLine> {
        self.buffer.drain(..self.given);
        self.given = 0;
        let mut searched = 0;
        let end = loop {
            let found = self.buffer[searched..].iter().position(|&c| c == b'\n');
            if let Some(at) = found {
                break searched + at;
            }
            searched = self.buffer.len();
            if searched > Message::MAX_BYTES {
                return Err(BadLine::TooLong);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk).await? {
                0 if searched == 0 => return Ok(None),
                0 => return Err(BadLine::Unfinished),
                read => self.buffer.extend_from_slice(&chunk[..read]),
            }
        };
        self.given = end + 1;
        Ok(Some(&self.buffer[..end]))
    }
}

/// The end of what comes from standard error.
struct LastWords {
    stream: Receiver,
    bytes: Vec<u8>,
    ended: bool,
}

impl LastWords {
    fn new(stream: Receiver) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
            ended: false,
        }
    }

    /// Keeps the pipe from filling up, for as long as the future lives.
    async fn collect(&mut self) -> Infallible {
        self.read_to_end().await;
        std::future::pending().await
    }

    async fn read_to_end(&mut self) {
        let mut chunk = [0; 4096];
        while !self.ended {
            match self.stream.read(&mut chunk).await {
                Ok(0) | Err(_) => self.ended = true,
                Ok(read) => self.bytes.extend_from_slice(&chunk[..read]),
            }
            if self.bytes.len() > 2 * STDERR {
                self.bytes.drain(..self.bytes.len() - STDERR);
            }
        }
    }

    fn text(&self) -> String {
        let from = self.bytes.len().saturating_sub(STDERR);
        cut(&String::from_utf8_lossy(&self.bytes[from..]), STDERR)
    }
}
