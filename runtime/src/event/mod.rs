//! What can happen to a run: one versioned enum, the only source of its state.
//!
//! Events are facts in the past tense; intents (`jobStarting`, `stepStarted`) are written before the effect they
//! announce, so that a crash between the two leaves a trace. Types and fields only grow. The JSON form is documented in
//! `docs/events.md`.

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod about;
mod states;

use crate::executor::Owner;
use crate::id::{JobId, RunId, StepId};

use about::is_false;
pub use about::{
    Annotation, AnnotationLevel, Brought, ConcurrencyGroup, GroupRules, JobOutline, JobTerms, OnCrash,
    Outputs, PauseAnswer, Phase, Reason, Rerun, ReusedFrom, ReusedJob, RunOptions, RunSource, SourceFile,
    StepOutline, WorkflowRef,
};
pub use states::{JobState, PAUSED, RunState, StepState};

/// The version of the JSON form of events.
pub const VERSION: u32 = 1;

/// The place of an event in its run, from 1, without holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// An event as the journal holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The run it belongs to.
    pub run: RunId,
    /// Its place there.
    pub seq: Seq,
    /// When it was written, by the owner's clock.
    pub time: Timestamp,
    /// What happened.
    pub event: Event,
}

impl Recorded {
    /// The documented JSON form: `{"v":1,"seq","time","runId","type",…}`.
    ///
    /// # Errors
    /// Only if an event's own fields cannot be written as JSON, which no event allows.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut all = Map::new();
        all.insert("v".into(), VERSION.into());
        all.insert("seq".into(), self.seq.0.into());
        all.insert("time".into(), self.time.to_string().into());
        all.insert("runId".into(), self.run.0.clone().into());
        if let Value::Object(fields) = serde_json::to_value(&self.event)? {
            all.extend(fields);
        }
        Ok(Value::Object(all))
    }
}

/// Something that happened to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// The run exists: what it is, what it will do, who owns it.
    RunCreated {
        /// The workflow it runs.
        workflow: WorkflowRef,
        /// The event that triggered it (GitHub's word, e.g. `push`).
        event: String,
        /// Where its jobs run: `docker` or `host`.
        executor: String,
        /// What the death of its owner means.
        on_crash: OnCrash,
        /// The process that runs it.
        owner: Owner,
        /// The project directory.
        workspace: String,
        /// Its jobs, in the order of the file.
        jobs: Vec<JobOutline>,
        /// With which runs it does not run at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        concurrency: Option<ConcurrencyGroup>,
        /// What it was made from. Absent in histories of the first version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Box<RunSource>>,
        /// Which run of its workflow's file it is, from 1; all attempts of a run have the same. Absent in older histories.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
        /// What it goes back to, when it is another attempt at a run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rerun: Option<Box<Rerun>>,
    },
    /// Its owner began to work on it.
    RunStarted,
    /// A job turned out to be several: the combinations of its matrix, or the jobs of the workflow that it calls. It is done
    /// when they are.
    JobExpanded {
        /// The job.
        job: JobId,
        /// How they run beside each other.
        rules: GroupRules,
        /// Each of them, in order.
        jobs: Vec<JobOutline>,
    },
    /// A job's needs are done and its `if` holds; it will start as soon as there is room.
    JobQueued {
        /// The job.
        job: JobId,
        /// What was found when it was judged.
        #[serde(default)]
        terms: JobTerms,
    },
    /// A job or the run asked for its concurrency group.
    ConcurrencyClaimed {
        /// The job; absent for the run itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobId>,
        /// The group.
        group: String,
        /// Whether it has it now; else it waits for it.
        held: bool,
    },
    /// A job failed and will be tried again.
    JobRetrying {
        /// The job.
        job: JobId,
        /// The attempt that comes, from 2.
        attempt: u32,
        /// Not before this time.
        until: Timestamp,
        /// How the attempt before ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<JobState>,
        /// Why, when the steps do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// A job is to end though the run goes on.
    JobCancelRequested {
        /// The job.
        job: JobId,
        /// Why.
        reason: Reason,
        /// Who ordered it, where somebody did: as of [`Event::CancelRequested`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A step was planned beside those as written: one of a composite action, or what an action does before or after the job.
    StepPlanned {
        /// The job.
        job: JobId,
        /// Which step, and where it belongs.
        #[serde(flatten)]
        outline: StepOutline,
    },
    /// Intent: a place for the job is about to be made under this name while its needs still run.
    JobPreparing {
        /// The job.
        job: JobId,
        /// From 1.
        attempt: u32,
        /// What the job's container, directory and processes are named by.
        resource: String,
    },
    /// Intent: a place for the job is about to be made, under this name.
    JobStarting {
        /// The job.
        job: JobId,
        /// From 1.
        attempt: u32,
        /// What the job's container, directory and processes are named by.
        resource: String,
    },
    /// The job's place is there; its steps follow.
    JobStarted {
        /// The job.
        job: JobId,
    },
    /// Intent: the step is about to run.
    StepStarted {
        /// The job.
        job: JobId,
        /// Which one.
        step: StepId,
        /// What people call it, now that it was evaluated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Whether the steps behind it, or beside it in a `parallel`, do not wait for its end.
        #[serde(default, skip_serializing_if = "is_false")]
        background: bool,
        /// The background steps that it waits for, or ends.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        waits_for: Vec<StepId>,
    },
    /// An attempt at a step failed, and the step is tried again. What the attempt left in its command files is gone with it.
    StepRetrying {
        /// The job.
        job: JobId,
        /// The step.
        step: StepId,
        /// The attempt that comes, from 2.
        attempt: u32,
        /// How many there are at most.
        attempts: u32,
        /// How long it waits for that one, in milliseconds.
        delay_ms: u64,
        /// The code the process of the failed attempt exited with, when it exited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// The signal that ended it, when one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// Why it failed, when the exit code does not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// From the attempt's start to its end, in milliseconds.
        duration_ms: u64,
    },
    /// The step said something of a place in a file.
    Annotated {
        /// The job.
        job: JobId,
        /// The step.
        step: StepId,
        /// What it said.
        annotation: Annotation,
    },
    /// The step wrote a summary for people, in Markdown.
    Summarized {
        /// The job.
        job: JobId,
        /// The step.
        step: StepId,
        /// The text, at most 1 MiB.
        text: String,
    },
    /// Lines of the job's log could not be kept.
    LogLost {
        /// The job.
        job: JobId,
        /// How many.
        lines: u64,
        /// Why.
        reason: Reason,
    },
    /// The step ended.
    StepFinished {
        /// The job.
        job: JobId,
        /// Which one.
        step: StepId,
        /// Before `continue-on-error`.
        outcome: StepState,
        /// After `continue-on-error`.
        conclusion: StepState,
        /// The code its process exited with, when it exited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// The signal that ended it, when one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// Why it ended so, when the exit code does not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// From start to end, in milliseconds.
        duration_ms: u64,
        /// What it gave, masked.
        #[serde(default, skip_serializing_if = "Outputs::is_empty")]
        outputs: Outputs,
    },
    /// The step failed, and the job waits there for somebody to say how it goes on: the step has not ended. Once more with
    /// `problem` when it was to be done again and could not be.
    JobPaused {
        /// The job.
        job: JobId,
        /// The step that failed.
        step: StepId,
        /// Which pause of the job it is, from 1; 0 in histories that do not count them.
        #[serde(default, skip_serializing_if = "is_zero")]
        pause: u32,
        /// The code its process exited with, when it exited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// The signal that ended it, when one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// Why it failed, when the exit code does not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// Why it could not be done again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Reason>,
    },
    /// Somebody said how a paused step goes on. A cancel ends a pause without a word of it: the step's end follows.
    JobResumed {
        /// The job.
        job: JobId,
        /// The step.
        step: StepId,
        /// How it goes on.
        answer: PauseAnswer,
        /// The file that it is done again from, where its text is another one than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Box<SourceFile>>,
    },
    /// Processes that steps had left running were ended with their job.
    LeftoversKilled {
        /// The job.
        job: JobId,
        /// Each as `pid name`.
        processes: Vec<String>,
    },
    /// The place of a job that is over was kept as it is, for people who look into it.
    JobKept {
        /// The job.
        job: JobId,
        /// The attempt that had it.
        attempt: u32,
        /// What its container, directory and network are named by.
        resource: String,
    },
    /// Something that the job held could not be removed. The next start looks for it.
    RemainsLeft {
        /// The job.
        job: JobId,
        /// What is left, and why.
        reason: Reason,
    },
    /// The job reached its final state.
    JobFinished {
        /// The job.
        job: JobId,
        /// The state.
        state: JobState,
        /// Why, when the steps do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// What it tells the jobs that need it. Those that hold a secret are left out.
        #[serde(default, skip_serializing_if = "Outputs::is_empty")]
        outputs: Outputs,
        /// Where it ran, when it did not run in this attempt of its run but in an earlier one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reused: Option<ReusedFrom>,
    },
    /// Somebody asked to cancel the run.
    CancelRequested {
        /// Who or what: `ctrl-c`, `sigterm`, `api`, `concurrency` (a newer run of its group).
        by: String,
        /// Whether the steps' grace is skipped: somebody asked for it before.
        #[serde(default, skip_serializing_if = "is_false")]
        force: bool,
    },
    /// The process that owned the run is dead; from here on this one appends to it.
    RunTakenOver {
        /// The new owner.
        owner: Owner,
        /// The dead one. Absent in older histories.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Owner>,
        /// Whether the new owner goes on with the run; else it ends it.
        #[serde(default, skip_serializing_if = "is_false")]
        resumes: bool,
    },
    /// The run reached its final state.
    RunFinished {
        /// The state.
        state: RunState,
        /// Why, when the jobs do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// Something that a newer Loom wrote and this one has no word for: its JSON as it stands, `type` included. It changes
    /// no state.
    #[serde(untagged)]
    Opaque(Map<String, Value>),
}

/// The types that this version understands: JSON of one of these that cannot be read is damaged, not newer.
const KNOWN: [&str; 26] = [
    "runCreated",
    "runStarted",
    "jobExpanded",
    "jobQueued",
    "concurrencyClaimed",
    "jobRetrying",
    "jobCancelRequested",
    "jobPreparing",
    "jobStarting",
    "jobStarted",
    "stepPlanned",
    "annotated",
    "summarized",
    "logLost",
    "stepStarted",
    "stepRetrying",
    "stepFinished",
    "jobPaused",
    "jobResumed",
    "leftoversKilled",
    "jobKept",
    "remainsLeft",
    "jobFinished",
    "cancelRequested",
    "runTakenOver",
    "runFinished",
];

impl Event {
    /// Reads the JSON form of an event. A type that this version does not know becomes [`Event::Opaque`].
    ///
    /// # Errors
    /// When it is no JSON, names no type, or lacks what its type has.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let event = serde_json::from_str(text)?;
        let Self::Opaque(fields) = &event else {
            return Ok(event);
        };
        match fields.get("type").and_then(Value::as_str) {
            None => Err(serde_json::Error::missing_field("type")),
            Some(known) if KNOWN.contains(&known) => Err(serde_json::Error::custom(format!(
                "its fields are not those of the type `{known}`"
            ))),
            Some(_) => Ok(event),
        }
    }

    /// The job the event is about, if it is about one.
    pub fn job(&self) -> Option<&JobId> {
        match self {
            Self::JobQueued { job, .. }
            | Self::JobExpanded { job, .. }
            | Self::JobRetrying { job, .. }
            | Self::JobCancelRequested { job, .. }
            | Self::StepPlanned { job, .. }
            | Self::Annotated { job, .. }
            | Self::Summarized { job, .. }
            | Self::LogLost { job, .. }
            | Self::JobPreparing { job, .. }
            | Self::JobStarting { job, .. }
            | Self::JobStarted { job }
            | Self::StepStarted { job, .. }
            | Self::StepRetrying { job, .. }
            | Self::StepFinished { job, .. }
            | Self::JobPaused { job, .. }
            | Self::JobResumed { job, .. }
            | Self::LeftoversKilled { job, .. }
            | Self::JobKept { job, .. }
            | Self::RemainsLeft { job, .. }
            | Self::JobFinished { job, .. } => Some(job),
            Self::ConcurrencyClaimed { job, .. } => job.as_ref(),
            Self::RunCreated { .. }
            | Self::RunStarted
            | Self::CancelRequested { .. }
            | Self::RunTakenOver { .. }
            | Self::RunFinished { .. }
            | Self::Opaque(_) => None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_json_form_is_flat_versioned_and_camel_case() {
        let recorded = Recorded {
            run: RunId("r1".into()),
            seq: Seq(7),
            time: Timestamp::from_millis(0),
            event: Event::StepFinished {
                job: JobId("build".into()),
                step: StepId::at(1).inner(0),
                outcome: StepState::Failure,
                conclusion: StepState::Failure,
                exit_code: Some(2),
                signal: None,
                reason: None,
                duration_ms: 12,
                outputs: Outputs::new(),
            },
        };
        assert_eq!(
            recorded.to_json().unwrap(),
            json!({"v":1,"seq":7,"time":"1970-01-01T00:00:00.000Z","runId":"r1","type":"stepFinished","job":"build",
                "step":"1.0","outcome":"failure","conclusion":"failure","exitCode":2,"durationMs":12})
        );
    }

    #[test]
    fn a_type_of_a_newer_loom_is_opaque_and_is_told_as_it_was_written() {
        let text = r#"{"type":"jobPostponed","job":"a","until":{"clock":"noon"}}"#;
        let event = Event::from_json(text).unwrap();
        assert!(matches!(event, Event::Opaque(_)), "{event:?}");
        let recorded = Recorded {
            run: RunId("r".into()),
            seq: Seq(3),
            time: Timestamp::from_millis(0),
            event,
        };
        assert_eq!(
            recorded.to_json().unwrap(),
            json!({"v":1,"seq":3,"time":"1970-01-01T00:00:00.000Z","runId":"r","type":"jobPostponed","job":"a",
                "until":{"clock":"noon"}})
        );
    }

    #[test]
    fn a_known_type_with_damaged_fields_is_no_newer_event() {
        for known in KNOWN.iter().filter(|known| **known != "runStarted") {
            let error = Event::from_json(&json!({ "type": known }).to_string()).unwrap_err();
            assert!(error.to_string().contains(known), "{error}");
        }
        assert!(Event::from_json(r#"{"job":"a"}"#).is_err());
        assert!(Event::from_json("\"x\"").is_err());
    }

    #[test]
    fn steps_of_the_first_version_are_numbers_and_mean_the_same() {
        for text in [
            r#"{"type":"stepStarted","job":"a","step":2}"#,
            r#"{"type":"stepStarted","job":"a","step":"2"}"#,
        ] {
            let Event::StepStarted { step, name, .. } = Event::from_json(text).unwrap() else {
                panic!("{text}")
            };
            assert_eq!((step, name), (StepId::at(2), None));
        }
        assert!(Event::from_json(r#"{"type":"stepStarted","job":"a","step":true}"#).is_err());
    }

    #[test]
    fn a_history_of_the_first_version_can_be_read() {
        let lines = [
            r#"{"type":"runCreated","workflow":{"name":"w","file":"w.yml"},"event":"push","executor":"docker",
                "onCrash":"cleanUp","owner":{"instance":"i","boot":"b","pid":1,"started":2},"workspace":"/w",
                "jobs":[{"id":"a","name":"a","needs":["b"],"image":"debian","steps":["one"],
                    "skip":{"code":"needs","message":"m"}}]}"#,
            r#"{"type":"jobQueued","job":"a"}"#,
            r#"{"type":"stepFinished","job":"a","step":0,"outcome":"success","conclusion":"success","exitCode":0,
                "durationMs":3}"#,
            r#"{"type":"jobFinished","job":"a","state":"success"}"#,
        ];
        for line in lines {
            assert!(
                !matches!(Event::from_json(line).unwrap(), Event::Opaque(_)),
                "{line}"
            );
        }
        let Event::RunCreated { source, jobs, .. } = Event::from_json(lines[0]).unwrap() else {
            panic!()
        };
        assert!(source.is_none() && jobs[0].terms.is_none() && jobs[0].skip.is_some());
    }

    #[test]
    fn what_is_not_known_is_not_written() {
        let job = JobId("a".into());
        let queued = Event::JobQueued {
            job: job.clone(),
            terms: JobTerms::default(),
        };
        assert_eq!(
            serde_json::to_value(&queued).unwrap(),
            json!({"type":"jobQueued","job":"a","terms":{}})
        );
        let planned = Event::StepPlanned {
            job: job.clone(),
            outline: StepOutline {
                step: StepId::at(1).post(),
                parent: None,
                name: "Post Run x".into(),
                phase: Phase::Post,
            },
        };
        let text = serde_json::to_value(&planned).unwrap();
        assert_eq!(
            text,
            json!({"type":"stepPlanned","job":"a","step":"post-1","name":"Post Run x","phase":"post"})
        );
        assert_eq!(Event::from_json(&text.to_string()).unwrap(), planned);
        let claimed = Event::ConcurrencyClaimed {
            job: None,
            group: "g".into(),
            held: true,
        };
        assert_eq!(
            serde_json::to_value(&claimed).unwrap(),
            json!({"type":"concurrencyClaimed","group":"g","held":true})
        );
        assert_eq!((claimed.job(), planned.job()), (None, Some(&job)));
    }

    #[test]
    fn the_documentation_has_a_row_for_each_type_and_no_other() {
        let page = include_str!("../../../docs/events.md");
        let table = page.split("| type | further fields | says |").nth(1).unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let mut documented: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        let mut known = KNOWN.to_vec();
        documented.sort_unstable();
        known.sort_unstable();
        assert_eq!(documented, known);
    }

    #[test]
    fn words_of_states_are_those_of_the_wire() {
        assert_eq!(
            serde_json::to_value(RunState::Cancelled).unwrap(),
            json!("cancelled")
        );
        assert_eq!(JobState::Waiting.as_str(), "waiting");
        assert!(StepState::Lost.is_final() && !StepState::Running.is_final());
    }
}
