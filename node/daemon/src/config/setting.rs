//! The forms of values: in the file, in a variable, and as they are printed.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use arknet_protocol::PublicKey;
use arknet_workload::job::folder::parse_size;
use toml_edit::Value;

/// A type of value.
pub(super) trait Setting: Sized {
    /// What it must be, for error messages.
    const EXPECTED: &'static str;
    /// From a variable, or from a string of the file.
    fn from_text(text: &str) -> Option<Self>;
    /// From a value of the file.
    fn from_toml(value: &Value) -> Option<Self> {
        value.as_str().and_then(Self::from_text)
    }
    /// As the file spells it.
    fn print(&self) -> String;
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// A time, at most ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Whatever works on this machine.
    Auto,
    /// The processor.
    Cpu,
    /// A GPU through wgpu.
    Wgpu,
    /// A GPU through CUDA.
    Cuda,
}

/// A key with the operator's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The name.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// Somebody who cosigns checkpoints of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its verifier key, as in a signed note.
    pub key: String,
    /// Where it is.
    pub url: String,
}

const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

impl Span {
    /// In milliseconds.
    pub fn millis(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string().trim().to_owned()
}

macro_rules! integers {
    ($($type:ty, $expected:literal);+ $(;)?) => {$(
        impl Setting for $type {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn from_toml(value: &Value) -> Option<Self> {
                let number = u32::try_from(value.as_integer()?).ok()?;
                Self::try_from(number).ok()
            }

            fn print(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

integers!(
    u32, "a whole number from 0 to 4294967295";
    NonZeroU32, "a whole number from 1 to 4294967295";
);

impl Setting for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn from_toml(value: &Value) -> Option<Self> {
        value.as_bool()
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

impl Setting for String {
    const EXPECTED: &'static str = "text in quotation marks";

    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
    }

    fn print(&self) -> String {
        quoted(self)
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = "a path in quotation marks";

    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty() && !text.contains('\0')).then(|| text.into())
    }

    fn print(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Setting for SocketAddr {
    const EXPECTED: &'static str =
        "an address and a port such as \"127.0.0.1:7117\" or \"[::]:7117\"";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn print(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for Size {
    const EXPECTED: &'static str = "a size such as \"512MiB\", \"4GiB\" or 4096 (bytes)";

    fn from_text(text: &str) -> Option<Self> {
        parse_size(text).map(Self)
    }

    fn from_toml(value: &Value) -> Option<Self> {
        match value.as_integer() {
            Some(bytes) => u64::try_from(bytes).ok().map(Self),
            None => Self::from_text(value.as_str()?),
        }
    }

    fn print(&self) -> String {
        for (unit, scale) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if self.0 > 0 && self.0.is_multiple_of(scale) {
                return format!("\"{}{unit}\"", self.0 / scale);
            }
        }
        self.0.to_string()
    }
}

/// Units of times, and their milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl Setting for Span {
    const EXPECTED: &'static str = "a time such as \"30s\", \"10m\", \"24h\" or \"30d\"";

    fn from_text(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let millis = number.parse::<u64>().ok()?.checked_mul(*scale)?;
        let span = Duration::from_millis(millis);
        (!span.is_zero() && span <= LONGEST).then_some(Self(span))
    }

    fn print(&self) -> String {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = |(_, scale): &&(&str, u64)| millis.is_multiple_of(*scale);
        let (unit, scale) = UNITS.iter().find(fits).unwrap_or(&UNITS[4]);
        format!("\"{}{unit}\"", millis / scale)
    }
}

impl Setting for Backend {
    const EXPECTED: &'static str = "one of \"auto\", \"cpu\", \"wgpu\" and \"cuda\"";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "cpu" => Some(Self::Cpu),
            "wgpu" => Some(Self::Wgpu),
            "cuda" => Some(Self::Cuda),
            _ => None,
        }
    }

    fn print(&self) -> String {
        let word = match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        };
        quoted(word)
    }
}

impl Setting for NamedKey {
    const EXPECTED: &'static str = "a name and a key such as \"rack1 ed25519:0123…\"";

    fn from_text(text: &str) -> Option<Self> {
        let (name, key) = text.split_once(' ')?;
        let fine = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        let key = key.trim().parse().ok()?;
        fine.then(|| Self {
            name: name.to_owned(),
            key,
        })
    }

    fn print(&self) -> String {
        quoted(&format!("{} {}", self.name, self.key))
    }
}

impl Setting for Witness {
    const EXPECTED: &'static str = "a verifier key and a URL such as \"witness.example+0a1b2c3d+BGx… https://witness.example\"";

    fn from_text(text: &str) -> Option<Self> {
        let (key, url) = text.split_once(' ')?;
        let url = url.trim();
        let fine = key.split('+').count() >= 3
            && (url.starts_with("https://") || url.starts_with("http://"));
        fine.then(|| Self {
            key: key.to_owned(),
            url: url.to_owned(),
        })
    }

    fn print(&self) -> String {
        quoted(&format!("{} {}", self.key, self.url))
    }
}

impl<T: Setting> Setting for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_text(text: &str) -> Option<Self> {
        T::from_text(text).map(Some)
    }

    fn from_toml(value: &Value) -> Option<Self> {
        T::from_toml(value).map(Some)
    }

    fn print(&self) -> String {
        self.as_ref()
            .map_or_else(|| "(not set)".to_owned(), T::print)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    /// Separated by commas.
    fn from_text(text: &str) -> Option<Self> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(T::from_text).collect()
    }

    fn from_toml(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_toml).collect()
    }

    fn print(&self) -> String {
        let parts: Vec<String> = self.iter().map(T::print).collect();
        format!("[{}]", parts.join(", "))
    }
}
