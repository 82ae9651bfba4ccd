//! What a run does.
//!
//! ```text
//! event -> triggered: does it start the workflow, and why
//!       -> outlook: what becomes of each job, as far as it can be told
//! job   -> condition: does it run, once its needs are done
//!       -> expand: its instances, one for each combination of its matrix, evaluated
//! step  -> step_condition, step_values: when its turn comes
//! job   -> job_outputs: at its end
//! ```
//!
//! All of these are pure: contexts come in as an [`Object`](crate::expression::Object), and what has no value is a finding.
//! `instance.rs` says what is evaluated when.
//!
//! [`plan`] is what the engine runs today: made before anything starts, without contexts. What it cannot do yet is reported
//! there (`unsupported.rs`) and gives no plan, so that nothing that was asked for is silently left out.

mod answer;
mod call;
mod combinations;
mod condition;
mod evaluate;
mod evaluation;
mod event;
mod filter;
mod inputs;
mod instance;
mod job;
mod options;
mod outlook;
mod run;
mod shape;
mod step;
mod strategy;
mod trigger;
mod unsupported;
mod work;

use indexmap::IndexMap;

use crate::codes;
use crate::dag::Dag;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{JobId, Workflow};
use crate::words::{closest, name};
use evaluate::Evaluator;

pub use answer::{Answer, Reason};
pub use call::{CallPlan, CallSecrets};
pub use combinations::{Combination, MOST_COMBINATIONS, MatrixError, combinations};
pub use condition::{Ancestors, JobResult, condition, step_condition};
pub use event::{Event, GitRef};
pub use inputs::inputs;
pub use instance::{ConcurrencyPlan, ContainerPlan, Instance, InstanceId, Login, StepDefaults, expand};
pub use job::JobPlan;
pub use options::{PlanOptions, UnmappedJobs};
pub use outlook::{EventPlan, Outlook, instance_dag, instance_names, matrix, outlook, plan_for_event};
pub use run::{RunValues, run_values};
pub use step::StepPlan;
pub use strategy::Strategy;
pub use trigger::triggered;
pub use work::{StepValues, Work, job_outputs, step_values};

/// What a run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `name` of the workflow, if it has one.
    pub name: Option<String>,
    /// The jobs, in the order of the file.
    pub jobs: IndexMap<JobId, JobPlan>,
    /// Which of them wait for which.
    pub dag: Dag,
}

/// Plans a run of a workflow. There is no plan when a diagnostic blocks it
/// ([`Diagnostics::is_blocking`]); warnings may come with one.
pub fn plan(workflow: &Workflow, options: &PlanOptions) -> (Option<Plan>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let dag = workflow.dag();
    let chosen = chosen(workflow, &dag, options, &mut diagnostics);
    let wanted = || {
        workflow
            .jobs
            .values()
            .filter(|job| chosen.as_ref().is_none_or(|ids| ids.contains(&job.id.value)))
    };

    unsupported::check_workflow(workflow, &mut diagnostics);
    let mut evaluator = Evaluator::new(&mut diagnostics);
    let workflow_env = evaluator.env(workflow.env.as_ref());
    let name = workflow
        .name
        .as_ref()
        .map(|name| String::from(&*name.text))
        .filter(|name| !name.is_empty());
    let mut jobs = IndexMap::new();
    for job in wanted() {
        let job = job::plan(workflow, job, &workflow_env, options, &mut evaluator);
        jobs.insert(job.id.clone(), job);
    }
    evaluator.finish();
    if dag.has_cycles() {
        // Loading refuses such a workflow; one that was made by hand has no order either.
        crate::check::needs(workflow, &mut diagnostics);
    }
    let dag = Dag::build(jobs.values().map(|job| (job.id.clone(), job.needs.clone())));
    let diagnostics = diagnostics.finish();
    let plan = (!diagnostics.is_blocking()).then_some(Plan { name, jobs, dag });
    (plan, diagnostics)
}

/// Names of jobs for a sentence: some of them, where there are many.
fn listed<'a>(jobs: impl ExactSizeIterator<Item = &'a JobId>) -> String {
    const SHOWN: usize = 12;
    let more = jobs.len().saturating_sub(SHOWN);
    let mut names: Vec<String> = jobs.take(SHOWN).map(|id| name(id.as_str())).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// The jobs that were asked for with all they need; `None` means all.
fn chosen(
    workflow: &Workflow,
    dag: &Dag,
    options: &PlanOptions,
    diagnostics: &mut Diagnostics,
) -> Option<std::collections::HashSet<JobId>> {
    if options.jobs.is_empty() {
        return None;
    }
    for job in options
        .jobs
        .iter()
        .filter(|job| !workflow.jobs.contains_key(*job))
    {
        let near = closest(job.as_str(), workflow.jobs.keys().map(JobId::as_str));
        let help = near.map_or_else(
            || format!("its jobs are {}", listed(workflow.jobs.keys())),
            |near| format!("did you mean `{near}`?"),
        );
        diagnostics.push(
            Diagnostic::new(
                codes::UNKNOWN_JOB,
                format!("the workflow has no job {}", name(job.as_str())),
            )
            .help(help),
        );
    }
    Some(dag.with_dependencies(&options.jobs))
}
