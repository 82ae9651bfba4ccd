//! Steps with what is known of where they run, so that one rule serves those of jobs and those of composite actions.

use crate::dialect::Dialect;
use crate::model::action::{self, ActionKind};
use crate::model::{Job, Step, StepAction, Template, Workflow};
use crate::span::Spanned;

use super::labels;

/// Steps that run one after the other.
pub(super) struct Steps<'a> {
    list: List<'a>,
    /// The job they are of. A composite action is used by jobs of which nothing is known.
    pub(super) job: Option<&'a Job>,
    /// The shell of scripts that name none.
    pub(super) shell: Option<&'a Spanned<Template>>,
    pub(super) dialect: Dialect,
}

#[derive(Clone, Copy)]
enum List<'a> {
    Job(&'a [Step]),
    Action(&'a [action::Step]),
}

impl<'a> Steps<'a> {
    /// The steps of every job.
    pub(super) fn of_workflow(workflow: &'a Workflow) -> Vec<Self> {
        let shell = workflow.defaults.shell.as_ref();
        let jobs = workflow.jobs.values().map(|job| Self {
            list: List::Job(&job.steps),
            job: Some(job),
            shell: job.defaults.shell.as_ref().or(shell),
            dialect: workflow.dialect,
        });
        jobs.collect()
    }

    /// The steps of an action, which only a composite one has.
    pub(super) fn of_action(action: &'a action::Action) -> Vec<Self> {
        match &action.kind {
            ActionKind::Composite { steps } => vec![Self {
                list: List::Action(steps),
                job: None,
                // Each names its own: that is required.
                shell: None,
                dialect: Dialect::GitHub,
            }],
            ActionKind::Node { .. } | ActionKind::Docker { .. } => Vec::new(),
        }
    }

    /// Calls `visit` for every step, those within parallel ones included.
    pub(super) fn each(&self, visit: &mut dyn FnMut(&'a Step)) {
        match self.list {
            List::Job(steps) => each_step(steps, visit),
            List::Action(steps) => steps.iter().filter_map(|step| step.step.as_ref()).for_each(visit),
        }
    }

    /// Whether they run on Windows: `None` when it cannot be told.
    pub(super) fn is_on_windows(&self) -> Option<bool> {
        labels::is_windows(self.job?)
    }
}

fn each_step<'a>(steps: &'a [Step], visit: &mut dyn FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        if let StepAction::Parallel(inner) = &step.action {
            each_step(inner, visit);
        }
    }
}
