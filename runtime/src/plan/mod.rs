//! A run's workflows as they are evaluated while it runs: what becomes of a job once all it needs is done, where it runs,
//! what a called workflow gives.
//!
//! All of it is a function of what the run was made from ([`RunSource`]), its secrets, and its history: no clock, no disk, no
//! actor. So a run can be evaluated again by whoever goes on with it.

mod describe;
mod judge;
mod room;
mod scope;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use loom_workflow::model::Job;
use loom_workflow::{Instance, JobId as Key, Minutes, RetryPlan};

use crate::event::{GroupRules, JobOutline, JobTerms, Outputs, Reason};
use crate::executor::{ContainerSpec, RoomSpec};
use crate::id::JobId;

pub(crate) use describe::{described, first_mistake, step_name};
pub(crate) use judge::{Question, concurrency, judge, outlines};
pub(crate) use room::images;
pub(crate) use scope::{Known, Scope, read_workflow};

/// How long a job may take to end once it is cancelled, where it says nothing: GitHub's five minutes.
pub(crate) const CANCEL_TIME: Duration = Duration::from_secs(5 * 60);

/// A job that runs itself: one instance of it, evaluated.
#[derive(Clone, Debug)]
pub(crate) struct JobPlan {
    /// The workflow that it stands in.
    pub(crate) scope: Arc<Scope>,
    /// Its key there.
    pub(crate) key: Key,
    pub(crate) instance: Instance,
    /// Variables of all its steps: those given with the run below those of the workflow and the job.
    pub(crate) env: IndexMap<String, String>,
    pub(crate) room: RoomSpec,
    pub(crate) services: IndexMap<String, ContainerSpec>,
    pub(crate) timeout: Duration,
    pub(crate) cancel_timeout: Duration,
}

impl JobPlan {
    /// The job as written.
    pub(crate) fn job(&self) -> Option<&Job> {
        self.scope.workflow.jobs.get(&self.key)
    }

    /// How often it is tried, and when.
    pub(crate) fn retry(&self) -> Option<RetryPlan> {
        self.instance.retry
    }

    /// Whether its steps run on this machine.
    pub(crate) fn room_is_host(&self) -> bool {
        matches!(self.room, RoomSpec::Host)
    }

    /// What the folder of the repository is called on GitHub: the last part of its name. None where that cannot be a
    /// file's name.
    pub(crate) fn repository_name(&self) -> Option<String> {
        let github = self.instance.contexts.get("github")?.as_object()?;
        let repository = github.get("repository")?.to_text();
        let name = repository.rsplit('/').next().unwrap_or_default();
        let is_name = !matches!(name, "" | "." | "..") && !name.contains('\0');
        is_name.then(|| name.to_owned())
    }

    /// The label of GitHub's by which a job on this machine asks for another system than it has, with that system's name.
    pub(crate) fn other_system(&self) -> Option<(&str, &'static str)> {
        const OWN: &str = if cfg!(target_os = "macos") {
            "macOS"
        } else {
            "Linux"
        };
        let systems = [("ubuntu", "Linux"), ("macos", "macOS"), ("windows", "Windows")];
        let label = self.instance.labels.first().filter(|_| self.room_is_host())?;
        let folded = label.to_ascii_lowercase();
        let asked = |word: &str| {
            folded
                .strip_prefix(word)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let (_, system) = systems
            .into_iter()
            .find(|(word, system)| asked(word) && *system != OWN)?;
        Some((label, system))
    }

    /// Whether debug messages of steps are shown: the secret or variable `ACTIONS_STEP_DEBUG`, as on GitHub.
    pub(crate) fn is_debug(&self) -> bool {
        const NAME: &str = "ACTIONS_STEP_DEBUG";
        let secret = self.scope.secrets.get(NAME).map(crate::secret::Secret::expose);
        let variable = self.scope.run.vars.get(NAME).map(String::as_str);
        secret.or(variable) == Some("true")
    }

    /// The image it runs in; none on the host.
    pub(crate) fn image(&self) -> Option<&str> {
        match &self.room {
            RoomSpec::Host => None,
            RoomSpec::Image(image) => Some(image),
            RoomSpec::Container(container) => Some(&container.image),
        }
    }
}

/// What becomes of a job.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It does not run.
    Skip(Reason),
    /// Something of it has no value, or its workflow cannot be had.
    Fail(Reason),
    /// It runs.
    Run(JobTerms, Box<JobPlan>),
    /// It brings others.
    Expand(Box<Expansion>),
}

/// The jobs that a job brings.
#[derive(Clone, Debug)]
pub(crate) struct Expansion {
    pub(crate) rules: GroupRules,
    pub(crate) outlines: Vec<JobOutline>,
    /// Those of them that are evaluated already: combinations of a matrix.
    pub(crate) plans: Vec<(JobId, JobPlan)>,
    /// The workflow whose jobs they are, when the job calls one.
    pub(crate) scope: Option<Arc<Scope>>,
}

/// The job's limit, or GitHub's.
fn limit(minutes: Option<Minutes>) -> Duration {
    minutes
        .filter(|minutes| minutes.is_positive())
        .unwrap_or(Minutes::JOB_DEFAULT)
        .as_duration()
}

/// What a called workflow gives, once its jobs are done.
pub(crate) fn called_outputs(scope: &Scope, jobs: &Known) -> Result<Outputs, Reason> {
    let Some(trigger) = scope.workflow.triggers.events.get("workflow_call") else {
        return Ok(Outputs::new());
    };
    let mut contexts = scope.contexts();
    contexts.insert("jobs", jobs.as_value());
    let (outputs, diagnostics) = loom_workflow::called_outputs(trigger, &contexts);
    outputs.ok_or_else(|| Reason::new("evaluation", first_mistake(&diagnostics, &scope.source)))
}
