//! Bodies that must come at a least rate, so that nobody holds a connection and its buffers by sending a byte at a time.
//!
//! Only the time in which the node waits for the sender counts: a disk that is slow to take the bytes is not the sender's
//! fault.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

/// How slowly a body may come.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time without any byte.
    pub stall: Duration,
    /// Time that is given beyond what the least rate takes.
    pub grace: Duration,
    /// Bytes a second that must come at least.
    pub least_rate: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            stall: Duration::from_secs(15),
            grace: Duration::from_secs(10),
            least_rate: 4 << 10,
        }
    }
}

/// The body came too slowly.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body comes too slowly")]
pub(super) struct TooSlow;

/// Why a body ends before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum PacedError {
    #[error(transparent)]
    Slow(#[from] TooSlow),
    #[error("the body broke off: {0}")]
    Broken(#[from] axum::Error),
}

/// The bytes of a body as they come.
pub(super) struct Paced {
    body: BodyDataStream,
    pace: Pace,
    received: u64,
    /// Time spent waiting for the sender so far.
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Paced {
    pub(super) fn new(body: Body, pace: Pace) -> Self {
        Self {
            body: body.into_data_stream(),
            pace,
            received: 0,
            waited: Duration::ZERO,
            waiting: None,
        }
    }

    /// How long the sender may let the node wait from now on.
    fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.received / u64::from(self.pace.least_rate.max(1)));
        let allowed = self.pace.grace.saturating_add(earned);
        allowed.saturating_sub(self.waited).min(self.pace.stall)
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, PacedError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match Pin::new(&mut self.body).poll_next(context) {
            Poll::Ready(next) => {
                if let Some((since, _)) = self.waiting.take() {
                    self.waited += since.elapsed();
                }
                let next = next.map(|piece| piece.map_err(PacedError::from));
                if let Some(Ok(bytes)) = &next {
                    self.received += bytes.len() as u64;
                }
                Poll::Ready(next)
            }
            Poll::Pending => {
                let patience = self.patience();
                let (_, sleep) = self.waiting.get_or_insert_with(|| {
                    let now = Instant::now();
                    (now, Box::pin(sleep_until(now + patience)))
                });
                match sleep.as_mut().poll(context) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => {
                        self.waiting = None;
                        Poll::Ready(Some(Err(TooSlow.into())))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};

    use super::*;

    fn pace() -> Pace {
        Pace {
            stall: Duration::from_millis(300),
            grace: Duration::from_millis(200),
            least_rate: 1000,
        }
    }

    /// A body of `pieces` of `size` bytes, each after `pause`.
    fn body(pieces: usize, size: usize, pause: Duration) -> Body {
        let pieces = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![7; size]))
        });
        Body::from_stream(pieces)
    }

    async fn read(body: Body) -> Result<usize, PacedError> {
        let mut paced = Paced::new(body, pace());
        let mut total = 0;
        while let Some(piece) = paced.next().await {
            total += piece?.len();
        }
        Ok(total)
    }

    #[tokio::test]
    async fn a_body_at_the_least_rate_comes_through() {
        let slow = body(30, 1000, Duration::from_millis(20));
        assert_eq!(read(slow).await.unwrap(), 30_000);
    }

    #[tokio::test]
    async fn a_byte_at_a_time_is_cut_off() {
        let started = Instant::now();
        let dripping = body(100_000, 1, Duration::from_millis(10));
        assert!(matches!(read(dripping).await, Err(PacedError::Slow(_))));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_fast_beginning_does_not_buy_a_long_silence() {
        let started = Instant::now();
        let quick = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![7; 1 << 20]))]);
        let silent = Body::from_stream(quick.chain(stream::pending()));
        assert!(matches!(read(silent).await, Err(PacedError::Slow(_))));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
