//! `steps`: the steps of a job that have an id, and what they give.

use std::sync::Arc;

use crate::check::expressions::outputs::Outputs;
use crate::check::expressions::types::{Properties, Type};
use crate::model::{Job, Step, StepAction, StepPlace};
use crate::span::Span;

/// The steps of a job that have an id.
pub(super) struct Steps {
    /// The `steps` context when all of them have run.
    pub(super) context: Type,
    /// Where each property of it stands, in the same order.
    pub(super) places: Vec<(StepPlace, Span)>,
}

impl Steps {
    pub(super) fn of(job: &Job, outputs: &mut Outputs<'_, '_>) -> Self {
        // A step that could not be read may have had any id.
        let mut properties = if job.has_unread_steps {
            Properties::of(Type::Any)
        } else {
            Properties::default()
        };
        let mut places = Vec::new();
        for (index, step) in job.steps.iter().enumerate() {
            let place = StepPlace { index, inner: None };
            add(step, place, outputs, &mut properties, &mut places);
            if let StepAction::Parallel(inner) = &step.action {
                for (at, step) in inner.iter().enumerate() {
                    let place = StepPlace {
                        inner: Some(at),
                        ..place
                    };
                    add(step, place, outputs, &mut properties, &mut places);
                }
            }
        }
        Self {
            context: Type::mapping(properties),
            places,
        }
    }
}

fn add(
    step: &Step,
    place: StepPlace,
    outputs: &mut Outputs<'_, '_>,
    properties: &mut Properties,
    places: &mut Vec<(StepPlace, Span)>,
) {
    let Some(id) = &step.id else { return };
    if properties.find(id.as_str()).is_none() {
        places.push((place, id.span));
    }
    let given = match &step.action {
        StepAction::Uses(uses) => outputs.of_action(&uses.reference),
        _ => Type::map(Type::Text),
    };
    properties.add(Arc::from(id.as_str()), result(given));
}

/// What is known of a step that gives these outputs.
pub(super) fn result(outputs: Type) -> Type {
    Type::strict([
        ("outputs", outputs),
        ("outcome", Type::Text),
        ("conclusion", Type::Text),
    ])
}
