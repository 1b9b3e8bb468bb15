//! Bytes of fixed length as lower-case hexadecimal text: one text for each value, so texts can be compared.

/// Text that is not the hexadecimal form of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {}{digits} digits of 0-9 and a-f", self.prefix_text())]
pub struct InvalidHex {
    /// What was expected.
    pub what: &'static str,
    /// What comes before the digits.
    pub prefix: &'static str,
    /// Hexadecimal digits.
    pub digits: usize,
}

impl InvalidHex {
    fn prefix_text(&self) -> String {
        match self.prefix {
            "" => String::new(),
            prefix => format!("`{prefix}` and "),
        }
    }
}

/// The bytes that `text` spells, where it has exactly the right length and lower-case digits.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = 16 * digit(pair[0])? + digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// The text of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A newtype over an array of bytes with its text, for `Display`, `FromStr`, serde and OpenAPI.
macro_rules! hexadecimal {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $bytes]);

        $crate::hex::text_form!($name, $bytes, $prefix, $what, |bytes| Some($name(bytes)));

        impl $name {
            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }
    };
}

/// The text form of a type with `as_bytes`, made from bytes by a function that may refuse them.
macro_rules! text_form {
    ($name:ident, $bytes:literal, $prefix:literal, $what:literal, $make:expr) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($prefix)?;
                self.as_bytes()
                    .iter()
                    .try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::hex::InvalidHex;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let make: fn([u8; $bytes]) -> Option<$name> = $make;
                text.strip_prefix($prefix)
                    .and_then($crate::hex::decode::<$bytes>)
                    .and_then(make)
                    .ok_or($crate::hex::InvalidHex {
                        what: $what,
                        prefix: $prefix,
                        digits: 2 * $bytes,
                    })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($what))
                    .pattern(Some(format!("^{}[0-9a-f]{{{}}}$", $prefix, 2 * $bytes)))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

pub(crate) use {hexadecimal, text_form};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_text_is_read() {
        assert_eq!(decode::<2>("00ff"), Some([0, 255]));
        for wrong in ["", "00f", "00ff0", "00FF", "0x00", " 0ff", "00fg", "é0f"] {
            assert_eq!(decode::<2>(wrong), None, "{wrong}");
        }
        assert_eq!(encode(&[0, 171]), "00ab");
    }
}
