//! From a workflow file to a run that can begin: read it with what it calls, check it, put together what the run is made from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use loom_workflow::expression::{Object, Value};
use loom_workflow::model::{Job, RunsOn, WorkflowReference};
use loom_workflow::{Diagnostics, ImageTable, LabelTarget, Reference, References, Workflow};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::actions::ActionOptions;
use crate::context::RunFacts;
use crate::engine::Launch;
use crate::event::{OnCrash, RunOptions, RunSource, SourceFile, WorkflowRef};
use crate::lints::FileLints;
use crate::plan::{described, images};
use crate::project::WorkflowFile;
use crate::repository::Repository;
use crate::secret::Secret;

/// A file that was read and checked.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The workflow, when nothing stands in the way.
    pub workflow: Option<Arc<Workflow>>,
    /// What there is to say about the file.
    pub diagnostics: Diagnostics,
    /// Its text first, then those of the workflows of the same repository that it calls.
    pub files: Vec<SourceFile>,
}

/// What a run is made with, beside the file.
#[derive(Clone, Debug)]
pub struct RunInputs {
    /// The project directory.
    pub workspace: PathBuf,
    /// The event, and where in git it happened.
    pub facts: RunFacts,
    /// The `secrets` context.
    pub secrets: IndexMap<String, Secret>,
    /// The `vars` context.
    pub vars: BTreeMap<String, String>,
    /// Variables of all steps, below those of the workflow.
    pub env: BTreeMap<String, String>,
    /// What was chosen.
    pub options: RunOptions,
    /// Where actions and called workflows of other repositories come from.
    pub actions: ActionOptions,
    /// Programs that are Node.js for JavaScript actions, by preference.
    pub node: Vec<String>,
    /// What becomes of jobs whose label nothing runs.
    pub unmapped: UnmappedLabel,
}

impl RunInputs {
    /// The usual: triggered by a push, images pulled when missing, unmapped labels skipped, nothing given.
    #[must_use]
    pub fn new(workspace: PathBuf) -> Self {
        let options = RunOptions {
            parallel: crate::machine::default_parallel(),
            ..RunOptions::default()
        };
        Self {
            facts: RunFacts {
                event: "push".to_owned(),
                ..RunFacts::default()
            },
            secrets: IndexMap::new(),
            vars: BTreeMap::new(),
            env: BTreeMap::new(),
            actions: ActionOptions::new(action_cache()),
            node: crate::actions::node_candidates(None),
            unmapped: UnmappedLabel::Skip,
            options,
            workspace,
        }
    }
}

/// Where the actions of other repositories are kept: the user's cache, else the system's directory for temporary files.
#[must_use]
pub fn action_cache() -> PathBuf {
    let usual = crate::config::default_action_cache(|name| std::env::var_os(name));
    usual.unwrap_or_else(|| std::env::temp_dir().join("loom").join("actions"))
}

/// What becomes of a job whose label nothing runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnmappedLabel {
    /// It is skipped, and that is said.
    #[default]
    Skip,
    /// The run is refused.
    Fail,
}

/// A workflow that cannot be run as asked.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaunchError {
    /// Its file has mistakes.
    #[error("the workflow has mistakes")]
    Invalid,
    /// Labels that nothing runs.
    #[error("nothing runs the label{} {}", if labels.len() == 1 { "" } else { "s" }, labels.join(", "))]
    Unmapped {
        /// Each as `label (job)`.
        labels: Vec<String>,
    },
    /// Inputs that are missing or do not fit.
    #[error("{0}")]
    Input(String),
}

/// Reads and checks a workflow file, with the workflows of the same repository that it calls. `jobs` are those that are
/// wanted, with what they need; all when there are none.
pub fn prepare(file: &WorkflowFile, jobs: &[String]) -> Prepared {
    let lints = FileLints::of_or_none(&file.path).lints();
    let repository = Repository::of(&file.path).with_lints(lints);
    let loaded = loom_workflow::load_with(&file.source, file.dialect, &repository);
    let mut diagnostics = loaded.diagnostics;
    let mut workflow = loaded.workflow;
    let mut files = vec![source_file(&file.path.display().to_string(), file)];
    if let Some(found) = &workflow {
        diagnostics.extend(loom_workflow::notices(found));
        if let Err(unknown) = loom_workflow::choose_jobs(found, jobs) {
            diagnostics.extend(unknown);
        }
        called(found, &repository, &mut files);
    }
    if diagnostics.is_blocking() {
        workflow = None;
    }
    Prepared {
        workflow: workflow.map(Arc::new),
        diagnostics,
        files,
    }
}

fn source_file(name: &str, file: &WorkflowFile) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        of_loom: file.dialect == loom_workflow::Dialect::Loom,
        sha256: hash(file.source.text()),
        text: file.source.text().to_owned(),
        commit: None,
    }
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The texts of the workflows of the same repository that a workflow calls, and of those that these call.
fn called(workflow: &Workflow, repository: &Repository, files: &mut Vec<SourceFile>) {
    let mut open: Vec<String> = paths_called(workflow);
    while let Some(path) = open.pop() {
        if files.iter().skip(1).any(|known| known.name == path) {
            continue;
        }
        let Reference::Found(source) = repository.workflow(&path) else {
            continue;
        };
        files.push(SourceFile {
            name: path.clone(),
            of_loom: false,
            sha256: hash(source.text()),
            text: source.text().to_owned(),
            commit: None,
        });
        let loaded = loom_workflow::load_unlinted(
            &source,
            loom_workflow::Dialect::GitHub,
            &loom_workflow::NoReferences,
        );
        open.extend(loaded.workflow.iter().flat_map(paths_called));
    }
}

fn paths_called(workflow: &Workflow) -> Vec<String> {
    let local = |job: &Job| match job.calls()? {
        WorkflowReference::Local(path) => Some(path.to_string()),
        WorkflowReference::Repository(_) => None,
    };
    workflow.jobs.values().filter_map(local).collect()
}

/// The name of a workflow: its `name:`, else its file's stem (`.loom` files: the directory would be no help, so `loom`).
pub fn workflow_ref(workflow: &Workflow, file: &WorkflowFile, workspace: &Path) -> WorkflowRef {
    let name = workflow.name.as_ref().map(|name| name.text.to_string());
    WorkflowRef {
        name: name
            .filter(|name| !name.trim().is_empty())
            .unwrap_or_else(|| stem(&file.path)),
        file: file_in(&file.path, workspace),
    }
}

/// How history names a file: relative to the project where it lies inside, so that every Loom names it the same.
pub fn file_in(path: &Path, workspace: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let inside = absolute.strip_prefix(workspace).unwrap_or(&absolute);
    inside.display().to_string()
}

/// A workflow file's stem: `ci` for `ci.yml`, `diamond` for `diamond.loom.yml`, `loom` for `.loom.yml`.
pub fn stem(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = name
        .strip_suffix(".yml")
        .or_else(|| name.strip_suffix(".yaml"))
        .unwrap_or(&name);
    let stem = stem
        .strip_suffix(".loom")
        .filter(|rest| !rest.is_empty())
        .unwrap_or(stem);
    stem.trim_start_matches('.').to_owned()
}

/// Puts together a run of a workflow that was prepared.
///
/// # Errors
/// See [`LaunchError`].
pub fn launch(prepared: &Prepared, workflow: WorkflowRef, inputs: RunInputs) -> Result<Launch, LaunchError> {
    let Some(model) = &prepared.workflow else {
        return Err(LaunchError::Invalid);
    };
    let labels = unmapped(model, &inputs.options);
    if inputs.unmapped == UnmappedLabel::Fail && !labels.is_empty() {
        return Err(LaunchError::Unmapped { labels });
    }
    let facts = inputs.facts.for_workflow(model, &workflow.file);
    let given = given_inputs(model, &facts, &prepared.files)?;
    let facts = facts.with_inputs(&given);
    let mut files = prepared.files.clone();
    if let Some(own) = files.first_mut() {
        own.name.clone_from(&workflow.file);
    }
    let source = RunSource {
        files,
        facts,
        inputs: as_json(given),
        vars: inputs.vars.into_iter().collect(),
        env: inputs.env.into_iter().collect(),
        secrets: inputs.secrets.keys().cloned().collect(),
        options: inputs.options,
    };
    Ok(Launch {
        workflow,
        workspace: inputs.workspace,
        source,
        secrets: inputs.secrets,
        actions: inputs.actions,
        node: inputs.node,
        rerun: None,
        on_crash: OnCrash::CleanUp,
    })
}

/// The `inputs` context: what `workflow_dispatch` or `workflow_call` declares, with what was given; of other events only what
/// was given.
fn given_inputs(workflow: &Workflow, facts: &RunFacts, files: &[SourceFile]) -> Result<Object, LaunchError> {
    let mut given = Object::new();
    let sent = facts.payload.get("inputs").and_then(serde_json::Value::as_object);
    for (name, value) in sent.into_iter().flatten() {
        given.insert(
            name.as_str(),
            Value::from_json(&value.to_string()).unwrap_or(Value::Null),
        );
    }
    for (name, value) in &facts.inputs {
        given.insert(name.as_str(), Value::from(value.as_str()));
    }
    let trigger = match facts.event.as_str() {
        event @ ("workflow_dispatch" | "workflow_call") => workflow.triggers.events.get(event),
        _ => None,
    };
    let Some(trigger) = trigger else {
        return Ok(given);
    };
    let mut contexts = Object::new();
    contexts.insert("github", Value::object(facts.to_event().github()));
    let (inputs, mistakes) = loom_workflow::inputs(trigger, &given, &contexts);
    let source = files
        .first()
        .map(|file| loom_workflow::Source::new(file.name.as_str(), file.text.as_str()));
    let source = source.unwrap_or_else(|| loom_workflow::Source::new("workflow", ""));
    inputs.ok_or_else(|| {
        let blocking = mistakes.iter().filter(|mistake| mistake.is_blocking());
        let all: Vec<String> = blocking.map(|mistake| described(mistake, &source)).collect();
        LaunchError::Input(all.join("; "))
    })
}

fn as_json(object: Object) -> serde_json::Map<String, serde_json::Value> {
    match serde_json::from_str(&Value::object(object).to_json()) {
        Ok(serde_json::Value::Object(json)) => json,
        _ => serde_json::Map::new(),
    }
}

/// The labels that nothing runs, as far as the file alone tells, each once with its jobs. On the host every label runs.
pub fn unmapped(workflow: &Workflow, options: &RunOptions) -> Vec<String> {
    if options.on_host {
        return Vec::new();
    }
    let table = images(options);
    let wanted = loom_workflow::choose_jobs(workflow, &options.jobs).ok();
    let one = |job: &Job| {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !wanted.contains(&job.id.value))
            || job.container.is_some()
        {
            return None;
        }
        let runs_on = job.runs_on.as_ref()?;
        match runner(&table, runs_on, workflow)? {
            LabelTarget::Unmapped(label) => Some((label, format!("`{}`", job.id.value))),
            _ => None,
        }
    };
    let mut labels: Vec<(String, Vec<String>)> = Vec::new();
    for (label, job) in workflow.jobs.values().filter_map(one) {
        match labels.iter_mut().find(|(known, _)| *known == label) {
            Some((_, jobs)) => jobs.push(job),
            None => labels.push((label, vec![job])),
        }
    }
    let named = labels.into_iter().map(|(label, jobs)| {
        let word = if jobs.len() == 1 { "job" } else { "jobs" };
        format!("`{label}` ({word} {})", jobs.join(", "))
    });
    named.collect()
}

/// Whether a run may need an engine for containers, as far as the file alone tells: where that cannot be told it may.
pub fn needs_engine(workflow: &Workflow, options: &RunOptions) -> bool {
    let table = images(options);
    let needs = |job: &Job| {
        if job.container.is_some() || job.services.is_some() {
            return true;
        }
        if options.on_host {
            return false;
        }
        let Some(runs_on) = &job.runs_on else {
            return job.uses.is_some() || table.resolve([], workflow.dialect) != LabelTarget::Host;
        };
        runner(&table, runs_on, workflow).is_none_or(|found| matches!(found, LabelTarget::Image(_)))
    };
    workflow.jobs.values().any(needs)
}

/// What a job runs in, when its labels and its group are written out.
fn runner(table: &ImageTable, runs_on: &RunsOn, workflow: &Workflow) -> Option<LabelTarget> {
    let labels: Option<Vec<&str>> = runs_on.labels.iter().map(|label| label.as_plain()).collect();
    let group = match &runs_on.group {
        Some(group) => Some(group.as_plain()?),
        None => None,
    };
    Some(table.resolve_runner(labels?, group, workflow.dialect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_what_people_call_the_files() {
        for (path, name) in [
            ("a/ci.yml", "ci"),
            ("diamond.loom.yml", "diamond"),
            (".loom.yml", "loom"),
            ("x.yaml", "x"),
        ] {
            assert_eq!(stem(Path::new(path)), name);
        }
    }

    #[test]
    fn workflows_that_are_called_are_read_too() {
        let folder = tempfile::tempdir().unwrap();
        let workflows = folder.path().join(".github").join("workflows");
        std::fs::create_dir_all(&workflows).unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let called = "on: {workflow_call: {inputs: {who: {type: string, required: true}}}}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";
        std::fs::write(workflows.join("called.yml"), called).unwrap();
        let prepared = |uses: &str| {
            let text = format!("on: push\njobs: {{a: {{uses: ./.github/workflows/{uses}}}}}\n");
            let path = workflows.join("ci.yml");
            std::fs::write(&path, text).unwrap();
            prepare(&crate::project::read(&path).unwrap(), &[])
        };
        let codes = |uses: &str| {
            let found = prepared(uses).diagnostics;
            found.iter().map(|found| found.code.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(codes("none.yml"), ["schema/call"]);
        assert_eq!(codes("called.yml"), ["schema/call-input"]);
        std::fs::write(
            workflows.join("called.yml"),
            called.replace(", required: true", ""),
        )
        .unwrap();
        let files = prepared("called.yml").files;
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names.get(1), Some(&"./.github/workflows/called.yml"));
    }
}
