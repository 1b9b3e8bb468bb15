//! Progress bars of a proof, on standard error and only where that is a terminal.

use std::time::Duration;

use arknet_stark::Phase;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Steps of a bar.
const LENGTH: u64 = 1000;

/// One bar a phase, each staying on the screen until all are done.
pub(crate) struct Progress {
    bars: MultiProgress,
    current: Option<(Phase, ProgressBar)>,
}

impl Progress {
    /// Bars that show where `visible` and standard error is a terminal.
    pub(crate) fn new(visible: bool) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            current: None,
        }
    }

    /// Reports that `phase` is done to a fraction between 0 and 1.
    pub(crate) fn report(&mut self, phase: Phase, fraction: f32) {
        if self
            .current
            .as_ref()
            .is_none_or(|(current, _)| *current != phase)
        {
            self.finish_phase();
            let bar = self.bars.add(ProgressBar::new(LENGTH).with_style(style()));
            bar.set_message(phase.to_string());
            bar.enable_steady_tick(Duration::from_millis(100));
            self.current = Some((phase, bar));
        }
        if let Some((_, bar)) = &self.current {
            bar.set_position((fraction.clamp(0.0, 1.0) * LENGTH as f32) as u64);
        }
    }

    /// Shows a line between the bars.
    pub(crate) fn say(&mut self, line: &str) {
        self.finish_phase();
        // A line that cannot be shown is not worth stopping for.
        let _ = self.bars.println(line);
    }

    fn finish_phase(&mut self) {
        if let Some((_, bar)) = self.current.take() {
            bar.set_position(LENGTH);
            bar.finish();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish_phase();
        // Without a terminal to clear there is nothing to do, and nothing to tell.
        let _ = self.bars.clear();
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:10} {bar:40} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
