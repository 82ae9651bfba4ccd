//! Mappings in the order they were filled, whose keys are found without regard to case.

use std::sync::Arc;

use indexmap::IndexMap;

use super::fold;
use super::value::Value;

/// A key that is no longer is brought into its form without a place in memory of its own.
const SHORT: usize = 64;

/// A mapping from names to values. A clone is cheap: both have the same entries until one of them is changed.
#[derive(Clone, Debug, Default)]
pub struct Object {
    entries: Arc<Entries>,
    exact: bool,
}

/// By the key in the form it is looked up by.
type Entries = IndexMap<String, (Arc<str>, Value)>;

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
            entries: Arc::default(),
            exact: true,
        }
    }

    /// Sets a value. A key that is there already keeps its place and its spelling.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) {
        let key = key.into();
        let form = self.form(&key);
        Arc::make_mut(&mut self.entries)
            .entry(form)
            .and_modify(|(_, old)| old.clone_from(&value))
            .or_insert((key, value));
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let found = if self.exact {
            self.entries.get(key)
        } else {
            let mut short = [0; SHORT];
            match folded_within(key, &mut short) {
                Some(form) => self.entries.get(form),
                None => self.entries.get(&fold::folded(key)),
            }
        };
        found.map(|(_, value)| value)
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

/// The form of a short key of ASCII letters, in this place.
fn folded_within<'a>(key: &str, place: &'a mut [u8; SHORT]) -> Option<&'a str> {
    let form = place.get_mut(..key.len()).filter(|_| key.is_ascii())?;
    form.copy_from_slice(key.as_bytes());
    form.make_ascii_uppercase();
    str::from_utf8(form).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_costs_nothing_and_changes_alone() {
        let mut one = Object::new();
        one.insert("Name", Value::from("first"));
        let mut other = one.clone();
        assert!(Arc::ptr_eq(&one.entries, &other.entries));
        other.insert("name", Value::from("second"));
        other.insert("more", Value::Null);
        assert_eq!(one.len(), 1);
        let text = |object: &Object| object.get("NAME").map(|value| value.to_text().to_string());
        assert_eq!(
            (text(&one).as_deref(), text(&other).as_deref()),
            (Some("first"), Some("second"))
        );
    }

    #[test]
    fn keys_are_found_whatever_their_case_and_length() {
        for key in [
            "",
            "a",
            "Straße",
            &"x".repeat(SHORT),
            &"y".repeat(SHORT + 1),
            &"ä".repeat(SHORT),
        ] {
            let mut object = Object::new();
            object.insert(key, Value::Boolean(true));
            for written in [key.to_owned(), key.to_ascii_uppercase(), key.to_ascii_lowercase()] {
                assert!(object.get(&written).is_some(), "{written}");
            }
            assert!(object.get(&format!("{key}-")).is_none());
        }
        let mut exact = Object::case_sensitive();
        exact.insert("Name", Value::Null);
        assert!(exact.get("Name").is_some() && exact.get("NAME").is_none());
    }
}
