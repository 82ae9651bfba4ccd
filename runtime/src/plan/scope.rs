//! A workflow with what its expressions see: the one that runs, or one that a job of it calls.

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use loom_workflow::expression::{Object, Value};
use loom_workflow::{Dialect, Source, Workflow};

use super::first_mistake;
use crate::context::{self, Moment};
use crate::event::{JobState, Outputs, Reason, RunSource, SourceFile};
use crate::id::{JobId, RunId};
use crate::prepare::hash;
use crate::secret::Secret;

/// A workflow with what its expressions see.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) workflow: Workflow,
    pub(crate) source: Source,
    /// The job that calls it; none for the one that runs.
    pub(crate) caller: Option<JobId>,
    /// The repository it lies in, as `owner/name@version`; none for the one at hand.
    pub(crate) repository: Option<loom_workflow::model::Repository>,
    /// How deep it is called.
    pub(crate) depth: usize,
    pub(crate) github: Object,
    pub(crate) vars: Object,
    pub(crate) inputs: Object,
    pub(crate) secrets: IndexMap<String, Secret>,
    /// Variables that were given with the run.
    pub(crate) env: IndexMap<String, String>,
    /// The run that all of it belongs to.
    pub(crate) run: Arc<RunSource>,
    /// What the file with the event says, once a job has had one.
    pub(super) event_text: OnceLock<Vec<u8>>,
}

/// How deep workflows may call each other: GitHub's limit since 2025.
pub(crate) const DEEPEST_CALL: usize = 10;

impl Scope {
    /// The workflow that a run is made from; `id` and `number` are those of its first attempt.
    ///
    /// # Errors
    /// When its text is no workflow any more: another version of Loom wrote it.
    pub(crate) fn root(
        id: &RunId,
        (number, attempt): (u64, u32),
        name: &str,
        source: Arc<RunSource>,
        secrets: IndexMap<String, Secret>,
    ) -> Result<Self, Reason> {
        let missing = || Reason::new("source", "the run does not say what it was made from");
        let file = source.files.first().ok_or_else(missing)?;
        let (workflow, text) = load(file)?;
        let moment = Moment {
            run: id,
            number,
            attempt,
            workflow: name,
            file: &file.name,
            job: None,
            workspace: "",
            event_path: "",
            token: secrets.get("GITHUB_TOKEN"),
        };
        let github = context::github(&source.facts, &moment);
        let texts = |values: &IndexMap<String, String>| -> Object {
            values
                .iter()
                .map(|(name, value)| (name.as_str(), Value::from(value.as_str())))
                .collect()
        };
        Ok(Self {
            workflow,
            source: text,
            caller: None,
            repository: None,
            depth: 0,
            github,
            vars: texts(&source.vars),
            inputs: object(&source.inputs),
            secrets,
            env: source.env.clone(),
            run: source,
            event_text: OnceLock::new(),
        })
    }

    /// The same workflow with the text that its file has now, and that file.
    ///
    /// # Errors
    /// When it is no workflow any more.
    pub(crate) fn with_text(&self, text: &str) -> Result<(Self, SourceFile), Reason> {
        let known = match &self.caller {
            None => self.run.files.first(),
            Some(_) => self.called_file(self.source.name()),
        };
        let file = SourceFile {
            name: self.source.name().to_owned(),
            of_loom: known.is_some_and(|known| known.of_loom),
            sha256: hash(text),
            text: text.to_owned(),
            commit: None,
        };
        let (workflow, source) = load(&file)?;
        let scope = Self {
            workflow,
            source,
            caller: self.caller.clone(),
            repository: self.repository.clone(),
            depth: self.depth,
            github: self.github.clone(),
            vars: self.vars.clone(),
            inputs: self.inputs.clone(),
            secrets: self.secrets.clone(),
            env: self.env.clone(),
            run: Arc::clone(&self.run),
            event_text: OnceLock::new(),
        };
        Ok((scope, file))
    }

    /// The contexts that everything of it sees, but the secrets.
    pub(crate) fn contexts(&self) -> Object {
        let mut contexts = Object::new();
        contexts.insert("github", Value::object(self.github.clone()));
        contexts.insert("vars", Value::object(self.vars.clone()));
        contexts.insert("inputs", Value::object(self.inputs.clone()));
        contexts
    }

    /// What the file says that holds the event for steps: the same for all jobs.
    pub(crate) fn event_text(&self) -> &[u8] {
        self.event_text
            .get_or_init(|| serde_json::to_vec_pretty(&self.run.facts.payload).unwrap_or_default())
    }

    /// The `secrets` context.
    pub(crate) fn secrets(&self) -> Value {
        let mut secrets = Object::new();
        // There is always one on GitHub; without a user's own it is empty.
        secrets.insert("GITHUB_TOKEN", Value::from(""));
        for (name, secret) in &self.secrets {
            secrets.insert(name.as_str(), Value::from(secret.expose()));
        }
        Value::object(secrets)
    }

    /// The id of a job of this workflow.
    pub(crate) fn id_of(&self, key: &str) -> JobId {
        match &self.caller {
            None => JobId(key.to_owned()),
            Some(caller) => caller.called(key),
        }
    }

    /// The text of a workflow that the run has, by the name it is called by.
    pub(crate) fn called_file(&self, name: &str) -> Option<&SourceFile> {
        self.run.files.iter().skip(1).find(|file| file.name == name)
    }
}

/// The workflow that a text is, which was checked when its run was made.
///
/// # Errors
/// When it is none any more: another version of Loom wrote it.
pub(crate) fn read_workflow(file: &SourceFile) -> Result<Workflow, Reason> {
    load(file).map(|(workflow, _)| workflow)
}

/// Reads the text of a workflow, without looking for anything but what stops it.
pub(crate) fn load(file: &SourceFile) -> Result<(Workflow, Source), Reason> {
    let source = Source::new(file.name.as_str(), file.text.as_str());
    let dialect = if file.of_loom {
        Dialect::Loom
    } else {
        Dialect::GitHub
    };
    let loaded = loom_workflow::load_unlinted(&source, dialect, &loom_workflow::NoReferences);
    let mistake = first_mistake(&loaded.diagnostics, &source);
    let workflow = loaded.workflow.ok_or_else(|| Reason::new("source", mistake))?;
    Ok((workflow, source))
}

fn object(values: &serde_json::Map<String, serde_json::Value>) -> Object {
    let value = Value::from_json(&serde_json::Value::Object(values.clone()).to_string());
    value
        .ok()
        .and_then(|value| value.as_object().cloned())
        .unwrap_or_default()
}

/// How jobs ended and what they gave, as `needs` and `jobs` have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(pub(crate) Vec<(String, JobState, Outputs)>);

impl Known {
    /// These, and those of the others that are not among them.
    pub(crate) fn with(&self, others: &Self) -> Self {
        let is_new = |key: &str| self.0.iter().all(|(known, ..)| known != key);
        let others = others.0.iter().filter(|(key, ..)| is_new(key));
        Self(self.0.iter().chain(others).cloned().collect())
    }

    pub(crate) fn as_value(&self) -> Value {
        let mut all = Object::new();
        for (key, result, outputs) in &self.0 {
            let mut given = Object::new();
            for (name, value) in outputs {
                given.insert(name.as_str(), Value::from(value.as_str()));
            }
            let mut job = Object::new();
            job.insert("result", Value::from(result.as_str()));
            job.insert("outputs", Value::object(given));
            all.insert(key.as_str(), Value::object(job));
        }
        Value::object(all)
    }
}
