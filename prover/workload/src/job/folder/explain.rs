//! Why a job out of a folder has no result, with the place in its source.

use std::path::PathBuf;

use super::JobFolder;
use crate::diagnostic::{self, Note};
use crate::job::Trap;
use crate::wgsl::Refusal;

impl JobFolder {
    /// The WGSL file, as the caller would name it.
    pub fn source_name(&self) -> PathBuf {
        self.job_file.with_file_name(self.workload_name())
    }

    /// Why the kernel is refused, `name` being what its file is called, and where the job file gives the constant that
    /// the refusal is about.
    pub fn explain_refusal(&self, name: &str, refusal: &Refusal) -> String {
        let text = refusal.render(name, &self.source);
        let place = match refusal {
            Refusal::Constant { name, .. } => self.constant_place(name),
            _ => None,
        };
        match place {
            Some(place) => format!("{place}: {text}"),
            None => text,
        }
    }

    /// Where in the WGSL a trap comes from, `name` being what its file is called.
    pub fn explain_trap(&self, name: &str, trap: &Trap) -> String {
        let notes = match trap {
            Trap::Race {
                first, first_span, ..
            } => vec![Note::at(
                *first_span,
                format!("the other invocation {first} it here"),
            )],
            Trap::OutOfBounds { .. } | Trap::OutOfSteps { .. } => Vec::new(),
        };
        diagnostic::render(name, &self.source, trap.span(), &trap.to_string(), &notes)
    }
}
