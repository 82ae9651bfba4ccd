//! Texts in filters: letters in any case, with `*` for any of them.

/// Stands behind each of the texts that a pattern is looked for in together. Hardly any text has it.
pub const BEHIND: char = '\0';

/// A text that stands for itself, or for several where a `*` is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As written. No two neighbours of a kind, no empty text.
    pieces: Vec<Piece>,
    /// The same in lower case.
    lower: Vec<Piece>,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// These letters.
    Text(String),
    /// Any letters, or none.
    Any,
}

impl Pattern {
    /// A text that stands for itself alone.
    pub fn literal(text: &str) -> Self {
        Self::of([Piece::Text(text.to_owned())])
    }

    pub(super) fn of(parts: impl IntoIterator<Item = Piece>) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            match (pieces.last_mut(), part) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
                (Some(Piece::Any), Piece::Any) => {}
                (_, Piece::Text(text)) if text.is_empty() => {}
                (_, part) => pieces.push(part),
            }
        }
        let lower = pieces.iter().map(Piece::lower).collect();
        Self { pieces, lower }
    }

    /// Its text, when it stands for itself alone.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether it stands for nothing but the empty text.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether it stands for `text` as a whole.
    pub fn is(&self, text: &str) -> bool {
        in_lower(text, |text| fits(&self.lower, text, true))
    }

    /// Whether it stands for a part of one of several texts, in lower case, each with [`BEHIND`] behind it; nothing where that is a
    /// part of the pattern.
    pub fn is_in_one_of(&self, lower: &str) -> Option<bool> {
        let crosses = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(BEHIND));
        match self.lower.as_slice() {
            pieces if pieces.iter().any(crosses) => None,
            // What most searches are. It is not in two of them: a letter that it does not have stands between. The standard
            // library compares many letters at a time.
            [Piece::Text(wanted)] => Some(lower.contains(wanted.as_str())),
            pieces => {
                let mut texts = lower.split_terminator(BEHIND);
                Some(texts.any(|text| fits(pieces, text.as_bytes(), false)))
            }
        }
    }

    /// Whether it stands for a part of `text`.
    pub fn is_in(&self, text: &str) -> bool {
        in_lower(text, |text| fits(&self.lower, text, false))
    }
}

impl Piece {
    fn lower(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.to_lowercase()),
            Self::Any => Self::Any,
        }
    }
}

/// Plain ASCII is compared as it is, without a copy.
fn in_lower(text: &str, look: impl FnOnce(&[u8]) -> bool) -> bool {
    if text.is_ascii() {
        look(text.as_bytes())
    } else {
        look(text.to_lowercase().as_bytes())
    }
}

fn fits(pieces: &[Piece], text: &[u8], whole: bool) -> bool {
    let mut rest = text;
    let mut free = !whole;
    for (place, piece) in pieces.iter().enumerate() {
        let Piece::Text(wanted) = piece else {
            free = true;
            continue;
        };
        let wanted = wanted.as_bytes();
        if place + 1 == pieces.len() && whole {
            // The end is fixed: what is left of the text must end with it, and be it where nothing is free before.
            let Some(before) = rest.len().checked_sub(wanted.len()) else {
                return false;
            };
            return (free || before == 0)
                && rest
                    .get(before..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(wanted));
        }
        let found = if free {
            find(rest, wanted)
        } else {
            let start = rest.get(..wanted.len());
            start
                .is_some_and(|start| start.eq_ignore_ascii_case(wanted))
                .then_some(0)
        };
        let Some(found) = found else {
            return false;
        };
        rest = rest.get(found + wanted.len()..).unwrap_or_default();
        free = false;
    }
    !whole || free || rest.is_empty()
}

/// Where `wanted` (lower case) begins in `text`.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, others) = wanted.split_first()?;
    let last = text.len().checked_sub(wanted.len())?;
    let starts = text.iter().take(last + 1).enumerate();
    starts
        .filter(|(_, byte)| byte.to_ascii_lowercase() == *first)
        .map(|(start, _)| start)
        .find(|start| {
            text.get(start + 1..start + wanted.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(others))
        })
}
