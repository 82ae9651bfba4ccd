//! Names: who we are called by, and which web pages may talk to us.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A web page's origin: scheme, host and port, as a browser sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// The text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an origin such as `https://studio.example.org:8443`: {reason}")]
pub struct InvalidOrigin {
    text: String,
    reason: &'static str,
}

impl Origin {
    /// The host, in lower case, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether its pages come over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// The port, also where it is the scheme's own.
    fn port(&self) -> Option<u16> {
        self.port.or(match self.scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        })
    }

    /// Whether a page of this origin came from the server that `authority` (a `Host` header) names. The names of this
    /// machine are one; another port of it is another server.
    pub(super) fn is_of(&self, authority: &Authority) -> bool {
        let port = authority.port.or(match self.scheme.as_str() {
            "https" => Some(443),
            _ => Some(80),
        });
        let same = self.host == authority.host || (is_loopback(&self.host) && is_loopback(&authority.host));
        same && self.port() == port
    }

    /// Whether both name the same place.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port() == other.port()
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |reason| InvalidOrigin {
            text: text.to_owned(),
            reason,
        };
        if text.contains('*') {
            return Err(invalid("patterns would let any page in; list each origin"));
        }
        let (scheme, rest) = text
            .trim()
            .trim_end_matches('/')
            .split_once("://")
            .ok_or_else(|| invalid("the scheme is missing"))?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err(invalid("the scheme must be http or https"));
        }
        if rest.contains(['/', '?', '#', '@', ' ']) {
            return Err(invalid("an origin ends with the host or the port"));
        }
        let authority = Authority::parse(rest).ok_or_else(|| invalid("the host or port can't be read"))?;
        Ok(Self {
            scheme,
            host: authority.host,
            port: authority.port,
        })
    }
}

/// Host and port of a `Host` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl Authority {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return None,
            }
        } else {
            match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        let port = match port {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        // A trailing dot names the same host.
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        (!host.is_empty()).then_some(Self { host, port })
    }

    /// The host as an address, when it is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// Whether a host always is the machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_send_them() {
        for (text, host, port) in [
            ("http://localhost:5173", "localhost", Some(5173)),
            ("https://Studio.Example.org/", "studio.example.org", Some(443)),
            ("http://[::1]:9090", "::1", Some(9090)),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!((origin.host(), origin.port()), (host, port), "{text}");
        }
    }

    #[test]
    fn what_is_no_origin_is_named_with_the_reason() {
        for text in [
            "*",
            "studio.example.org",
            "ftp://x",
            "http://x/page",
            "http://",
            "http://x:y",
            "null",
        ] {
            let error = text.parse::<Origin>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("such as"), "{error}");
        }
    }

    #[test]
    fn only_the_machine_itself_is_loopback() {
        for host in ["localhost", "app.localhost", "127.0.0.1", "127.8.8.8", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.evil.example",
            "evil-localhost",
            "10.0.0.1",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn hosts_with_ports_brackets_and_dots_are_read() {
        let read = |text| Authority::parse(text).map(|authority| (authority.host, authority.port));
        assert_eq!(read("LOCALHOST.:9090"), Some(("localhost".into(), Some(9090))));
        assert_eq!(read("[::1]"), Some(("::1".into(), None)));
        for text in ["", ":80", "[::1", "[x]:1", "a:b", "::1", "a:99999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
