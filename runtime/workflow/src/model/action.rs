//! An action: what an `action.yml` says.

use std::sync::Arc;

use indexmap::IndexMap;

use super::fields::Fields;
use super::site::Site;
use crate::span::{Span, Spanned};

/// What an `action.yml` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// `name`.
    pub name: Option<Spanned<Arc<str>>>,
    /// `inputs`, by the names as written; they are compared without regard to case.
    pub inputs: IndexMap<Arc<str>, ActionInput>,
    /// Names of its `outputs`.
    pub outputs: Vec<Spanned<Arc<str>>>,
    /// `runs`: what it does.
    pub kind: Kind,
    /// All keys of the top level as written.
    pub fields: Fields,
    /// Every value that holds expressions, for rules to walk.
    pub sites: Vec<Site>,
}

/// An input of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionInput {
    /// Where its name stands.
    pub span: Span,
    /// `required`, which GitHub does not enforce.
    pub required: bool,
    /// `default`, as written.
    pub default: Option<Arc<str>>,
    /// `deprecationMessage`: what to use instead.
    pub deprecated: Option<Arc<str>>,
}

/// The three kinds of actions.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `using: node20` and its like: a script for Node.js.
    Node {
        /// `main`: the script.
        main: Spanned<Arc<str>>,
        /// All keys of `runs`.
        fields: Fields,
    },
    /// `using: docker`: a container.
    Docker {
        /// `image`: a `Dockerfile`, or `docker://` and the name of an image.
        image: Spanned<Arc<str>>,
        /// All keys of `runs`.
        fields: Fields,
    },
    /// `using: composite`: steps.
    Composite {
        /// The steps in order.
        steps: Vec<Step>,
    },
}

/// A step of a composite action.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// `id`: what expressions call it.
    pub id: Option<Spanned<Arc<str>>>,
    /// All its keys.
    pub fields: Fields,
}
