//! Where the log's entries are kept.

use std::error::Error;
use std::ops::Range;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::store::Store;

/// Why entries could not be read.
pub type LeafError = Box<dyn Error + Send + Sync>;

/// The log's entries, in order. Entries are only ever appended; one that was seen here is durable.
pub trait LeafStore: Send + Sync + 'static {
    /// How many there are.
    fn size(&self) -> BoxFuture<'_, Result<u64, LeafError>>;

    /// The first of those in `range`: at least one, unless the range is empty, and as many as fit a page.
    fn leaves(&self, range: Range<u64>) -> BoxFuture<'_, Result<Vec<Vec<u8>>, LeafError>>;
}

impl LeafStore for Store {
    fn size(&self) -> BoxFuture<'_, Result<u64, LeafError>> {
        async move { Ok(self.leaf_count().await?) }.boxed()
    }

    fn leaves(&self, range: Range<u64>) -> BoxFuture<'_, Result<Vec<Vec<u8>>, LeafError>> {
        async move {
            let mut page = Vec::new();
            for (number, leaf) in range.clone().zip(Self::leaves(self, range).await?) {
                if leaf.number != number {
                    return Err(format!("entry {number} is missing, {} came", leaf.number).into());
                }
                page.push(leaf.bytes);
            }
            Ok(page)
        }
        .boxed()
    }
}
