//! The part of a file that a mistake is in, read by itself: what is to be blanked out is sought there, so that the rest of a
//! long file is not read again for each try.

use super::lines::{Kind, Lines};
use super::recovery::without;
use crate::diagnostic::Diagnostics;
use crate::source::Source;
use crate::span::Span;
use crate::tree::{self, Limits};

/// What the jobs of a file stand under; a job alone is read below it.
const HEAD: &str = "jobs:\n";

/// One or more neighbouring jobs, or what is under one key of the top level.
pub(super) struct Region {
    span: Span,
    head: &'static str,
}

/// What came of a try.
pub(super) enum Outcome {
    /// It can be read.
    Read,
    /// It cannot, for something at this byte of the file.
    Broken(usize),
    /// It is another kind of file, or too much.
    Other,
}

impl Region {
    /// The part of a file between two of its bytes, whole jobs each; none where that is most of the file.
    pub(super) fn around(text: &str, lines: &Lines, from: usize, to: usize) -> Option<Self> {
        let (first, last) = (lines.at(from), lines.at(to));
        let column = |line: usize| {
            let line = lines.get(line).filter(|line| line.kind == Kind::Entry)?;
            Some(line.parts.first()?.column)
        };
        let top = (0..=first).rev().find(|line| column(*line) == Some(0))?;
        // What begins at the left edge ends it; a word alone there is part of the mistake.
        let end_of_top = (top + 1..).take_while(|line| lines.get(*line).is_some());
        let end_of_top = end_of_top
            .into_iter()
            .find(|line| *line > last && column(*line) == Some(0));
        if (top + 1..=last).any(|line| column(line) == Some(0)) {
            return None;
        }
        let is_jobs = lines
            .get(top)
            .and_then(|line| line.parts.first())
            .is_some_and(|part| part.key.as_deref() == Some("jobs"));
        let start_of = |line: usize| lines.get(line).map(|line| line.span.start);
        let end_of_top = end_of_top.and_then(start_of).unwrap_or(text.len());
        // How far in the jobs stand: as the first of them does.
        let of_jobs = (top + 1..=last)
            .find_map(column)
            .filter(|column| is_jobs && *column > 0);
        let Some(of_jobs) = of_jobs.filter(|_| first > top) else {
            return Self::of(text, Span::new(start_of(top)?, end_of_top), "");
        };
        let is_job = |line: &usize| column(*line) == Some(of_jobs);
        let start = (top + 1..=first).rev().find(is_job)?;
        let end = (last + 1..)
            .take_while(|line| start_of(*line).is_some_and(|start| start < end_of_top))
            .find(is_job);
        let end = end.and_then(start_of).unwrap_or(end_of_top);
        Self::of(text, Span::new(start_of(start)?, end), HEAD)
    }

    fn of(text: &str, span: Span, head: &'static str) -> Option<Self> {
        (span.end - span.start < text.len() / 2).then_some(Self { span, head })
    }

    /// Whether a part of the file lies in it.
    pub(super) fn holds(&self, part: Span) -> bool {
        self.span.start <= part.start && part.end <= self.span.end
    }

    /// Reads it with some parts of the file blanked out.
    pub(super) fn read(&self, text: &str, gaps: &[Span]) -> Outcome {
        let shift = |place: usize| (place + self.head.len()).saturating_sub(self.span.start);
        let own = gaps.iter().filter(|gap| self.holds(**gap));
        let own: Vec<Span> = own
            .map(|gap| Span::new(shift(gap.start), shift(gap.end)))
            .collect();
        let part = [self.head, text.get(self.span.range()).unwrap_or_default()].concat();
        let source = Source::new("", without(&part, &own));
        let mut found = Diagnostics::new();
        match tree::parse(&source, &Limits::default(), &mut found) {
            Some(tree) if tree.as_mapping().is_some() => Outcome::Read,
            Some(_) => Outcome::Other,
            None => match found.iter().last().and_then(|one| one.span()) {
                Some(span) => Outcome::Broken((span.start + self.span.start).saturating_sub(self.head.len())),
                None => Outcome::Other,
            },
        }
    }
}
