//! A server that answers as a test wants, one request a connection.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arknet_client::{Client, Settings};
use arknet_protocol::{Problem, Token};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What is sent back before the connection is closed.
pub(crate) struct Reply {
    bytes: Vec<u8>,
    /// How much of the body to read before answering, where not all of it.
    pub(crate) read: Option<usize>,
}

impl Reply {
    /// Nothing at all.
    pub(crate) fn hang_up() -> Self {
        Self::raw("")
    }

    pub(crate) fn raw(text: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: text.into(),
            read: None,
        }
    }

    /// The same with more after it.
    pub(crate) fn then(mut self, text: &str) -> Self {
        self.bytes.extend(text.as_bytes());
        self
    }

    pub(crate) fn with(status: u16, kind: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        Self::raw([head.as_bytes(), body].concat())
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("JSON");
        Self::with(status, "application/json", &body)
    }

    pub(crate) fn problem(problem: &Problem) -> Self {
        let body = serde_json::to_vec(problem).expect("JSON");
        Self::with(problem.status, Problem::MEDIA_TYPE, &body)
    }
}

/// A server and what it was asked.
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers by a function of the request's number, line and headers. Its body is read afterwards, as far as the
    /// reply wants.
    pub(crate) async fn start(
        mut answer: impl FnMut(usize, &Request) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            for number in 0.. {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut request = head(&mut stream).await;
                let reply = answer(number, &request);
                let length = request.header("content-length").map_or(0, |length| {
                    length.parse::<usize>().expect("a content-length")
                });
                let length = reply.read.unwrap_or(length);
                request.body = vec![0; length];
                stream.read_exact(&mut request.body).await.expect("a body");
                seen.lock().expect("a lock").push(request);
                // A client that was refused early may be gone.
                let _ = stream.write_all(&reply.bytes).await;
            }
        });
        Self { address, asked }
    }

    pub(crate) fn client(&self) -> Client {
        let token = Token::generate().expect("randomness");
        Client::new(
            self.address.parse().expect("an address"),
            Some(&token),
            Settings {
                idle: Duration::from_secs(5),
                ..Settings::default()
            },
        )
        .expect("a client")
    }

    pub(crate) fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("a lock").clone()
    }
}

async fn head(stream: &mut TcpStream) -> Request {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.expect("a request"));
    }
    let text = String::from_utf8(text).expect("text");
    let mut lines = text.lines();
    let line = lines.next().expect("a line").to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Request {
        line,
        headers,
        body: Vec::new(),
    }
}
