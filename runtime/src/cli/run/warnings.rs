//! What a workflow asks for that a run here cannot have, said before anything starts: labels that nothing runs, and actions
//! that need services of GitHub.

use loom_workflow::model::{ActionReference, Repository, Step, StepAction, WorkflowReference};
use loom_workflow::{Dialect, JobId, NoReferences, Source, Workflow};

use super::super::talk;
use crate::actions::{ActionOptions, Unsupported};
use crate::event::RunOptions;
use crate::prepare::{Prepared, unmapped};

/// Actions of a service that are named one by one, at most.
const NAMED: usize = 4;

/// Names the labels that nothing runs.
pub(in crate::cli) fn warn_of_unmapped(workflow: &Workflow, options: &RunOptions) {
    let labels = unmapped(workflow, options);
    if !labels.is_empty() {
        let word = if labels.len() == 1 { "label" } else { "labels" };
        talk::warning(&format!(
            "no image is known for the {word} {}; such jobs are skipped",
            labels.join(", ")
        ));
        talk::help("name one: `-P LABEL=IMAGE`, or `-P LABEL=host` to run such jobs on this machine");
    }
}

/// Names the services that steps need and that are not here, each once.
pub(in crate::cli) fn warn_of_services(prepared: &Prepared, jobs: &[String], actions: &ActionOptions) {
    for missing in missing(prepared, jobs, actions) {
        talk::warning(&missing.sentence());
        talk::help(missing.row.instead());
    }
}

/// A service that is not here, with the actions that need it.
#[derive(Debug)]
struct Missing {
    row: &'static Unsupported,
    actions: Vec<String>,
    steps: usize,
}

impl Missing {
    fn sentence(&self) -> String {
        let named: Vec<String> = self
            .actions
            .iter()
            .take(NAMED)
            .map(|action| format!("`{action}`"))
            .collect();
        let more = match self.actions.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (steps, need) = match self.steps {
            1 => ("1 step".to_owned(), "needs"),
            count => (format!("{count} steps"), "need"),
        };
        let fail = if self.steps == 1 { "it fails" } else { "they fail" };
        format!(
            "{steps} ({}{more}) {need} {}; {fail} when the run comes to {}",
            named.join(", "),
            self.row.needs(),
            if self.steps == 1 { "it" } else { "them" },
        )
    }
}

/// The services that the steps of the chosen jobs need, those of called workflows of the same repository among them, in the
/// order of the file.
fn missing(prepared: &Prepared, jobs: &[String], actions: &ActionOptions) -> Vec<Missing> {
    let Some(workflow) = &prepared.workflow else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut to_call = Vec::new();
    let wanted = loom_workflow::choose_jobs(workflow, jobs).ok();
    look(
        workflow,
        |job| wanted.as_ref().is_none_or(|wanted| wanted.contains(job)),
        actions,
        &mut found,
        &mut to_call,
    );
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = to_call.pop() {
        let mut files = prepared.files.iter().skip(1);
        let Some(file) = files.find(|file| file.name == path).filter(|_| seen.insert(path)) else {
            continue;
        };
        let source = Source::new(file.name.as_str(), file.text.as_str());
        let loaded = loom_workflow::load_unlinted(&source, Dialect::GitHub, &NoReferences);
        if let Some(called) = loaded.workflow {
            look(&called, |_| true, actions, &mut found, &mut to_call);
        }
    }
    found
}

/// What the wanted jobs of one workflow need, and which workflows of its repository they call.
fn look(
    workflow: &Workflow,
    is_wanted: impl Fn(&JobId) -> bool,
    actions: &ActionOptions,
    found: &mut Vec<Missing>,
    to_call: &mut Vec<String>,
) {
    for (_, job) in workflow.jobs.iter().filter(|(id, _)| is_wanted(id)) {
        if let Some(WorkflowReference::Local(path)) = job.calls() {
            to_call.push(path.to_string());
        }
        let mut used = Vec::new();
        for step in &job.steps {
            repositories(step, &mut used);
        }
        for repository in used {
            let Some(row) = Unsupported::find(&repository).filter(|_| !actions.overrides(&repository)) else {
                continue;
            };
            let text = without_version(&repository);
            match found.iter_mut().find(|known| known.row.needs() == row.needs()) {
                Some(known) => {
                    known.steps += 1;
                    if !known.actions.contains(&text) {
                        known.actions.push(text);
                    }
                }
                None => found.push(Missing {
                    row,
                    actions: vec![text],
                    steps: 1,
                }),
            }
        }
    }
}

/// `owner/name`, or with the path of the action: versions are often a commit's forty digits, and say nothing here.
fn without_version(repository: &Repository) -> String {
    let Repository {
        owner, name, path, ..
    } = repository;
    match &**path {
        "" => format!("{owner}/{name}"),
        path => format!("{owner}/{name}/{path}"),
    }
}

/// The repositories whose actions a step, or a member of its group, uses.
fn repositories(step: &Step, used: &mut Vec<Repository>) {
    match &step.action {
        StepAction::Uses(uses) => {
            if let Some(ActionReference::Repository(repository)) = uses.target() {
                used.push(repository);
            }
        }
        StepAction::Parallel(members) => {
            for member in members {
                repositories(member, used);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::prepare;

    fn sentences(jobs: &[&str], overrides: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let workflows = folder.path().join(".github/workflows");
        std::fs::create_dir_all(&workflows).unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let called =
            "on: workflow_call\njobs: {a: {runs-on: x, steps: [{uses: actions/upload-artifact@v4}]}}\n";
        std::fs::write(workflows.join("called.yml"), called).unwrap();
        let text = "on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
      - parallel:
          - uses: actions/cache/restore@v4
      - uses: actions/cache@v4
  b: {uses: ./.github/workflows/called.yml}
";
        let path = workflows.join("ci.yml");
        std::fs::write(&path, text).unwrap();
        let prepared = prepare(&crate::project::read(&path).unwrap(), &[]);
        assert!(prepared.workflow.is_some(), "{:?}", prepared.diagnostics);
        let jobs: Vec<String> = jobs.iter().map(|&job| job.to_owned()).collect();
        let mut actions = ActionOptions::new("/c");
        let overrides = overrides.iter().map(|&name| (name.to_owned(), "/d".into()));
        actions.overrides = overrides.collect();
        missing(&prepared, &jobs, &actions)
            .iter()
            .map(Missing::sentence)
            .collect()
    }

    const CACHE: &str = "3 steps (`actions/cache`, `actions/cache/restore`) need a cache service, which Loom does not \
                         have yet; they fail when the run comes to them";
    const ARTIFACTS: &str = "1 step (`actions/upload-artifact`) needs an artifact service, which Loom does not have yet; \
                             it fails when the run comes to it";

    #[test]
    fn each_service_is_named_once_with_what_needs_it() {
        assert_eq!(sentences(&[], &[]), [CACHE, ARTIFACTS]);
    }

    #[test]
    fn jobs_that_do_not_run_and_actions_that_are_replaced_need_nothing() {
        assert_eq!(sentences(&["b"], &[]), [ARTIFACTS]);
        assert_eq!(sentences(&[], &["actions/cache"]), [ARTIFACTS]);
    }
}
