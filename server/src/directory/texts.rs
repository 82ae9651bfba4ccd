//! What a search looks at in the rows of a chunk, in lower case and in one stretch of memory: the ids and what is told beside the
//! fields. To follow a pointer to each of 100,000 texts would cost a search most of its time.

use loom_protocol::filter::{Pattern, any_text};
use serde_json::{Map, Value};

/// Bytes of what is told beside the fields, in lower case, that are kept here; of who tells more it is read where it is.
const LONGEST: usize = 160;
/// Stands between two texts, and in no text.
const BETWEEN: u8 = 0xff;
/// Bytes that may be gone before the others are moved together.
const GONE: usize = 4_096;

/// The texts of some rows.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    gone: usize,
}

/// Where the texts of a row are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    start: u32,
    id: u16,
    /// Those of its metadata; nothing where they are not kept here.
    metadata: Option<u16>,
}

impl Texts {
    /// Keeps the texts of a row.
    pub(super) fn take(&mut self, id: &str, metadata: Option<&Map<String, Value>>) -> Place {
        let start = self.bytes.len();
        push(&mut self.bytes, id);
        let after_id = self.bytes.len();
        let is_long = metadata.is_some_and(|metadata| {
            any_text(metadata, |text| {
                let left = LONGEST.saturating_sub(self.bytes.len() - after_id);
                if text.len() > left {
                    return true;
                }
                push(&mut self.bytes, text);
                self.bytes.push(BETWEEN);
                false
            })
        });
        if is_long {
            self.bytes.truncate(after_id);
        }
        let place = Place::new(start, after_id, self.bytes.len(), is_long);
        // An id that is longer than any may be: it is found where it is.
        place.unwrap_or_else(|| {
            self.bytes.truncate(start);
            Place {
                start: 0,
                id: 0,
                metadata: None,
            }
        })
    }

    /// The texts of a place are no longer needed.
    pub(super) fn give_back(&mut self, place: Place) {
        self.gone += place.len();
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
            bytes.extend_from_slice(self.bytes.get(old..old + place.len()).unwrap_or_default());
            place.start = start;
        }
        (self.bytes, self.gone) = (bytes, 0);
    }

    /// Whether a pattern is in the id of a row; nothing where that is not kept here.
    pub(super) fn id_has(&self, place: Place, pattern: &Pattern) -> Option<bool> {
        let start = place.start as usize;
        let id = self.bytes.get(start..start + usize::from(place.id))?;
        (!id.is_empty()).then(|| pattern.is_in_lower(id))
    }

    /// Whether a pattern is in what is told beside the fields; nothing where that is not kept here.
    pub(super) fn metadata_has(&self, place: Place, pattern: &Pattern) -> Option<bool> {
        let start = place.start as usize + usize::from(place.id);
        let texts = self.bytes.get(start..start + usize::from(place.metadata?))?;
        let (_, texts) = texts.split_last().unwrap_or((&BETWEEN, &[]));
        let is_told = place.metadata != Some(0);
        Some(
            is_told
                && texts
                    .split(|byte| *byte == BETWEEN)
                    .any(|text| pattern.is_in_lower(text)),
        )
    }
}

impl Place {
    fn new(start: usize, after_id: usize, end: usize, is_long: bool) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            id: u16::try_from(after_id - start).ok()?,
            metadata: match is_long {
                true => None,
                false => Some(u16::try_from(end - after_id).ok()?),
            },
        })
    }

    fn len(self) -> usize {
        usize::from(self.id) + usize::from(self.metadata.unwrap_or(0))
    }
}

fn push(bytes: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        bytes.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
    } else {
        bytes.extend_from_slice(text.to_lowercase().as_bytes());
    }
}

#[cfg(test)]
mod tests {
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
        let has = |place: Place, text: &str| {
            let pattern = Pattern::literal(text);
            (texts.id_has(place, &pattern), texts.metadata_has(place, &pattern))
        };
        assert_eq!(has(places[0], "COUNTER"), (Some(true), Some(false)));
        for told in ["größe", "blue", "7", "TRUE", "e"] {
            assert_eq!(has(places[0], told).1, Some(true), "{told}");
        }
        for none in ["0.5", "counter-1größe", "blue7", "peer"] {
            assert_eq!(has(places[0], none).1, Some(false), "{none}");
        }
        assert_eq!(has(places[1], "ärger"), (Some(true), Some(false)));
        assert_eq!(has(places[1], "counter").0, Some(false));
        assert_eq!(
            has(places[2], "a"),
            (None, Some(false)),
            "an empty id is read where it is"
        );
    }

    #[test]
    fn what_is_long_is_left_where_it_is() {
        let mut texts = Texts::default();
        let long = map(json!({"a":"x","b":"y".repeat(LONGEST)}));
        let place = texts.take("id", Some(&long));
        assert_eq!(texts.metadata_has(place, &Pattern::literal("x")), None);
        assert_eq!(texts.id_has(place, &Pattern::literal("id")), Some(true));
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
        assert_eq!(texts.id_has(kept, &Pattern::literal("kept")), Some(true));
        assert_eq!(texts.metadata_has(kept, &Pattern::literal("told")), Some(true));
    }
}
