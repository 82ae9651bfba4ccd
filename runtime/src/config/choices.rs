//! Choices that flags and files share.

use serde::{Deserialize, Serialize};

/// How a job sees the project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceMode {
    /// It works in the project itself.
    #[default]
    Bind,
    /// It works in a layer over the project, which is thrown away; where that cannot be made, in a copy.
    Overlay,
    /// It works in a copy, which is thrown away.
    Copy,
}

/// Whose place (container, working folder) is kept when its job is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// That of a job that failed.
    Failed,
    /// Every job's.
    Always,
    /// Nobody's.
    #[default]
    Never,
}

impl Keep {
    /// Whether nobody's place is kept.
    #[must_use]
    pub fn is_never(&self) -> bool {
        *self == Self::Never
    }
}
