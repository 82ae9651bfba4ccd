//! What a thread knows of types: finding the cell of a type without a lock, also where many types alternate.

use std::any::TypeId;
use std::cell::Cell;

use crate::number;

/// More than most programs have types of messages; a power of two, and no more than a few kilobytes a thread.
const PLACES: usize = 256;

/// One entry.
type Place<T> = Cell<Option<(TypeId, &'static T)>>;

/// The cells that a thread found lately, two that meet in one place beside each other.
pub(super) struct Known<T: 'static> {
    places: [Place<T>; PLACES],
}

impl<T> Known<T> {
    pub(super) const fn new() -> Self {
        Self {
            places: [const { Cell::new(None) }; PLACES],
        }
    }

    /// The cell of `wanted`, by `find` where the thread does not know it.
    #[inline]
    pub(super) fn get(&self, wanted: TypeId, find: impl FnOnce() -> &'static T) -> &'static T {
        // Known when this is compiled.
        let number = number_of(wanted) % PLACES;
        let (Some(first), Some(second)) = (self.places.get(number), self.places.get(number ^ 1)) else {
            return find();
        };
        match (first.get(), second.get()) {
            (Some((id, cell)), _) | (_, Some((id, cell))) if id == wanted => cell,
            (before, _) => {
                let cell = find();
                second.set(before);
                first.set(Some((wanted, cell)));
                cell
            }
        }
    }
}

/// A type's hash, which is one already.
#[inline]
fn number_of(id: TypeId) -> usize {
    // The remainder is taken of it, so its upper half does not matter.
    number::of(&id) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_alternate_are_looked_up_once_each() {
        let known = Known::new();
        let looked_up = Cell::new(0);
        let find = |name: &'static str| {
            looked_up.set(looked_up.get() + 1);
            &*Box::leak(Box::new(name))
        };
        for _ in 0..100 {
            assert_eq!(*known.get(TypeId::of::<u8>(), || find("u8")), "u8");
            assert_eq!(*known.get(TypeId::of::<u16>(), || find("u16")), "u16");
        }
        assert_eq!(looked_up.get(), 2);
    }

    #[test]
    fn two_types_of_one_place_have_both_room() {
        let known: Known<TypeId> = Known::new();
        let ids = [
            TypeId::of::<u8>(),
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
        ];
        // As if all had one number: the places are what is tried, so put them there by hand.
        let number = number_of(ids[0]) % PLACES;
        known.places[number].set(Some((ids[1], Box::leak(Box::new(ids[1])))));
        known.places[number ^ 1].set(Some((ids[0], Box::leak(Box::new(ids[0])))));
        assert_eq!(*known.get(ids[0], || unreachable!()), ids[0]);
    }
}
