//! `inputs`, `github.event.inputs` and `secrets`: what a workflow declares that it is given.

use std::sync::Arc;

use crate::check::expressions::types::{Properties, Type};
use crate::dialect::Dialect;
use crate::model::{ByName, Input, InputKind, Workflow};

const CALL: &str = "workflow_call";
const DISPATCH: &str = "workflow_dispatch";

/// The `inputs` context.
pub(super) fn inputs(workflow: &Workflow) -> Type {
    let events = &workflow.triggers.events;
    // Without events a run takes the inputs that it is given.
    if !are_known(workflow) || (workflow.dialect == Dialect::Loom && events.is_empty()) {
        return Type::Any;
    }
    let mut all = Properties::default();
    for event in [DISPATCH, CALL] {
        for (name, input) in events.get(event).iter().flat_map(|trigger| &trigger.inputs) {
            all.add(Arc::clone(name), kind(input.kind));
        }
    }
    Type::mapping(all)
}

/// The inputs that are declared before another one, which its default can use.
pub(super) fn inputs_before(inputs: &ByName<Input>, input: &Input) -> Type {
    let before = inputs.iter().take_while(|(_, other)| other.span != input.span);
    Type::strict(before.map(|(name, input)| (Arc::clone(name), kind(input.kind))))
}

/// `github.event.inputs`, where that is known: what somebody typed, all of it text.
pub(super) fn event_inputs(workflow: &Workflow) -> Option<Type> {
    let events = &workflow.triggers.events;
    let dispatch = events.get(DISPATCH)?;
    // A called workflow sees the event of its caller.
    if events.contains_key(CALL) || !are_known(workflow) {
        return None;
    }
    let names = dispatch.inputs.keys();
    Some(Type::strict(names.map(|name| (Arc::clone(name), Type::Text))))
}

/// The `secrets` context. A workflow that is only ever called, and says which secrets it takes, has no others.
pub(super) fn secrets(workflow: &Workflow) -> Type {
    let events = &workflow.triggers.events;
    match events.get(CALL) {
        Some(call) if events.len() == 1 => {
            let Some(declared) = call.secrets.as_ref().filter(|secrets| secrets.has_known_names()) else {
                return Type::map(Type::Text);
            };
            let automatic = ["GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"];
            let names = declared.keys().map(Arc::clone);
            Type::strict(
                names
                    .chain(automatic.map(Arc::from))
                    .map(|name| (name, Type::Text)),
            )
        }
        _ => Type::map(Type::Text),
    }
}

/// The type of the value that an input has.
pub(in crate::check::expressions) fn kind(kind: InputKind) -> Type {
    match kind {
        InputKind::Boolean => Type::Boolean,
        InputKind::Number => Type::Number,
        InputKind::String | InputKind::Choice | InputKind::Environment => Type::Text,
    }
}

/// Whether `on` could be read as far as inputs go.
fn are_known(workflow: &Workflow) -> bool {
    let events = &workflow.triggers.events;
    let mut taking = [CALL, DISPATCH].into_iter().filter_map(|event| events.get(event));
    events.has_known_names() && taking.all(|event| event.inputs.has_known_names())
}
