//! What the child says.

use arknet_protocol::Phase;
use std::io::{self, Write};

use crate::task::message::{Message, Progress};

/// Says something. The node reads it or has killed this process; there is nobody else to tell.
pub(super) fn message(message: &Message) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(&message.line());
    let _ = stdout.flush();
}

/// Says how far it is.
pub(super) fn progress(phase: Phase, percent: u8) {
    message(&Message::Progress(Progress { phase, percent }));
}
