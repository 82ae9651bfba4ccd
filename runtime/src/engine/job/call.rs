//! An action as a step calls it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use loom_workflow::expression::{Object, Value};
use loom_workflow::model::Repository;
use loom_workflow::model::action::{Action, ActionKind};

use super::question::What;
use crate::actions::ActionDefinition;
use crate::id::StepId;

/// An action as a step calls it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The step that calls it.
    pub(super) step: StepId,
    /// The same as it was asked about.
    pub(super) asked: What,
    /// The composite action that this step belongs to.
    pub(super) frame: Option<StepId>,
    /// What people call the step.
    pub(super) name: String,
    /// As written.
    pub(super) reference: String,
    pub(super) definition: Arc<ActionDefinition>,
    pub(super) inputs: IndexMap<String, String>,
    /// Variables of the step.
    pub(super) env: IndexMap<String, String>,
    /// Whether the step may fail; what the action does at the end may then too.
    pub(super) continue_on_error: bool,
    /// How long the step may take, and what the action does at the end too.
    pub(super) timeout: Option<Duration>,
    /// Its folder as steps see it.
    pub(super) path: String,
    /// Its folder on this machine.
    pub(super) directory: PathBuf,
    /// The repository it comes from; none for one in the workspace.
    pub(super) repository: Option<Repository>,
}

impl Call {
    pub(super) fn action(&self) -> &Action {
        &self.definition.action
    }

    /// What `github` says of the action to its steps.
    pub(super) fn describe(&self, github: &mut Object) {
        let (name, version) = match &self.repository {
            Some(repository) => (
                format!("{}/{}", repository.owner, repository.name),
                repository.version.to_string(),
            ),
            None => (String::new(), String::new()),
        };
        github.insert("action_path", Value::from(self.path.as_str()));
        github.insert("action_repository", Value::string(name));
        github.insert("action_ref", Value::string(version));
    }

    /// The `inputs` context.
    pub(super) fn inputs_value(&self) -> Value {
        let mut inputs = Object::new();
        for (name, value) in &self.inputs {
            inputs.insert(name.as_str(), Value::from(value.as_str()));
        }
        Value::object(inputs)
    }

    /// The inputs as a process finds them: `INPUT_NAME`, in capitals, blanks as `_`.
    pub(super) fn input_variables(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.inputs.iter().map(|(name, value)| {
            (
                format!("INPUT_{}", name.replace(' ', "_").to_uppercase()),
                value.clone(),
            )
        })
    }

    /// What the action does at the end of the job, as a file of it.
    pub(super) fn post(&self) -> Option<&str> {
        match &self.action().kind {
            ActionKind::Node { post, .. } | ActionKind::Docker { post, .. } => {
                post.run.as_ref().map(|run| &*run.value)
            }
            ActionKind::Composite { .. } => None,
        }
    }
}
