//! The shapes that a thing can have, each named by one key: a step runs a script or uses an action, never both.

/// A set of forms of a level.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forms(u8);

/// One form of a level.
pub(crate) struct Form {
    pub(crate) bit: Forms,
    /// The key that makes it this form.
    pub(crate) key: &'static str,
    /// Whether to name it to somebody who wrote none.
    pub(crate) common: bool,
}

impl Forms {
    pub(crate) const ALL: Forms = Forms(u8::MAX);

    pub(crate) const fn bit(index: u8) -> Self {
        Self(1 << index)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
