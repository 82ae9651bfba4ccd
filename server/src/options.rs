//! How a studio server is set up: one place for its options and their defaults.

use std::fmt;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use crate::collector::CollectorOptions;
use crate::directory::DirectoryOptions;

/// Where the studio listens when nobody says otherwise.
pub const DEFAULT_PORT: u16 = 9090;

/// What a studio server needs to know to start.
#[derive(Clone, Debug)]
pub struct StudioOptions {
    /// The address to listen on. A loopback address means both loopback addresses, where the machine has both: browsers
    /// take `localhost` for either.
    pub bind: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// What callers must show as `Authorization: Bearer`; who shows it may do everything. Needed to listen anywhere but on
    /// loopback, or a token in `tokens`.
    pub token: Option<Token>,
    /// A file of named tokens with roles; see [`crate::TokenFile`].
    pub tokens: Option<PathBuf>,
    /// Origins (`https://studio.example.org:8443`) of pages and names that may talk to the studio beside its own.
    pub origins: Vec<String>,
    /// What to show over TLS; without it the studio speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Where there is TLS: whether programs of this machine may speak plain HTTP, on a free port of loopback.
    pub plain_on_loopback: bool,
    /// Threads that serve requests; by the machine's cores when absent.
    pub workers: Option<usize>,
    /// Sockets that may be open at a time, those of extensions included; another one is answered 503.
    pub max_sockets: usize,
    /// A socket that has not taken what waits for it for so long is cut.
    pub stalled_after: Duration,
    /// The time that a request has to bring its body.
    pub body_within: Duration,
    /// The directory that the history is kept in; without one it ends with the server.
    pub state: Option<PathBuf>,
    /// Limits of the directory.
    pub directory: DirectoryOptions,
    /// What is recorded of what comes in.
    pub recorder: RecorderOptions,
    /// A collector of OpenTelemetry that metrics are sent to; nothing is sent without one.
    pub collector: Option<CollectorOptions>,
}

/// What is recorded of what comes in, so that the studio can be looked at as it was.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// Bytes of memory that it may take; 0 records nothing.
    pub bytes: usize,
    /// How far back it reaches, where it has the room.
    pub back: Duration,
    /// Where recordings are saved; nowhere when absent.
    pub save_in: Option<PathBuf>,
    /// Whether one is saved without being asked for when an actor panics or something is found to be broken.
    pub saves_by_itself: bool,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self {
            bytes: 64 * 1024 * 1024,
            back: Duration::from_secs(600),
            save_in: None,
            saves_by_itself: true,
        }
    }
}

impl RecorderOptions {
    /// How far back, in milliseconds.
    pub(crate) fn back(&self) -> i64 {
        i64::try_from(self.back.as_millis()).unwrap_or(i64::MAX)
    }
}

impl Default for StudioOptions {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: DEFAULT_PORT,
            token: None,
            tokens: None,
            origins: Vec::new(),
            tls: None,
            plain_on_loopback: false,
            workers: None,
            max_sockets: 1024,
            stalled_after: Duration::from_secs(45),
            body_within: Duration::from_secs(30),
            state: None,
            directory: DirectoryOptions::default(),
            recorder: RecorderOptions::default(),
            collector: None,
        }
    }
}

/// The files of a certificate, in PEM. They are looked at every second, so that a renewed certificate is shown without a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, and behind it those that signed it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A secret that callers show. Never printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token; nothing when `text` is blank, which is what an unset variable often looks like.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// Whether `shown` is this token. Takes as long for a near miss as for a far one.
    pub(crate) fn is(&self, shown: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), shown.as_bytes());
        let differences = ours
            .iter()
            .zip(theirs)
            .fold(0, |sum: u8, (a, b)| black_box(sum | (a ^ b)));
        ours.len() == theirs.len() && differences == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_nothing_else_and_is_not_printed() {
        let token = Token::new(" secret ").unwrap();
        assert!(token.is("secret"));
        for other in ["", "secre", "secret!", "Secret", "terces"] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("secret"));
        assert!(Token::new("  ").is_none());
    }
}
