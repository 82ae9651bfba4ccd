//! What is recorded: segments, each with a keyframe and what came in after it.

use std::collections::VecDeque;

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::entry::entries;
use super::packed::Packed;

/// From one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Stretch {
    /// The first moment.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    /// The last one.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) to: Timestamp,
}

/// A stretch of which nothing can be told, for reports in it were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Hole {
    /// The moment of the first report that was lost.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    /// When all was known again; the end of the recording where it is not yet.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) to: Timestamp,
    /// How many reports were lost; 0 where nobody counted them, for this server did not hear what the others did.
    pub(crate) lost: u64,
}

/// All that is recorded, oldest first. Bytes are shared, so that a copy costs little.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    pub(super) segments: VecDeque<Segment>,
    /// The newest moment that was seen: time passes also where nothing comes in.
    pub(super) end: Option<Timestamp>,
    /// It is of one of several servers: time stands still where nothing comes from their log.
    pub(super) is_of_several: bool,
}

/// A keyframe and what came in after it.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The moment of the keyframe.
    pub(super) at: Timestamp,
    pub(super) keyframe: Packed,
    pub(super) chunks: Vec<Chunk>,
}

/// Entries in the order in which they came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The earliest moment of them.
    pub(super) first: Timestamp,
    pub(super) entries: Packed,
    /// Reports that were lost at its end, where it ends with a hole.
    pub(super) lost: u64,
    /// When the first of them was.
    pub(super) lost_at: Option<Timestamp>,
}

/// Where a moment is: in a segment, and after so many of its chunks whole and a part of the next one.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) segment: Segment,
    /// The chunks up to the one that the moment is in.
    pub(super) chunks: usize,
}

impl Segment {
    pub(super) fn bytes(&self) -> usize {
        let chunks = self.chunks.iter().map(|chunk| chunk.entries.bytes.len());
        self.keyframe.bytes.len() + chunks.sum::<usize>()
    }

    /// Bytes of what came in, unpacked: what is read to see its last moment.
    pub(super) fn read_for_its_end(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.entries.len).sum()
    }

    /// The first report of it that was lost.
    pub(super) fn lost_at(&self) -> Option<Timestamp> {
        self.chunks.iter().find_map(|chunk| chunk.lost_at)
    }
}

impl Tape {
    pub(crate) fn bytes(&self) -> usize {
        self.segments.iter().map(Segment::bytes).sum()
    }

    /// From the first keyframe to the newest moment.
    pub(crate) fn stretch(&self) -> Option<Stretch> {
        let from = self.segments.front()?.at;
        Some(Stretch {
            from,
            to: self.end.unwrap_or(from).max(from),
        })
    }

    /// Where reports were lost.
    pub(crate) fn holes(&self) -> Vec<Hole> {
        let Some(stretch) = self.stretch() else {
            return Vec::new();
        };
        let next = self.segments.iter().skip(1).map(|segment| segment.at);
        let ends = next.chain([stretch.to]);
        let holes = self.segments.iter().zip(ends).filter_map(|(segment, to)| {
            let from = segment.lost_at()?;
            let lost = segment.chunks.iter().map(|chunk| chunk.lost).sum();
            Some(Hole {
                from,
                to: to.max(from),
                lost,
            })
        });
        holes.collect()
    }

    /// Where a moment is: after the last entry that is not later, wherever the clock stood before. Nothing before the first
    /// keyframe.
    pub(super) fn place(&self, at: Timestamp) -> Option<Place> {
        self.segments.iter().rev().find_map(|segment| {
            let chunks = segment.chunks.iter().rposition(|chunk| chunk.first <= at);
            let chunks = chunks.map(|place| place + 1);
            let chunks = chunks.or_else(|| (segment.at <= at).then_some(0))?;
            Some(Place {
                segment: segment.clone(),
                chunks,
            })
        })
    }
}

impl Place {
    /// How many entries of a chunk, which is the last one, are to be taken in for a moment.
    pub(super) fn count_until(chunk: &[u8], at: Timestamp) -> usize {
        let last = entries(chunk)
            .enumerate()
            .filter(|(_, entry)| entry.is_ok_and(|entry| entry.at <= at))
            .last();
        last.map_or(0, |(place, _)| place + 1)
    }
}
