//! Words about what a context does not have: why it is not there, and what to do.

use crate::check::expressions::resolver::Unknown;
use crate::check::expressions::types::Properties;
use crate::expression::WorkflowKey;
use crate::model::{Job, JobId, Site, Step, StepAction, Workflow};
use crate::words::name as shown;

/// What is to be said of a property that a context does not have.
pub(super) fn unknown(
    workflow: &Workflow,
    context: &str,
    name: &str,
    known: &Properties,
    site: &Site,
) -> Option<Unknown> {
    let job = site.job.as_ref().and_then(|id| workflow.jobs.get(id));
    let none = known.names().next().is_none();
    let words = match (context.to_ascii_lowercase().as_str(), job) {
        ("steps", Some(job)) => step(workflow, job, name, none),
        ("needs", Some(job)) => need(workflow, job, name, none),
        ("matrix", Some(job)) if none => Unknown {
            message: format!("job {} has no matrix", shown(job.id.as_str())),
            label: "always empty".to_owned(),
            help: Some("add it under `strategy.matrix`, or remove what asks for it".to_owned()),
            listed: "it has",
        },
        ("matrix", Some(job)) => Unknown {
            message: format!(
                "the matrix of job {} has no {}",
                shown(job.id.as_str()),
                shown(name)
            ),
            label: "always empty".to_owned(),
            help: None,
            listed: "it has",
        },
        ("inputs", _) => input(name, none, site),
        ("secrets", _) => Unknown {
            message: format!("the workflow does not take the secret {}", shown(name)),
            label: "not declared".to_owned(),
            help: Some("declare it under `on.workflow_call.secrets`".to_owned()),
            listed: "it takes",
        },
        ("jobs", _) => Unknown {
            message: format!("there is no job {}", shown(name)),
            label: "no job has this id".to_owned(),
            help: None,
            listed: "jobs here",
        },
        _ => return None,
    };
    Some(words)
}

fn step(workflow: &Workflow, job: &Job, name: &str, none: bool) -> Unknown {
    let other = workflow
        .jobs
        .values()
        .find(|other| other.id.value != job.id.value && has_step(&other.steps, name));
    let help = match other {
        Some(other) => Some(format!(
            "{0} is a step of job {1}: give the value to this job by `outputs` of {1} and `needs`",
            shown(name),
            shown(other.id.as_str())
        )),
        None if none => Some(format!(
            "no step of this job has an id: add `id: {}` to the one that is meant",
            crate::words::plain(name)
        )),
        None => None,
    };
    Unknown {
        message: format!("job {} has no step {}", shown(job.id.as_str()), shown(name)),
        label: "no step of this job has this id".to_owned(),
        help,
        listed: "its steps are",
    }
}

fn has_step(steps: &[Step], name: &str) -> bool {
    steps.iter().any(|step| {
        step.id
            .as_ref()
            .is_some_and(|id| id.as_str().eq_ignore_ascii_case(name))
            || matches!(&step.action, StepAction::Parallel(inner) if has_step(inner, name))
    })
}

fn need(workflow: &Workflow, job: &Job, name: &str, none: bool) -> Unknown {
    let exists = workflow.jobs.get(&JobId::from(name));
    let help = match exists {
        Some(other) if other.id.value != job.id.value => Some(format!(
            "add {} to the `needs` of this job",
            shown(other.id.as_str())
        )),
        None if none => Some("this job has no `needs`: add the job that is meant".to_owned()),
        _ => None,
    };
    Unknown {
        message: format!("job {} does not need {}", shown(job.id.as_str()), shown(name)),
        label: if exists.is_some() {
            "it is not among its `needs`".to_owned()
        } else {
            "no such job".to_owned()
        },
        help,
        listed: "it needs",
    }
}

fn input(name: &str, none: bool, site: &Site) -> Unknown {
    if site.key == WorkflowKey::CallInputDefault {
        return Unknown {
            message: format!("there is no input {} before this one", shown(name)),
            label: "not known yet".to_owned(),
            help: none.then(|| "a default can use the inputs that stand before it".to_owned()),
            listed: "inputs before this one",
        };
    }
    Unknown {
        message: format!("the workflow has no input {}", shown(name)),
        label: "always empty".to_owned(),
        help: none
            .then(|| "declare it under `inputs` of `on.workflow_dispatch` or `on.workflow_call`".to_owned()),
        listed: "its inputs are",
    }
}
