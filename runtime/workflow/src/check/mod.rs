//! What is wrong with a workflow or an action as a whole: one rule a file, and a table of them all (`rules.rs`).

mod actions;
mod call_references;
mod calls;
mod commands;
mod concurrency;
mod containers;
mod empty;
mod expressions;
mod files;
mod labels;
mod matrix;
mod needs;
mod outdated;
mod outputs;
mod permissions;
mod references;
mod rules;
mod runs;
mod scripts;
mod shells;
mod snapshot;
mod steps;
mod triggers;
mod unreachable;
mod unset;
mod variables;
mod versions;
mod waits;

use crate::actions::Actions;
use crate::codes::{Code, Level};
use crate::diagnostic::Diagnostics;
use crate::model::action::Action;
use crate::model::{Job, Workflow};
use crate::references::References;
use crate::source::Source;
use crate::tree::Node;
pub(crate) use calls::Calls;
pub(crate) use expressions::{Around, Member, members, parameters};
pub(crate) use labels::hosted;
use rules::{OfAction, OfSteps, OfWorkflow, RULES, Run};
use scripts::Readings;
use steps::Steps;

/// Runs the rules of a level on a workflow and the tree it was read from: those that GitHub refuses a file by, and for [`Level::Lint`] all others as well.
pub(crate) fn check(
    workflow: &Workflow,
    tree: &Node,
    source: &Source,
    references: &dyn References,
    level: Level,
    diagnostics: &mut Diagnostics,
) {
    let mut subject = OfWorkflow {
        workflow,
        tree,
        references,
        calls: Calls::new(references),
        steps: OfSteps {
            all: Steps::of_workflow(workflow),
            source,
            actions: Actions::new(references),
            readings: Readings::default(),
        },
    };
    for rule in RULES.iter().filter(|rule| rule.is_of(level)) {
        for run in rule.runs {
            match run {
                Run::Standalone(run) => run(workflow, source, diagnostics),
                Run::Workflow(run) => run(&mut subject, diagnostics),
                Run::Steps(run) => run(&subject.steps, diagnostics),
                Run::Action(_) => {}
            }
        }
    }
}

/// Runs the rules about one call of a workflow that was read.
pub(crate) fn check_call(
    workflow: &Workflow,
    job: &Job,
    called: &Workflow,
    references: &dyn References,
    diagnostics: &mut Diagnostics,
) {
    if let Some(uses) = &job.uses {
        Calls::new(references).one(workflow, job, called, uses.span, diagnostics);
    }
}

/// Runs the rules about what an action says.
pub(crate) fn check_action(
    action: &Action,
    source: &Source,
    references: &dyn References,
    diagnostics: &mut Diagnostics,
) {
    let subject = OfAction {
        action,
        references,
        steps: OfSteps {
            all: Steps::of_action(action),
            source,
            actions: Actions::new(references),
            readings: Readings::default(),
        },
    };
    for run in RULES.iter().flat_map(|rule| rule.runs) {
        match run {
            Run::Action(run) => run(&subject, diagnostics),
            Run::Steps(run) => run(&subject.steps, diagnostics),
            Run::Standalone(_) | Run::Workflow(_) => {}
        }
    }
}

/// Runs the rules that look at nothing but the workflow itself.
fn standalone(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    for run in RULES.iter().flat_map(|rule| rule.runs) {
        if let Run::Standalone(run) = run {
            run(workflow, source, diagnostics);
        }
    }
}

impl Code {
    /// The name of the rule that finds it; none where only planning does, or the file cannot be read.
    #[must_use]
    pub fn rule(self) -> Option<&'static str> {
        let rule = RULES.iter().find(|rule| rule.codes.contains(&self))?;
        Some(rule.name)
    }
}
