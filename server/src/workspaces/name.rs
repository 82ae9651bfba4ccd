//! What a workspace is called.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Letters of a name.
const MOST: usize = 64;
/// The one that is always there.
const MAIN: &str = "main";

/// The name of a workspace: letters, digits, `-` and `_`. It is also that of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceName(Arc<str>);

/// A text that can't be the name of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be the name of a workspace: it must have 1 to {MOST} letters a-z, digits, `-` or `_`, and begin with a letter or digit"
)]
pub struct InvalidWorkspace(String);

impl WorkspaceName {
    /// The one that is always there, and the only one without tokens that name others.
    pub fn main() -> Self {
        Self(MAIN.into())
    }

    /// Whether it is that one.
    pub fn is_main(&self) -> bool {
        self.as_str() == MAIN
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkspaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for WorkspaceName {
    type Err = InvalidWorkspace;

    fn from_str(text: &str) -> Result<Self, InvalidWorkspace> {
        // Small letters alone: there are disks that take `A` and `a` for the same directory.
        let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let is_name = text.bytes().next().is_some_and(plain)
            && text
                .bytes()
                .all(|letter| plain(letter) || b"-_".contains(&letter));
        if is_name && text.len() <= MOST {
            Ok(Self(text.into()))
        } else {
            // It stands in a message, which is to stay short.
            Err(InvalidWorkspace(text.chars().take(MOST + 1).collect()))
        }
    }
}

impl Serialize for WorkspaceName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for WorkspaceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_directory_of_its_own_and_nothing_else() {
        for name in ["main", "a", "team-a", "9_lives", &"x".repeat(MOST)] {
            assert_eq!(name.parse::<WorkspaceName>().unwrap().as_str(), name);
        }
        for wrong in [
            "",
            ".",
            "..",
            "a/b",
            "a.b",
            "-a",
            "_a",
            "A",
            "ä",
            "a b",
            "a\n",
            &"x".repeat(MOST + 1),
        ] {
            assert!(wrong.parse::<WorkspaceName>().is_err(), "{wrong:?}");
        }
        let error = "x".repeat(10_000).parse::<WorkspaceName>().unwrap_err();
        assert!(error.to_string().len() < 300);
        assert!(WorkspaceName::main().is_main());
    }
}
