//! Times on command lines: `90s`, `10m`, `2h`, `7d`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time from now.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let refuse = || format!("`{text}` is no time; write it as 90s, 10m, 2h or 7d");
    let unit = text.chars().next_back().ok_or_else(refuse)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(refuse()),
    };
    let digits = &text[..text.len() - 1];
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .parse::<u32>()
        .ok()
        .filter(|count| is_number && *count > 0)
        .map(|count| Duration::from_secs(u64::from(count) * seconds))
        .ok_or_else(refuse)
}

/// Seconds since 1970, by this machine's clock.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "",
            "s",
            "10",
            "+1s",
            "-1s",
            "0m",
            "1.5h",
            "1w",
            "5000000000s",
            "1ß",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
