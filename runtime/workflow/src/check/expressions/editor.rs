//! What an editor asks of contexts: what a name of an expression is, and what may follow it.

use super::contexts::{ActionContexts, Contexts};
use super::outputs::Outputs;
use super::resolver::ContextResolver;
use super::types::Type;
use crate::actions::Actions;
use crate::check::calls::{Calls, Outcome};
use crate::model::action::Action;
use crate::model::{Site, Workflow, own};
use crate::span::Span;

/// The file that an expression stands in, as far as it could be read.
#[derive(Clone, Copy)]
pub(crate) enum Around<'a> {
    Workflow(&'a Workflow),
    Action(&'a Action),
}

/// What is known of a part of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The property, as it is declared.
    pub(crate) name: String,
    /// What its value is: `text`, `a mapping`, ….
    pub(crate) kind: &'static str,
}

/// The properties of a path as `["needs", "build", "outputs"]`, at a place.
pub(crate) fn members<'r>(
    around: Around<'_>,
    calls: &mut Calls<'r>,
    actions: &Actions<'r>,
    site: &Site,
    path: &[&str],
) -> Vec<Member> {
    match around {
        Around::Workflow(workflow) => {
            let mut contexts = Contexts::new(workflow, Outputs::new(calls, actions));
            within(&mut contexts, site, path)
        }
        Around::Action(action) => within(&mut ActionContexts::new(action, actions), site, path),
    }
}

fn within(resolver: &mut dyn ContextResolver, site: &Site, path: &[&str]) -> Vec<Member> {
    let Some((first, rest)) = path.split_first() else {
        return Vec::new();
    };
    let context = first.to_ascii_lowercase();
    let mut here = resolver.context(&context, site);
    for name in rest {
        here = match &here {
            _ if *name == "*" => here.contents().unwrap_or(Type::Any),
            Type::Mapping(properties) => match properties.find(name) {
                Some((_, property)) => property.value.clone(),
                None => properties.others.clone().unwrap_or(Type::Any),
            },
            Type::List(item) | Type::Filtered(item) => (**item).clone(),
            _ => Type::Any,
        };
    }
    let inner = match &here {
        Type::Filtered(item) => item,
        other => other,
    };
    let Type::Mapping(properties) = inner else {
        return Vec::new();
    };
    let is_steps = rest.is_empty() && context == "steps";
    let mut found = Vec::new();
    for (position, name) in properties.names().enumerate() {
        // A step sees those before it.
        if is_steps && resolver.not_yet("steps", position, site).is_some() {
            continue;
        }
        let kind = properties
            .find(name)
            .map_or("a value", |(_, property)| property.value.describe());
        found.push(Member {
            name: name.to_owned(),
            kind,
        });
    }
    found
}

/// Something that a called workflow takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) required: bool,
    /// Where it is declared.
    pub(crate) span: Span,
}

/// The inputs and the secrets of the workflow of the same repository that a `uses` names.
pub(crate) fn parameters(calls: &mut Calls<'_>, uses: &str) -> Option<(Vec<Parameter>, Vec<Parameter>)> {
    let Outcome::Read(called) = calls.read(&own(uses)?) else {
        return None;
    };
    let call = called.triggers.events.get("workflow_call")?;
    let inputs = call.inputs.iter().map(|(name, input)| Parameter {
        name: name.to_string(),
        required: input.required && input.default.is_none(),
        span: input.span,
    });
    let secrets = call.secrets.iter().flatten().map(|(name, secret)| Parameter {
        name: name.to_string(),
        required: secret.required,
        span: secret.span,
    });
    Some((inputs.collect(), secrets.collect()))
}
