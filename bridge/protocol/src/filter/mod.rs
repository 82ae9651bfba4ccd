//! The one language of filters over actors, for the interface, the command line and the page.
//!
//! A filter is words with spaces between them, all of which must hold: `type:Order state:failed,stale wait:>50ms "a text"`.
//! With a key a word is about that field, and its values, separated by commas, are alternatives; without one it is a text to
//! find anywhere. `-` in front turns a word round, `*` stands for any letters, quotes keep spaces and signs. Letters count in
//! any case. What is not known of an actor fits no value but the empty one (`parent:""`).
//!
//! Reads, prints and matches; knows no clock, no directory and no page. `filter-cases.json` beside the crate's manifest says
//! what it means, for every language that has it.

mod invalid;
mod keys;
mod matching;
mod number;
mod pattern;
mod print;
mod read;

pub use invalid::{FilterFault, InvalidFilter};
pub use keys::{Field, Measure, Nature};
pub use matching::{Subject, any_text};
pub use number::{Amount, Comparison, Limit, Unit};
pub use pattern::{BEHIND, Pattern};

/// Which actors are meant: those for which all terms hold; all of them without any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// What must hold.
    pub terms: Vec<Term>,
}

/// One word of a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Whether the condition must not hold.
    pub negated: bool,
    /// What is asked.
    pub condition: Condition,
}

/// What a word asks of an actor.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The text is somewhere in its id, type, status, worker, node, parent or the values of its metadata.
    Text(Pattern),
    /// The field is one of these, as a whole.
    Field(Field, Vec<Pattern>),
    /// The number is within one of these limits.
    Measure(Measure, Vec<Limit>),
    /// It is one of these.
    Is(Vec<Nature>),
}

impl Filter {
    /// Whether it leaves nobody out.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// This filter, and `condition` must hold as well.
    #[must_use]
    pub fn and(mut self, condition: Condition) -> Self {
        self.terms.push(Term {
            negated: false,
            condition,
        });
        self
    }
}

#[cfg(test)]
mod tests;
