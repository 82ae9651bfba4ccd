//! Ids in order, all of them and by type: a page of a long list costs its own length, not the list's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock};

use super::entry::Text;

/// The ordered view of the ids. Follows the records; see the module's note on locks.
#[derive(Default)]
pub(super) struct Index {
    sets: RwLock<Sets>,
}

#[derive(Default)]
struct Sets {
    all: BTreeSet<Text>,
    by_kind: BTreeMap<Text, BTreeSet<Text>>,
}

impl Index {
    pub(super) fn insert(&self, kind: &Text, id: Text) {
        let mut sets = self.sets.write().unwrap_or_else(PoisonError::into_inner);
        sets.all.insert(id.clone());
        sets.by_kind.entry(kind.clone()).or_default().insert(id);
    }

    pub(super) fn remove(&self, kind: &Text, id: &str) {
        let mut sets = self.sets.write().unwrap_or_else(PoisonError::into_inner);
        sets.all.remove(id);
        if let Some(ids) = sets.by_kind.get_mut(kind) {
            ids.remove(id);
            if ids.is_empty() {
                sets.by_kind.remove(kind);
            }
        }
    }

    /// Runs `read` on the ids of `kind`, or on all. `read` must not touch a record.
    pub(super) fn with<T>(&self, kind: Option<&str>, read: impl FnOnce(&BTreeSet<Text>) -> T) -> T {
        let sets = self.sets.read().unwrap_or_else(PoisonError::into_inner);
        match kind {
            None => read(&sets.all),
            Some(kind) => match sets.by_kind.get(kind) {
                Some(ids) => read(ids),
                None => read(&BTreeSet::new()),
            },
        }
    }
}
