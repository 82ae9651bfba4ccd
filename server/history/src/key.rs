//! What a series is of.

use std::sync::Arc;

/// What kind of thing a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// All actors together.
    All,
    /// The actors of one type.
    Type,
    /// One actor.
    Actor,
    /// One process.
    Process,
}

/// The name of a series.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What kind of thing it is of.
    pub by: By,
    /// Which one.
    pub name: Arc<str>,
}

impl By {
    /// All of them.
    pub const EACH: [Self; 4] = [Self::All, Self::Type, Self::Actor, Self::Process];

    pub(crate) fn code(self) -> i64 {
        match self {
            Self::All => 0,
            Self::Type => 1,
            Self::Actor => 2,
            Self::Process => 3,
        }
    }

    pub(crate) fn of_code(code: i64) -> Option<Self> {
        Self::EACH.into_iter().find(|by| by.code() == code)
    }
}

impl Key {
    /// A series of one thing.
    pub fn new(by: By, name: impl Into<Arc<str>>) -> Self {
        Self {
            by,
            name: name.into(),
        }
    }

    /// The series of all.
    pub fn all() -> Self {
        Self::new(By::All, "all")
    }
}
