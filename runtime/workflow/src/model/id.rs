//! Ids of jobs and steps.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Why a text cannot be an id. The rule is GitHub's, for jobs and steps alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdProblem {
    /// No text at all.
    #[error("an id cannot be empty")]
    Empty,
    /// Something other than a letter or `_` in front.
    #[error("an id starts with a letter or `_`")]
    Start,
    /// Something other than letters, digits, `-` and `_`.
    #[error("an id has only letters, digits, `-` and `_`")]
    Character,
    /// 100 characters or more.
    #[error("an id has fewer than 100 characters")]
    TooLong,
    /// Two underscores in front.
    #[error("ids that start with `__` are reserved")]
    Reserved,
}

/// What is wrong with an id, if anything.
fn problem(id: &str) -> Option<IdProblem> {
    let first = id.bytes().next().ok_or(IdProblem::Empty);
    match first {
        Err(empty) => Some(empty),
        Ok(first) if !(first.is_ascii_alphabetic() || first == b'_') => Some(IdProblem::Start),
        _ if !id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) =>
        {
            Some(IdProblem::Character)
        }
        _ if id.len() >= 100 => Some(IdProblem::TooLong),
        _ if id.starts_with("__") => Some(IdProblem::Reserved),
        _ => None,
    }
}

macro_rules! id {
    ($(#[$docs:meta])+ $name:ident) => {
        $(#[$docs])+
        #[derive(Clone)]
        pub struct $name(Arc<str>);

        impl $name {
            /// An id as written; any text, for the checks report what is not allowed.
            #[must_use]
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The id as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What is wrong with it, if anything.
            #[must_use]
            pub fn problem(&self) -> Option<IdProblem> {
                problem(&self.0)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                // Piece by piece: a hasher takes many bytes at once faster than one after the other.
                for piece in self.0.as_bytes().chunks(16) {
                    let mut folded = [0; 16];
                    for (folded, byte) in folded.iter_mut().zip(piece) {
                        *folded = byte.to_ascii_lowercase();
                    }
                    state.write(&folded);
                }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                let folded = |id: &Self| id.0.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
                folded(self).cmp(&folded(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, formatter)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

id! {
    /// The key of a job under `jobs`. Shown as written; compared without regard to case, as GitHub does.
    JobId
}

id! {
    /// The `id` of a step. Shown as written; compared without regard to case, as GitHub does.
    StepId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_githubs_rule() {
        for id in ["a", "_", "_a", "a__", "build-1", "Ab_9", &"x".repeat(99)] {
            assert_eq!(JobId::from(id).problem(), None, "{id}");
        }
        for (id, want) in [
            ("", IdProblem::Empty),
            ("0a", IdProblem::Start),
            ("-a", IdProblem::Start),
            (" a", IdProblem::Start),
            (".a", IdProblem::Start),
            ("é", IdProblem::Start),
            ("a.b", IdProblem::Character),
            ("a b", IdProblem::Character),
            ("__", IdProblem::Reserved),
            ("__a", IdProblem::Reserved),
            (&"x".repeat(100), IdProblem::TooLong),
        ] {
            assert_eq!(StepId::from(id).problem(), Some(want), "{id}");
        }
    }

    #[test]
    fn ids_are_compared_without_case_and_shown_as_written() {
        let ids: std::collections::HashSet<JobId> = [JobId::from("Build")].into();
        assert!(ids.contains(&JobId::from("bUILD")));
        assert_eq!(JobId::from("Build").to_string(), "Build");
        assert_eq!(JobId::from("a").cmp(&JobId::from("B")), std::cmp::Ordering::Less);
    }
}
