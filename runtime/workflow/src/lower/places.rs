//! Which expressions may stand at a place. What they may use is the expression engine's table.

use crate::expression::{Function, Key, Scope};

/// A place where expressions may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// What may be used under this key.
    Key(Key),
    /// Literals and functions only: there is an expression, and nothing it could look at.
    Constant,
    /// `pre-if` and `post-if` of an action.
    ActionIf,
}

impl Place {
    pub(super) fn scope(self) -> Scope<'static> {
        match self {
            Self::Key(key) => Scope::of(key),
            Self::Constant => Scope::of_names([]),
            Self::ActionIf => {
                Scope::of_names(["runner", "github", "job", "strategy", "matrix", "env", "inputs"])
                    .with_functions(&[
                        Function::Always,
                        Function::Success,
                        Function::Failure,
                        Function::Cancelled,
                        Function::HashFiles,
                    ])
            }
        }
    }
}
