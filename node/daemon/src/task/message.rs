//! What a child says: lines of JSON, and how little of them is believed.
//!
//! A child that was taken over can say anything. So a line has a bounded length and one of a few shapes, there are only
//! so many of them, phases go forwards, and texts lose whatever is not printable before anybody sees them. Numbers are
//! the child's word: they are shown and averaged, and nothing is allocated or decided by them that a wrong one would
//! hurt. The claim's digest is compared with what a second child finds.

use arknet_protocol::Phase;
use arknet_receipt::Digest;
use serde::{Deserialize, Serialize};

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The phase that is under way.
    pub phase: Phase,
    /// How much of it is done.
    pub percent: u8,
}

/// What a finished attempt took, by the child's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// What ran the kernel, in the driver's words.
    pub device: String,
    /// Whether a race would have been found.
    pub races_checked: bool,
    /// The most steps any invocation took.
    pub steps: u32,
    /// Invocations of the dispatch.
    pub invocations: u32,
    /// Cells of the proof's tables; 0 where there is none.
    pub cells: u64,
    /// Provable bits of the proof; 0 where there is none.
    pub bits: u32,
    /// Milliseconds that the run took.
    pub executing_ms: u64,
    /// Milliseconds that the proof took.
    pub proving_ms: u64,
    /// Milliseconds that the check took.
    pub verifying_ms: u64,
    /// Digest of the claim.
    #[serde(with = "digest")]
    pub claim: Digest,
}

/// Why a job has no result, by its own fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Of what kind.
    pub kind: RefusalKind,
    /// Why, for the client.
    pub reason: String,
}

/// The fault of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefusalKind {
    /// The kernel is not in the language, or the job's parts do not fit together.
    Malformed,
    /// It went out of bounds, out of steps, or raced.
    Trapped,
    /// It needs more than it declares, or than can be run or proven.
    OverLimit,
}

/// Why a child could not do what it was told, by no fault of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Trouble {
    /// Memory.
    Memory,
    /// The device cannot be used.
    Device,
    /// The device computes something else than the interpreter.
    Differs,
    /// The receipt does not hold.
    Invalid,
    /// The system lacks a wall.
    Weak,
    /// This program has a defect.
    Defect,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Message {
    /// How far it is.
    Progress(Progress),
    /// It is done.
    Done(Done),
    /// The job has no result.
    Refused(Refusal),
    /// The attempt has none.
    Failed { trouble: Trouble, reason: String },
}

impl Message {
    /// Bytes of a line.
    pub(super) const MAX_BYTES: usize = 64 << 10;
    /// Lines of a child. An honest one says a few dozen.
    pub(super) const MAX_LINES: usize = 4096;
    /// Bytes of a text that the node keeps.
    const MAX_TEXT: usize = 8 << 10;

    /// The line, with its end.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// The message of a line without its end.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let mut message: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        match &mut message {
            Self::Progress(progress) => progress.percent = progress.percent.min(100),
            Self::Done(done) => done.device = device_name(&done.device),
            Self::Refused(Refusal { reason, .. }) | Self::Failed { reason, .. } => {
                *reason = cut(reason, Self::MAX_TEXT);
            }
        }
        Ok(message)
    }
}

/// What a driver calls a device, as far as it is kept.
pub fn device_name(text: &str) -> String {
    const MOST: usize = 256;
    cut(text, MOST)
}

/// A text as far as it is kept: without what a terminal or a log takes for more than text.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        let c = match c {
            '\n' => '\n',
            '\t' => ' ',
            c if arknet_workload::printable::is_printable(c) => c,
            _ => '?',
        };
        if kept.len() + c.len_utf8() > most {
            break;
        }
        kept.push(c);
    }
    kept
}

/// A digest as 64 hexadecimal digits.
mod digest {
    use arknet_receipt::Digest;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        digest: &Digest,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(digest)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 2 * bytes.len() {
            return Err(D::Error::custom("a digest has 64 digits"));
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16);
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
                return Err(D::Error::custom("a digest has hexadecimal digits"));
            };
            *byte = u8::try_from(16 * high + low).map_err(D::Error::custom)?;
        }
        Ok(Digest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        let messages = [
            Message::Progress(Progress {
                phase: Phase::Proving,
                percent: 40,
            }),
            Message::Done(Done {
                device: "a GPU".to_owned(),
                races_checked: true,
                steps: 1,
                invocations: 2,
                cells: 3,
                bits: 4,
                executing_ms: 5,
                proving_ms: 6,
                verifying_ms: 7,
                claim: Digest([0xab; 32]),
            }),
            Message::Refused(Refusal {
                kind: RefusalKind::OverLimit,
                reason: "too \"large\"\nat line 2".to_owned(),
            }),
            Message::Failed {
                trouble: Trouble::Device,
                reason: String::new(),
            },
        ];
        for message in messages {
            let line = message.line();
            let (end, text) = line.split_last().unwrap();
            assert_eq!((*end, text.contains(&b'\n')), (b'\n', false));
            assert_eq!(Message::parse(text), Ok(message));
        }
    }

    #[test]
    fn nothing_else_is_a_line() {
        for line in [
            "",
            "{}",
            "null",
            "{\"progress\":{\"phase\":\"proving\"}}",
            "{\"progress\":{\"phase\":\"proving\",\"percent\":256}}",
            "{\"progress\":{\"phase\":\"proving\",\"percent\":1,\"more\":1}}",
            "{\"refused\":{\"kind\":\"none\",\"reason\":\"\"}}",
        ] {
            assert!(Message::parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn texts_are_only_text() {
        assert_eq!(cut("a\u{1b}[2Jb\n\u{202e}c\td", 100), "a?[2Jb\n?c d");
        assert_eq!(cut("ääää", 5), "ää");
    }
}
