//! Frames: a header that tells a length, and so many bytes of JSON. Bounded, and back in step after what is no frame.

use std::io::{self, BufRead, Read, Write};

use serde_json::{Value, json};

/// The longest message: the largest file that is read, written as JSON text, fits three times.
const MOST: u64 = 16 * 1024 * 1024;
/// The longest line of a header.
const MOST_HEADER: u64 = 4 * 1024;

/// What came in.
pub(super) enum Incoming {
    Message(Value),
    Mistake(Mistake),
}

/// Why something that came in is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// Lines that are no header were passed over.
    Header,
    /// A message was passed over that is longer than anything that is sent.
    TooLong,
    /// It is no JSON.
    Json,
}

impl Mistake {
    /// The answer to it, which belongs to no request.
    pub(super) fn answer(self) -> Value {
        let (code, message) = match self {
            Self::Header => (
                -32600,
                "what came before this message is none: each begins with `Content-Length: N`".to_owned(),
            ),
            Self::TooLong => (
                -32600,
                format!(
                    "the message has more than {} MiB and was not read",
                    MOST / 1024 / 1024
                ),
            ),
            Self::Json => (-32700, "the message is no JSON".to_owned()),
        };
        json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}})
    }
}

/// The next message; `None` at the end of the input.
pub(super) fn read(input: &mut impl BufRead) -> Option<Incoming> {
    let mut length: Option<u64> = None;
    let mut is_strange = false;
    loop {
        let mut line = Vec::new();
        let read = input
            .by_ref()
            .take(MOST_HEADER)
            .read_until(b'\n', &mut line)
            .ok()?;
        if read == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        match (line.split_once(':'), length) {
            _ if line.is_empty() => match length {
                // Whether what follows is what it says cannot be known.
                Some(length) if is_strange => {
                    return skip(input, length).then_some(Incoming::Mistake(Mistake::Header));
                }
                Some(length) => return body(input, length),
                None if is_strange => return Some(Incoming::Mistake(Mistake::Header)),
                None => {}
            },
            (Some((name, value)), _) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
                is_strange |= length.is_none();
            }
            // `Content-Type`, and whatever there will be.
            (Some(_), _) => {}
            (None, _) => is_strange = true,
        }
    }
}

fn body(input: &mut impl BufRead, length: u64) -> Option<Incoming> {
    if length > MOST {
        return skip(input, length).then_some(Incoming::Mistake(Mistake::TooLong));
    }
    let mut bytes = Vec::new();
    let read = input.by_ref().take(length).read_to_end(&mut bytes).ok()?;
    if u64::try_from(read).ok()? < length {
        return None;
    }
    Some(match serde_json::from_slice(&bytes) {
        Ok(message) => Incoming::Message(message),
        Err(_) => Incoming::Mistake(Mistake::Json),
    })
}

/// Passes over so many bytes.
fn skip(input: &mut impl BufRead, length: u64) -> bool {
    io::copy(&mut input.by_ref().take(length), &mut io::sink()).is_ok_and(|passed| passed == length)
}

/// Sends a message; `false` when nobody can have it any more.
pub(super) fn write(message: &Value) -> bool {
    let body = message.to_string();
    let mut output = io::stdout().lock();
    let written =
        write!(output, "Content-Length: {}\r\n\r\n{body}", body.len()).and_then(|()| output.flush());
    written.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each message of an input is.
    fn all(input: &[u8]) -> Vec<String> {
        let mut input = input;
        std::iter::from_fn(|| read(&mut input))
            .map(|one| match one {
                Incoming::Message(message) => message.to_string(),
                Incoming::Mistake(mistake) => format!("{mistake:?}"),
            })
            .collect()
    }

    #[test]
    fn frames_are_read_and_others_answered() {
        assert_eq!(
            all(b"Content-Length: 2\r\n\r\n{}content-length:1\r\nContent-Type: x\r\n\r\n1"),
            ["{}", "1"]
        );
        assert_eq!(
            all(b"Content-Length: 3\r\n\r\n{]}Content-Length: 1\r\n\r\n2"),
            ["Json", "2"]
        );
        assert_eq!(
            all(b"hello\r\nContent-Length: 1\r\n\r\n1Content-Length: 1\r\n\r\n2"),
            ["Header", "2"]
        );
        assert_eq!(
            all(b"\r\n\r\nContent-Length: x\r\n\r\nContent-Length: 1\r\n\r\n2"),
            ["Header", "2"]
        );
        assert_eq!(all(b"Content-Length: 5\r\n\r\n{}"), [""; 0]);
        assert_eq!(all(b"Content-Length: 99999999999999999999\r\n\r\n{}"), ["Header"]);
        assert_eq!(all(&[0xff; 10_000]), [""; 0]);
        let mut long = format!("Content-Length: {}\r\n\r\n", MOST + 1).into_bytes();
        long.resize(long.len() + usize::try_from(MOST + 1).unwrap(), b'x');
        long.extend(b"Content-Length: 1\r\n\r\n3");
        assert_eq!(all(&long), ["TooLong", "3"]);
    }
}
