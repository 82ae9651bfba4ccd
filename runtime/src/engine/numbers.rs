//! Numbers for runs that begin at the same moment. The journal lets no two runs of a workflow's file have the same one; here
//! those of one process come to terms before, so that each need not try many times.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The numbers of runs that this process is about to write down.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers(Arc<Mutex<BTreeSet<(String, u64)>>>);

/// A number for a run. What it is taken from gets it back when this is dropped: by then it is in the journal, or free.
#[derive(Debug)]
pub(super) struct Number {
    number: u64,
    taken: Option<(Numbers, String)>,
}

impl Numbers {
    /// The lowest number behind `last` that nobody here has taken for a run of this file.
    pub(super) fn take(&self, file: &str, last: u64) -> Number {
        let mut taken = self.taken();
        let mut number = last.saturating_add(1);
        while number < u64::MAX && !taken.insert((file.to_owned(), number)) {
            number += 1;
        }
        Number {
            number,
            taken: Some((self.clone(), file.to_owned())),
        }
    }

    /// Nothing here can panic half done.
    fn taken(&self) -> MutexGuard<'_, BTreeSet<(String, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Number {
    /// The number of a run that has it already.
    pub(super) fn known(number: u64) -> Self {
        Self { number, taken: None }
    }

    /// From 1.
    pub(super) fn get(&self) -> u64 {
        self.number
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        if let Some((numbers, file)) = self.taken.take() {
            numbers.taken().remove(&(file, self.number));
        }
    }
}
