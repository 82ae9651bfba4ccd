//! What a job gives the workflow that it calls.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::{Evaluation, SizeBudget};
use super::shape;
use crate::diagnostic::Diagnostics;
use crate::expression::{Environment, Object, Value, equal_names};
use crate::model::{Job, NamedMap, Scalar, Secrets, Trigger};
use crate::span::Spanned;

/// A call of a workflow. It prints without the values of secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct CallPlan {
    /// Which workflow, as written.
    pub reference: Arc<str>,
    /// What stands under `with`; [`inputs`](super::inputs()) makes the `inputs` context of it.
    pub inputs: Object,
    /// What stands under `secrets`.
    pub secrets: CallSecrets,
}

/// The secrets of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum CallSecrets {
    /// All that the caller has.
    Inherit,
    /// These; empty ones are left out, as GitHub does.
    Named(IndexMap<String, String>),
}

impl fmt::Debug for CallPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallPlan")
            .field("reference", &self.reference)
            .field("inputs", &Value::object(self.inputs.clone()).to_json())
            .field("secrets", &self.secrets)
            .finish()
    }
}

impl fmt::Debug for CallSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inherit => formatter.write_str("inherit"),
            Self::Named(secrets) => formatter.debug_set().entries(secrets.keys()).finish(),
        }
    }
}

/// The secret that every called workflow has, given or not.
const TOKEN: &str = "GITHUB_TOKEN";

/// The `secrets` of a called workflow: all that its caller has, or those that it was given. `available` are those of the
/// caller, whose `GITHUB_TOKEN` goes along in any case. That each required one is given by name is no matter of values:
/// [`check_call`](crate::check_call) looks at it, and an empty one counts as given, as on GitHub.
///
/// `trigger` is the `workflow_call` of the called workflow; names are as it declares them, where it does.
#[must_use]
pub fn called_secrets(
    trigger: &Trigger,
    secrets: &CallSecrets,
    available: &IndexMap<String, String>,
) -> IndexMap<String, String> {
    let given = match secrets {
        CallSecrets::Inherit => return available.clone(),
        CallSecrets::Named(given) => given,
    };
    let mut all = IndexMap::with_capacity(given.len() + 1);
    let token = available.iter().find(|(name, _)| equal_names(name, TOKEN));
    for (name, value) in token.into_iter().chain(given) {
        let mut declared = trigger.secrets.iter().flat_map(|secrets| secrets.keys());
        let declared = declared.find(|declared| equal_names(declared, name));
        let name = declared.map_or_else(|| name.clone(), ToString::to_string);
        all.insert(name, value.clone());
    }
    all
}

/// The outputs of a called workflow, once its jobs are done: `on.workflow_call.outputs.*.value`. `contexts` are those of
/// the called workflow: `jobs` (each with `result` and `outputs`), `github`, `vars`, `inputs`.
///
/// There are none when one has no value, and then the call fails; the diagnostics, whose places are in the file of the
/// called workflow, say why.
pub fn called_outputs(
    trigger: &Trigger,
    contexts: &Object,
) -> (Option<IndexMap<String, String>>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut evaluation = Evaluation::new(Environment::new(contexts), &mut diagnostics, &mut budget);
    let mut outputs = IndexMap::with_capacity(trigger.outputs.len());
    for (name, output) in &trigger.outputs {
        if let Some(text) = evaluation.text(&output.value, name) {
            outputs.insert(name.to_string(), text.to_string());
        }
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(outputs), diagnostics)
}

/// The call of a job, if it calls a workflow.
pub(super) fn call(evaluation: &mut Evaluation<'_>, job: &Job) -> Option<CallPlan> {
    let reference = evaluation.text(job.uses.as_ref()?, "uses")?;
    let mut inputs = Object::new();
    for (name, value) in values(evaluation, &job.with) {
        inputs.insert(name, value);
    }
    let secrets = match job.secrets.as_ref().map(|secrets| &secrets.value) {
        Some(Secrets::Inherit) => CallSecrets::Inherit,
        Some(Secrets::Named(written)) => {
            let mut secrets = IndexMap::with_capacity(written.len());
            for (name, value) in values(evaluation, written) {
                let place = job
                    .secrets
                    .as_ref()
                    .map(|secrets| secrets.span)
                    .unwrap_or_default();
                let text = evaluation.as_text(&value, &name, place);
                if let Some(text) = text.filter(|text| !text.is_empty()) {
                    secrets.insert(name.to_string(), text.to_string());
                }
            }
            CallSecrets::Named(secrets)
        }
        None => CallSecrets::Named(IndexMap::new()),
    };
    Some(CallPlan {
        reference,
        inputs,
        secrets,
    })
}

fn values(evaluation: &mut Evaluation<'_>, written: &NamedMap<Scalar>) -> Vec<(Arc<str>, Value)> {
    let mut all = Vec::with_capacity(written.len());
    for (written, named) in written {
        let value = match &named.value.value {
            Scalar::Null => Some(Value::Null),
            Scalar::Boolean(truth) => Some(Value::Boolean(*truth)),
            Scalar::Number(number) => Some(Value::Number(*number)),
            Scalar::Text(text) => evaluation.value(&Spanned::new(text.clone(), named.value.span)),
        };
        if let (Some(name), Some(value)) = (shape::name(evaluation, written, named), value) {
            all.push((name, value));
        }
    }
    all
}
