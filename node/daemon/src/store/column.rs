//! The types of the protocol as columns: keys, digests and ids as BLOBs, words as text.
//!
//! What is read back is checked as strictly as what comes from the network: a damaged row is an error that says so.

use rusqlite::types::{Type, Value, ValueRef};
use rusqlite::{Row, RowIndex};

use arknet_protocol::{
    BlobDigest, Fingerprint, JobId, JobKind, JobState, Nonce, PublicKey, Reason, RequestDigest,
    Scopes, Signature, TokenHash, TokenId,
};

/// A type that has a form as a column.
pub(super) trait Column: Sized {
    /// The column's value.
    fn to_column(&self) -> Value;
    /// The value of a column, where it is one.
    fn from_column(value: ValueRef<'_>) -> Result<Self, String>;
}

/// The value of a column for a statement's parameters.
pub(super) fn col<T: Column>(value: &T) -> Value {
    value.to_column()
}

/// The value of a column that may be null.
pub(super) fn col_opt<T: Column>(value: Option<&T>) -> Value {
    value.map_or(Value::Null, Column::to_column)
}

/// Reads a column.
pub(super) fn get<T: Column>(row: &Row<'_>, index: impl RowIndex) -> rusqlite::Result<T> {
    let value = row.get_ref(index)?;
    T::from_column(value).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, value.data_type(), error.into())
    })
}

/// Reads a column that may be null.
pub(super) fn get_opt<T: Column>(
    row: &Row<'_>,
    index: impl RowIndex,
) -> rusqlite::Result<Option<T>> {
    let value = row.get_ref(index)?;
    if value.data_type() == Type::Null {
        return Ok(None);
    }
    T::from_column(value).map(Some).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, value.data_type(), error.into())
    })
}

fn bytes<const N: usize>(value: ValueRef<'_>) -> Result<[u8; N], String> {
    let bytes = value.as_blob().map_err(|error| error.to_string())?;
    <[u8; N]>::try_from(bytes).map_err(|_| format!("{} bytes instead of {N}", bytes.len()))
}

macro_rules! byte_columns {
    ($($name:ident),+ $(,)?) => {$(
        impl Column for $name {
            fn to_column(&self) -> Value {
                Value::Blob(self.0.to_vec())
            }

            fn from_column(value: ValueRef<'_>) -> Result<Self, String> {
                bytes(value).map(Self)
            }
        }
    )+};
}

byte_columns!(
    BlobDigest,
    Fingerprint,
    JobId,
    Nonce,
    RequestDigest,
    Signature,
    TokenHash,
    TokenId,
);

impl Column for PublicKey {
    fn to_column(&self) -> Value {
        Value::Blob(self.as_bytes().to_vec())
    }

    fn from_column(value: ValueRef<'_>) -> Result<Self, String> {
        Self::from_bytes(bytes(value)?).map_err(|error| error.to_string())
    }
}

macro_rules! word_columns {
    ($($name:ident),+ $(,)?) => {$(
        impl Column for $name {
            fn to_column(&self) -> Value {
                Value::Text(self.to_string())
            }

            fn from_column(value: ValueRef<'_>) -> Result<Self, String> {
                let text = value.as_str().map_err(|error| error.to_string())?;
                text.parse().map_err(|error| format!("`{text}`: {error}"))
            }
        }
    )+};
}

word_columns!(JobKind, JobState, Reason, Scopes);

/// A count that SQLite keeps as a signed integer.
pub(super) fn count(row: &Row<'_>, index: impl RowIndex) -> rusqlite::Result<u64> {
    let value: i64 = row.get(index)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}

/// A count as SQLite keeps it. What is larger than it can hold is as large as it can hold.
pub(super) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
