//! Whether an actor fits a filter.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Condition, Field, Filter, Measure, Nature, Pattern, Term};
use crate::{ActorRecord, ActorStatus};

/// Levels of metadata that are looked through.
const DEPTH: usize = 4;

/// What filters look at.
pub trait Subject {
    /// A text of it; nothing when it is not known.
    fn text(&self, field: Field) -> Option<Cow<'_, str>>;
    /// A number of it, times in milliseconds; nothing when it is not known.
    fn measure(&self, measure: Measure) -> Option<f64>;
    /// Whether it is of that nature.
    fn is(&self, nature: Nature) -> bool;
    /// What else its owner tells of it.
    fn metadata(&self) -> Option<&Map<String, Value>>;

    /// Whether `pattern` stands for the field as a whole.
    fn field_is(&self, field: Field, pattern: &Pattern) -> bool {
        match self.text(field) {
            Some(text) => pattern.is(&text),
            None => pattern.is_empty(),
        }
    }

    /// Whether `pattern` is somewhere in the field.
    fn field_has(&self, field: Field, pattern: &Pattern) -> bool {
        self.text(field).is_some_and(|text| pattern.is_in(&text))
    }

    /// Whether `pattern` is anywhere in it.
    fn has(&self, pattern: &Pattern) -> bool {
        let mut fields = Field::ALL.iter();
        fields.any(|field| self.field_has(*field, pattern)) || self.metadata_has(pattern)
    }

    /// Whether `pattern` is somewhere in what else its owner tells of it.
    fn metadata_has(&self, pattern: &Pattern) -> bool {
        self.metadata()
            .is_some_and(|values| any_text(values, |text| pattern.is_in(text)))
    }
}

impl Filter {
    /// Whether all terms hold of `subject`.
    pub fn matches(&self, subject: &impl Subject) -> bool {
        self.terms.iter().all(|term| term.holds(subject))
    }
}

impl Term {
    /// Whether it holds of `subject`.
    pub fn holds(&self, subject: &impl Subject) -> bool {
        let holds = match &self.condition {
            Condition::Text(pattern) => subject.has(pattern),
            Condition::Field(field, patterns) => {
                patterns.iter().any(|pattern| subject.field_is(*field, pattern))
            }
            Condition::Measure(measure, limits) => subject
                .measure(*measure)
                .is_some_and(|number| limits.iter().any(|limit| limit.allows(number))),
            Condition::Is(natures) => natures.iter().any(|nature| subject.is(*nature)),
        };
        holds != self.negated
    }
}

/// Whether `look` says so of one of the texts that are searched in metadata: those of all values, some levels deep. Fractions are
/// told differently by every language, so they are not among them.
pub fn any_text(metadata: &Map<String, Value>, mut look: impl FnMut(&str) -> bool) -> bool {
    metadata.values().any(|value| any_of(value, &mut look, DEPTH))
}

fn any_of(value: &Value, look: &mut impl FnMut(&str) -> bool, depth: usize) -> bool {
    match value {
        Value::String(text) => look(text),
        Value::Number(number) if !number.is_f64() => look(&number.to_string()),
        Value::Bool(truth) => look(if *truth { "true" } else { "false" }),
        Value::Array(values) if depth > 1 => values.iter().any(|value| any_of(value, look, depth - 1)),
        Value::Object(values) if depth > 1 => values.values().any(|value| any_of(value, look, depth - 1)),
        _ => false,
    }
}

/// Counts as numbers that filters compare: beyond 2⁵³ the last digits are rounded.
#[expect(
    clippy::cast_precision_loss,
    reason = "such counts are compared, not counted on"
)]
fn number(count: Option<u64>) -> Option<f64> {
    count.map(|count| count as f64)
}

impl Subject for ActorRecord {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        let text = match field {
            Field::Id => Some(self.id.0.as_str()),
            Field::Type => Some(self.kind.as_str()),
            Field::State => self.status.as_ref().map(ActorStatus::as_str),
            Field::Worker => self.worker_id.as_deref(),
            Field::Node => self.node.as_deref(),
            Field::Parent => self.parent_id.as_ref().map(|parent| parent.0.as_str()),
        };
        text.map(Cow::Borrowed)
    }

    fn measure(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Messages => number(self.message_count),
            Measure::Rate => self.rates.as_ref()?.messages,
            Measure::Queue => number(self.queue_depth),
            Measure::Errors => number(self.error_count),
            Measure::Restarts => number(self.restart_count),
            Measure::Wait => self.latency.as_ref()?.wait_ms,
            Measure::Handle => self.latency.as_ref()?.handle_ms,
            Measure::Uptime => number(self.uptime),
        }
    }

    fn is(&self, nature: Nature) -> bool {
        match nature {
            Nature::System => self.system == Some(true),
            Nature::Stale => self.status == Some(ActorStatus::Stale),
            Nature::Ended => self.status.as_ref().is_some_and(ActorStatus::is_final),
        }
    }

    fn metadata(&self) -> Option<&Map<String, Value>> {
        self.metadata.as_ref()
    }
}
