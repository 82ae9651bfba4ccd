//! Which workflows `run` runs: the file that was named, or all of a folder that the event starts.

use std::collections::BTreeSet;

use loom_workflow::{JobId, TriggerDecision, TriggerReason, Workflow};

use super::super::{Exit, diagnostics, talk};
use crate::context::RunFacts;
use crate::prepare::{Prepared, prepare};
use crate::project::{Found, WorkflowFile};

/// Workflows of a folder that are not run and named one by one, at most; the others are counted.
const NAMED: usize = 12;

/// A workflow that was read.
#[derive(Debug)]
pub(in crate::cli) struct Candidate {
    pub(in crate::cli) file: WorkflowFile,
    pub(in crate::cli) prepared: Prepared,
    /// The jobs of it that are wanted; all when there are none.
    pub(in crate::cli) jobs: Vec<String>,
}

/// What was read before it is known which event happened.
pub(super) struct Candidates {
    candidates: Vec<Candidate>,
    left_out: Vec<LeftOut>,
    /// Whether a folder was meant, of which the event chooses.
    is_folder: bool,
}

/// A workflow of a folder that is not run.
#[derive(Debug, PartialEq, Eq)]
struct LeftOut {
    file: String,
    why: String,
}

impl Candidates {
    /// Reads and checks what was found. A workflow with mistakes stands in the way of all: what starts it cannot be known.
    pub(super) fn read(found: Found, jobs: &[String]) -> Result<Self, Exit> {
        let (files, is_folder) = match found {
            Found::One(file) => (vec![file], false),
            Found::Folder(files) => (files, true),
        };
        let mut read = Self {
            candidates: Vec::new(),
            left_out: Vec::new(),
            is_folder,
        };
        // Whose jobs are meant is known only when all are read.
        let checked: &[String] = if is_folder { &[] } else { jobs };
        let mut broken = Vec::new();
        for file in files {
            let prepared = prepare(&file, checked);
            if prepared.workflow.is_none() || !is_folder {
                diagnostics::report(&file.source, &prepared.diagnostics);
            }
            if prepared.workflow.is_none() {
                broken.push(file.source.name().to_owned());
            }
            read.candidates.push(Candidate {
                file,
                prepared,
                jobs: jobs.to_vec(),
            });
        }
        if !broken.is_empty() {
            talk::error(&format!(
                "{} cannot be run; nothing was started",
                broken.join(", ")
            ));
            if is_folder {
                talk::help("mend it, or name the workflow that is to run: `loom-runtime run FILE`");
            }
            return Err(Exit::Usage);
        }
        if is_folder && !jobs.is_empty() {
            read.keep_those_with(jobs)?;
        }
        Ok(read)
    }

    /// Keeps the workflows that have some of the jobs.
    fn keep_those_with(&mut self, jobs: &[String]) -> Result<(), Exit> {
        let has = |workflow: &Workflow, job: &String| workflow.jobs.contains_key(&JobId::from(job.as_str()));
        let mut unknown: Vec<&String> = jobs.iter().collect();
        for mut candidate in std::mem::take(&mut self.candidates) {
            if let Some(workflow) = &candidate.prepared.workflow {
                candidate.jobs = jobs.iter().filter(|job| has(workflow, job)).cloned().collect();
                unknown.retain(|job| !has(workflow, job));
            }
            if candidate.jobs.is_empty() {
                self.left_out.push(LeftOut {
                    file: candidate.file.source.name().to_owned(),
                    why: format!("it has no job {}", quoted(jobs)),
                });
            } else {
                self.candidates.push(candidate);
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        talk::error(&format!(
            "no workflow has the job {}; nothing was started",
            unknown
                .iter()
                .map(|job| format!("`{job}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ));
        talk::help("`loom-runtime run --list` shows the jobs of each");
        Err(Exit::Usage)
    }

    /// Those that run on this event, and what is said of the others. A single one that was named runs on any event, and so
    /// does the only one of a folder when nobody named the event.
    pub(super) fn choose(self, facts: &RunFacts, event_was_named: bool) -> Result<Vec<Candidate>, Exit> {
        let Self {
            candidates,
            mut left_out,
            is_folder,
        } = self;
        let only = candidates.len() == 1;
        let event = facts.to_event();
        let mut chosen = Vec::new();
        let mut answers = Vec::new();
        for candidate in candidates {
            let Some(workflow) = &candidate.prepared.workflow else {
                continue;
            };
            let answer = loom_workflow::triggered(workflow, &event);
            let name = candidate.file.source.name();
            if answer.starts {
                chosen.push(candidate);
            } else if !is_folder || (only && !event_was_named) {
                talk::warning(&format!(
                    "GitHub would not start {name} on `{}`: {}; it runs because {}",
                    facts.event,
                    answer.text,
                    if is_folder {
                        "no other can be meant"
                    } else {
                        "you asked for it"
                    }
                ));
                if answer.reason == TriggerReason::NotListed && !event_was_named {
                    talk::help(&own_event(workflow));
                }
                chosen.push(candidate);
            } else {
                left_out.push(LeftOut {
                    file: name.to_owned(),
                    why: answer.text.clone(),
                });
                answers.push((candidate, answer));
            }
        }
        tell(&left_out);
        if chosen.is_empty() {
            return Err(nothing(facts, &answers));
        }
        if is_folder {
            for candidate in &chosen {
                diagnostics::report(&candidate.file.source, &candidate.prepared.diagnostics);
            }
        }
        Ok(chosen)
    }
}

/// How a workflow is run on one of its own events: on a push it has neither their payload nor the defaults of its inputs.
fn own_event(workflow: &Workflow) -> String {
    let events = &workflow.triggers.events;
    let usual = ["pull_request", "workflow_dispatch", "workflow_call"];
    let usual = usual.into_iter().find(|name| events.contains_key(*name));
    let event = usual.or_else(|| events.keys().next().map(|name| &**name));
    let event = event.unwrap_or("workflow_dispatch");
    let inputs = match events.get(event) {
        Some(trigger) if !trigger.inputs.is_empty() => "; `--input NAME=VALUE` gives an input",
        _ => "",
    };
    format!("`--event {event}` runs it as GitHub does on that event{inputs}")
}

fn tell(left_out: &[LeftOut]) {
    for LeftOut { file, why } in left_out.iter().take(NAMED) {
        talk::note(&format!("{file} does not run: {why}"));
    }
    if left_out.len() > NAMED {
        talk::note(&format!("{} more workflows do not run", left_out.len() - NAMED));
    }
}

/// Nothing runs: an event that no workflow names is most likely a mistake; one that their filters keep away is not, and
/// GitHub would do nothing either.
fn nothing(facts: &RunFacts, answers: &[(Candidate, TriggerDecision)]) -> Exit {
    let event = &facts.event;
    if answers
        .iter()
        .any(|(_, answer)| answer.reason != TriggerReason::NotListed)
    {
        talk::note(&format!(
            "nothing to run: GitHub would start no workflow on this `{event}` either; name a file to run it all the same"
        ));
        return Exit::Success;
    }
    talk::error(&format!(
        "no workflow takes the event `{event}`; nothing was started"
    ));
    let workflows = answers
        .iter()
        .filter_map(|(candidate, _)| candidate.prepared.workflow.as_ref());
    let events: BTreeSet<&str> = workflows
        .flat_map(|workflow| workflow.triggers.events.keys().map(|name| &**name))
        .collect();
    let events: Vec<&str> = events.into_iter().take(NAMED).collect();
    talk::help(&format!(
        "`--event NAME` says what happened; they take {}; a file that is named runs on any event",
        events.join(", ")
    ));
    Exit::Usage
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The exit code of several runs: that of the gravest. A cancel outweighs a failure and a failure a loss, as within a run.
pub(super) fn worst(exits: impl IntoIterator<Item = Exit>) -> Exit {
    let weight = |exit: &Exit| match exit {
        Exit::Success => 0,
        Exit::Machine => 1,
        Exit::Usage => 2,
        Exit::Failure => 3,
        // Others wait for nobody: it is the only one.
        Exit::Paused => 4,
        Exit::Cancelled => 5,
    };
    exits.into_iter().max_by_key(weight).unwrap_or(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Found) {
        let folder = tempfile::tempdir().unwrap();
        let workflows = folder.path().join(".github/workflows");
        std::fs::create_dir_all(&workflows).unwrap();
        for (name, text) in files {
            std::fs::write(workflows.join(name), text).unwrap();
        }
        let found = crate::project::choose(Some(folder.path())).unwrap();
        (folder, found)
    }

    fn facts(event: &str) -> RunFacts {
        RunFacts {
            event: event.to_owned(),
            reference: "refs/heads/main".to_owned(),
            payload: serde_json::json!({}),
            ..RunFacts::default()
        }
    }

    fn names(chosen: &[Candidate]) -> Vec<String> {
        chosen
            .iter()
            .map(|one| one.file.path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    }

    const STEPS: &str = "{runs-on: ubuntu-latest, steps: [{run: x}]}";

    fn three() -> (tempfile::TempDir, Found) {
        folder(&[
            ("b.yml", &format!("on: push\njobs: {{build: {STEPS}}}\n")),
            (
                "a.yml",
                &format!("on: [push, pull_request]\njobs: {{lint: {STEPS}, build: {STEPS}}}\n"),
            ),
            (
                "c.yml",
                &format!("on: {{push: {{branches: [release]}}}}\njobs: {{ship: {STEPS}}}\n"),
            ),
        ])
    }

    #[test]
    fn of_a_folder_all_run_that_the_event_starts_by_name() {
        for (event, expected) in [("push", vec!["a.yml", "b.yml"]), ("pull_request", vec!["a.yml"])] {
            let (_folder, found) = three();
            let chosen = Candidates::read(found, &[])
                .unwrap()
                .choose(&facts(event), true)
                .unwrap();
            assert_eq!(names(&chosen), expected, "{event}");
        }
    }

    #[test]
    fn an_event_that_none_names_is_a_mistake_and_one_that_is_filtered_is_not() {
        let (_folder, found) = three();
        let none = Candidates::read(found, &[])
            .unwrap()
            .choose(&facts("release"), true);
        assert_eq!(none.unwrap_err(), Exit::Usage);
        let (_folder, found) = three();
        let jobs = ["ship".to_owned()];
        let filtered = Candidates::read(found, &jobs)
            .unwrap()
            .choose(&facts("push"), true);
        assert_eq!(filtered.unwrap_err(), Exit::Success);
    }

    #[test]
    fn jobs_choose_the_workflows_that_have_them() {
        let (_folder, found) = three();
        let jobs = ["lint".to_owned()];
        let chosen = Candidates::read(found, &jobs)
            .unwrap()
            .choose(&facts("push"), false)
            .unwrap();
        assert_eq!(names(&chosen), ["a.yml"]);
        let (_folder, found) = three();
        assert_eq!(
            Candidates::read(found, &["nobody".to_owned()]).err(),
            Some(Exit::Usage)
        );
    }

    #[test]
    fn what_was_named_runs_on_any_event() {
        let (folder, _) = three();
        let path = folder.path().join(".github/workflows/c.yml");
        let found = crate::project::choose(Some(&path)).unwrap();
        let chosen = Candidates::read(found, &[])
            .unwrap()
            .choose(&facts("release"), true)
            .unwrap();
        assert_eq!(names(&chosen), ["c.yml"]);
    }

    #[test]
    fn who_names_a_file_is_told_its_own_event() {
        let told = |on: &str| {
            let (_folder, found) = folder(&[("a.yml", &format!("on: {on}\njobs: {{build: {STEPS}}}\n"))]);
            let read = Candidates::read(found, &[]).unwrap();
            own_event(read.candidates[0].prepared.workflow.as_ref().unwrap())
        };
        for (on, expected) in [
            (
                "[release, pull_request]",
                "`--event pull_request` runs it as GitHub does on that event",
            ),
            (
                "release",
                "`--event release` runs it as GitHub does on that event",
            ),
            (
                "{workflow_dispatch: {inputs: {a: {default: b}}}}",
                "`--event workflow_dispatch` runs it as GitHub does on that event; `--input NAME=VALUE` gives an input",
            ),
        ] {
            assert_eq!(told(on), expected);
        }
    }

    #[test]
    fn one_with_mistakes_stands_in_the_way_of_all() {
        let (_folder, found) = folder(&[
            ("a.yml", &format!("on: push\njobs: {{build: {STEPS}}}\n")),
            ("b.yml", "on: push\njobs: {build: {}}\n"),
        ]);
        assert_eq!(Candidates::read(found, &[]).err(), Some(Exit::Usage));
    }

    #[test]
    fn the_gravest_counts() {
        assert_eq!(
            worst([Exit::Success, Exit::Failure, Exit::Machine]),
            Exit::Failure
        );
        assert_eq!(worst([Exit::Success, Exit::Machine]), Exit::Machine);
        assert_eq!(worst([Exit::Cancelled, Exit::Failure]), Exit::Cancelled);
        assert_eq!(worst([]), Exit::Success);
    }
}
