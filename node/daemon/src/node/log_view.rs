//! The log as the operator is shown it.

use crate::http::admin::LogView;
use crate::log::Log;

impl LogView for Log {
    fn published(&self) -> u64 {
        self.status().size
    }

    fn checkpoint(&self) -> Option<String> {
        Some(self.status().checkpoint)
    }
}
