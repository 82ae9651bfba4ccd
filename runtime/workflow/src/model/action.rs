//! An action: what an `action.yml` says.

use std::sync::Arc;

use super::condition::Condition;
use super::env::Env;
use super::site::Site;
use super::template::Template;
use super::values::ByName;
use crate::span::{Span, Spanned};

/// What an `action.yml` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// `name`.
    pub name: Option<Spanned<Arc<str>>>,
    /// `inputs`, by the names as written; they are compared without regard to case.
    pub inputs: ByName<ActionInput>,
    /// `outputs`, by name.
    pub outputs: ByName<ActionOutput>,
    /// `runs`: what it does.
    pub kind: ActionKind,
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
    /// `default`.
    pub default: Option<Spanned<Template>>,
    /// `deprecationMessage`: what to use instead.
    pub deprecated: Option<Arc<str>>,
}

/// An output of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionOutput {
    /// Where its name stands.
    pub span: Span,
    /// `value`, which only outputs of composite actions have.
    pub value: Option<Spanned<Template>>,
    /// Whether something is missing here because of a mistake that was reported.
    pub incomplete: bool,
}

/// The three kinds of actions.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// `using: node20` and its like: a script for Node.js.
    Node {
        /// `using`: which Node.js, e.g. `node20`.
        using: Spanned<Arc<str>>,
        /// `main`: the script.
        main: Spanned<Arc<str>>,
        /// `pre` and `pre-if`: what runs before the job.
        pre: Hook,
        /// `post` and `post-if`: what runs after it.
        post: Hook,
    },
    /// `using: docker`: a container.
    Docker {
        /// `image`: a `Dockerfile`, or `docker://` and the name of an image.
        image: Spanned<Arc<str>>,
        /// `entrypoint` instead of that of the image.
        entrypoint: Option<Spanned<Arc<str>>>,
        /// `args` of the entrypoint; where the key is not there, the input `args` gives them.
        args: Option<Vec<Spanned<Template>>>,
        /// `env` of the container.
        env: Option<Spanned<Env>>,
        /// `pre-entrypoint` and `pre-if`: what runs before the job.
        pre: Hook,
        /// `post-entrypoint` and `post-if`: what runs after it.
        post: Hook,
    },
    /// `using: composite`: steps.
    Composite {
        /// The steps in order.
        steps: Vec<Step>,
    },
}

/// What an action runs before a job begins, or after it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hook {
    /// What runs.
    pub run: Option<Spanned<Arc<str>>>,
    /// Whether; always where nothing is written.
    pub condition: Option<Spanned<Condition>>,
}

/// A step of a composite action.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// `id`: what expressions call it.
    pub id: Option<Spanned<Arc<str>>>,
    /// The same as a step of a job, which is evaluated alike; `None` when a mistake that was reported left nothing to do.
    pub step: Option<super::Step>,
}
