//! What an application logs through `tracing`, as lines of the journal of the actor that logs it.
//!
//! An event belongs to the observed actor that is being polled on its thread; where none is, it goes by. The bridge's own
//! events go by too, and all of the actor that carries journals: telling of them would make more of them.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::note::{LONGEST_TEXT, bounded_data};
use crate::trace;

/// Fields of one event that are kept.
const MOST_FIELDS: usize = 32;

/// Bytes of one field's text that are kept.
const LONGEST_FIELD: usize = 1_024;

/// The bridge's own targets begin so.
const OWN: &str = "loom_bridge";

/// The target of what comes from the crate `log`, which has the real one in a field.
const FROM_LOG: &str = "log";

/// A layer for `tracing_subscriber` that puts what an actor logs into the actor's journal, as lines of kind `log`.
///
/// An event is an actor's when it is emitted while that actor handles a message, or one of its timers, streams or futures runs.
/// A line has the event's message for a text, and its level, target and fields for data: a text of 2 kB, 32 fields of 1 kB,
/// 4 kB in all. An actor may write a hundred lines a second, notes included; the others are counted. Never log a secret.
///
/// A filter of the whole subscriber comes first: what that leaves out is in no journal. To have more in the journal than on the
/// screen, give the filter to the screen's layer alone.
///
/// ```
/// use loom_bridge::JournalLayer;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(JournalLayer::new());
/// # let _ = subscriber;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a layer does nothing until a subscriber has it"]
pub struct JournalLayer {
    level: Level,
}

impl JournalLayer {
    /// For events of level `INFO` and above.
    pub fn new() -> Self {
        Self { level: Level::INFO }
    }

    /// For events of this level and above.
    pub fn level(self, level: Level) -> Self {
        Self { level }
    }

    fn is_for(self, event: &Metadata<'_>) -> bool {
        *event.level() <= self.level && !is_own(event.target())
    }
}

impl Default for JournalLayer {
    fn default() -> Self {
        Self::new()
    }
}

fn is_own(target: &str) -> bool {
    target
        .strip_prefix(OWN)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl<S: Subscriber> Layer<S> for JournalLayer {
    // Not by `enabled`, `register_callsite` or `max_level_hint`: those speak for the layers beside this one as well.
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !self.is_for(metadata) {
            return;
        }
        let Some(actor) = trace::current_cell().filter(|actor| !actor.carries_journals()) else {
            return;
        };
        actor.log(|| {
            let mut line = Logged::of(metadata);
            event.record(&mut line);
            line.finish()
        });
    }
}

/// An event on its way to a line.
struct Logged {
    level: &'static str,
    target: String,
    is_from_log: bool,
    text: String,
    fields: Map<String, Value>,
    left_out: u64,
}

impl Logged {
    fn of(metadata: &Metadata<'_>) -> Self {
        let level = match *metadata.level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        Self {
            level,
            target: metadata.target().to_owned(),
            is_from_log: metadata.target() == FROM_LOG,
            text: String::new(),
            fields: Map::new(),
            left_out: 0,
        }
    }

    fn text(&mut self, field: &Field, text: &dyn fmt::Display) {
        match field.name() {
            "message" => self.text = bounded(LONGEST_TEXT, text),
            "log.target" if self.is_from_log => self.target = bounded(LONGEST_FIELD, text),
            _ => self.put(field, || bounded(LONGEST_FIELD, text).into()),
        }
    }

    fn put(&mut self, field: &Field, value: impl FnOnce() -> Value) {
        // Where in the source, which nobody asks of the other events either.
        if self.is_from_log && field.name().starts_with("log.") {
            return;
        }
        if self.fields.len() < MOST_FIELDS {
            self.fields.insert(field.name().to_owned(), value());
        } else {
            self.left_out += 1;
        }
    }

    /// The line's text and data.
    fn finish(mut self) -> (String, Map<String, Value>) {
        if self.left_out > 0 {
            self.fields
                .insert("fieldsLeftOut".to_owned(), self.left_out.into());
        }
        let mut data = Map::new();
        data.insert("level".to_owned(), self.level.into());
        data.insert("target".to_owned(), bounded(LONGEST_FIELD, &self.target).into());
        if let Some(fields) = bounded_data(self.fields) {
            data.insert("fields".to_owned(), fields.into());
        }
        (self.text, data)
    }
}

impl Visit for Logged {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, || value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, || value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, || value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // No number in JSON: as it is written.
        match serde_json::Number::from_f64(value) {
            Some(number) => self.put(field, || number.into()),
            None => self.put(field, || value.to_string().into()),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, &value);
    }
}

/// What a value is written as, cut at so many bytes; the rest is never formatted.
fn bounded(most: usize, value: &dyn fmt::Display) -> String {
    let mut text = Bounded {
        text: String::new(),
        most,
    };
    if write!(text, "{value}").is_err() {
        text.text.push('…');
    }
    text.text
}

struct Bounded {
    text: String,
    most: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = self.most.saturating_sub(self.text.len());
        if more.len() <= room {
            self.text.push_str(more);
            return Ok(());
        }
        let end = more.floor_char_boundary(room);
        self.text.push_str(more.get(..end).unwrap_or_default());
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_is_formatted() {
        struct Endless;
        impl fmt::Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("ä")?;
                }
            }
        }
        assert_eq!(bounded(5, &Endless), "ää…");
        assert_eq!(bounded(5, &"short"), "short");
    }

    #[test]
    fn targets_of_the_bridge_are_its_own_and_those_that_only_begin_alike_are_not() {
        assert!(is_own("loom_bridge") && is_own("loom_bridge::discovery::courier"));
        assert!(!is_own("loom_bridges") && !is_own("shop::loom_bridge"));
    }
}
