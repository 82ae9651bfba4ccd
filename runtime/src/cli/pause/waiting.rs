//! What of a run waits for an answer.

use loom_protocol::Timestamp;

use crate::cli::output::place;
use crate::engine::{Engine, EngineError};
use crate::event::{ConcurrencyGroup, JobState, PauseAnswer};
use crate::id::{JobId, RunId, StepId};
use crate::state::{Claim, Job, Run};

/// A step that a job is paused at.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Waiting {
    pub(in crate::cli) job: JobId,
    pub(in crate::cli) step: StepId,
    /// Which pause of the job it is, where that is counted.
    pause: Option<u32>,
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
                pause: pause.counted(),
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

/// Whether nothing of a run goes on before somebody answers, as far as its history says: other jobs may be about to begin,
/// and some are tried again later ([`tried_again_at`]).
pub(in crate::cli) fn stands_still(run: &Run) -> bool {
    let moves = |job: &Job| {
        let runs = job.state == JobState::Running && job.group.is_none();
        (runs && (!job.is_paused() || job.goes_on_beside_pauses())) || waits_for_others(run, job)
    };
    !run.state.is_final() && !run.jobs.values().any(moves)
}

/// When the last of the jobs that are to be tried again may begin.
pub(in crate::cli) fn tried_again_at(run: &Run) -> Option<Timestamp> {
    let queued = run.jobs.values().filter(|job| job.state == JobState::Queued);
    queued.filter_map(|job| job.retry_at).max()
}

/// Whether another run has the concurrency group that a job waits for. What this run has itself comes free by an answer
/// alone, where nothing else of it moves.
fn waits_for_others(run: &Run, job: &Job) -> bool {
    let Some(group) = group_of(job).filter(|_| job.claim == Claim::Waiting && !job.state.is_final()) else {
        return false;
    };
    let of_run = run.concurrency.as_ref().filter(|_| run.claim == Claim::Held);
    let of_jobs = run
        .jobs
        .values()
        .filter(|other| other.claim == Claim::Held && !other.state.is_final())
        .filter_map(group_of);
    !of_run
        .into_iter()
        .chain(of_jobs)
        .any(|held| held.group.to_lowercase() == group.group.to_lowercase())
}

fn group_of(job: &Job) -> Option<&ConcurrencyGroup> {
    job.terms.as_ref()?.concurrency.as_ref()
}

impl Waiting {
    /// Whether it is the step of this number, as people count, or of this name; or of this id, with `@` before it.
    pub(in crate::cli) fn is_step(&self, named: &str) -> bool {
        is_step(named, (&self.step, &self.place, &self.name))
    }

    /// Says how it goes on; nothing happens where it is in another pause by now.
    ///
    /// # Errors
    /// When the order cannot be left for the run's owner.
    pub(in crate::cli) async fn answer(
        &self,
        engine: &Engine,
        run: &RunId,
        answer: PauseAnswer,
    ) -> Result<(), EngineError> {
        engine
            .answer_step(run, &self.job, &self.step, self.pause, answer)
            .await
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
        let pause = self.pause;
        if let Some(fields) = all.as_object_mut() {
            let mut put = |name: &str, value: Option<serde_json::Value>| {
                if let Some(value) = value {
                    fields.insert(name.to_owned(), value);
                }
            };
            put("pause", pause.map(Into::into));
            put("exitCode", self.exit_code.map(Into::into));
            put("reason", self.reason.clone().map(Into::into));
            put("problem", self.problem.clone().map(Into::into));
        }
        all
    }
}

/// Whether a step with this id, place and name is the one that is named.
pub(super) fn is_step(named: &str, (id, place, name): (&StepId, &str, &str)) -> bool {
    let place = place.split_once('/').map_or(place, |(place, _)| place);
    named == place || named.strip_prefix('@') == Some(id.0.as_str()) || named == name
}

/// The commands that answer from elsewhere, or look around first, each with a word for it.
pub(in crate::cli) fn commands(run: &Run) -> Vec<(&'static str, String)> {
    let command = |word: &str| format!("loom-runtime {word} {}", run.id);
    let mut commands = vec![
        ("retry", command("retry")),
        ("skip", command("skip")),
        ("end", command("end")),
    ];
    // A shell is in one place.
    if let Some(first) = waiting(run).first() {
        commands.push(("shell", format!("{} {}", command("shell"), first.job)));
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, JobOutline, JobTerms, OnCrash, Recorded, Seq, WorkflowRef};
    use crate::executor::Owner;

    fn recorded(seq: u64, event: Event) -> Recorded {
        Recorded {
            run: RunId("r".into()),
            seq: Seq(seq),
            time: Timestamp::from_millis(0),
            event,
        }
    }

    fn id(job: &str) -> JobId {
        JobId(job.into())
    }

    /// A run of the jobs `a`, which is paused, and `b`; then these happened.
    fn run(events: Vec<Event>) -> Run {
        let outline = |job: &str| JobOutline {
            id: id(job),
            name: job.into(),
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
            jobs: ["a", "b"].map(outline).to_vec(),
            concurrency: None,
            source: None,
            number: None,
            rerun: None,
        };
        let mut run = Run::create(&recorded(1, created)).unwrap();
        let paused = vec![
            queued("a"),
            claimed("a", true),
            starting("a"),
            Event::JobPaused {
                job: id("a"),
                step: StepId("s".into()),
                pause: 1,
                exit_code: Some(1),
                signal: None,
                reason: None,
                problem: None,
            },
        ];
        for (seq, event) in (2..).zip(paused.into_iter().chain(events)) {
            run.apply(&recorded(seq, event)).unwrap();
        }
        run
    }

    fn queued(job: &str) -> Event {
        in_group(job, "of a")
    }

    fn in_group(job: &str, group: &str) -> Event {
        Event::JobQueued {
            job: id(job),
            terms: JobTerms {
                concurrency: Some(ConcurrencyGroup {
                    group: group.into(),
                    cancel_in_progress: false,
                    queue_all: false,
                }),
                ..JobTerms::default()
            },
        }
    }

    fn claimed(job: &str, held: bool) -> Event {
        Event::ConcurrencyClaimed {
            job: Some(id(job)),
            group: String::new(),
            held,
        }
    }

    fn starting(job: &str) -> Event {
        Event::JobStarting {
            job: id(job),
            attempt: 1,
            resource: "x".into(),
        }
    }

    #[test]
    fn what_goes_on_without_an_answer_moves() {
        assert!(stands_still(&run(Vec::new())));
        assert!(stands_still(&run(vec![in_group("b", "of others")])));
        assert!(!stands_still(&run(vec![queued("b"), starting("b")])));
    }

    #[test]
    fn a_job_of_which_one_of_two_paused_steps_was_answered_moves() {
        let pause = |step: &str| Event::JobPaused {
            job: id("a"),
            step: StepId(step.into()),
            pause: 2,
            exit_code: Some(1),
            signal: None,
            reason: None,
            problem: None,
        };
        let started = |step: &str, waits_for: Vec<StepId>| Event::StepStarted {
            job: id("a"),
            step: StepId(step.into()),
            name: None,
            background: waits_for.is_empty(),
            waits_for,
        };
        let both = vec![
            started("s", Vec::new()),
            started("t", Vec::new()),
            pause("t"),
            started("wait", vec![StepId("s".into()), StepId("t".into())]),
        ];
        assert!(stands_still(&run(both.clone())));
        let resumed = Event::JobResumed {
            job: id("a"),
            step: StepId("t".into()),
            answer: PauseAnswer::Retry,
            file: None,
        };
        let going = [both, vec![resumed]].concat();
        assert!(!stands_still(&run(going.clone())), "it is about to begin anew");
        let again = [going, vec![started("t", Vec::new())]].concat();
        assert!(!stands_still(&run(again.clone())));
        assert!(stands_still(&run([again, vec![pause("t")]].concat())));
    }

    #[test]
    fn a_job_that_waits_for_another_run_moves_and_one_that_waits_for_the_paused_job_does_not() {
        assert!(!stands_still(&run(vec![
            in_group("b", "of others"),
            claimed("b", false)
        ])));
        assert!(stands_still(&run(vec![
            in_group("b", "OF A"),
            claimed("b", false)
        ])));
    }

    #[test]
    fn it_is_known_until_when_a_job_waits_to_be_tried_again() {
        assert_eq!(tried_again_at(&run(Vec::new())), None);
        let until = Timestamp::from_millis(5000);
        let retrying = Event::JobRetrying {
            job: id("b"),
            attempt: 1,
            until,
            state: None,
            reason: None,
        };
        let mut events = vec![queued("b"), starting("b"), retrying];
        assert_eq!(tried_again_at(&run(events.clone())), Some(until));
        events.push(starting("b"));
        assert_eq!(tried_again_at(&run(events)), None);
    }
}
