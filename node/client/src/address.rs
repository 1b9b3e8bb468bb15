//! Where a node is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// The address of a node: `http://` or `https://`, a host, a port where it is not the usual one, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAddress {
    url: Url,
    loopback: bool,
}

/// Text that is no address of a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no address of a node ({reason}); write it as in `https://node.example.com:7117`"
)]
pub struct InvalidAddress {
    text: String,
    reason: String,
}

impl NodeAddress {
    /// Whether the node is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether what is sent can be read on the way.
    pub fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// The address of something on the node.
    pub(crate) fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}

impl FromStr for NodeAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let refuse = |reason: &str| InvalidAddress {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it has a user name or password in it"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("nothing may follow the host and port"));
        }
        let host = url.host_str().ok_or_else(|| refuse("it has no host"))?;
        let ip = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = host == "localhost" || ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        Ok(Self { url, loopback })
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_a_scheme_a_host_and_a_port() {
        for (text, loopback) in [
            ("http://127.0.0.1:7117", true),
            ("http://[::1]:7117", true),
            ("http://localhost", true),
            ("https://node.example.com", false),
            ("https://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            let address: NodeAddress = text.parse().unwrap();
            assert_eq!(address.is_loopback(), loopback, "{text}");
            assert_eq!(address.to_string(), text);
        }
        for text in [
            "",
            "127.0.0.1:7117",
            "ftp://a",
            "https://me:secret@a",
            "https://a/v1",
            "https://a?x",
            "https://a#x",
            "file:///etc/passwd",
        ] {
            assert!(text.parse::<NodeAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn parts_of_a_path_stay_parts() {
        let address: NodeAddress = "http://localhost:1".parse().unwrap();
        assert_eq!(
            address.path(&["v1", "jobs", "a/b?c"]).as_str(),
            "http://localhost:1/v1/jobs/a%2Fb%3Fc"
        );
    }
}
