//! A small WebSocket client (RFC 6455): text frames, one at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::poll::LIMIT;

/// An open socket.
pub(crate) struct Socket {
    stream: BufReader<TcpStream>,
    /// What the server's close frame said.
    closed: Option<Vec<u8>>,
}

impl Socket {
    /// Opens one at `path`; the status of the answer when the server does not switch protocols.
    pub(crate) fn open(port: u16, path: &str, origin: Option<&str>) -> Result<Self, u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        // Short, so that reading can look at its deadline in between.
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .expect("a timeout");
        let origin = origin.map_or(String::new(), |origin| format!("Origin: {origin}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9vbS10ZXN0LXNvY2tldA==\r\n{origin}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut socket = Self {
            stream: BufReader::new(stream),
            closed: None,
        };
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(
                socket.stream.read_line(&mut head).expect("an answer") > 0,
                "closed after: {head}"
            );
        }
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        if status == 101 { Ok(socket) } else { Err(status) }
    }

    /// Sends a text.
    pub(crate) fn send(&mut self, value: &Value) {
        let text = value.to_string().into_bytes();
        let mut frame = vec![0x81];
        match u16::try_from(text.len()) {
            Ok(short @ ..126) => frame.push(0x80 | u8::try_from(short).expect("below 126")),
            Ok(long) => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
            Err(_) => panic!("a test sends no text of {} bytes", text.len()),
        }
        // A client must mask; any mask will do, zeros included.
        frame.extend([0; 4]);
        frame.extend(text);
        self.stream.get_mut().write_all(&frame).expect("sent");
    }

    /// The next text for which `wanted` has something.
    #[track_caller]
    pub(crate) fn until<T>(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> Option<T>) -> T {
        let deadline = Instant::now() + LIMIT;
        let mut seen = Vec::new();
        loop {
            let text = self
                .next(deadline)
                .unwrap_or_else(|| panic!("no {what}; seen: {seen:#?}"));
            let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("no JSON ({e}): {text}"));
            if let Some(found) = wanted(&value) {
                return found;
            }
            seen.push(value);
        }
    }

    /// Sends bytes as they are, which need not be a frame.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("sent");
    }

    /// How the server closes the connection, whatever it says before: code and reason.
    #[track_caller]
    pub(crate) fn closing(&mut self) -> (u16, String) {
        let deadline = Instant::now() + LIMIT;
        while self.next(deadline).is_some() {}
        let body = self.closed.take().expect("a close frame in time");
        let (code, reason) = body.split_at_checked(2).expect("a code");
        (
            u16::from_be_bytes([code[0], code[1]]),
            String::from_utf8_lossy(reason).into_owned(),
        )
    }

    /// The next text; none when the deadline passes or the server closes.
    fn next(&mut self, deadline: Instant) -> Option<String> {
        loop {
            let head = self.bytes(2, deadline)?;
            let length = match head[1] & 0x7f {
                126 => u64::from(u16::from_be_bytes(self.bytes(2, deadline)?.try_into().ok()?)),
                127 => u64::from_be_bytes(self.bytes(8, deadline)?.try_into().ok()?),
                short => u64::from(short),
            };
            let body = self.bytes(usize::try_from(length).ok()?, deadline)?;
            match head[0] & 0x0f {
                1 => return String::from_utf8(body).ok(),
                8 => {
                    self.closed = Some(body);
                    return None;
                }
                9 => {
                    // A pong with the ping's body.
                    let mut frame = vec![0x8a, 0x80 | (head[1] & 0x7f), 0, 0, 0, 0];
                    frame.extend(body);
                    self.stream.get_mut().write_all(&frame).ok()?;
                }
                _ => {}
            }
        }
    }

    fn bytes(&mut self, count: usize, deadline: Instant) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        let mut have = 0;
        while have < count {
            match self.stream.read(&mut bytes[have..]) {
                Ok(0) => return None,
                Ok(more) => have += more,
                Err(e)
                    if matches!(
                        e.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) =>
                {
                    if Instant::now() > deadline {
                        return None;
                    }
                }
                Err(_) => return None,
            }
        }
        Some(bytes)
    }
}
