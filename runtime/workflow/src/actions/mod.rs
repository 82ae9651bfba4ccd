//! What is known of the actions that steps use: those of the same repository, and the most used public ones.
//!
//! [`Actions`] answers what an action takes and gives; rules ask it and never read files or tables themselves.

mod catalog;
mod resolve;

pub(crate) use catalog::{DATE, newest};
pub(crate) use resolve::{Actions, Known};

/// What an action takes and gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interface {
    /// Its inputs; `None` when they are not known.
    pub(crate) inputs: Option<Vec<Input>>,
    /// Names of its outputs; `None` when they are not known, or when it may set others than it declares.
    pub(crate) outputs: Option<Vec<String>>,
    /// What runs it.
    pub(crate) runtime: Runtime,
    /// Whether there will be no newer version of it.
    pub(crate) archived: bool,
}

/// An input of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// Its name as declared; names are compared without regard to case.
    pub(crate) name: String,
    /// Whether it must be given: it is required and has no default.
    pub(crate) required: bool,
    /// What to do instead of giving it, when it should not be given any more.
    pub(crate) deprecated: Option<String>,
}

/// What runs an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// This version of Node.js.
    Node(u32),
    /// A container.
    Docker,
    /// Other steps.
    Composite,
    /// Nothing any more: GitHub fails every step with this version.
    Refused,
    /// Nobody knows.
    #[default]
    Unknown,
}

impl Interface {
    /// The input of a name.
    pub(crate) fn input(&self, name: &str) -> Option<&Input> {
        let mut inputs = self.inputs.as_ref()?.iter();
        inputs.find(|input| input.name.eq_ignore_ascii_case(name))
    }
}
