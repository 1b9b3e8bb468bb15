//! Server-sent events as the HTML standard defines them, out of pieces of a stream.

/// The most bytes of a line, and of the data of one event.
const LIMIT: usize = 64 << 10;

/// One event with data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// The id that a new stream may go on after.
    pub(crate) id: Option<String>,
    /// What kind it is, where that is said.
    pub(crate) event: Option<String>,
    /// Its data.
    pub(crate) data: String,
}

/// A line or an event over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line or an event of the stream has more than {LIMIT} bytes")]
pub(crate) struct Oversized;

/// What has come of an event so far.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    after_return: bool,
    message: Message,
    has_data: bool,
}

impl Parser {
    /// Takes the next piece of the stream and gives the events that it completes.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<Vec<Message>, Oversized> {
        let mut messages = Vec::new();
        for &byte in piece {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                // The second half of one line end.
                b'\n' if after_return => {}
                b'\n' | b'\r' => messages.extend(self.end_line()?),
                _ if self.line.len() >= LIMIT => return Err(Oversized),
                _ => self.line.push(byte),
            }
        }
        Ok(messages)
    }

    fn end_line(&mut self) -> Result<Option<Message>, Oversized> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        if line.is_empty() {
            let message = std::mem::take(&mut self.message);
            return Ok(std::mem::take(&mut self.has_data).then_some(message));
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.message.data.push('\n');
                }
                self.has_data = true;
                if self.message.data.len() + value.len() > LIMIT {
                    return Err(Oversized);
                }
                self.message.data.push_str(value);
            }
            "id" => self.message.id = Some(value.to_owned()),
            "event" => self.message.event = Some(value.to_owned()),
            // Comments have an empty name; the rest is for later versions.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: Option<&str>, data: &str) -> Message {
        Message {
            id: id.map(str::to_owned),
            event: None,
            data: data.to_owned(),
        }
    }

    #[test]
    fn events_are_the_same_however_the_stream_is_cut() {
        let text = "retry: 5\n\n: heartbeat\n\nid: 1\ndata: a\ndata:b\n\ndata: c\r\nid:2\r\n\r\ndata\r\rid: 3\n\nevent: e\ndata: d\n\nunfinished";
        let expected = [
            message(Some("1"), "a\nb"),
            message(Some("2"), "c"),
            message(None, ""),
            Message {
                event: Some("e".to_owned()),
                ..message(None, "d")
            },
        ];
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let messages: Vec<Message> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| parser.take(piece).unwrap())
                .collect();
            assert_eq!(messages, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_stream_cannot_fill_the_memory() {
        assert_eq!(Parser::default().take(&[b'x'; LIMIT + 1]), Err(Oversized));
        let mut parser = Parser::default();
        let line = format!("data: {}\n", "x".repeat(1000));
        let result = (0..100).try_for_each(|_| parser.take(line.as_bytes()).map(|_| ()));
        assert_eq!(result, Err(Oversized));
    }
}
