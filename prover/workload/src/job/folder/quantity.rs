//! Sizes (`"64MiB"`) and times (`"60s"`) as people write them in a job file.

use std::time::Duration;

/// What a size must look like, for error messages.
pub const SIZE: &str = "a size such as \"64MiB\", \"512KiB\", \"1GiB\" or 4096 (bytes)";
/// What a time must look like, for error messages.
pub(super) const TIME: &str =
    "a time such as \"60s\", \"500ms\" or \"2m\", at least 1ms and at most 720h";

/// Longer than any run should last, and far from where arithmetic on instants overflows.
const MAX_TIME: Duration = Duration::from_secs(720 * 3600);

/// Bytes of a size: digits and an optional unit.
pub fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let scale: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(scale)
}

/// A time: digits and a unit.
pub(super) fn time(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 3600 * 1000,
        _ => return None,
    };
    let time = Duration::from_millis(number.checked_mul(milliseconds)?);
    (!time.is_zero() && time <= MAX_TIME).then_some(time)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("4096"), Some(4096));
        assert_eq!(size("512KiB"), Some(512 << 10));
        assert_eq!(size("64 MiB"), Some(64 << 20));
        assert_eq!(size("1GiB"), Some(1 << 30));
        for bad in [
            "",
            "MiB",
            "1MB",
            "-1",
            "1.5KiB",
            "0x10",
            "17179869184GiB",
            "99999999999999999999",
        ] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(time("60s"), Some(Duration::from_secs(60)));
        assert_eq!(time("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(time("2m"), Some(Duration::from_secs(120)));
        assert_eq!(time("720h"), Some(MAX_TIME));
        for bad in ["", "60", "s", "0s", "721h", "-1s", "18446744073709551615h"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
