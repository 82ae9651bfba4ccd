//! `inputs`, `github.event.inputs` and `secrets`: what a workflow declares that it is given.

use indexmap::IndexMap;
use std::sync::Arc;

use super::matrix::complete;
use crate::check::expressions::types::{Properties, Type};
use crate::dialect::Dialect;
use crate::model::{Input, InputKind, Workflow};
use crate::tree::Kind;

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
pub(super) fn inputs_before(inputs: &IndexMap<Arc<str>, Input>, input: &Input) -> Type {
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
    let declared = || {
        let on = workflow.fields.get("on")?.value.as_mapping()?;
        let call = &on.entries.iter().find(|entry| &*entry.key.text == CALL)?.value;
        let secrets = call.as_mapping()?.entries.iter();
        let mut secrets = secrets.filter(|entry| &*entry.key.text == "secrets");
        let secrets = &secrets.next()?.value;
        let known = match &secrets.kind {
            Kind::Mapping(mapping) => complete(mapping),
            Kind::Scalar(_) => secrets.is_null(),
            Kind::Sequence(_) | Kind::Invalid => false,
        };
        known.then_some(())
    };
    match events.get(CALL) {
        Some(call) if events.len() == 1 && declared().is_some() => {
            let automatic = ["GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"];
            let names = call.secrets.keys().map(Arc::clone);
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
    let Some(on) = workflow.fields.get("on") else {
        return true;
    };
    match &on.value.kind {
        Kind::Invalid => false,
        Kind::Scalar(_) | Kind::Sequence(_) => true,
        Kind::Mapping(events) => {
            complete(events)
                && events
                    .entries
                    .iter()
                    .filter(|event| matches!(&*event.key.text, CALL | DISPATCH))
                    .filter_map(|event| event.value.as_mapping())
                    .all(|event| {
                        complete(event)
                            && event
                                .entries
                                .iter()
                                .filter(|entry| &*entry.key.text == "inputs")
                                .all(|entry| match &entry.value.kind {
                                    Kind::Mapping(inputs) => complete(inputs),
                                    _ => entry.value.is_null(),
                                })
                    })
        }
    }
}
