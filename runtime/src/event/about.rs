//! What events tell of runs, jobs and steps.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::config::{Keep, WorkspaceMode};
use crate::context::RunFacts;
use crate::event::JobState;
use crate::id::{JobId, RunId, StepId};

/// Which workflow a run executes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRef {
    /// Its `name:`, else the file's stem.
    pub name: String,
    /// The file, relative to the project where it lies inside.
    pub file: String,
}

/// A job as the run will execute it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobOutline {
    /// Its key.
    pub id: JobId,
    /// Its display name.
    pub name: String,
    /// The jobs it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<JobId>,
    /// The job that brought it: with its matrix, or by calling its workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<JobId>,
    /// The workflow that it calls instead of having steps, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<String>,
    /// The image it runs in, when that is known beforehand; absent on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The display names of its steps as written. The id of each is its place, from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// Why it will be skipped whatever its needs come to. Written by the first version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<Reason>,
    /// What is known once it was judged: for a combination of a matrix from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<JobTerms>,
}

/// What was found when a job was judged: it may run, and so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobTerms {
    /// What people call it, evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The image it runs in; absent on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether its failure leaves the run a success.
    #[serde(default, skip_serializing_if = "is_false")]
    pub continue_on_error: bool,
    /// Whether it runs though the run is cancelled: its `if` says so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub survives_cancel: bool,
    /// With whom it does not run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<ConcurrencyGroup>,
    /// How often it is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// A group of which only one runs at a time, across all runs of a state directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConcurrencyGroup {
    /// Its name, without regard to case.
    pub group: String,
    /// Whether a new one ends the one that runs.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cancel_in_progress: bool,
    /// Whether many wait in order, instead of the newest alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub queue_all: bool,
}

/// How the instances of a job run beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRules {
    /// Whether a failure cancels the others.
    pub fail_fast: bool,
    /// How many run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<usize>,
}

/// Values by name, in the order in which they were set.
pub type Outputs = IndexMap<String, String>;

/// In which part of its job a step runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// What an action does before the job's first step.
    Pre,
    /// As written.
    #[default]
    Main,
    /// What an action does at the end of the job.
    Post,
}

/// Where a step belongs that was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepOutline {
    /// Which one.
    pub step: StepId,
    /// The step that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<StepId>,
    /// What people call it.
    pub name: String,
    /// When it runs.
    #[serde(default)]
    pub phase: Phase,
}

/// Something that a step said of a place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// How bad it is.
    pub level: AnnotationLevel,
    /// What it says.
    pub message: String,
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The file, as the step named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
}

/// How bad an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationLevel {
    /// Worth to know.
    Notice,
    /// May be wrong.
    Warning,
    /// Is wrong.
    Error,
}

/// What a run was made from: all that is needed to evaluate it again. Never secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSource {
    /// The workflow's file first, then those that it calls.
    pub files: Vec<SourceFile>,
    /// The event, and where in git it happened: what the `github` context is made of.
    pub facts: RunFacts,
    /// The `inputs` context.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub inputs: serde_json::Map<String, serde_json::Value>,
    /// The `vars` context.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub vars: IndexMap<String, String>,
    /// Variables of all steps that were given with the run.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, String>,
    /// Names of the secrets that it was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// What was chosen for it.
    pub options: RunOptions,
}

/// The text of a file that a run was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceFile {
    /// As it is named where it is used: the path, or `owner/repository/path@version`.
    pub name: String,
    /// Whether it is of Loom's dialect; else of GitHub's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_loom: bool,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
    /// Its text.
    pub text: String,
    /// The commit it was read at, for one of another repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Another attempt at a run that has ended: what it was made from, and which jobs of it are reused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rerun {
    /// The attempt that it was made from.
    pub of: RunId,
    /// The first attempt: all of them have its `github.run_id` and its number.
    pub first: RunId,
    /// Which attempt it is, from 2.
    pub attempt: u32,
    /// Whether only what failed runs again, with what needs it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failed: bool,
    /// The jobs that run again, with what needs them. None, and not only what failed: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobId>,
    /// Whether the workflow's files were read anew; else it has the texts of the attempt that it was made from.
    #[serde(default, skip_serializing_if = "is_false")]
    pub current_files: bool,
    /// The jobs that do not run again, with how they went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reused: Vec<ReusedJob>,
}

/// A job that does not run again: how it went in an earlier attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReusedJob {
    /// Which one.
    pub job: JobId,
    /// What it has to be called to be the same: for one combination of a matrix, which may be another one now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it ran.
    pub from: ReusedFrom,
    /// How it ended.
    pub state: JobState,
    /// Why, when its steps did not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What it tells the jobs that need it.
    #[serde(default, skip_serializing_if = "Outputs::is_empty")]
    pub outputs: Outputs,
    /// What was found when it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<JobTerms>,
    /// The jobs that it brought, which are reused too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought: Option<Brought>,
}

/// The jobs that a reused job brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brought {
    /// How they ran beside each other.
    pub rules: GroupRules,
    /// Each of them, in order.
    pub jobs: Vec<JobOutline>,
}

/// Where a job ran that another attempt of its run reuses: there are its steps and its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReusedFrom {
    /// The run.
    #[schema(value_type = String)]
    pub run: RunId,
    /// Which attempt that is, from 1.
    pub attempt: u32,
    /// The attempt of the job within that run, from 1; 0 when it did not start.
    #[serde(default)]
    pub job_attempt: u32,
}

/// What was chosen for a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunOptions {
    /// Whether jobs run on this machine instead of in containers.
    pub on_host: bool,
    /// Images by label, before the built-in table; later entries win.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<(String, String)>,
    /// When to pull images.
    pub pull: crate::executor::PullPolicy,
    /// Jobs at the same time, at most.
    pub parallel: usize,
    /// Only these jobs and what they need; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<String>,
    /// Only combinations of matrices with these values: the same key is or, different keys are and.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matrix: Vec<(String, String)>,
    /// Where the workspace of a job is.
    pub workspace_mode: WorkspaceMode,
    /// Whether a job stops at a step that fails, until somebody says how it goes on.
    #[serde(skip_serializing_if = "is_false")]
    pub pause_on_failure: bool,
    /// Whose place stays when its job is done.
    #[serde(skip_serializing_if = "Keep::is_never")]
    pub keep: Keep,
    /// Nothing is fetched from elsewhere.
    pub offline: bool,
    /// Only what is in the lock file is used.
    pub frozen: bool,
    /// Folders that stand for actions and workflows of other repositories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_overrides: Vec<(String, String)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde wants")]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}

/// How a step goes on that a job is paused at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PauseAnswer {
    /// It is done again, as its file has it now.
    Retry,
    /// It counts as skipped; the steps behind it go on as if nothing had failed.
    Skip,
    /// It has failed; the job goes on as it would have without a pause.
    End,
}

impl PauseAnswer {
    /// The word on the wire and on the screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::End => "end",
        }
    }
}

/// What the death of a run's owner means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnCrash {
    /// The next Loom on this state directory ends it as lost and removes what it left.
    CleanUp,
    /// The next `serve` on this state directory goes on with it, or whoever is asked to.
    Resume,
}

/// Why something ended the way it did: a stable word for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// A stable word: `needs`, `timeout`, `panic`, `image`, `setup`, `session-lost`, `owner-died`, `cancelled`, …
    pub code: String,
    /// What happened.
    pub message: String,
}

impl Reason {
    /// A reason from its two parts.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}
