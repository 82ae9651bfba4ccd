//! Watches over what a WebSocket's peer sends before anybody keeps it: the framework's reader waits for a whole frame,
//! however large the frame says it is, and would keep all of it until then.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web_actors::ws;
use bytes::Bytes;
use futures_util::Stream;

/// What the reader is told of a frame that is too large; its error type keeps nothing but a text.
const TOO_LARGE: &str = "a frame that is larger than may be";

/// The bytes of a socket's peer, up to the head of the first frame that says it has more than `most` bytes.
pub fn bounded_frames<S>(bytes: S, most: usize) -> impl Stream<Item = Result<Bytes, PayloadError>>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    Bounded {
        bytes,
        heads: Heads {
            most: most as u64,
            head: Vec::with_capacity(LONGEST_HEAD),
            rest: 0,
        },
    }
}

/// With which words a socket is closed whose peer broke the protocol. `max_frame` is what a frame may have, in bytes.
pub fn close_reason(error: &ws::ProtocolError, max_frame: usize) -> ws::CloseReason {
    let (code, reason) = match error {
        ws::ProtocolError::Overflow => too_large(max_frame),
        ws::ProtocolError::Io(error) if error.to_string().contains(TOO_LARGE) => too_large(max_frame),
        // Else the one that is no fault of the frame's form.
        ws::ProtocolError::Io(_) => (ws::CloseCode::Invalid, "a text must be UTF-8".to_owned()),
        error => (ws::CloseCode::Protocol, format!("no WebSocket frame: {error}")),
    };
    (code, reason).into()
}

fn too_large(max_frame: usize) -> (ws::CloseCode, String) {
    let reason = format!("a frame here has at most {max_frame} bytes");
    (ws::CloseCode::Size, reason)
}

struct Bounded<S> {
    bytes: S,
    heads: Heads,
}

impl<S> Stream for Bounded<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.bytes).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next
            && !self.heads.are_fine(bytes)
        {
            return Poll::Ready(Some(Err(io::Error::other(TOO_LARGE).into())));
        }
        next
    }
}

/// Two bytes, eight of length, four of the mask.
const LONGEST_HEAD: usize = 14;

/// Follows the heads of frames (RFC 6455, section 5.2) through a stream of bytes.
struct Heads {
    most: u64,
    /// What has come of a head.
    head: Vec<u8>,
    /// Bytes that are left of a frame whose head is read.
    rest: u64,
}

impl Heads {
    fn are_fine(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = usize::try_from(self.rest).map_or(bytes.len(), |rest| rest.min(bytes.len()));
                bytes = bytes.get(skipped..).unwrap_or_default();
                self.rest -= skipped as u64;
                continue;
            }
            let Some((first, rest)) = bytes.split_first() else {
                break;
            };
            self.head.push(*first);
            bytes = rest;
            match length(&self.head) {
                Some(length) if length > self.most => return false,
                Some(length) => {
                    self.rest = length;
                    self.head.clear();
                }
                None => {}
            }
        }
        true
    }
}

/// The length of the frame, once its head is whole.
fn length(head: &[u8]) -> Option<u64> {
    let second = *head.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (length, end) = match second & 0x7f {
        126 => {
            let bytes = head.get(2..4)?.try_into().ok()?;
            (u64::from(u16::from_be_bytes(bytes)), 4)
        }
        127 => (u64::from_be_bytes(head.get(2..10)?.try_into().ok()?), 10),
        short => (u64::from(short), 2),
    };
    (head.len() >= end + mask).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads() -> Heads {
        Heads {
            most: 1000,
            head: Vec::new(),
            rest: 0,
        }
    }

    fn frame(length: usize) -> Vec<u8> {
        let mut frame = match length {
            0..=125 => vec![0x81, 0x80 | u8::try_from(length).unwrap()],
            _ => {
                let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
                vec![0x81, 0xfe, high, low]
            }
        };
        frame.extend([1, 2, 3, 4]);
        frame.extend(std::iter::repeat_n(0xff, length));
        frame
    }

    #[test]
    fn frames_pass_however_they_are_cut() {
        let all: Vec<u8> = [0, 5, 125, 126, 1000].into_iter().flat_map(frame).collect();
        for size in [1, 2, 3, 7, 100, all.len()] {
            let mut heads = heads();
            assert!(all.chunks(size).all(|bytes| heads.are_fine(bytes)), "{size}");
            assert!(heads.head.is_empty() && heads.rest == 0, "{size}");
        }
    }

    #[test]
    fn one_that_says_it_is_too_large_does_not() {
        for large in [
            frame(1001),
            vec![0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            vec![0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            let all = [frame(5), large].concat();
            for size in [1, 5, all.len()] {
                let mut heads = heads();
                assert!(!all.chunks(size).all(|bytes| heads.are_fine(bytes)), "{size}");
            }
        }
    }
}
