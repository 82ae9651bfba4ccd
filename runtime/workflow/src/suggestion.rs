//! Changes that would repair a finding: what to write where, and whether that is certain.

use crate::span::Span;

/// A change that repairs a finding: all of its edits together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What to change: at least one, in the order of the file, none over another.
    pub edits: Vec<Edit>,
    /// Whether it can be made without asking anybody.
    pub applicability: Applicability,
}

/// Write `replacement` instead of the bytes of `span`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What to replace; empty where something is inserted.
    pub span: Span,
    /// With what; empty where something is removed.
    pub replacement: String,
}

/// How certain it is that a change is what was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applicability {
    /// There is one answer, and this is it: `validate --fix` writes it.
    Safe,
    /// Probably what was meant; a person has to look.
    Maybe,
}

impl Applicability {
    /// The word for it in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Maybe => "maybe",
        }
    }
}

impl Edit {
    /// An edit.
    #[must_use]
    pub fn new(span: Span, replacement: impl Into<String>) -> Self {
        Self {
            span,
            replacement: replacement.into(),
        }
    }
}

impl Suggestion {
    /// A change of one place.
    #[must_use]
    pub fn one(span: Span, replacement: impl Into<String>, applicability: Applicability) -> Self {
        Self {
            edits: vec![Edit::new(span, replacement)],
            applicability,
        }
    }

    /// Whether `validate --fix` may make it.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.applicability == Applicability::Safe
    }
}

/// A text with edits made; `None` where one does not lie in it or lies over another.
#[must_use]
pub fn apply_edits<'a>(text: &str, edits: impl IntoIterator<Item = &'a Edit>) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        changed.push_str(text.get(done..edit.span.start)?);
        text.get(edit.span.start..edit.span.end)?;
        changed.push_str(&edit.replacement);
        done = edit.span.end;
    }
    changed.push_str(text.get(done..)?);
    Some(changed)
}

/// Taking an item out of a list, where it stands alone in its line or between commas. `span` is the item without what
/// divides it from others.
pub(crate) fn without_item(text: &str, span: Span) -> Option<Edit> {
    const BLANK: [char; 2] = [' ', '\t'];
    const BREAK: [char; 2] = ['\n', '\r'];
    let before = text.get(..span.start)?.trim_end_matches(BLANK);
    let after = text.get(span.end..)?;
    let rest = after.trim_start_matches(BLANK);
    let end = text.len() - rest.len();
    if let Some(outer) = before.strip_suffix('-') {
        let outer = outer.trim_end_matches(BLANK);
        let comment = rest.starts_with('#');
        let line = rest.find(BREAK).unwrap_or(rest.len());
        // Its whole line, with the break before it.
        return (outer.ends_with('\n') && (line == 0 || comment))
            .then(|| Edit::new(Span::new(outer.trim_end_matches(BREAK).len(), end + line), ""));
    }
    if before.ends_with(',') {
        return Some(Edit::new(Span::new(before.len() - 1, span.end), ""));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_together_or_not_at_all() {
        let edit = |start, end, text: &str| Edit::new(Span::new(start, end), text);
        for (edits, want) in [
            (vec![], Some("one two")),
            (vec![edit(4, 7, "2"), edit(0, 3, "1")], Some("1 2")),
            (vec![edit(3, 3, "!"), edit(3, 4, "")], Some("one!two")),
            (vec![edit(0, 4, ""), edit(3, 5, "")], None),
            (vec![edit(6, 9, "")], None),
        ] {
            assert_eq!(apply_edits("one two", &edits).as_deref(), want, "{edits:?}");
        }
        assert_eq!(apply_edits("é", &[edit(1, 2, "")]), None);
    }

    #[test]
    fn an_item_goes_with_what_divides_it_from_others() {
        for (text, want) in [
            ("[a, X]", Some("[a]")),
            ("[a, X, b]", Some("[a, b]")),
            ("[X, b]", None),
            ("k:\n  - a\n  - X\n  - b\n", Some("k:\n  - a\n  - b\n")),
            ("k:\r\n- a\r\n- X # no\r\n", Some("k:\r\n- a\r\n")),
            ("k: X\n", None),
        ] {
            let at = text.find('X').unwrap();
            let edit = without_item(text, Span::new(at, at + 1));
            let left = edit.and_then(|edit| apply_edits(text, &[edit]));
            assert_eq!(left.as_deref(), want, "{text}");
        }
    }
}
