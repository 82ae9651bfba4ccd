//! Cuts a stream of bytes into frames.

use super::{MAX_FRAME, Malformed};

const PREFIX: usize = 4;

/// Bytes as they came from a socket, given out frame by frame.
#[derive(Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    start: usize,
    limit: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            limit: MAX_FRAME,
        }
    }
}

impl Frames {
    /// An empty buffer that takes no frame above `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit: limit.min(MAX_FRAME),
            ..Self::default()
        }
    }

    /// Takes frames up to the protocol's own bound from now on.
    pub fn lift_limit(&mut self) {
        self.limit = MAX_FRAME;
    }

    /// Adds bytes that were received.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete frame (kind and body), or `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the peer announces a frame that is empty or above the limit: the connection is of no more use.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, Malformed> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((prefix, body)) = rest.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*prefix)).unwrap_or(usize::MAX);
        if length == 0 || length > self.limit {
            return Err(Malformed::new("a frame is empty or too large"));
        }
        if body.len() < length {
            return Ok(None);
        }
        let from = self.start + PREFIX;
        self.start = from + length;
        Ok(self.buffer.get(from..self.start))
    }
}

/// Writes a frame: reserves the prefix, lets `body` write kind and body, then fills in the length.
pub(super) fn write(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) -> Result<(), Malformed> {
    let at = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    body(out);
    let length = out.len() - at - PREFIX;
    let prefix = u32::try_from(length).ok().filter(|_| length <= MAX_FRAME);
    match (prefix, out.get_mut(at..at + PREFIX)) {
        (Some(prefix), Some(place)) => {
            place.copy_from_slice(&prefix.to_le_bytes());
            Ok(())
        }
        _ => {
            out.truncate(at);
            Err(Malformed::new("it is larger than 16 MiB"))
        }
    }
}
