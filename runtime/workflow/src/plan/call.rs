//! What a job gives the workflow that it calls.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::Evaluation;
use super::shape;
use crate::expression::{Object, Value};
use crate::model::{Job, Mapping, Scalar, Secrets};
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

fn values(evaluation: &mut Evaluation<'_>, written: &Mapping<Scalar>) -> Vec<(Arc<str>, Value)> {
    let mut all = Vec::with_capacity(written.len());
    for (name, named) in written {
        let value = match &named.value.value {
            Scalar::Null => Some(Value::Null),
            Scalar::Boolean(truth) => Some(Value::Boolean(*truth)),
            Scalar::Number(number) => Some(Value::Number(*number)),
            Scalar::Text(text) => evaluation.value(&Spanned::new(text.clone(), named.value.span)),
        };
        if let (Some(name), Some(value)) = (shape::key(evaluation, name, named.key), value) {
            all.push((name, value));
        }
    }
    all
}
