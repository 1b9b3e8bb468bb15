//! Following a job until it ends, with a bar where there is a terminal.

use std::time::Duration;

use arknet_client::ClientError;
use arknet_protocol::JobId;
use arknet_protocol::api::{JobEvent, JobView};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::failure::CallError;
use super::session::Session;
use crate::answer;
use crate::error::{CliError, NodeError};

/// Bars on standard error.
pub(super) struct Bars(MultiProgress);

impl Bars {
    /// Bars that show where `visible` and standard error is a terminal.
    pub(super) fn new(visible: bool) -> Self {
        Self(MultiProgress::with_draw_target(if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        }))
    }

    /// A bar of bytes.
    pub(super) fn bytes(&self, what: &str, total: u64) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg:10} {bar:40} {bytes}/{total_bytes}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.0.add(ProgressBar::new(total).with_style(style));
        bar.set_message(what.to_owned());
        bar
    }

    fn percent(&self) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg:10} {bar:40} {percent:>3} % {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.0.add(ProgressBar::new(100).with_style(style));
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // Without a terminal to clear there is nothing to do, and nothing to tell.
        let _ = self.0.clear();
    }
}

/// Waits until a job has ended, and gives it as it is then.
///
/// The first interruption only says how to go on later: the job goes on without anybody watching.
pub(super) fn follow(session: &Session, id: JobId, bars: &Bars) -> Result<JobView, CliError> {
    let client = session.client();
    let job = session.wait(client.job(id))?;
    if job.state.is_final() {
        return Ok(job);
    }
    session.run(async {
        let mut events = client.events(id, None);
        let bar = bars.percent();
        let mut interruption = std::pin::pin!(tokio::signal::ctrl_c());
        let (mut listens, mut interrupted) = (true, false);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Ok(Some(event)) => show(&bar, &event),
                    Ok(None) => break,
                    Err(error) => return Err(gone(id, error)),
                },
                result = &mut interruption, if listens => {
                    if result.is_err() {
                        // Interruptions end the program then, as ever.
                        listens = false;
                        continue;
                    }
                    if interrupted {
                        return Err(NodeError::Interrupted(id).into());
                    }
                    interrupted = true;
                    interruption.set(tokio::signal::ctrl_c());
                    bars.0.suspend(|| answer::note(&format!(
                        "the job goes on without this; `arknet jobs watch {id}` watches it again, `arknet jobs fetch {id}` \
                         fetches its result, `arknet jobs cancel {id}` ends it. Interrupt once more to leave"
                    )));
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    })?;
    session.wait(client.job(id))
}

fn show(bar: &ProgressBar, event: &JobEvent) {
    bar.set_message(event.state.to_string());
    bar.set_position(event.percent.unwrap_or(0).min(100).into());
}

/// The node is away; the job is not.
fn gone(id: JobId, error: ClientError) -> CliError {
    NodeError::Lost {
        id,
        source: CallError(error),
    }
    .into()
}
