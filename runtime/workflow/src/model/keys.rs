//! Which keys stand at one level of a file, and where.

use crate::span::Span;

/// Every known key that stands at one place of the file, each once, in the order of the file; also one whose value could
/// not be read, and one that has no typed value. Its value is the typed field.
///
/// A list, not a map: no level has more than some twenty keys, and most have three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keys(Vec<(&'static str, Span)>);

impl Keys {
    /// Where a key stands.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<Span> {
        let mut keys = self.0.iter();
        keys.find(|(name, _)| *name == key).map(|(_, place)| *place)
    }

    /// Whether the key is there.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.place(key).is_some()
    }
}

impl FromIterator<(&'static str, Span)> for Keys {
    fn from_iter<I: IntoIterator<Item = (&'static str, Span)>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}
