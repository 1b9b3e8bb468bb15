//! What a check finds.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// The node works; something is worth knowing.
    Warning,
    /// The node does not work, or not safely, until this is mended.
    Bad,
}

impl Verdict {
    /// The sign for it in a checklist.
    pub fn sign(self) -> char {
        match self {
            Self::Good => '✓',
            Self::Warning => '!',
            Self::Bad => '✗',
        }
    }
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    pub(super) fn good(check: &'static str, found: impl fmt::Display) -> Self {
        Self {
            check,
            verdict: Verdict::Good,
            found: found.to_string(),
            fix: None,
        }
    }

    pub(super) fn warning(
        check: &'static str,
        found: impl fmt::Display,
        fix: impl fmt::Display,
    ) -> Self {
        Self {
            check,
            verdict: Verdict::Warning,
            found: found.to_string(),
            fix: Some(fix.to_string()),
        }
    }

    pub(super) fn bad(
        check: &'static str,
        found: impl fmt::Display,
        fix: impl fmt::Display,
    ) -> Self {
        Self {
            verdict: Verdict::Bad,
            ..Self::warning(check, found, fix)
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The worst of it.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.findings.iter().map(|finding| finding.verdict);
        verdicts.max().unwrap_or(Verdict::Good)
    }

    pub(super) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }
}
