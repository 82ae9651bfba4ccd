//! The contexts of an action: what its steps can see.

use std::collections::HashMap;
use std::sync::Arc;

use super::steps::result;
use super::{github, late};
use crate::actions::Actions;
use crate::check::expressions::outputs::of_action;
use crate::check::expressions::resolver::{ContextResolver, NotYet, Unknown};
use crate::check::expressions::types::{Properties, Type};
use crate::model::action::{Action, ActionKind};
use crate::model::{self, Site, StepPlace};
use crate::span::Span;
use crate::words::{name as shown, plain};

/// What the expressions of an action can see.
pub(in crate::check::expressions) struct ActionContexts {
    contexts: HashMap<&'static str, Type>,
    /// Where each property of `steps` stands, in the same order.
    places: Vec<(StepPlace, Span)>,
}

impl ActionContexts {
    pub(in crate::check::expressions) fn new(action: &Action, actions: &Actions<'_>) -> Self {
        let (steps, places) = steps(action, actions);
        let contexts = HashMap::from([
            ("github", github::github(None)),
            ("inputs", inputs(action)),
            ("steps", steps),
            ("env", Type::map(Type::Text)),
            ("runner", github::runner()),
            ("strategy", github::strategy()),
            ("job", github::job(Type::map(github::service()))),
        ]);
        Self { contexts, places }
    }
}

impl ContextResolver for ActionContexts {
    fn context(&mut self, name: &str, _site: &Site) -> Type {
        // `matrix` is that of the job which uses the action.
        let known = self.contexts.get(name);
        known.cloned().unwrap_or(Type::Any)
    }

    fn has_free_names(&self) -> bool {
        true
    }

    fn not_yet(&self, context: &str, position: usize, site: &Site) -> Option<NotYet> {
        if !context.eq_ignore_ascii_case("steps") {
            return None;
        }
        let (there, related) = *self.places.get(position)?;
        late(site.step?, there, related)
    }

    fn unknown(&self, context: &str, name: &str, known: &Properties, _site: &Site) -> Option<Unknown> {
        let none = known.names().next().is_none();
        Some(match context.to_ascii_lowercase().as_str() {
            "steps" => Unknown {
                message: format!("the action has no step {}", shown(name)),
                label: "no step has this id".to_owned(),
                help: none.then(|| {
                    format!(
                        "no step has an id: add `id: {}` to the one that is meant",
                        plain(name)
                    )
                }),
                listed: "its steps are",
            },
            "inputs" => Unknown {
                message: format!("the action has no input {}", shown(name)),
                label: "always empty".to_owned(),
                help: none.then(|| "declare it under `inputs`".to_owned()),
                listed: "its inputs are",
            },
            _ => return None,
        })
    }
}

/// The `inputs` context: whatever is given, it is text.
fn inputs(action: &Action) -> Type {
    if !action.inputs.has_known_names() {
        return Type::Any;
    }
    let names = action.inputs.keys().map(Arc::clone);
    Type::strict(names.map(|name| (name, Type::Text)))
}

fn steps(action: &Action, actions: &Actions<'_>) -> (Type, Vec<(StepPlace, Span)>) {
    let ActionKind::Composite { steps } = &action.kind else {
        return (Type::Any, Vec::new());
    };
    let mut properties = Properties::default();
    let mut places = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let Some(id) = &step.id else { continue };
        if properties.find(id).is_none() {
            places.push((StepPlace { index, inner: None }, id.span));
        }
        let given = match step.step.as_ref().map(|step| &step.action) {
            Some(model::StepAction::Uses(uses)) => of_action(actions, &uses.reference),
            _ => Type::map(Type::Text),
        };
        properties.add(Arc::clone(&id.value), result(given));
    }
    (Type::mapping(properties), places)
}
