//! The workspaces of a token.

use serde::{Deserialize, Deserializer, Serialize};

use crate::workspaces::WorkspaceName;

/// The workspaces that a token is of, each once: one at least. Without another word a request is about the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TokenWorkspaces(Vec<WorkspaceName>);

impl TokenWorkspaces {
    /// These, each once; `main` where there are none.
    pub fn new(names: impl IntoIterator<Item = WorkspaceName>) -> Self {
        let mut own = Vec::new();
        for name in names {
            if !own.contains(&name) {
                own.push(name);
            }
        }
        if own.is_empty() {
            Self::default()
        } else {
            Self(own)
        }
    }

    /// In the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &WorkspaceName> {
        self.0.iter()
    }

    /// Whether it is `main` and no other.
    pub fn is_main_alone(&self) -> bool {
        self.0.iter().all(WorkspaceName::is_main)
    }
}

impl Default for TokenWorkspaces {
    /// `main`.
    fn default() -> Self {
        Self(vec![WorkspaceName::main()])
    }
}

impl<'de> Deserialize<'de> for TokenWorkspaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<WorkspaceName>::deserialize(deserializer)?;
        // An empty list may mean none or all; who wrote it is to say which.
        if names.is_empty() {
            return Err(serde::de::Error::custom(
                "`workspaces` must name one at least, or be absent, which is `main`",
            ));
        }
        Ok(Self::new(names))
    }
}
