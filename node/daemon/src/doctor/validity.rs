//! From when to when a certificate is valid: the one thing of X.509 that is needed here and that `rustls` does not say.

/// The times of a certificate, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: i64,
    pub(super) not_after: i64,
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Validity {
    /// Reads it out of a certificate in DER. Nothing else of the certificate is looked at.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = expect(certificate, SEQUENCE)?;
        let (mut body, _) = expect(certificate, SEQUENCE)?;
        if let Some((_, rest)) = expect(body, VERSION) {
            body = rest;
        }
        let (_, body) = expect(body, INTEGER)?;
        let (_, body) = expect(body, SEQUENCE)?;
        let (_, body) = expect(body, SEQUENCE)?;
        let (times, _) = expect(body, SEQUENCE)?;
        let (not_before, times) = time(times)?;
        let (not_after, _) = time(times)?;
        Some(Self {
            not_before,
            not_after,
        })
    }
}

/// The contents of the element with this tag, and what follows it.
fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, contents, rest) = element(bytes)?;
    (found == tag).then_some((contents, rest))
}

fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        // At most four bytes of length: a certificate has no more.
        let count = usize::from(first & 0x7f);
        let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        let length = digits
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        (length, &rest[count..])
    };
    Some((tag, rest.get(..length)?, &rest[length..]))
}

fn time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (tag, text, rest) = element(bytes)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, text) = match tag {
        UTC_TIME => {
            let year = number(text.get(..2)?)?;
            (
                if year < 50 { 2000 + year } else { 1900 + year },
                &text[2..],
            )
        }
        GENERALIZED_TIME => (number(text.get(..4)?)?, &text[4..]),
        _ => return None,
    };
    if text.len() != 10 || !text.is_ascii() {
        return None;
    }
    let part = |at: usize| number(&text[at..at + 2]);
    let (month, day) = (part(0)?, part(2)?);
    let seconds = part(4)? * 3600 + part(6)? * 60 + part(8)?;
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && seconds < 86_461;
    in_range.then(|| (86_400 * days(year, month, day) + seconds, rest))
}

fn number(digits: &str) -> Option<i64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Days since 1970-01-01 in the Gregorian calendar, which repeats after 400 years of 146,097 days. Years begin in March
/// here, so that a leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = contents.len();
        let mut bytes = vec![tag];
        if length < 0x80 {
            bytes.push(length as u8);
        } else {
            bytes.extend([0x82, (length >> 8) as u8, length as u8]);
        }
        bytes.extend(contents);
        bytes
    }

    fn certificate(times: &[(u8, &str)], padding: usize) -> Vec<u8> {
        let times: Vec<u8> = times
            .iter()
            .flat_map(|(tag, text)| wrap(*tag, text.as_bytes()))
            .collect();
        let body = [
            wrap(VERSION, &[2, 1, 2]),
            wrap(INTEGER, &[7]),
            wrap(SEQUENCE, &vec![0; padding]),
            wrap(SEQUENCE, &[]),
            wrap(SEQUENCE, &times),
        ];
        wrap(SEQUENCE, &wrap(SEQUENCE, &body.concat()))
    }

    #[test]
    fn times_are_read_in_both_forms() {
        let old = certificate(
            &[(UTC_TIME, "700101000000Z"), (UTC_TIME, "491231235959Z")],
            0,
        );
        assert_eq!(
            Validity::of(&old),
            Some(Validity {
                not_before: 0,
                not_after: 2_524_607_999,
            })
        );
        let late = certificate(
            &[
                (GENERALIZED_TIME, "20000229120000Z"),
                (GENERALIZED_TIME, "21000101000000Z"),
            ],
            300,
        );
        assert_eq!(
            Validity::of(&late),
            Some(Validity {
                not_before: 951_825_600,
                not_after: 4_102_444_800,
            })
        );
    }

    #[test]
    fn what_is_no_certificate_has_no_times() {
        let good = certificate(
            &[(UTC_TIME, "700101000000Z"), (UTC_TIME, "491231235959Z")],
            200,
        );
        for length in 0..good.len() {
            assert_eq!(Validity::of(&good[..length]), None);
        }
        for text in [
            "701301000000Z",
            "7001010000Z",
            "70010100000+Z",
            "700101000000",
        ] {
            let bad = certificate(&[(UTC_TIME, text), (UTC_TIME, "491231235959Z")], 0);
            assert_eq!(Validity::of(&bad), None, "{text}");
        }
        assert_eq!(Validity::of(&[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]), None);
    }
}
