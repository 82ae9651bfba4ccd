//! The lines of one actor.

use std::collections::VecDeque;
use std::sync::Arc;

use loom_protocol::{JournalLine, Timestamp};

/// One line, with its place among those of all actors.
pub(super) struct Kept {
    /// Counts the lines of all actors.
    pub(super) number: u64,
    /// What it weighs, in bytes.
    pub(super) weight: usize,
    pub(super) line: Arc<JournalLine>,
}

/// Lines of one actor, oldest first.
#[derive(Default)]
pub(super) struct Ring {
    lines: VecDeque<Kept>,
    last_seq: u64,
    /// Since when the actor is no longer known.
    pub(super) gone: Option<Timestamp>,
}

impl Ring {
    /// Of lines, oldest first; the number of the last line that there was may be another one's.
    pub(super) fn of_lines(
        lines: impl Iterator<Item = Kept>,
        last_seq: u64,
        gone: Option<Timestamp>,
    ) -> Self {
        Self {
            lines: lines.collect(),
            last_seq,
            gone,
        }
    }

    /// The number of the last line that there was.
    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The number of the next line.
    pub(super) fn next_seq(&mut self) -> u64 {
        self.last_seq += 1;
        self.last_seq
    }

    pub(super) fn push(&mut self, kept: Kept) {
        self.lines.push_back(kept);
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Kept> {
        self.lines.iter()
    }

    /// Takes in the lines of another one, all in the order in which they came. Each counts the lines of both before it, those
    /// that are not kept as well.
    pub(super) fn merge(&mut self, other: Self) {
        let (mut own_seq, mut other_seq) = (0, 0);
        let mut own = std::mem::take(&mut self.lines).into_iter().peekable();
        let mut others = other.lines.into_iter().peekable();
        loop {
            let is_own = match (own.peek(), others.peek()) {
                (Some(own), Some(other)) => own.number < other.number,
                (own, _) => own.is_some(),
            };
            let next = if is_own { own.next() } else { others.next() };
            let Some(mut kept) = next else { break };
            if is_own {
                own_seq = kept.line.seq;
            } else {
                other_seq = kept.line.seq;
            }
            let seq = own_seq + other_seq;
            if kept.line.seq != seq {
                let mut line = (*kept.line).clone();
                line.seq = seq;
                kept.line = Arc::new(line);
            }
            self.lines.push_back(kept);
        }
        self.last_seq += other.last_seq;
    }

    pub(super) fn pop(&mut self) -> Option<Kept> {
        self.lines.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether its oldest line is this one.
    pub(super) fn begins_with(&self, number: u64) -> bool {
        self.lines.front().is_some_and(|kept| kept.number == number)
    }

    pub(super) fn find(&self, number: u64) -> Option<&Arc<JournalLine>> {
        let place = self
            .lines
            .binary_search_by_key(&number, |kept| kept.number)
            .ok()?;
        self.lines.get(place).map(|kept| &kept.line)
    }

    /// The newest `limit` lines before `before`, oldest first.
    pub(super) fn page(&self, before: Option<u64>, limit: usize) -> Vec<JournalLine> {
        let end = before.map_or(self.lines.len(), |before| {
            self.lines.partition_point(|kept| kept.line.seq < before)
        });
        let begin = end.saturating_sub(limit);
        self.lines
            .range(begin..end)
            .map(|kept| (*kept.line).clone())
            .collect()
    }
}
