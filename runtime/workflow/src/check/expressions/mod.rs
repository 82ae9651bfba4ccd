//! Expressions that can be read, and yet give nothing that anybody could have wanted.
//!
//! Every value with expressions was kept when the file was read ([`Site`]). Here each gets its contexts with their types
//! (`contexts/`), the type of each expression is told (`infer.rs`), and the rules, one a file, object to what certainly
//! goes wrong. What is not known is of type `Any`, to which no rule objects.

mod access;
mod checker;
mod comparison;
mod condition;
mod contexts;
mod editor;
mod enumerated;
mod format;
mod functions;
mod infer;
mod injection;
mod json;
mod outputs;
mod property;
mod resolver;
mod types;
mod value;

use super::calls::Calls;
use crate::actions::Actions;
use crate::diagnostic::Diagnostics;
use crate::expression::WorkflowKey;
use crate::model::{self, InputKind, Job, Shape, Site, StepAction, Workflow};
use crate::source::Source;
use checker::Checker;
use contexts::{ActionContexts, Contexts};
pub(crate) use editor::{Around, Member, members, parameters};
use outputs::Outputs;
use types::Type;

/// Checks all expressions of a workflow.
pub(super) fn check<'r>(
    workflow: &Workflow,
    calls: &mut Calls<'r>,
    actions: &Actions<'r>,
    source: &Source,
    diagnostics: &mut Diagnostics,
) {
    let mut contexts = Contexts::new(workflow, Outputs::new(calls, actions));
    for site in &workflow.sites {
        let job = contexts.job_of(site);
        let step = job.and_then(|job| job.step(site.step?));
        let uses = step.and_then(|step| match &step.action {
            StepAction::Uses(uses) => uses.reference.as_plain(),
            _ => None,
        });
        let input = expected_input(&mut contexts, job, site);
        self::site(site, &mut contexts, uses, input, diagnostics);
    }
    condition::mend(&workflow.sites, source, diagnostics);
}

/// Checks all expressions of an action.
pub(super) fn check_action(
    action: &model::action::Action,
    actions: &Actions<'_>,
    diagnostics: &mut Diagnostics,
) {
    let mut contexts = ActionContexts::new(action, actions);
    for site in &action.sites {
        let step = match (&action.kind, site.step) {
            (model::action::ActionKind::Composite { steps }, Some(place)) => steps.get(place.index),
            _ => None,
        };
        let uses = match step.and_then(|step| step.step.as_ref()).map(|step| &step.action) {
            Some(StepAction::Uses(uses)) => Some(&*uses.reference.text),
            _ => None,
        };
        self::site(site, &mut contexts, uses, None, diagnostics);
    }
}

/// Checks the expressions of one place.
fn site(
    site: &Site,
    resolver: &mut dyn resolver::ContextResolver,
    uses: Option<&str>,
    input: Option<InputKind>,
    diagnostics: &mut Diagnostics,
) {
    let mut checker = Checker::new(site, resolver, Some(diagnostics));
    let is_script = injection::is_script(site, uses);
    for expression in &site.expressions {
        let kind = checker.infer(expression);
        value::check(&mut checker, expression, &kind);
        if let Some(input) = input {
            value::for_input(&mut checker, expression, &kind, input);
        }
        if is_script {
            injection::check(&mut checker, expression);
        }
    }
    if site.expected.condition {
        condition::check(&mut checker);
    }
}

/// The type of the input that a value is given to, or is the default of.
fn expected_input(contexts: &mut Contexts<'_, '_, '_>, job: Option<&Job>, site: &Site) -> Option<InputKind> {
    match site.key {
        WorkflowKey::CallInputDefault => contexts.input_at(site.span).map(|input| input.kind),
        WorkflowKey::JobWith => {
            let called = contexts.outputs.called(job?.uses.as_ref()?)?;
            let name = site.field.strip_prefix("with.")?;
            let inputs = &called.triggers.events.get("workflow_call")?.inputs;
            let mut found = inputs
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name));
            found.next().map(|(_, input)| input.kind)
        }
        _ => None,
    }
}

/// The type of a value as its place sees it: what stands within text is text.
fn seen(site: &Site, kind: &Type) -> Type {
    match site.shape {
        Shape::Whole => kind.clone(),
        Shape::Within => Type::Text,
    }
}
