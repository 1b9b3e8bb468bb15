//! A connection whose every read and write ends by a deadline.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Bytes that are handed to the system at a time: it starts the clock anew for each part it can place.
const CHUNK: usize = 1 << 16;

/// A connection with a deadline.
pub(super) struct Timed<'a> {
    stream: &'a UnixStream,
    deadline: Instant,
}

impl<'a> Timed<'a> {
    pub(super) fn new(stream: &'a UnixStream, deadline: Instant) -> Self {
        Self { stream, deadline }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // The system takes no time at all for no limit.
        if left < Duration::from_micros(1) {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(left)
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(&bytes[..bytes.len().min(CHUNK)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_or_deaf_peer_is_not_waited_for() {
        let (one, other) = UnixStream::pair().unwrap();
        let soon = || Instant::now() + Duration::from_millis(50);
        let start = Instant::now();
        let error = Timed::new(&one, soon()).read_exact(&mut [0]).unwrap_err();
        assert!(matches!(
            error.kind(),
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
        ));
        let error = Timed::new(&one, soon())
            .write_all(&[0; 1 << 24])
            .unwrap_err();
        assert!(matches!(
            error.kind(),
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
        ));
        assert!(start.elapsed() < Duration::from_secs(5));
        drop(other);
        let past = Instant::now();
        assert_eq!(
            Timed::new(&one, past).read(&mut [0]).unwrap_err().kind(),
            io::ErrorKind::TimedOut
        );
    }

    #[test]
    fn a_peer_that_drips_does_not_put_the_deadline_off() {
        let (one, other) = UnixStream::pair().unwrap();
        let dripping = std::thread::spawn(move || {
            while (&other).write_all(&[0]).is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let start = Instant::now();
        let deadline = start + Duration::from_millis(100);
        let mut bytes = [0; 1 << 20];
        assert!(Timed::new(&one, deadline).read_exact(&mut bytes).is_err());
        assert!(start.elapsed() < Duration::from_secs(2));
        drop(one);
        dripping.join().unwrap();
    }
}
