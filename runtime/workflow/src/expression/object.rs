//! Mappings in the order they were filled, whose keys are found without regard to case.

use std::sync::Arc;

use indexmap::IndexMap;

use super::fold;
use super::value::Value;

/// A mapping from names to values.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// By the key in the form it is looked up by.
    entries: IndexMap<String, (Arc<str>, Value)>,
    exact: bool,
}

impl Object {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one whose keys are found only in their own case, as the `env` context of GitHub's Linux runners.
    #[must_use]
    pub fn case_sensitive() -> Self {
        Self {
            entries: IndexMap::new(),
            exact: true,
        }
    }

    /// Sets a value. A key that is there already keeps its place and its spelling.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) {
        let key = key.into();
        let form = self.form(&key);
        self.entries
            .entry(form)
            .and_modify(|(_, old)| old.clone_from(&value))
            .or_insert((key, value));
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(&self.form(key)).map(|(_, value)| value)
    }

    /// Keys, as they were spelled first, with their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.values().map(|(key, value)| (&**key, value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn entry(&self, at: usize) -> Option<(&str, &Value)> {
        self.entries
            .get_index(at)
            .map(|(_, (key, value))| (&**key, value))
    }

    fn form(&self, key: &str) -> String {
        if self.exact {
            key.to_owned()
        } else {
            fold::folded(key)
        }
    }
}

impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let mut object = Self::new();
        for (key, value) in entries {
            object.insert(key, value);
        }
        object
    }
}
