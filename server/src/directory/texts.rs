//! What a search looks at in the rows of a chunk, in lower case and in one stretch of memory: the ids and what is told beside the
//! fields. To follow a pointer to each of 100,000 texts would cost a search most of its time.

use loom_protocol::filter::{Pattern, any_text};
use serde_json::{Map, Value};

/// Bytes of what is told beside the fields, in lower case, that are kept here; of who tells more it is read where it is.
const LONGEST: usize = 160;
/// Stands behind each text, and in none.
const BEHIND: u8 = 0xff;
/// Bytes that may be gone before the others are moved together.
const GONE: usize = 4_096;

/// The texts of some rows.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    gone: usize,
}

/// Where the texts of a row are.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    start: u32,
    len: u16,
    /// All of them are there.
    is_whole: bool,
}

impl Texts {
    /// Keeps the texts of a row.
    pub(super) fn take(&mut self, id: &str, metadata: Option<&Map<String, Value>>) -> Place {
        let start = self.bytes.len();
        let bytes = &mut self.bytes;
        push(bytes, id);
        let after_id = bytes.len();
        let is_long = metadata.is_some_and(|metadata| {
            any_text(metadata, |text| {
                let is_long = text.len() + bytes.len() - after_id > LONGEST;
                if !is_long {
                    push(bytes, text);
                }
                is_long
            })
        });
        let place = Place::new(start, bytes.len()).filter(|_| !is_long);
        // Of who has more all of it is read where it is.
        place.unwrap_or_else(|| {
            bytes.truncate(start);
            Place::default()
        })
    }

    /// The texts of a place are no longer needed.
    pub(super) fn give_back(&mut self, place: Place) {
        self.gone += usize::from(place.len);
    }

    pub(super) fn are_mostly_gone(&self) -> bool {
        self.gone > GONE && self.gone > self.bytes.len() / 2
    }

    /// Moves what is needed together.
    pub(super) fn tidy<'a>(&mut self, places: impl Iterator<Item = &'a mut Place>) {
        let mut bytes = Vec::with_capacity(self.bytes.len() - self.gone.min(self.bytes.len()));
        for place in places {
            let start = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let old = place.start as usize;
            bytes.extend_from_slice(
                self.bytes
                    .get(old..old + usize::from(place.len))
                    .unwrap_or_default(),
            );
            place.start = start;
        }
        (self.bytes, self.gone) = (bytes, 0);
    }

    /// Whether a pattern is in the id of a row or in what is told beside the fields; nothing where not all of that is kept here.
    pub(super) fn has(&self, place: Place, pattern: &Pattern) -> Option<bool> {
        if !place.is_whole {
            return None;
        }
        let start = place.start as usize;
        let texts = self.bytes.get(start..start + usize::from(place.len))?;
        Some(pattern.is_in_one_of(texts))
    }
}

impl Place {
    fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            len: u16::try_from(end - start).ok()?,
            is_whole: true,
        })
    }
}

fn push(bytes: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        bytes.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
    } else {
        bytes.extend_from_slice(text.to_lowercase().as_bytes());
    }
    bytes.push(BEHIND);
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
            texts.take("Counter-1", Some(&told)),
            texts.take("ÄRGER", None),
            texts.take("", Some(&map(json!({})))),
        ];
        let has = |place: Place, filter: &str| {
            let filter: Filter = filter.parse().unwrap();
            let Condition::Text(pattern) = &filter.terms[0].condition else {
                panic!("a text");
            };
            texts.has(place, pattern)
        };
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
        let place = texts.take("id", Some(&long));
        assert_eq!(texts.has(place, &Pattern::literal("x")), None);
        assert!(texts.bytes.is_empty());
    }

    #[test]
    fn what_is_gone_makes_room() {
        let mut texts = Texts::default();
        let mut kept = texts.take("kept", Some(&map(json!({"a":"told"}))));
        for number in 0..10_000 {
            let place = texts.take(&format!("gone-{number}"), None);
            texts.give_back(place);
            if texts.are_mostly_gone() {
                texts.tidy(std::iter::once(&mut kept));
            }
        }
        assert!(texts.bytes.len() < 2 * GONE + 100);
        assert_eq!(texts.has(kept, &Pattern::literal("kept")), Some(true));
        assert_eq!(texts.has(kept, &Pattern::literal("told")), Some(true));
    }
}
