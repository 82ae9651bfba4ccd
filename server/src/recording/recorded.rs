//! What is recorded, as the recorder's thread makes it: segments, and what is not yet enough for a chunk.

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use bytes::Bytes;
use loom_protocol::Timestamp;

use super::entry::Came;
use super::flight::FlightOptions;
use super::packed::Packed;
use super::tape::{Chunk, Segment, Tape};

/// Bytes of a chunk, about: as much is unpacked to find a moment in it.
const CHUNK: usize = 256 * 1024;
/// A keyframe each minute: no moment is further from one.
const KEYFRAME: i64 = 60_000;
/// Packing may take one part in so many of the time of one core. Beyond that, what comes in is kept as it is.
const PACKS: u32 = 50;
/// Bytes of reports from a keyframe to the next, unpacked: reading them takes less than a second.
const MOST_READ: usize = 64 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Recorded {
    pub(super) tape: Tape,
    /// What is not yet enough for a chunk.
    pub(super) open: Vec<u8>,
    pub(super) first: Option<Timestamp>,
    /// Something is missing, until there is a keyframe.
    is_broken: bool,
    /// When something went to make room, before its time.
    pub(super) cut: Option<Timestamp>,
    pub(super) keyframe_from: Option<Instant>,
    packing: Option<Spent>,
}

/// How much time was spent on something.
struct Spent {
    since: Instant,
    spent: Duration,
}

impl Recorded {
    pub(super) fn write(&mut self, at: Timestamp, came: &Came) {
        if let Came::TookOver(from, keyframe) = came {
            self.take_over(at, *from, keyframe);
            return;
        }
        if self.tape.segments.is_empty() || self.is_broken {
            // Before the first keyframe, or in a hole, nothing can be made of it.
            if let (Came::Lost(count), Some(hole)) = (came, self.hole()) {
                hole.lost += count;
            }
            return;
        }
        if let Came::Lost(count) = came {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            self.close();
            if let Some(chunk) = self
                .tape
                .segments
                .back_mut()
                .and_then(|last| last.chunks.last_mut())
            {
                (chunk.lost, chunk.lost_at) = (*count, Some(at));
            }
            self.is_broken = true;
            return;
        }
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        came.write(at, &mut self.open);
        if self.open.len() >= CHUNK {
            self.close();
        }
    }

    pub(super) fn put_before(&mut self, other: Tape) {
        let own = &self.tape.segments;
        // What was not interrupted, up to now.
        let after_a_hole = (1..own.len()).rfind(|place| {
            let before = own.get(place - 1);
            before.is_some_and(|segment| segment.lost_at().is_some())
        });
        let after_a_hole = after_a_hole.unwrap_or(0);
        let Some(began) = own.get(after_a_hole).map(|segment| segment.at) else {
            return;
        };
        let mut others: VecDeque<Segment> = other
            .segments
            .into_iter()
            .filter(|segment| segment.at < began)
            .collect();
        let Some(first) = others.front().map(|segment| segment.at) else {
            return;
        };
        if let Some(last) = others.back_mut() {
            last.chunks.retain(|chunk| chunk.first < began);
        }
        let own = mem::take(&mut self.tape.segments).into_iter().enumerate();
        let (mut before, mut since) = (VecDeque::new(), VecDeque::new());
        for (place, segment) in own {
            if place >= after_a_hole {
                since.push_back(segment);
            } else if segment.at < first {
                before.push_back(segment);
            }
        }
        if let Some(last) = before.back_mut() {
            // What was missed later the other one has.
            let last: &mut Segment = last;
            last.chunks.retain(|chunk| chunk.first < first);
            for chunk in &mut last.chunks {
                chunk.lost_at = chunk.lost_at.filter(|lost| *lost < first);
            }
        }
        self.tape.segments = before;
        self.tape.segments.append(&mut others);
        self.tape.segments.append(&mut since);
    }

    /// Begins anew with what another server wrote down. What happened from the last that was recorded to then is not known.
    fn take_over(&mut self, at: Timestamp, from: Timestamp, keyframe: &Bytes) {
        if from < at && !self.is_broken && !self.tape.segments.is_empty() {
            self.first = Some(self.first.map_or(from, |first| first.min(from)));
            self.close();
            if let Some(chunk) = self
                .tape
                .segments
                .back_mut()
                .and_then(|last| last.chunks.last_mut())
            {
                chunk.lost_at = Some(from);
            }
        }
        self.close();
        let keyframe = self.pack(keyframe.to_vec());
        self.begin(at, keyframe);
    }

    pub(super) fn begin(&mut self, at: Timestamp, keyframe: Packed) {
        self.tape.segments.push_back(Segment {
            at,
            keyframe,
            chunks: Vec::new(),
        });
        self.is_broken = false;
    }

    /// The chunk that ends with a hole, in one.
    fn hole(&mut self) -> Option<&mut Chunk> {
        let last = self.tape.segments.back_mut()?.chunks.last_mut()?;
        last.lost_at.is_some().then_some(last)
    }

    /// Makes a chunk of what is open.
    pub(super) fn close(&mut self) {
        let Some(first) = self.first.take() else { return };
        let open = mem::take(&mut self.open);
        let entries = self.pack(open);
        if let Some(segment) = self.tape.segments.back_mut() {
            segment.chunks.push(Chunk {
                first,
                entries,
                lost: 0,
                lost_at: None,
            });
        }
    }

    /// What is open, as a chunk.
    pub(super) fn unfinished(&self) -> Option<Chunk> {
        Some(Chunk {
            first: self.first?,
            entries: Packed::bare(self.open.clone()),
            lost: 0,
            lost_at: None,
        })
    }

    pub(super) fn pack(&mut self, bytes: Vec<u8>) -> Packed {
        let now = Instant::now();
        let packing = self.packing.get_or_insert(Spent {
            since: now,
            spent: Duration::ZERO,
        });
        // A second is given: a short burst is packed whole.
        let may = (now.duration_since(packing.since) + 50 * Duration::from_secs(1)) / PACKS;
        if packing.spent > may {
            return Packed::bare(bytes);
        }
        let packed = Packed::pack(bytes);
        packing.spent += now.elapsed();
        packed
    }

    pub(super) fn wants_keyframe(&self, now: Timestamp, options: FlightOptions) -> bool {
        if self.keyframe_from.is_some_and(|from| Instant::now() < from) {
            return false;
        }
        let Some(last) = self.tape.segments.back() else {
            return true;
        };
        let ago = now.as_millis() - last.at.as_millis();
        let came = last.bytes().saturating_sub(last.keyframe.bytes.len());
        let is_long = came > (options.bytes / 8).max(2 * last.keyframe.bytes.len());
        // A burst may be packed well, and is read as long all the same.
        let is_long = is_long || last.read_for_its_end() > MOST_READ.max(2 * last.keyframe.len);
        self.is_broken || is_long || !(0..KEYFRAME).contains(&ago)
    }
}
