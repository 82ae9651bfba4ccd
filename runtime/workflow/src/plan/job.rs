//! The plan of a job.

use indexmap::IndexMap;

use super::evaluate;
use super::options::PlanOptions;
use super::step::{self, StepPlan};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::images::{Mapping, is_image_name};
use crate::model::{Job, JobId, Minutes, Workflow};
use crate::span::Span;
use crate::words::name;

/// A job to run, with everything evaluated that can be before it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct JobPlan {
    /// Its id, as written.
    pub id: JobId,
    /// What people call it: `name`, else the id.
    pub name: String,
    /// The jobs that must be done first, as their own keys write them, each once.
    pub needs: Vec<JobId>,
    /// What it runs in.
    pub runs_on: Mapping,
    /// Variables of all its steps: those of the workflow with its own over them.
    pub env: IndexMap<String, String>,
    /// Its steps in order.
    pub steps: Vec<StepPlan>,
    /// How long it may take.
    pub timeout_minutes: Minutes,
    /// Where its id stands in the file.
    pub span: Span,
}

pub(super) fn plan(
    workflow: &Workflow,
    job: &Job,
    workflow_env: &IndexMap<String, String>,
    options: &PlanOptions,
    diagnostics: &mut Diagnostics,
) -> JobPlan {
    let mut env = workflow_env.clone();
    env.extend(evaluate::env(job.env.as_ref(), diagnostics));
    let written = job.name.as_ref().map(|name| evaluate::text(name, diagnostics));
    let timeout = job
        .timeout_minutes
        .as_ref()
        .and_then(|time| evaluate::literal(&time.value, diagnostics));
    JobPlan {
        id: job.id.value.clone(),
        name: written
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| job.id.to_string()),
        needs: needs(workflow, job),
        runs_on: runs_on(workflow, job, options, diagnostics),
        env,
        steps: step::plan_all(workflow, job, diagnostics),
        timeout_minutes: timeout
            .filter(|time| time.is_positive())
            .unwrap_or(options.job_timeout),
        span: job.id.span,
    }
}

fn needs(workflow: &Workflow, job: &Job) -> Vec<JobId> {
    let mut needs: Vec<JobId> = Vec::new();
    for need in &job.needs {
        if let Some((id, _)) = workflow.jobs.get_key_value(&need.value)
            && !needs.contains(id)
        {
            needs.push(id.clone());
        }
    }
    needs
}

fn runs_on(workflow: &Workflow, job: &Job, options: &PlanOptions, diagnostics: &mut Diagnostics) -> Mapping {
    let Some(runs_on) = &job.runs_on else {
        return options.images.resolve([], workflow.dialect);
    };
    let known = diagnostics.len();
    let labels: Vec<String> = runs_on
        .labels
        .iter()
        .map(|label| evaluate::text(label, diagnostics))
        .collect();
    let group = runs_on
        .group
        .as_ref()
        .map(|group| evaluate::text(group, diagnostics));
    if labels.is_empty() {
        // A group is a set of machines that somebody else keeps; it is nothing of ours.
        return Mapping::Unmapped(group.unwrap_or_default());
    }
    let mapping = options
        .images
        .resolve(labels.iter().map(String::as_str), workflow.dialect);
    if let Mapping::Image(image) = &mapping
        && diagnostics.len() == known
        && !is_image_name(image)
    {
        diagnostics.push(
            Diagnostic::new(
                codes::IMAGE,
                format!("{} cannot be the name of an image", name(image)),
            )
            .at(runs_on.span, "neither in the image table nor an image")
            .help("names of images are lowercase without spaces, e.g. `alpine:latest`"),
        );
    }
    mapping
}
