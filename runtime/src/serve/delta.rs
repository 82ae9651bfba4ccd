//! How a run is told to viewers: whole the first time, and while it is small; then only what changed.
//!
//! The run of 2,000 jobs is 700 kB as JSON. Told whole each time one of its jobs goes on it would be megabytes a second a
//! viewer, and as much work to make.

use std::collections::{BTreeMap, BTreeSet};

use loom_protocol::Timestamp;
use loom_studio::Draft;
use serde::Serialize;

use super::starter::Starter;
use crate::event::{Event, Reason, RunState, WorkflowRef};
use crate::id::{JobId, RunId};
use crate::journal::Origin;
use crate::state::Run;
use crate::view::{JobDetail, RerunDetail, RunDetail};

/// Jobs of a run that is always told whole.
const SMALL: usize = 50;

/// Runs that changed since they were last told, and those of which viewers know the rest.
#[derive(Default)]
pub(super) struct Changes {
    changed: BTreeMap<RunId, Changed>,
    known: BTreeSet<RunId>,
}

/// What changed in a run.
#[derive(Default)]
pub(super) struct Changed {
    jobs: BTreeSet<JobId>,
    /// More than some jobs and what the run says of itself.
    whole: bool,
}

/// What to tell of a run. Made under a lock, written as JSON without it.
pub(super) enum Update {
    Whole(RunDetail),
    Delta(RunDelta),
}

/// A run without the jobs that are as they were: [`RunDetail`] but for that, and for `seq`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunDelta {
    run_id: RunId,
    /// The last event that is in it.
    seq: u64,
    workflow: WorkflowRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    state: RunState,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    event: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    executor: String,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_requested_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerun: Option<RerunDetail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resumed_at: Vec<Timestamp>,
    jobs: Vec<JobDetail>,
}

impl Changes {
    /// Notes what an event changes.
    pub(super) fn note(&mut self, run: &RunId, event: &Event) {
        let changed = match self.changed.get_mut(run) {
            Some(changed) => changed,
            None => self.changed.entry(run.clone()).or_default(),
        };
        match (event.job(), event) {
            (Some(job), _) if changed.jobs.contains(job) => {}
            (Some(job), _) => drop(changed.jobs.insert(job.clone())),
            (
                None,
                Event::RunStarted
                | Event::CancelRequested { .. }
                | Event::RunTakenOver { .. }
                | Event::RunFinished { .. }
                | Event::Opaque(_),
            ) => {}
            (None, _) => changed.whole = true,
        }
    }

    /// The runs that changed, which count as told from now on.
    pub(super) fn take(&mut self) -> BTreeMap<RunId, Changed> {
        std::mem::take(&mut self.changed)
    }

    /// The runs that changed.
    pub(super) fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.changed.keys()
    }

    /// What changed in a run that has ended; it is not told of any more after that.
    pub(super) fn take_ended(&mut self, run: &Run, starter: &Starter) -> Update {
        let changed = self.changed.remove(&run.id).unwrap_or_default();
        let update = self.update(run, &changed, starter);
        self.known.remove(&run.id);
        update
    }

    /// A run is shown no more.
    pub(super) fn forget(&mut self, run: &RunId) {
        self.changed.remove(run);
        self.known.remove(run);
    }

    /// What to tell of a run. Costs what changed, but for the first time.
    pub(super) fn update(&mut self, run: &Run, changed: &Changed, starter: &Starter) -> Update {
        let waits_for = starter.why_queued(run);
        if self.is_whole(run, changed) {
            Update::Whole(RunDetail::from(run).waiting_for(waits_for))
        } else {
            Update::Delta(RunDelta::new(run, &changed.jobs, waits_for))
        }
    }

    fn is_whole(&mut self, run: &Run, changed: &Changed) -> bool {
        let first = !self.known.contains(&run.id) && self.known.insert(run.id.clone());
        first || changed.whole || run.jobs.len() <= SMALL
    }
}

impl RunDelta {
    fn new(run: &Run, jobs: &BTreeSet<JobId>, waits_for: Option<String>) -> Self {
        let job = |id: &JobId| run.jobs.get(id).map(|job| JobDetail::new(&id.0, job));
        let origin = Origin::of_run(run);
        Self {
            run_id: run.id.clone(),
            seq: run.last.0,
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
            waits_for,
            reason: run.reason.clone(),
            cancel_requested_by: run.cancel.clone(),
            rerun: run.rerun.as_deref().map(RerunDetail::from),
            resumed_at: run.resumed_at.clone(),
            jobs: jobs.iter().filter_map(job).collect(),
        }
    }
}

impl Update {
    /// The frame. A delta has no key: a viewer that lags needs all of them, or everything anew.
    pub(super) fn draft(&self, run: &RunId) -> Draft {
        match self {
            Self::Whole(detail) => Draft::new("run:update", Some(&format!("run/{run}")), detail),
            Self::Delta(delta) => Draft::new("run:delta", None, delta),
        }
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::Timestamp;
    use serde_json::Value;

    use super::*;
    use crate::event::{JobOutline, JobTerms, OnCrash, Recorded, Seq};
    use crate::executor::Owner;

    fn recorded(seq: u64, event: Event) -> Recorded {
        Recorded {
            run: RunId("r".into()),
            seq: Seq(seq),
            time: Timestamp::from_millis(0),
            event,
        }
    }

    fn run(jobs: usize) -> Run {
        let outline = |n: usize| JobOutline {
            id: JobId(format!("job-{n}")),
            name: format!("job {n}"),
            steps: vec!["s".into()],
            ..JobOutline::default()
        };
        let created = Event::RunCreated {
            workflow: WorkflowRef {
                name: "ci".into(),
                file: "ci.yml".into(),
            },
            event: "push".into(),
            executor: "host".into(),
            on_crash: OnCrash::CleanUp,
            owner: Owner {
                instance: "i".into(),
                boot: "b".into(),
                pid: 1,
                started: 1,
            },
            workspace: "/w".into(),
            jobs: (0..jobs).map(outline).collect(),
            concurrency: None,
            source: None,
            number: None,
            rerun: None,
        };
        Run::create(&recorded(1, created)).unwrap()
    }

    fn queued(job: &str) -> Event {
        Event::JobQueued {
            job: JobId(job.into()),
            terms: JobTerms::default(),
        }
    }

    /// What an update would be, and the jobs in it.
    fn changed(changes: &mut Changes, run: &Run) -> (bool, Vec<String>) {
        let changed = changes.take().remove(&run.id).unwrap_or_default();
        if changes.is_whole(run, &changed) {
            return (true, Vec::new());
        }
        let delta = serde_json::to_value(RunDelta::new(run, &changed.jobs, None)).unwrap();
        let jobs = delta["jobs"].as_array().unwrap();
        (
            false,
            jobs.iter()
                .map(|job| job["id"].as_str().unwrap().to_owned())
                .collect(),
        )
    }

    #[test]
    fn a_large_run_is_told_whole_once_and_then_by_what_changed() {
        let (run, mut changes) = (run(SMALL + 1), Changes::default());
        assert!(changed(&mut changes, &run).0);
        for job in ["job-3", "job-50", "job-3", "never"] {
            changes.note(&run.id, &queued(job));
        }
        changes.note(&run.id, &Event::RunStarted);
        let jobs = ["job-3", "job-50"].map(str::to_owned).to_vec();
        assert_eq!(changed(&mut changes, &run), (false, jobs));
        changes.note(&run.id, &Event::RunStarted);
        assert_eq!(
            changed(&mut changes, &run),
            (false, vec![]),
            "what was told is not told again"
        );
        changes.forget(&run.id);
        assert!(changed(&mut changes, &run).0);
    }

    #[test]
    fn a_small_run_is_always_told_whole() {
        let (run, mut changes) = (run(SMALL), Changes::default());
        for _ in 0..3 {
            changes.note(&run.id, &queued("job-3"));
            assert!(changed(&mut changes, &run).0);
        }
    }

    #[test]
    fn a_delta_says_of_the_run_all_that_a_whole_one_says() {
        let mut run = run(60);
        let later = [
            Event::RunStarted,
            Event::CancelRequested {
                by: "api".into(),
                force: false,
            },
            Event::RunFinished {
                state: RunState::Cancelled,
                reason: Some(Reason::new("cancelled", "by somebody")),
            },
        ];
        for (n, event) in later.into_iter().enumerate() {
            run.apply(&recorded(n as u64 + 2, event)).unwrap();
        }
        let why = Some("no room".to_owned());
        let mut whole = serde_json::to_value(RunDetail::from(&run).waiting_for(why.clone())).unwrap();
        let jobs = BTreeSet::from([JobId("job-7".into())]);
        let mut delta = serde_json::to_value(RunDelta::new(&run, &jobs, why)).unwrap();
        assert_eq!(delta["seq"], 4);
        assert_eq!(delta["jobs"][0], whole["jobs"][7]);
        let bytes = delta.to_string().len();
        assert!(bytes < 700, "{bytes} bytes for one job of 60");
        for value in [&mut whole, &mut delta] {
            let fields = value.as_object_mut().unwrap();
            fields.remove("jobs");
            fields.remove("seq");
        }
        assert_eq!(delta, whole);
        assert!(matches!(whole, Value::Object(fields) if fields.len() == 11));
    }
}
