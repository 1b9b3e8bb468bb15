//! Whether the NATS server of the fleet answers.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::finding::Finding;

const CHECK: &str = "nats";
const PATIENCE: Duration = Duration::from_secs(5);
const USUAL_PORT: u16 = 4222;
/// The most that a server says first.
const GREETING: u64 = 64 << 10;
const FIX: &str = "start the server, or correct its address in the configuration; without it nothing is given to workers";

/// Checks a server by its greeting: a NATS server speaks first.
pub(super) fn check(url: &str) -> Finding {
    match greet(url) {
        Ok(jetstream) if jetstream => {
            Finding::good(CHECK, format!("{} answers, with JetStream", place(url)))
        }
        Ok(_) => Finding::bad(
            CHECK,
            format!("{} answers, but without JetStream", place(url)),
            "start it with JetStream: `nats-server -js -sd FOLDER`",
        ),
        Err(reason) => Finding::bad(CHECK, format!("{}: {reason}", place(url)), FIX),
    }
}

/// Host and port, without a scheme and without a password.
fn place(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// Whether the server has JetStream.
fn greet(url: &str) -> Result<bool, String> {
    let place = place(url);
    let has_port = place
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let addresses = if has_port {
        place.to_socket_addrs()
    } else {
        (place, USUAL_PORT).to_socket_addrs()
    };
    let mut addresses = addresses.map_err(|error| error.to_string())?;
    let address = addresses.next().ok_or("it has no address")?;
    let stream =
        TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| error.to_string())?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .map_err(|error| error.to_string())?;
    let mut line = String::new();
    BufReader::new(stream.take(GREETING))
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    let info = line
        .strip_prefix("INFO ")
        .ok_or("what answers there is no NATS server")?;
    let info: serde_json::Value = serde_json::from_str(info).map_err(|error| error.to_string())?;
    Ok(info["jetstream"] == true)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::doctor::Verdict;

    fn server(greeting: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(greeting.as_bytes()).unwrap();
        });
        format!("nats://user:secret@{address}")
    }

    #[test]
    fn servers_are_known_by_their_greeting() {
        let found = check(&server("INFO {\"jetstream\":true}\r\n"));
        assert_eq!(found.verdict, Verdict::Good, "{found:?}");
        assert!(!found.found.contains("secret"), "{found:?}");
        for greeting in [
            "INFO {\"version\":\"2\"}\r\n",
            "HTTP/1.1 400\r\n",
            "INFO {\r\n",
            "",
        ] {
            let found = check(&server(greeting));
            assert_eq!(found.verdict, Verdict::Bad, "{found:?}");
            assert!(found.fix.is_some());
        }
    }

    #[test]
    fn nobody_there_is_said() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("nats://{}", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(check(&url).verdict, Verdict::Bad);
        assert_eq!(place("nats://a.example"), "a.example");
        assert_eq!(place("a:1/x"), "a:1");
    }
}
