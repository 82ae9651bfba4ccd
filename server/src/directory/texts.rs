//! What a search looks at in the rows of a chunk, in lower case and in one stretch of memory: the ids, who started them, and what is
//! told beside the fields. To follow a pointer to each of 100,000 texts would cost a search most of its time.

use loom_protocol::filter::{BEHIND, Pattern, any_text};
use serde_json::{Map, Value};

/// Bytes of what is told beside the fields, in lower case, that are kept here; of who tells more it is read where it is.
const LONGEST: usize = 160;
/// Bytes that may be gone before the others are moved together.
const GONE: usize = 4_096;

/// The texts of some rows.
#[derive(Default)]
pub(super) struct Texts {
    kept: String,
    gone: usize,
}

/// Where the texts of a row are.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    start: u32,
    len: u16,
    /// The bytes of them, at the end, that are the parent's.
    of_parent: u16,
    /// All of them are there.
    is_whole: bool,
}

impl Texts {
    /// Keeps the texts of a row.
    pub(super) fn take(
        &mut self,
        id: &str,
        parent: Option<&str>,
        metadata: Option<&Map<String, Value>>,
    ) -> Place {
        let kept = &mut self.kept;
        let start = kept.len();
        let mut is_right = push(kept, id);
        let after_id = kept.len();
        is_right &= !metadata.is_some_and(|metadata| {
            any_text(metadata, |text| {
                let is_long = text.len() + kept.len() - after_id > LONGEST;
                is_long || !push(kept, text)
            })
        });
        let before_parent = kept.len();
        is_right &= parent.is_none_or(|parent| push(kept, parent));
        let place = Place::new(start, before_parent, kept.len()).filter(|_| is_right);
        // Of who has more all of it is read where it is.
        place.unwrap_or_else(|| {
            kept.truncate(start);
            Place::default()
        })
    }

    /// The texts of a place are no longer needed.
    pub(super) fn give_back(&mut self, place: Place) {
        self.gone += usize::from(place.len);
    }

    pub(super) fn are_mostly_gone(&self) -> bool {
        self.gone > GONE && self.gone > self.kept.len() / 2
    }

    /// Moves what is needed together.
    pub(super) fn tidy<'a>(&mut self, places: impl Iterator<Item = &'a mut Place>) {
        let mut kept = String::with_capacity(self.kept.len() - self.gone.min(self.kept.len()));
        for place in places {
            let start = u32::try_from(kept.len()).unwrap_or(u32::MAX);
            let old = place.start as usize;
            let old = self.kept.get(old..old + usize::from(place.len));
            kept.push_str(old.unwrap_or_default());
            place.start = start;
        }
        (self.kept, self.gone) = (kept, 0);
    }

    /// Whether a pattern is in the id of a row, in what is told beside the fields or, where that is asked for too, in its parent;
    /// nothing where not all of that is kept here.
    pub(super) fn has(&self, place: Place, pattern: &Pattern, with_parent: WithParent) -> Option<bool> {
        if !place.is_whole {
            return None;
        }
        let len = match with_parent {
            WithParent::Yes => place.len,
            WithParent::No => place.len - place.of_parent,
        };
        let start = place.start as usize;
        pattern.is_in_one_of(self.kept.get(start..start + usize::from(len))?)
    }

    /// Whether a pattern may be in any of the texts that are kept here, also in such that are gone.
    pub(super) fn may_have(&self, pattern: &Pattern) -> bool {
        pattern.is_in_one_of(&self.kept).unwrap_or(true)
    }
}

/// Whether the parent is looked at: it may be shown under another name than the one that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WithParent {
    Yes,
    No,
}

impl Place {
    /// Whether texts were kept there.
    pub(super) fn is_taken(self) -> bool {
        self.is_whole
    }

    fn new(start: usize, before_parent: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            len: u16::try_from(end - start).ok()?,
            of_parent: u16::try_from(end - before_parent).ok()?,
            is_whole: true,
        })
    }
}

/// Adds a text; false where it can't be told from two of them.
fn push(kept: &mut String, text: &str) -> bool {
    if text.is_ascii() {
        let start = kept.len();
        kept.push_str(text);
        if let Some(text) = kept.get_mut(start..) {
            text.make_ascii_lowercase();
        }
    } else {
        kept.push_str(&text.to_lowercase());
    }
    kept.push(BEHIND);
    !text.contains(BEHIND)
}

#[cfg(test)]
mod tests {
    use loom_protocol::filter::{Condition, Filter};
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn texts_are_found_in_any_case_and_none_across_two_of_them() {
        let mut texts = Texts::default();
        let told = map(json!({"peer":"Größe","tags":["Blue",7],"empty":"","on":true,"half":0.5}));
        let places = [
            texts.take("Counter-1", Some("Above-9"), Some(&told)),
            texts.take("ÄRGER", None, None),
            texts.take("", None, Some(&map(json!({})))),
        ];
        let has_with = |place: Place, filter: &str, with_parent| {
            let filter: Filter = filter.parse().unwrap();
            let Condition::Text(pattern) = &filter.terms[0].condition else {
                panic!("a text");
            };
            assert!(texts.may_have(pattern) || texts.has(place, pattern, with_parent) != Some(true));
            texts.has(place, pattern, with_parent)
        };
        let has = |place, filter: &str| has_with(place, filter, WithParent::No);
        assert_eq!(
            has_with(places[0], "above", WithParent::Yes),
            Some(true),
            "who started it is among them"
        );
        assert_eq!(has(places[0], "above"), Some(false), "unless it is not asked for");
        for there in [
            "COUNTER", "größe", "blue", "7", "TRUE", "e", "c*-1", "bl*e", "\"\"",
        ] {
            assert_eq!(has(places[0], there), Some(true), "{there}");
        }
        for none in ["0.5", "counter-1größe", "blue7", "peer", "counter*blue", "b*7"] {
            assert_eq!(has(places[0], none), Some(false), "{none}");
        }
        assert_eq!(has(places[1], "ärger"), Some(true));
        assert_eq!(has(places[1], "counter"), Some(false));
        assert_eq!(has(places[2], "a"), Some(false));
    }

    #[test]
    fn what_is_long_is_left_where_it_is() {
        let mut texts = Texts::default();
        let long = map(json!({"a":"x","b":"y".repeat(LONGEST)}));
        let place = texts.take("id", Some("above"), Some(&long));
        assert_eq!(texts.has(place, &Pattern::literal("x"), WithParent::Yes), None);
        assert!(texts.kept.is_empty());
    }

    #[test]
    fn what_could_be_taken_for_two_texts_is_read_where_it_is() {
        let mut texts = Texts::default();
        let told = map(json!({"a":"b\0c"}));
        for place in [
            texts.take("id\0x", None, None),
            texts.take("id", Some("a\0b"), None),
            texts.take("id", None, Some(&told)),
        ] {
            assert_eq!(texts.has(place, &Pattern::literal("id"), WithParent::Yes), None);
        }
        let place = texts.take("id", Some("a"), None);
        assert_eq!(texts.has(place, &Pattern::literal("d\0a"), WithParent::Yes), None);
        assert!(texts.may_have(&Pattern::literal("d\0a")));
    }

    #[test]
    fn what_is_gone_makes_room() {
        let mut texts = Texts::default();
        let mut kept = texts.take("kept", Some("above"), Some(&map(json!({"a":"told"}))));
        for number in 0..10_000 {
            let place = texts.take(&format!("gone-{number}"), None, None);
            texts.give_back(place);
            if texts.are_mostly_gone() {
                texts.tidy(std::iter::once(&mut kept));
            }
        }
        assert!(texts.kept.len() < 2 * GONE + 100);
        for text in ["kept", "told", "above"] {
            assert_eq!(
                texts.has(kept, &Pattern::literal(text), WithParent::Yes),
                Some(true)
            );
        }
    }
}
