//! What a witness signs: that it saw a log grow consistently up to a checkpoint, and when.

/// The bytes under a `cosignature/v1` of a checkpoint's text at this POSIX time.
pub fn cosigned_message(time: u64, text: &str) -> Vec<u8> {
    // The first line keeps a cosignature from being taken for any other signature of the same key.
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}
