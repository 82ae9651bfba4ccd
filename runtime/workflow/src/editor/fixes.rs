//! Changes that take a finding away.

use super::document::Document;
use super::lines::{Kind, Lines, is_block, is_unclosed};
use crate::codes::{Code, Level};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::Span;
use crate::suggestion::Suggestion;

/// A change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words.
    pub title: String,
    /// The code of the finding that it takes away.
    pub code: Code,
    /// Where the finding is.
    pub span: Span,
    /// What is replaced by what. The places are those of the file before any of them, and do not overlap.
    pub edits: Vec<(Span, String)>,
    /// Whether it repairs the file; else it says that the finding is meant.
    pub repairs: bool,
    /// Whether it is the one certain answer, so that an editor may make it unasked.
    pub is_safe: bool,
}

impl Document {
    /// What can be done about the findings that a part of the file touches.
    #[must_use]
    pub fn fixes(&self, found: &Diagnostics, part: Span) -> Vec<Fix> {
        let mut fixes = Vec::new();
        for one in self.touching(found, part) {
            let Some(span) = one.span() else { continue };
            let is_safe = one.suggestion.as_ref().is_some_and(Suggestion::is_safe);
            let new = |title: String, edits, repairs| Fix {
                title,
                code: one.code,
                span,
                edits,
                repairs,
                is_safe: repairs && is_safe,
            };
            if let Some((title, edits)) = suggested(one) {
                fixes.push(new(title, edits, true));
            }
            if one.level() == Level::Lint
                && let Some(edit) = ignoring(self.source.text(), &self.lines, one.code, span.start)
            {
                fixes.push(new(format!("ignore `{}` here", one.code), vec![edit], false));
            }
        }
        fixes
    }
}

/// The change that a finding suggests.
fn suggested(diagnostic: &Diagnostic) -> Option<(String, Vec<(Span, String)>)> {
    let suggestion = diagnostic.suggestion.as_ref()?;
    let written: Vec<&str> = suggestion
        .edits
        .iter()
        .map(|edit| edit.replacement.trim())
        .filter(|text| !text.is_empty())
        .collect();
    let title = match written.as_slice() {
        [] => "remove it".to_owned(),
        [text] if text.lines().count() == 1 => format!("write `{text}`"),
        _ => "repair it".to_owned(),
    };
    let edits = suggestion
        .edits
        .iter()
        .map(|edit| (edit.span, edit.replacement.clone()));
    Some((title, edits.collect()))
}

/// The comment that says that a finding is meant: behind a line where it can stand there, else above the key or item.
fn ignoring(text: &str, lines: &Lines, code: Code, at: usize) -> Option<(Span, String)> {
    let mut index = lines.at(at);
    if let Kind::Inside { owner } = lines.get(index)?.kind {
        index = owner;
    }
    let line = lines.get(index)?;
    let value = text.get(line.value.range())?;
    let goes_on = lines
        .get(index + 1)
        .is_some_and(|next| next.kind == Kind::Inside { owner: index });
    let has_comment = !text.get(line.value.end..line.span.end)?.trim().is_empty();
    let comment = format!("# loom: ignore[{code}]");
    if line.kind == Kind::Entry
        && !value.is_empty()
        && !goes_on
        && !has_comment
        && !is_block(value)
        && !is_unclosed(value)
    {
        let end = Span::new(line.value.end, line.span.end);
        return Some((end, format!(" {comment}")));
    }
    let first = line.parts.first()?;
    let indent = text.get(line.span.start..first.span.start)?;
    Some((Span::point(line.span.start), format!("{indent}{comment}\n")))
}
