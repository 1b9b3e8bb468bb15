//! The seal of a run that was not proven.
//!
//! It says on what the run took place and whether races were looked for, and carries no evidence of its own: the
//! provider's attestation over it is what the claim rests on, so a receipt without one is malformed. A job is
//! deterministic, so anybody can repeat the run ([`crate::replay`]).

use std::fmt;

use crate::digest::Digest;
use crate::encoding::{DecodeError, Reader, Writer};

/// How a run was made, in its provider's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionSeal {
    backend: String,
    device: String,
    fingerprint: Digest,
    races: Races,
}

/// Whether data races were looked for. A job that races has no meaning, and a GPU does not notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Races {
    /// The reference interpreter ran the job too and found none.
    Checked,
    /// The outputs hold only if there are none.
    NotChecked,
}

/// Text that a seal cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must have 1 to {limit} characters, all of them printable ASCII")]
pub struct BadDescription {
    /// What the text describes.
    what: &'static str,
    limit: usize,
}

impl ExecutionSeal {
    /// Bytes of the backend's name.
    pub const MAX_BACKEND: usize = 32;
    /// Bytes of the device's description.
    pub const MAX_DEVICE: usize = 256;

    const BACKEND: &str = "the backend's name";
    const DEVICE: &str = "the device's description";

    /// A seal. `fingerprint` tells devices apart that may differ in behaviour: model, driver and their versions.
    pub fn new(
        backend: &str,
        device: &str,
        fingerprint: Digest,
        races: Races,
    ) -> Result<Self, BadDescription> {
        let checked = |what, text: &str, limit| {
            if is_description(text.as_bytes(), limit) {
                Ok(text.to_owned())
            } else {
                Err(BadDescription { what, limit })
            }
        };
        Ok(Self {
            backend: checked(Self::BACKEND, backend, Self::MAX_BACKEND)?,
            device: checked(Self::DEVICE, device, Self::MAX_DEVICE)?,
            fingerprint,
            races,
        })
    }

    /// The nearest device description to what a driver calls itself: other characters become `?`, and what is too
    /// long is cut.
    pub fn describe_device(text: &str) -> String {
        let described: String = text
            .chars()
            .take(Self::MAX_DEVICE)
            .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
            .collect();
        if described.is_empty() {
            "unknown".to_owned()
        } else {
            described
        }
    }

    /// The backend that ran the kernel.
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// The device that it ran on.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Digest of everything about the device that could change a result.
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// Whether races were looked for.
    pub fn races(&self) -> Races {
        self.races
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        for text in [&self.backend, &self.device] {
            writer.count(text.len());
            writer.bytes(text.as_bytes());
        }
        writer.bytes(&self.fingerprint.0);
        writer.u8(self.races.code());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let backend = read_description(reader, Self::BACKEND, Self::MAX_BACKEND)?;
        let device = read_description(reader, Self::DEVICE, Self::MAX_DEVICE)?;
        let fingerprint = Digest(reader.array("the device's fingerprint")?);
        let at = reader.at();
        let code = reader.u8("whether races were looked for")?;
        let races = Races::from_code(code).ok_or(DecodeError::UnknownRaces { at, code })?;
        Ok(Self {
            backend,
            device,
            fingerprint,
            races,
        })
    }
}

/// Whether a seal may hold the text: nothing in it changes its meaning or a terminal, whoever shows it.
fn is_description(text: &[u8], limit: usize) -> bool {
    (1..=limit).contains(&text.len()) && text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn read_description(
    reader: &mut Reader<'_>,
    what: &'static str,
    limit: usize,
) -> Result<String, DecodeError> {
    let length = reader.count(what, limit)?;
    let at = reader.at();
    let bytes = reader.bytes(what, length as u64)?;
    if !is_description(bytes, limit) {
        return Err(DecodeError::BadText { what, at });
    }
    // Printable ASCII, so no byte is replaced.
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

impl Races {
    fn code(self) -> u8 {
        match self {
            Self::NotChecked => 0,
            Self::Checked => 1,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::NotChecked, Self::Checked]
            .into_iter()
            .find(|races| races.code() == code)
    }
}

impl fmt::Display for Races {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checked => "checked",
            Self::NotChecked => "not checked",
        })
    }
}

impl fmt::Display for ExecutionSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seal         execution (signed, not proven), races {}\nbackend      {}\ndevice       {}\nfingerprint  {}",
            self.races, self.backend, self.device, self.fingerprint
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_plain_and_short() {
        let make = |backend: &str, device: &str| {
            ExecutionSeal::new(backend, device, Digest([1; 32]), Races::Checked)
        };
        assert!(make("cuda", "NVIDIA H200, driver 570.1").is_ok());
        assert!(make(&"b".repeat(32), &"d".repeat(256)).is_ok());
        for (backend, device) in [
            ("", "d"),
            ("b", ""),
            ("b\n", "d"),
            ("b", "d\u{1b}[2J"),
            ("b", "größe"),
        ] {
            assert!(make(backend, device).is_err(), "{backend:?} {device:?}");
        }
        assert!(make(&"b".repeat(33), "d").is_err());
        assert!(make("b", &"d".repeat(257)).is_err());
    }

    #[test]
    fn any_device_can_be_described() {
        for (text, described) in [
            ("", "unknown"),
            ("Intel® Arc™", "Intel? Arc?"),
            ("a\u{1b}b", "a?b"),
        ] {
            assert_eq!(ExecutionSeal::describe_device(text), described);
        }
        let long = ExecutionSeal::describe_device(&"ü".repeat(1000));
        assert!(ExecutionSeal::new("b", &long, Digest([1; 32]), Races::Checked).is_ok());
    }
}
