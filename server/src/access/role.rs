//! Roles, and who a caller is.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Report actors, and nothing else: for programs that are watched.
    Report,
    /// Look.
    View,
    /// Also report, order, start, stop.
    Operate,
    /// Also change how actors and the server work.
    Admin,
}

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; there are report, view, operate and admin")]
pub struct UnknownRole(String);

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Report, Self::View, Self::Operate, Self::Admin];

    /// Whether one of this role may do what needs `needed`. `view`, `operate` and `admin` each include the one before;
    /// `report` is included in `operate`, and lets nobody look.
    pub fn includes(self, needed: Self) -> bool {
        match self {
            Self::Report | Self::View => self == needed,
            Self::Operate => needed != Self::Admin,
            Self::Admin => true,
        }
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::View => "view",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not `write_str`: lists pad it.
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// Who asks. Handlers, those of extensions included, take it as an argument; the guard has made sure of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    name: Arc<str>,
    role: Role,
}

impl Caller {
    /// The name of whoever asks a server that wants no token.
    pub(super) const LOCAL: &str = "local";
    /// The name of whoever shows `STUDIO_TOKEN`.
    pub(super) const MAIN: &str = "token";

    /// Somebody with a name and a role.
    pub fn new(name: &str, role: Role) -> Self {
        Self {
            name: name.into(),
            role,
        }
    }

    /// Whoever asks a server that wants no token.
    pub(crate) fn local() -> Self {
        Self::new(Self::LOCAL, Role::Admin)
    }

    pub(super) fn of_main_token() -> Self {
        Self::new(Self::MAIN, Role::Admin)
    }

    /// The name of the token; `token` for `STUDIO_TOKEN`, `local` where none is wanted. For journals.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has a token of its own, so that its name says who it is.
    pub fn is_named(&self) -> bool {
        ![Self::LOCAL, Self::MAIN].contains(&self.name())
    }

    /// What it may do.
    pub fn role(&self) -> Role {
        self.role
    }
}
