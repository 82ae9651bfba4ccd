//! How runs are shown to the outside: the JSON of `runs show --format json`, of the API and of the live frames.
//!
//! Separate from the state and from what is stored: these shapes are contracts (design, "The studio's wire").

mod earlier;
mod rerun;

use indexmap::IndexMap;
use loom_protocol::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::event::{
    Annotation, JobState, Outputs, Phase, Reason, ReusedFrom, RunState, StepState, WorkflowRef,
};
use crate::id::{JobId, StepId};
use crate::journal::{Origin, Summary};
use crate::logs::Line;
use crate::state::{Claim, Job, Pause, Run, Step};

pub use earlier::{AttemptDetail, AttemptSummary, TryDetail};
pub use rerun::{AgainWord, RerunDetail, SourcesWord};

/// A run in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    run_id: String,
    workflow: WorkflowRef,
    /// Which run of its workflow's file it is, from 1: `github.run_number`. All attempts at a run have the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    state: RunState,
    /// Whether it goes on only once somebody has said how.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    event: String,
    /// The branch or tag, by its short name; of a pull request the branch that it wants merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    /// Who caused it: `github.actor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// The commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// The first line of the commit's message, or the title of the pull request.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    executor: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Which attempt at its run it is; absent for the first.
    #[serde(skip_serializing_if = "is_first")]
    attempt: u32,
    /// The first attempt, for a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_attempt: Option<String>,
}

/// A run with its jobs and steps.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunDetail {
    run_id: String,
    workflow: WorkflowRef,
    /// Which run of its workflow's file it is, from 1: `github.run_number`. All attempts at a run have the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    state: RunState,
    /// Whether it goes on only once somebody has said how.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    event: String,
    /// The branch or tag, by its short name; of a pull request the branch that it wants merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    /// Who caused it: `github.actor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// The commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// The first line of the commit's message, or the title of the pull request.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    executor: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Why it is queued, when somebody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Who asked to cancel it, if somebody did: it may go on for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_requested_by: Option<String>,
    /// What it goes back to, when it is another attempt at a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    rerun: Option<RerunDetail>,
    /// When another process went on with it, because the one before had died.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, format = DateTime)]
    resumed_at: Vec<Timestamp>,
    jobs: Vec<JobDetail>,
}

/// A job of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobDetail {
    id: String,
    /// The job of the workflow's file that it came from.
    job: String,
    /// The job that brought it, with its matrix or by a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// Whether it is a group: the jobs that it brought name it as their parent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    group: bool,
    /// The workflow that it calls, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<String>,
    name: String,
    state: JobState,
    needs: Vec<String>,
    /// Whether its failure leaves the run a success.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continue_on_error: bool,
    /// From 1 once it started.
    #[serde(skip_serializing_if = "is_first")]
    attempt: u32,
    /// The attempts before this one, the first one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<AttemptSummary>,
    /// The steps that it is paused at: somebody has to say how they go on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pauses: Vec<PauseDetail>,
    /// The concurrency group that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    /// What it tells the jobs that need it.
    #[serde(skip_serializing_if = "Outputs::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    outputs: Outputs,
    /// Where it ran, when it did not run in this attempt of its run: there are its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<ReusedFrom>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    steps: Vec<StepDetail>,
}

/// A pause at a step that failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PauseDetail {
    /// Which pause of the job it is, from 1: an answer that names it is for no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<u32>,
    /// The step.
    step: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// Why it failed, when the exit code does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Why it could not be done again, when that was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Reason>,
}

/// A step of a job.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepDetail {
    /// Its place in this list, from 0.
    index: usize,
    /// What events and lines of the log call it.
    id: String,
    /// The step that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// When it runs.
    phase: Phase,
    name: String,
    state: StepState,
    /// From 1; more when it failed and was tried again.
    #[serde(skip_serializing_if = "is_first")]
    attempt: u32,
    /// The attempts before this one, the first one first; also those that somebody had done again after a pause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<TryDetail>,
    /// Whether the steps behind it, or beside it in a `parallel`, do not wait for its end. Known once it runs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    background: bool,
    /// The background steps that it waits for, or ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waits_for: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<StepState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<StepState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// What it gave, masked.
    #[serde(skip_serializing_if = "Outputs::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    outputs: Outputs,
    /// What it said of places in files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
    /// What it wrote for people, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
}

/// A line of a log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    run_id: String,
    job: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    stream: &'static str,
    line: u64,
    message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde wants")]
fn is_first(attempt: &u32) -> bool {
    *attempt <= 1
}

impl RunSummary {
    /// Its id.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }
}

impl From<&Summary> for RunSummary {
    fn from(run: &Summary) -> Self {
        Self {
            run_id: run.id.0.clone(),
            workflow: run.workflow.clone(),
            number: run.number,
            state: run.state,
            paused: run.is_paused(),
            event: run.event.clone(),
            branch: run.origin.branch.clone(),
            actor: run.origin.actor.clone(),
            commit: run.origin.commit.clone(),
            title: run.origin.title.clone(),
            executor: run.executor.clone(),
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            attempt: run.attempt,
            first_attempt: run.first.as_ref().map(|first| first.0.clone()),
        }
    }
}

impl From<&Run> for RunDetail {
    fn from(run: &Run) -> Self {
        let origin = Origin::of_run(run);
        Self {
            run_id: run.id.0.clone(),
            workflow: run.workflow.clone(),
            number: run.number,
            state: run.state,
            paused: run.is_paused(),
            event: run.event.clone(),
            branch: origin.branch,
            actor: origin.actor,
            commit: origin.commit,
            title: origin.title,
            executor: run.executor.clone(),
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            waits_for: None,
            reason: run.reason.clone(),
            cancel_requested_by: run.cancel.clone(),
            rerun: run.rerun.as_deref().map(RerunDetail::from),
            resumed_at: run.resumed_at.clone(),
            jobs: run
                .jobs
                .iter()
                .map(|(id, job)| JobDetail::new(&id.0, job))
                .collect(),
        }
    }
}

impl RunDetail {
    /// Says why it is queued.
    #[must_use]
    pub fn waiting_for(mut self, why: Option<String>) -> Self {
        self.waits_for = why;
        self
    }
}

impl JobDetail {
    /// A job as it is shown.
    pub(crate) fn new(id: &str, job: &Job) -> Self {
        Self {
            id: id.to_owned(),
            job: JobId(id.to_owned()).top().to_owned(),
            parent: job.parent.as_ref().map(|parent| parent.0.clone()),
            group: job.group.is_some(),
            calls: job.calls.clone(),
            continue_on_error: job.continues_on_error(),
            attempt: job.attempt,
            earlier: job.earlier.iter().map(AttemptSummary::from).collect(),
            pauses: job
                .pauses
                .iter()
                .map(|(step, pause)| PauseDetail::new(step, pause))
                .collect(),
            waits_for: (job.claim == Claim::Waiting && !job.state.is_final())
                .then(|| {
                    job.terms
                        .as_ref()?
                        .concurrency
                        .as_ref()
                        .map(|group| group.group.clone())
                })
                .flatten(),
            outputs: job.outputs.clone(),
            reused: job.reused.clone(),
            name: job.name.clone(),
            state: job.state,
            needs: job.needs.iter().map(|need| need.0.clone()).collect(),
            image: job.image.clone(),
            started_at: job.started_at,
            finished_at: job.finished_at,
            reason: job.reason.clone(),
            steps: StepDetail::all(&job.steps),
        }
    }
}

impl PauseDetail {
    fn new(step: &StepId, pause: &Pause) -> Self {
        Self {
            pause: pause.counted(),
            step: step.0.clone(),
            since: pause.since,
            exit_code: pause.exit_code,
            reason: pause.reason.clone(),
            problem: pause.problem.clone(),
        }
    }
}

impl StepDetail {
    fn all(steps: &IndexMap<StepId, Step>) -> Vec<Self> {
        let numbered = steps.iter().enumerate();
        numbered
            .map(|(index, (id, step))| Self::new(index, id, step))
            .collect()
    }

    fn new(index: usize, id: &StepId, step: &Step) -> Self {
        Self {
            index,
            id: id.0.clone(),
            parent: step.parent.as_ref().map(|parent| parent.0.clone()),
            phase: step.phase,
            annotations: step.annotations.clone(),
            summary: step.summary.clone(),
            outputs: step.outputs.clone(),
            name: step.name.clone(),
            state: step.state,
            attempt: step.attempt,
            earlier: step.earlier.iter().map(TryDetail::from).collect(),
            background: step.background,
            waits_for: step.waits_for.iter().map(|step| step.0.clone()).collect(),
            outcome: step.outcome,
            conclusion: step.state.is_final().then_some(step.state),
            exit_code: step.exit_code,
            started_at: step.started_at,
            finished_at: step.finished_at,
            reason: step.reason.clone(),
        }
    }
}

impl LogLine {
    /// A line with the run and job it belongs to.
    pub fn new(run: &str, job: &str, line: &Line) -> Self {
        Self {
            timestamp: line.time,
            run_id: run.to_owned(),
            job: job.to_owned(),
            step: line.step.as_ref().map(|step| step.0.clone()),
            stream: line.source.as_str(),
            line: line.number,
            message: line.text.clone(),
        }
    }
}
