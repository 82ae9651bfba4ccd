//! What actions, jobs and called workflows give: the names of their outputs, where they are known.

use std::sync::Arc;

use super::types::Type;
use crate::actions::{Actions, Known};
use crate::check::calls::{Calls, Outcome};
use crate::model::{ActionText, Job, NamedMap, Template, Workflow, own};

/// Finds out about outputs, also of what lies in other files.
pub(super) struct Outputs<'c, 'r> {
    calls: &'c mut Calls<'r>,
    actions: &'c Actions<'r>,
}

impl<'c, 'r> Outputs<'c, 'r> {
    pub(super) fn new(calls: &'c mut Calls<'r>, actions: &'c Actions<'r>) -> Self {
        Self { calls, actions }
    }

    /// The outputs of a step that uses an action.
    pub(super) fn of_action(&mut self, reference: &Template) -> Type {
        of_action(self.actions, reference)
    }

    /// The outputs of a job.
    pub(super) fn of_job(&mut self, job: &Job) -> Type {
        match &job.uses {
            Some(uses) => match self.called(uses) {
                Some(called) => of_workflow(&called),
                None => Type::map(Type::Text),
            },
            None => names(&job.outputs),
        }
    }

    /// The workflow of the same repository that a job calls.
    pub(super) fn called(&mut self, uses: &Template) -> Option<std::rc::Rc<Workflow>> {
        match self.calls.read(&own(uses.as_plain()?)?) {
            Outcome::Read(called) => Some(called),
            Outcome::Broken(_) | Outcome::Refused(..) | Outcome::Missing | Outcome::Unknown => None,
        }
    }
}

/// The outputs of a step that uses an action.
pub(super) fn of_action(actions: &Actions<'_>, reference: &Template) -> Type {
    let uses = reference.as_plain().and_then(ActionText::parse);
    match uses.map(|uses| actions.find(&uses)) {
        Some(Known::Interface(interface)) => match &interface.outputs {
            Some(names) => Type::strict(names.iter().map(|name| (name.as_str(), Type::Text))),
            None => Type::map(Type::Text),
        },
        _ => Type::map(Type::Text),
    }
}

/// The outputs that a workflow gives to its caller.
fn of_workflow(workflow: &Workflow) -> Type {
    match workflow.triggers.events.get("workflow_call") {
        Some(call) => names(&call.outputs),
        None => Type::strict::<&str>([]),
    }
}

/// Names of outputs, each of which is a text.
fn names(outputs: &NamedMap<Template>) -> Type {
    if outputs.has_known_names() {
        Type::strict(outputs.keys().map(|name| (Arc::clone(name), Type::Text)))
    } else {
        Type::map(Type::Text)
    }
}
