//! The whole of the journals, written into a keyframe and made of one again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use loom_protocol::{EventKind, JournalLine, Timestamp};
use serde::{Deserialize, Serialize};

use super::kept::Lines;
use super::ring::{Kept, Ring};
use super::store::{Journal, State};
use crate::directory::Text;

#[derive(Serialize, Deserialize)]
struct KeptJournal {
    rings: Vec<KeptRing>,
    next: u64,
    telling: HashSet<Text>,
}

#[derive(Serialize, Deserialize)]
struct KeptRing {
    id: Text,
    last_seq: u64,
    gone: Option<i64>,
    lines: Vec<KeptLine>,
}

#[derive(Serialize, Deserialize)]
struct KeptLine {
    number: u64,
    weight: usize,
    seq: u64,
    time: i64,
    kind: EventKind,
    message: String,
    correlation_id: Option<String>,
    /// As JSON.
    data: Option<String>,
}

impl Journal {
    /// Writes all lines.
    pub(crate) fn keep(&self, to: Vec<u8>) -> postcard::Result<Vec<u8>> {
        let state = self.lock();
        let kept = KeptJournal {
            rings: state
                .lines
                .rings()
                .map(|(id, ring)| KeptRing::of(id, ring))
                .collect(),
            next: state.lines.next(),
            telling: state.telling.clone(),
        };
        drop(state);
        postcard::to_extend(&kept, to)
    }

    /// A journal of what was written, and what follows in `bytes`.
    pub(crate) fn of_kept(bytes: &[u8]) -> postcard::Result<(Self, &[u8])> {
        let (kept, rest) = postcard::take_from_bytes::<KeptJournal>(bytes)?;
        let rings = kept.rings.into_iter().map(|kept| (kept.id.clone(), kept.ring()));
        let mut state = State::default();
        state.lines = Lines::of_rings(rings.collect(), kept.next);
        state.telling = kept.telling;
        let state = Mutex::new(state);
        Ok((Self { state }, rest))
    }

    /// Becomes what another one knows. Who looks goes on looking; lines that wait to be shown are in what there is to be fetched.
    pub(crate) fn take_over(&self, other: Self) {
        let other = other.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.lock();
        (state.lines, state.telling) = (other.lines, other.telling);
        state.fresh.clear();
    }
}

impl KeptRing {
    fn of(id: &Text, ring: &Ring) -> Self {
        Self {
            id: id.clone(),
            last_seq: ring.last_seq(),
            gone: ring.gone.map(Timestamp::as_millis),
            lines: ring.lines().map(KeptLine::of).collect(),
        }
    }

    fn ring(self) -> Ring {
        let gone = self.gone.map(Timestamp::from_millis);
        Ring::of_lines(self.lines.into_iter().map(KeptLine::line), self.last_seq, gone)
    }
}

impl KeptLine {
    fn of(kept: &Kept) -> Self {
        let line = &*kept.line;
        Self {
            number: kept.number,
            weight: kept.weight,
            seq: line.seq,
            time: line.time.as_millis(),
            kind: line.kind.clone(),
            message: line.message.clone(),
            correlation_id: line.correlation_id.clone(),
            // What has no JSON form was not taken in.
            data: line
                .data
                .as_ref()
                .map(|data| serde_json::to_string(data).unwrap_or_default()),
        }
    }

    fn line(self) -> Kept {
        Kept {
            number: self.number,
            weight: self.weight,
            line: Arc::new(JournalLine {
                seq: self.seq,
                time: Timestamp::from_millis(self.time),
                kind: self.kind,
                message: self.message,
                correlation_id: self.correlation_id,
                data: self.data.and_then(|data| serde_json::from_str(&data).ok()),
            }),
        }
    }
}
