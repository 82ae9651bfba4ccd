//! The functions there are, and how many arguments they take.

use super::fold;

/// A function of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// `contains(search, item)`
    Contains,
    /// `startsWith(text, start)`
    StartsWith,
    /// `endsWith(text, end)`
    EndsWith,
    /// `format(text, values…)`
    Format,
    /// `join(list, separator?)`
    Join,
    /// `toJSON(value)`
    ToJson,
    /// `fromJSON(text)`
    FromJson,
    /// `case(test, value, …, otherwise)`
    Case,
    /// `hashFiles(patterns…)`
    HashFiles,
    /// `success()`
    Success,
    /// `failure()`
    Failure,
    /// `cancelled()`
    Cancelled,
    /// `always()`
    Always,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Format,
        Self::Join,
        Self::ToJson,
        Self::FromJson,
        Self::Case,
        Self::HashFiles,
        Self::Success,
        Self::Failure,
        Self::Cancelled,
        Self::Always,
    ];

    /// Its name as the documentation writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Format => "format",
            Self::Join => "join",
            Self::ToJson => "toJSON",
            Self::FromJson => "fromJSON",
            Self::Case => "case",
            Self::HashFiles => "hashFiles",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Always => "always",
        }
    }

    /// The function of this name; case does not count.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| fold::equal(function.name(), name))
    }

    /// Whether it may be used under every key. The others depend on the state of a job or on files, and belong to few.
    #[must_use]
    pub fn is_general(self) -> bool {
        !self.is_status() && self != Self::HashFiles
    }

    /// Whether it asks how the job went so far. An `if` without one of them runs only after success.
    #[must_use]
    pub fn is_status(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Failure | Self::Cancelled | Self::Always
        )
    }

    /// The fewest and the most arguments it takes. `success` and `failure` take names of jobs in the `if` of a job; the
    /// scope says where.
    pub(super) fn arguments(self) -> (usize, usize) {
        /// As many as GitHub counts.
        const MANY: usize = 255;
        match self {
            Self::Contains | Self::StartsWith | Self::EndsWith => (2, 2),
            Self::Format | Self::HashFiles => (1, MANY),
            Self::Join => (1, 2),
            Self::ToJson | Self::FromJson => (1, 1),
            Self::Case => (3, MANY),
            Self::Success | Self::Failure => (0, MANY),
            Self::Cancelled | Self::Always => (0, 0),
        }
    }
}
