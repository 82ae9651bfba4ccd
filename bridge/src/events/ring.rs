//! The ring of a registry's lines, and who reads it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::{ActorEvent, ActorId, EventKind};
use serde_json::{Map, Value};

use crate::clock::Nanos;
use crate::trace::Cause;

/// Lines that are kept for whoever has not read them.
const MOST_LINES: usize = 8_192;

/// Bytes of texts and data that are kept, about.
const MOST_BYTES: usize = 4 << 20;

/// One thing that happened, as it is kept: nothing is formatted until it is read.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) at: Nanos,
    pub(crate) actor: Arc<str>,
    pub(crate) kind: EventKind,
    pub(crate) text: Cow<'static, str>,
    pub(crate) cause: Cause,
    pub(crate) data: Option<Map<String, Value>>,
}

impl Line {
    /// About as much as it holds beside itself. Data is bounded where it is made.
    fn bytes(&self) -> usize {
        self.text.len() + self.data.as_ref().map_or(0, weight_of_entries)
    }

    /// For the wire, told at `now`.
    fn event(&self, now: Nanos) -> ActorEvent {
        ActorEvent {
            actor: ActorId(self.actor.to_string()),
            time: Some(self.at.on_the_wall(now)),
            kind: self.kind.clone(),
            message: self.text.to_string(),
            correlation_id: self.cause.correlation_id(),
            data: self.data.clone(),
        }
    }
}

/// About the bytes of a value. How deep it goes is bounded with the data.
fn weight(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(entries) => weight_of_entries(entries),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + inside
}

fn weight_of_entries(entries: &Map<String, Value>) -> usize {
    let entries = entries.iter();
    entries
        .map(|(key, value)| size_of::<String>() + key.len() + weight(value))
        .sum()
}

/// The newest lines of a registry.
#[derive(Default)]
pub(crate) struct Ring {
    kept: Mutex<Kept>,
    /// Lines that were not written because their actor writes too much.
    left_out: AtomicU64,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    /// How many were written ever: the number of the next.
    written: u64,
}

impl Ring {
    pub(crate) fn write(&self, line: Line) {
        let mut kept = self.kept();
        kept.bytes += line.bytes();
        kept.written += 1;
        kept.lines.push_back(Arc::new(line));
        while kept.lines.len() > MOST_LINES || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.lines.pop_front() else {
                break;
            };
            kept.bytes -= oldest.bytes();
        }
    }

    pub(crate) fn left_out(&self) {
        self.left_out.fetch_add(1, Relaxed);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing is left half-done under this lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At most so many lines from the given number on, the number of the first of them, and how many were left out.
    fn read(&self, from: u64, most: usize) -> (Vec<Arc<Line>>, u64) {
        let kept = self.kept();
        let oldest = kept.written - kept.lines.len() as u64;
        let first = from.max(oldest);
        let skip = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        let lines = kept.lines.iter().skip(skip).take(most).cloned().collect();
        (lines, first)
    }
}

/// Where a bridge has come to in the ring of one registry. Outlives the bridge's actor, so that nothing is told twice.
#[derive(Default)]
pub(crate) struct Tap {
    next: AtomicU64,
    missed: AtomicU64,
}

impl Tap {
    /// The next lines, at most so many; they are not read again.
    pub(crate) fn read(&self, ring: &Ring, most: usize, now: Nanos) -> Vec<ActorEvent> {
        if most == 0 {
            return Vec::new();
        }
        let from = self.next.load(Relaxed);
        let (lines, first) = ring.read(from, most);
        self.missed.fetch_add(first - from, Relaxed);
        self.next.store(first + lines.len() as u64, Relaxed);
        lines.iter().map(|line| line.event(now)).collect()
    }

    /// Lines that were gone, or never written, before they could be read.
    pub(crate) fn missed(&self, ring: &Ring) -> u64 {
        self.missed.load(Relaxed) + ring.left_out.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize, text: &str) -> Line {
        Line {
            at: Nanos::now(),
            actor: "a".into(),
            kind: EventKind::Note,
            text: format!("{number} {text}").into(),
            cause: Cause::default(),
            data: None,
        }
    }

    fn numbers(events: &[ActorEvent]) -> Vec<String> {
        let number = |event: &ActorEvent| event.message.split(' ').next().map(str::to_owned);
        events.iter().filter_map(number).collect()
    }

    #[test]
    fn each_reader_reads_each_line_once_in_order() {
        let (ring, early, late) = (Ring::default(), Tap::default(), Tap::default());
        for number in 0..5 {
            ring.write(line(number, ""));
        }
        let now = Nanos::now();
        assert_eq!(numbers(&early.read(&ring, 3, now)), ["0", "1", "2"]);
        assert_eq!(numbers(&early.read(&ring, 3, now)), ["3", "4"]);
        assert!(early.read(&ring, 3, now).is_empty());
        ring.write(line(5, ""));
        assert_eq!(numbers(&early.read(&ring, 3, now)), ["5"]);
        assert_eq!(late.read(&ring, 100, now).len(), 6);
        assert_eq!((early.missed(&ring), late.missed(&ring)), (0, 0));
    }

    #[test]
    fn a_line_weighs_what_is_deep_in_its_data_too() {
        let of = |data: Value| {
            let mut line = line(0, "");
            line.data = data.as_object().cloned();
            line.bytes()
        };
        let empty = of(serde_json::json!({}));
        assert_eq!(line(0, "").bytes(), empty);
        let text = "x".repeat(3_000);
        for data in [
            serde_json::json!({"a":text}),
            serde_json::json!({"fields":{"a":text}}),
            serde_json::json!({"fields":{"a":[{"b":text}]}}),
        ] {
            assert!(of(data.clone()) > empty + 3_000, "{data}");
        }
        let small = of(serde_json::json!({"fields":{"a":1}}));
        assert!(small < empty + 200, "no more than there is: {small}");
        assert!(
            of(serde_json::json!({"a":vec![1;1_000]})) > 1_000,
            "numbers take room"
        );
    }

    #[test]
    fn beyond_its_bounds_the_oldest_go_and_are_counted() {
        let (ring, tap) = (Ring::default(), Tap::default());
        for number in 0..MOST_LINES + 10 {
            ring.write(line(number, ""));
        }
        let read = tap.read(&ring, usize::MAX, Nanos::now());
        assert_eq!((read.len(), tap.missed(&ring)), (MOST_LINES, 10));
        assert_eq!(numbers(&read)[0], "10");

        let text = "x".repeat(MOST_BYTES / 4);
        for number in 0..8 {
            ring.write(line(number, &text));
        }
        let read = tap.read(&ring, usize::MAX, Nanos::now());
        assert_eq!(
            numbers(&read),
            ["5", "6", "7"],
            "with the numbers they are a little longer than a quarter"
        );
        ring.left_out();
        assert_eq!(tap.missed(&ring), 16);
    }
}
