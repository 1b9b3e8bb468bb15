//! A transparency log in the C2SP tiled format.
#![forbid(unsafe_code)]
