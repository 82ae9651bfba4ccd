//! The frames that were published last, for viewers that come back.

use std::collections::VecDeque;
use std::sync::Arc;

use bytestring::ByteString;

/// A published frame: written once, shared by all who send it.
pub(super) struct Sent {
    pub(super) seq: u64,
    /// What it is about, if a later frame about the same makes it worthless.
    pub(super) key: Option<Box<str>>,
    pub(super) text: ByteString,
}

/// A bounded stretch of frames with consecutive numbers.
pub(super) struct Ring {
    frames: VecDeque<Arc<Sent>>,
    bytes: usize,
    max_frames: usize,
    max_bytes: usize,
}

impl Ring {
    pub(super) fn new(max_frames: usize, max_bytes: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            max_frames,
            max_bytes,
        }
    }

    pub(super) fn push(&mut self, frame: Arc<Sent>) {
        self.bytes += frame.text.len();
        self.frames.push_back(frame);
        while self.frames.len() > self.max_frames || self.bytes > self.max_bytes {
            let Some(oldest) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= oldest.text.len();
        }
    }

    /// The frames after `seq`, or nothing when some of them are gone.
    pub(super) fn after(&self, seq: u64, head: u64) -> Option<impl Iterator<Item = &Arc<Sent>>> {
        let missed = usize::try_from(head.checked_sub(seq)?).ok()?;
        let skip = self.frames.len().checked_sub(missed)?;
        Some(self.frames.iter().skip(skip))
    }
}
