//! Lists of patterns, as `branches`, `paths` and their like use them.

use std::sync::Arc;

use crate::glob::{Pattern, Subject};
use crate::span::Spanned;
use crate::words;

/// How many patterns a reason lists.
const SHOWN: usize = 8;

/// Patterns that were read, in the order of the file. One that cannot be read, which is reported elsewhere, matches
/// nothing.
pub(super) struct Patterns<'a> {
    all: Vec<(&'a Spanned<Arc<str>>, Pattern)>,
}

impl<'a> Patterns<'a> {
    pub(super) fn new(patterns: &'a [Spanned<Arc<str>>], subject: Subject) -> Self {
        let all = patterns
            .iter()
            .filter_map(|text| Some((text, Pattern::parse(text, subject).ok()?)));
        Self { all: all.collect() }
    }

    /// The last pattern that matches: it decides, and takes back when it is negative.
    pub(super) fn deciding(&self, text: &str) -> Option<Match<'a>> {
        let mut from_last = self.all.iter().rev();
        let (written, pattern) = from_last.find(|(_, pattern)| pattern.matches(text))?;
        Some(Match {
            written,
            picks: !pattern.is_negative(),
        })
    }

    /// Whether a text is picked.
    pub(super) fn picks(&self, text: &str) -> bool {
        self.deciding(text).is_some_and(|found| found.picks)
    }
}

/// The pattern that decides about a text.
pub(super) struct Match<'a> {
    pub(super) written: &'a Spanned<Arc<str>>,
    /// Whether it picks the text, or takes it back.
    pub(super) picks: bool,
}

/// Patterns in a sentence.
pub(super) fn listed(patterns: &[Spanned<Arc<str>>]) -> String {
    let mut shown: Vec<String> = patterns
        .iter()
        .take(SHOWN)
        .map(|pattern| words::name(pattern))
        .collect();
    if patterns.len() > SHOWN {
        shown.push(format!("… ({} more)", patterns.len() - SHOWN));
    }
    shown.join(", ")
}
