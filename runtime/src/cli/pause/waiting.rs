//! What of a run waits for an answer.

use crate::cli::output::place;
use crate::event::JobState;
use crate::id::{JobId, StepId};
use crate::state::Run;

/// A step that a job is paused at.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Waiting {
    pub(in crate::cli) job: JobId,
    pub(in crate::cli) step: StepId,
    /// Its place among the steps, as people count.
    place: String,
    name: String,
    pub(in crate::cli) exit_code: Option<i32>,
    /// Why it failed, when the exit code does not say it.
    reason: Option<String>,
    /// Why it could not be done again.
    pub(in crate::cli) problem: Option<String>,
}

/// All steps of a run that wait for an answer.
pub(in crate::cli) fn waiting(run: &Run) -> Vec<Waiting> {
    let mut all = Vec::new();
    for (id, job) in &run.jobs {
        for (step, pause) in &job.pauses {
            all.push(Waiting {
                job: id.clone(),
                step: step.clone(),
                place: place(job, step),
                name: job
                    .steps
                    .get(step)
                    .map(|step| step.name.clone())
                    .unwrap_or_default(),
                exit_code: pause.exit_code,
                reason: pause.reason.as_ref().map(|reason| reason.message.clone()),
                problem: pause.problem.as_ref().map(|problem| problem.message.clone()),
            });
        }
    }
    all
}

/// Whether nothing of a run goes on before somebody answers, as far as its history says: other jobs may be about to begin.
pub(in crate::cli) fn stands_still(run: &Run) -> bool {
    let moves =
        |job: &crate::state::Job| job.state == JobState::Running && job.group.is_none() && !job.is_paused();
    !run.state.is_final() && !run.jobs.values().any(moves)
}

impl Waiting {
    /// Whether it is the step of this number, as people count, or of this name; or of this id, with `@` before it.
    pub(in crate::cli) fn is_step(&self, named: &str) -> bool {
        let place = self
            .place
            .split_once('/')
            .map_or(self.place.as_str(), |(place, _)| place);
        named == place || named.strip_prefix('@') == Some(self.step.0.as_str()) || named == self.name
    }

    /// It in one line.
    pub(in crate::cli) fn line(&self) -> String {
        let Self { job, place, name, .. } = self;
        let why = match (&self.reason, self.exit_code) {
            (Some(reason), _) => format!(": {reason}"),
            (None, Some(code)) => format!(": exit code {code}"),
            (None, None) => String::new(),
        };
        format!("job {job} is paused at step {place}, {name}{why}")
    }

    /// What programs get of it.
    pub(in crate::cli) fn to_json(&self) -> serde_json::Value {
        let mut all = serde_json::json!({ "job": self.job.0, "step": self.step.0, "name": self.name });
        if let Some(fields) = all.as_object_mut() {
            let mut put = |name: &str, value: Option<serde_json::Value>| {
                if let Some(value) = value {
                    fields.insert(name.to_owned(), value);
                }
            };
            put("exitCode", self.exit_code.map(Into::into));
            put("reason", self.reason.clone().map(Into::into));
            put("problem", self.problem.clone().map(Into::into));
        }
        all
    }
}

/// The commands that answer from elsewhere, each with a word for it.
pub(in crate::cli) fn commands(run: &Run) -> Vec<(&'static str, String)> {
    let command = |word: &str| format!("loom-runtime {word} {}", run.id);
    vec![
        ("retry", command("retry")),
        ("skip", command("skip")),
        ("end", command("end")),
    ]
}
