//! The keys of one level as they were written.

use crate::span::Span;
use crate::tree::Node;

/// Every known key that stands at one place of the file, each once, in the order of the file.
///
/// Keys that have a typed field are here too: what asks "is this key there, and where" (what is not supported yet,
/// the rules of the checks) asks here; what asks for the value asks the typed field.
///
/// A list, not a map: no level has more than some twenty keys, and most have three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<(&'static str, Field)>);

/// A key and its value, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Where the key stands.
    pub key: Span,
    /// Its value.
    pub value: Node,
}

impl Fields {
    /// Without fields, with room for so many.
    pub(crate) fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    /// The field of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Field> {
        self.0
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, field)| field)
    }

    /// Whether the key is there.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// All of them in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Field)> {
        self.0.iter().map(|(key, field)| (*key, field))
    }

    /// Adds a field unless its key is there already: of duplicates, which are reported elsewhere, the first counts.
    pub(crate) fn insert(&mut self, key: &'static str, field: Field) {
        if !self.contains(key) {
            self.0.push((key, field));
        }
    }
}
