//! From the text of `uses` to what is known of the action.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::catalog;
use super::{Input, Interface, Runtime};
use crate::diagnostic::{Cause, Diagnostics};
use crate::model::ActionText;
use crate::model::action::{Action, ActionKind};
use crate::references::{Reference, References};
use crate::source::Source;

/// How many actions of the repository one workflow may use; what is beyond is not looked at.
const MOST: usize = 1_000;

/// Answers what actions take and give; reads each action of the repository once.
pub(crate) struct Actions<'a> {
    references: &'a dyn References,
    local: RefCell<HashMap<String, Known>>,
}

/// What is known of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// What it takes and gives.
    Interface(Arc<Interface>),
    /// It has mistakes, of which this is the first.
    Broken(Arc<Cause>),
    /// The repository has no such action. A step may still make one before it is used.
    Missing,
    /// Nothing.
    Unknown,
}

impl<'a> Actions<'a> {
    pub(crate) fn new(references: &'a dyn References) -> Self {
        Self {
            references,
            local: RefCell::default(),
        }
    }

    /// What is known of an action.
    pub(crate) fn find(&self, uses: &ActionText<'_>) -> Known {
        match uses {
            ActionText::Repository(found) => {
                let mut name = [found.owner, found.name].join("/");
                for part in &found.path {
                    name.push('/');
                    name.push_str(part);
                }
                name.make_ascii_lowercase();
                catalog::find(&name, found.version).map_or(Known::Unknown, Known::Interface)
            }
            ActionText::Local(path) => self.local(path),
            ActionText::Own(path) => self.local(&format!("./{path}")),
            ActionText::Docker(_) => Known::Unknown,
        }
    }

    fn local(&self, path: &str) -> Known {
        if let Some(known) = self.local.borrow().get(path) {
            return known.clone();
        }
        if self.local.borrow().len() >= MOST {
            return Known::Unknown;
        }
        let known = match self.references.action(path) {
            Reference::Found(source) => read(&source),
            Reference::Missing => Known::Missing,
            Reference::Unknown => Known::Unknown,
        };
        self.local.borrow_mut().insert(path.to_owned(), known.clone());
        known
    }
}

fn read(source: &Source) -> Known {
    let mut diagnostics = Diagnostics::new();
    let action = crate::read_action(source, &mut diagnostics);
    let diagnostics = diagnostics.finish();
    if let Some(first) = diagnostics.iter().find(|one| one.is_blocking()) {
        return Known::Broken(Arc::new(Cause {
            source: source.clone(),
            diagnostic: first.clone(),
        }));
    }
    match action.filter(|_| !diagnostics.is_blocking()) {
        Some(action) => Known::Interface(Arc::new(interface(&action))),
        None => Known::Unknown,
    }
}

fn interface(action: &Action) -> Interface {
    let inputs = action.inputs.iter().map(|(name, input)| Input {
        name: name.to_string(),
        required: input.required && input.default.is_none(),
        deprecated: input.deprecated.as_deref().map(str::to_owned),
    });
    let names = action.outputs.keys().map(ToString::to_string);
    // Only a composite action gives nothing but what it declares: scripts may set any output.
    let outputs = matches!(action.kind, ActionKind::Composite { .. }).then(|| names.collect());
    Interface {
        archived: false,
        inputs: Some(inputs.collect()),
        outputs,
        runtime: match &action.kind {
            ActionKind::Composite { .. } => Runtime::Composite,
            ActionKind::Docker { .. } => Runtime::Docker,
            ActionKind::Node { using, .. } => {
                let version = using.get(4..).and_then(|version| version.parse().ok());
                version.map_or(Runtime::Unknown, Runtime::Node)
            }
        },
    }
}
