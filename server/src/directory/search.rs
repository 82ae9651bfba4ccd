//! Looking for a text in many actors, in any case. Most of an actor's texts are shared with others, so each of those is looked
//! through once and not once an actor.

use super::entry::{Entry, Text};

/// Shared texts whose verdicts are remembered.
const SLOTS: usize = 256;

/// A text that is looked for.
pub(super) struct Search {
    /// In lower case.
    needle: String,
    /// By the address of a shared text: the text, which is held so that the address stays its own, and the verdict.
    known: Vec<Option<(Text, bool)>>,
}

impl Search {
    pub(super) fn new(text: &str) -> Self {
        Self {
            needle: text.to_lowercase(),
            known: vec![None; SLOTS],
        }
    }

    /// Whether the actor has the text in its id, type, status, worker, node or parent.
    pub(super) fn finds(&mut self, id: &str, entry: &Entry, status: Option<&str>) -> bool {
        let shared = [
            Some(&entry.kind),
            entry.worker.as_ref(),
            entry.node.as_ref(),
            entry.parent.as_ref(),
        ];
        shared.into_iter().flatten().any(|text| self.is_in(text))
            || status.is_some_and(|status| contains(status, &self.needle))
            || contains(id, &self.needle)
    }

    fn is_in(&mut self, text: &Text) -> bool {
        let slot = (text.as_ptr().addr() >> 4) % SLOTS;
        if let Some(Some((known, verdict))) = self.known.get(slot)
            && Text::ptr_eq(known, text)
        {
            return *verdict;
        }
        let verdict = contains(text, &self.needle);
        if let Some(slot) = self.known.get_mut(slot) {
            *slot = Some((text.clone(), verdict));
        }
        verdict
    }
}

/// Whether `text` holds `needle` (lower case) in any case; without allocating for plain ASCII.
fn contains(text: &str, needle: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(needle);
    }
    let needle = needle.as_bytes();
    let Some((first, rest)) = needle.split_first() else {
        return true;
    };
    let Some(last) = text.len().checked_sub(needle.len()) else {
        return false;
    };
    let text = text.as_bytes();
    let starts = text.iter().take(last + 1).enumerate();
    starts
        .filter(|(_, byte)| byte.eq_ignore_ascii_case(first))
        .any(|(start, _)| {
            text.get(start + 1..start + needle.len())
                .is_some_and(|window| window.eq_ignore_ascii_case(rest))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_anywhere_in_any_case() {
        for (text, needle, found) in [
            ("worker-7", "", true),
            ("worker-7", "WORKER", true),
            ("WorKer-7", "er-7", true),
            ("worker-7", "r-8", false),
            ("worker", "worker-7", false),
            ("", "x", false),
            ("", "", true),
            ("Größe", "GRÖ", true),
            ("aab", "ab", true),
        ] {
            assert_eq!(contains(text, &needle.to_lowercase()), found, "{text} {needle}");
        }
    }

    #[test]
    fn shared_texts_keep_their_own_verdicts() {
        let mut search = Search::new("7");
        let texts: Vec<Text> = (0..2 * SLOTS)
            .map(|number| format!("worker-{number}").into())
            .collect();
        for _ in 0..2 {
            for text in &texts {
                assert_eq!(search.is_in(text), text.contains('7'), "{text}");
            }
        }
    }
}
