//! The plan of a job.

use indexmap::{IndexMap, IndexSet};

use super::evaluate::Evaluator;
use super::options::{PlanOptions, UnmappedJobs};
use super::step::{self, StepPlan};
use super::unsupported;
use crate::codes;
use crate::diagnostic::Diagnostic;
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
    evaluator: &mut Evaluator<'_>,
) -> JobPlan {
    let runs_on = runs_on(workflow, job, options, evaluator);
    // A job that calls a workflow has no label, and is not skipped for the lack of one.
    let unmapped = job.runs_on.is_some() && matches!(runs_on, Mapping::Unmapped(_));
    if unmapped && options.unmapped == UnmappedJobs::Skip {
        return evaluator
            .quietly(|evaluator| evaluated(workflow, job, workflow_env, options, runs_on, evaluator));
    }
    unsupported::check_job(job, evaluator.diagnostics);
    evaluated(workflow, job, workflow_env, options, runs_on, evaluator)
}

fn evaluated(
    workflow: &Workflow,
    job: &Job,
    workflow_env: &IndexMap<String, String>,
    options: &PlanOptions,
    runs_on: Mapping,
    evaluator: &mut Evaluator<'_>,
) -> JobPlan {
    let mut env = evaluator.copy(workflow_env);
    env.extend(evaluator.env(job.env.as_ref()));
    let name = job
        .name
        .as_ref()
        .map(|name| evaluator.text(name))
        .filter(|name| !name.is_empty());
    let timeout = job
        .timeout_minutes
        .as_ref()
        .and_then(|time| evaluator.literal(&time.value));
    JobPlan {
        id: job.id.value.clone(),
        name: name.unwrap_or_else(|| job.id.as_str().to_owned()),
        needs: needs(workflow, job),
        runs_on,
        env,
        steps: step::plan_all(workflow, job, evaluator),
        timeout_minutes: timeout
            .filter(|time| time.is_positive())
            .unwrap_or(options.job_timeout),
        span: job.id.span,
    }
}

/// The needed jobs by their own spelling, each once.
fn needs(workflow: &Workflow, job: &Job) -> Vec<JobId> {
    let known = job
        .needs
        .iter()
        .filter_map(|need| workflow.jobs.get_key_value(&need.value));
    let needs: IndexSet<JobId> = known.map(|(id, _)| id.clone()).collect();
    needs.into_iter().collect()
}

fn runs_on(workflow: &Workflow, job: &Job, options: &PlanOptions, evaluator: &mut Evaluator<'_>) -> Mapping {
    let Some(runs_on) = &job.runs_on else {
        return options.images.resolve([], workflow.dialect);
    };
    let labels: Vec<String> = runs_on.labels.iter().map(|label| evaluator.text(label)).collect();
    let group = runs_on.group.as_ref().map(|group| evaluator.text(group));
    if let Some(expression) = runs_on.labels.iter().find(|label| label.as_plain().is_none()) {
        // Reported; to take it for an unmapped label would skip the job instead.
        return Mapping::Image(expression.text.to_string());
    }
    if labels.is_empty() {
        // A group is a set of machines that somebody else keeps; it is nothing of ours.
        return Mapping::Unmapped(group.unwrap_or_default());
    }
    let mapping = options
        .images
        .resolve(labels.iter().map(String::as_str), workflow.dialect);
    if let Mapping::Image(image) = &mapping
        && !is_image_name(image)
    {
        evaluator.diagnostics.push(
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
