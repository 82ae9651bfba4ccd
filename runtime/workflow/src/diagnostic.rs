//! What is wrong, why, where, and what to do next, as a plain value.
//!
//! Rendering is somebody else's: the command line draws it like a compiler does, `validate --format json` writes it
//! as data. Nothing here knows colours or files.

use std::fmt;

use crate::codes::{Code, Level, Severity};
use crate::source::Source;
use crate::span::Span;
use crate::suggestion::{Applicability, Edit, Suggestion};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// Which kind of mistake; decides level and severity.
    pub code: Code,
    /// How bad it is, as the table of codes says.
    pub severity: Severity,
    /// What is wrong: lowercase, names in backticks, no full stop.
    pub message: String,
    /// Where, the primary one first. A finding without a place (there is none for an option) has none.
    pub labels: Vec<Label>,
    /// The next step, in a sentence.
    pub help: Option<String>,
    /// A change that would repair it, when one is known.
    pub suggestion: Option<Suggestion>,
    /// The finding in another file that it comes from.
    pub cause: Option<Box<Cause>>,
}

/// A finding in a file that the file at hand refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The other file.
    pub source: Source,
    /// What is wrong there; it may have a cause of its own.
    pub diagnostic: Diagnostic,
}

/// The file, the line, and what is wrong there: `b.yml:3: the workflow has no jobs`.
impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.source.name())?;
        if let Some(span) = self.diagnostic.span() {
            write!(formatter, ":{}", self.source.position(span.start).line)?;
        }
        write!(formatter, ": {}", self.diagnostic.message)
    }
}

/// A marked place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The marked bytes; empty marks a point.
    pub span: Span,
    /// Why here; may be empty.
    pub text: String,
    /// The place itself, or one that explains it.
    pub role: Role,
}

/// What a label is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Here is the mistake.
    Primary,
    /// This has to do with it.
    Related,
}

impl Diagnostic {
    /// A finding without a place yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.info().severity,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            suggestion: None,
            cause: None,
        }
    }

    /// Marks the place of the mistake.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
            role: Role::Primary,
        });
        self
    }

    /// Marks a place that explains it.
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
            role: Role::Related,
        });
        self
    }

    /// Says what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers a change that probably repairs it.
    pub fn suggest(self, span: Span, replacement: impl Into<String>) -> Self {
        self.offer(vec![Edit::new(span, replacement)], Applicability::Maybe)
    }

    /// Offers the one change that repairs it.
    pub fn fix(self, span: Span, replacement: impl Into<String>) -> Self {
        self.offer(vec![Edit::new(span, replacement)], Applicability::Safe)
    }

    /// Offers a change that repairs it, if the guess it rests on is right.
    pub fn guess(self, span: Span, replacement: impl Into<String>, is_certain: bool) -> Self {
        if is_certain {
            self.fix(span, replacement)
        } else {
            self.suggest(span, replacement)
        }
    }

    /// Offers a change of several places. Without an edit there is none.
    pub fn offer(mut self, mut edits: Vec<Edit>, applicability: Applicability) -> Self {
        edits.sort_by_key(|edit| edit.span);
        self.suggestion = (!edits.is_empty()).then_some(Suggestion { edits, applicability });
        self
    }

    /// Names the finding in another file that it comes from.
    pub fn because_of(mut self, source: Source, diagnostic: Diagnostic) -> Self {
        self.cause = Some(Box::new(Cause { source, diagnostic }));
        self
    }

    /// The findings in other files that it comes from, the nearest first.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        std::iter::successors(self.cause.as_deref(), |cause| cause.diagnostic.cause.as_deref())
    }

    /// Who objects.
    #[must_use]
    pub fn level(&self) -> Level {
        self.code.info().level
    }

    /// The place of the mistake: the first primary label.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels
            .iter()
            .find(|label| label.role == Role::Primary)
            .map(|label| label.span)
    }

    /// What is said at that place, when there is something to say.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        let primary = self.labels.iter().find(|label| label.role == Role::Primary)?;
        Some(primary.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Whether two findings tell of one mistake. One without a place is like no other.
    fn says_the_same(&self, other: &Self) -> bool {
        match (self.labels.first(), other.labels.first()) {
            (Some(label), Some(of_other)) => self.code == other.code && label == of_other,
            _ => false,
        }
    }

    /// Whether a run must not start with this: an error that is not only a lint.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        self.severity == Severity::Error && self.level() != Level::Lint
    }
}

/// All findings about a file, bounded in number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    omitted: usize,
    /// Whether something blocking is among those.
    omitted_blocking: bool,
}

impl Diagnostics {
    /// How many findings are kept. A file with more is broken in one way a thousand times over; what is beyond is
    /// counted only, so that a hostile file cannot fill the memory with messages.
    pub const LIMIT: usize = 1_000;

    /// No findings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.is_full() {
            self.omitted += 1;
            self.omitted_blocking |= diagnostic.is_blocking();
        } else {
            self.items.push(diagnostic);
        }
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, other: Diagnostics) {
        for diagnostic in other.items {
            self.push(diagnostic);
        }
        self.omitted += other.omitted;
        self.omitted_blocking |= other.omitted_blocking;
    }

    /// Whether further findings are only counted: costly work for a better message is not worth it any more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.items.len() >= Self::LIMIT
    }

    /// The same without those that the answer is yes for.
    pub(crate) fn without(mut self, mut is_out: impl FnMut(&Diagnostic) -> bool) -> Self {
        self.items.retain(|diagnostic| !is_out(diagnostic));
        self
    }

    /// Those that count where only a level is asked for: for [`Level::Schema`] no lints.
    pub(crate) fn up_to(self, level: Level) -> Self {
        self.without(|one| level == Level::Schema && one.level() == Level::Lint)
    }

    /// Gives each the severity that is wanted of it; without one it is left out.
    pub(crate) fn weighed(mut self, wanted: impl Fn(&Diagnostic) -> Option<Severity>) -> Self {
        self.items.retain_mut(|one| {
            let severity = wanted(one);
            one.severity = severity.unwrap_or(one.severity);
            severity.is_some()
        });
        self
    }

    /// In the order of the file, each once: a value that aliases repeat is read several times, in the name of
    /// several owners, but is wrong at one place only.
    pub(crate) fn finish(mut self) -> Self {
        self.items.sort_by_key(Diagnostic::span);
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(self.items.len());
        for diagnostic in self.items {
            let span = diagnostic.span();
            let before = kept.iter().rev().take_while(|kept| kept.span() == span);
            if !before.into_iter().any(|before| before.says_the_same(&diagnostic)) {
                kept.push(diagnostic);
            }
        }
        self.items = kept;
        self
    }

    /// The same for the file that they are about: a change that leaves its text as it is repairs nothing, and is not offered.
    pub(crate) fn finish_for(self, source: &Source) -> Self {
        let mut finished = self.finish();
        for one in &mut finished.items {
            let is_idle = |edit: &Edit| source.slice(edit.span) == edit.replacement;
            one.suggestion = one.suggestion.take().filter(|it| !it.edits.iter().all(is_idle));
        }
        finished
    }

    /// The findings in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }

    /// The findings, to be added to.
    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Diagnostic> {
        self.items.iter_mut()
    }

    /// The findings in the order of the file.
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.items
    }

    /// How many more there were beyond [`LIMIT`](Self::LIMIT).
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether there are none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether any is an error, lints included.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.items
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether a run must not start: an error of the language or of what the engine can do.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        self.omitted_blocking || self.items.iter().any(Diagnostic::is_blocking)
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    #[test]
    fn a_change_that_changes_nothing_is_not_offered() {
        let source = Source::new("w.yml", "a: 5\n");
        let mut found = Diagnostics::new();
        for (start, text) in [(0, "b"), (3, "5")] {
            let span = Span::new(start, start + 1);
            found.push(
                Diagnostic::new(codes::WRONG_TYPE, text)
                    .at(span, "")
                    .fix(span, text),
            );
        }
        let found = found.finish_for(&source);
        let offered: Vec<bool> = found.iter().map(|one| one.suggestion.is_some()).collect();
        assert_eq!(offered, [true, false]);
    }

    #[test]
    fn lints_and_warnings_do_not_block() {
        for (code, errors, blocking) in [
            (codes::YAML_SYNTAX, true, true),
            (codes::TIMEOUT, true, false),
            (codes::UNSUPPORTED, true, true),
            (codes::IGNORED, false, false),
        ] {
            let mut all = Diagnostics::new();
            all.push(Diagnostic::new(code, "x"));
            assert_eq!(
                (all.has_errors(), all.is_blocking()),
                (errors, blocking),
                "{code}"
            );
        }
    }

    #[test]
    fn beyond_the_limit_findings_are_counted_and_still_block() {
        let mut all = Diagnostics::new();
        for _ in 0..Diagnostics::LIMIT + 5 {
            all.push(Diagnostic::new(codes::IGNORED, "x"));
        }
        assert_eq!(
            (all.len(), all.omitted(), all.is_blocking()),
            (Diagnostics::LIMIT, 5, false)
        );
        all.push(Diagnostic::new(codes::UNSUPPORTED, "x"));
        assert_eq!(
            (all.len(), all.omitted(), all.is_blocking()),
            (Diagnostics::LIMIT, 6, true)
        );
        let mut sum = Diagnostics::new();
        sum.extend(all);
        assert!(sum.is_blocking());
    }

    #[test]
    fn findings_come_in_the_order_of_the_file_and_once() {
        let mut all = Diagnostics::new();
        for start in [7, 3, 7] {
            all.push(Diagnostic::new(codes::WRONG_TYPE, "x").at(Span::point(start), ""));
        }
        let starts: Vec<usize> = all
            .finish()
            .iter()
            .filter_map(|d| d.span())
            .map(|span| span.start)
            .collect();
        assert_eq!(starts, [3, 7]);
    }
}
