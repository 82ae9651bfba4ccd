//! Cells by name. A cell has its name, so that an entry is one pointer.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dashmap::{DashMap, Entry};

use crate::cell::ActorCell;

/// A cell that is looked up by its name.
struct Named(Arc<ActorCell>);

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Named {}

impl Hash for Named {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // As the text that stands for it in a look-up.
        let name: &str = self.borrow();
        name.hash(hasher);
    }
}

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        &self.0.name
    }
}

#[derive(Default)]
pub(super) struct Table(DashMap<Named, ()>);

impl Table {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<ActorCell>> {
        self.0.get(name).map(|entry| Arc::clone(&entry.key().0))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Arc<ActorCell>> {
        self.0.iter().map(|entry| Arc::clone(&entry.key().0))
    }

    /// Enters a cell in place of whoever has its name.
    pub(super) fn put(&self, cell: &Arc<ActorCell>) {
        self.put_where(cell, |_| true);
    }

    /// Enters a cell unless its name is taken; what is to be done before anybody finds it there is done first.
    pub(super) fn put_new(&self, cell: &Arc<ActorCell>, first: impl FnOnce()) -> bool {
        let Entry::Vacant(place) = self.0.entry(Named(Arc::clone(cell))) else {
            return false;
        };
        first();
        place.insert(());
        true
    }

    /// Enters a cell; where its name is taken only if that one may be replaced. While it is asked nobody else can.
    pub(super) fn put_where(
        &self,
        cell: &Arc<ActorCell>,
        may_replace: impl FnOnce(&ActorCell) -> bool,
    ) -> bool {
        // The one that it replaces is dropped once the table is free again.
        let _replaced = match self.0.entry(Named(Arc::clone(cell))) {
            Entry::Vacant(place) => {
                place.insert(());
                return true;
            }
            Entry::Occupied(place) if may_replace(&place.key().0) => place.replace_entry(()),
            Entry::Occupied(_) => return false,
        };
        true
    }

    /// Takes this cell out; not one that has its name now.
    pub(super) fn remove(&self, cell: &Arc<ActorCell>) {
        self.0
            .remove_if(&*cell.name, |present, ()| Arc::ptr_eq(&present.0, cell));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::*;
    use crate::cell::Details;
    use crate::measure::Kind;

    fn cell(name: &str) -> Arc<ActorCell> {
        let cell = ActorCell::new(
            name.into(),
            Arc::new(Kind::of_handle("T".into())),
            Details::default(),
            Weak::new(),
        );
        Arc::new(cell)
    }

    #[test]
    fn a_name_finds_its_cell_and_only_that_one_is_taken_out() {
        let (table, first, second, other) = (Table::default(), cell("a"), cell("a"), cell("b"));
        assert!(table.put_where(&first, |_| unreachable!("nobody has it")));
        assert!(!table.put_where(&second, |_| false));
        assert!(!table.put_new(&second, || unreachable!("it is taken")));
        let is = |found: &Arc<ActorCell>| table.get("a").is_some_and(|cell| Arc::ptr_eq(&cell, found));
        assert!(is(&first) && table.has("a") && !table.has("b"));
        table.put(&second);
        assert!(is(&second));
        assert_eq!(Arc::strong_count(&first), 1, "nothing is left of the one before");
        table.remove(&first);
        assert!(is(&second), "it has the name now");
        assert!(table.put_new(&other, || {}));
        let mut names: Vec<_> = table.iter().map(|cell| cell.name.to_string()).collect();
        names.sort();
        assert_eq!((names, table.len()), (vec!["a".to_owned(), "b".to_owned()], 2));
        table.remove(&second);
        assert!(table.get("a").is_none());
    }
}
