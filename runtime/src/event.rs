//! What can happen to a run: one versioned enum, the only source of its state.
//!
//! Events are facts in the past tense; intents (`jobStarting`, `stepStarted`) are written before the effect they
//! announce, so that a crash between the two leaves a trace. Types and fields only grow. The JSON form is documented in
//! `docs/events.md`.

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::executor::Owner;
use crate::id::{JobId, RunId};

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
    },
    /// Its owner began to work on it.
    RunStarted,
    /// A job's needs are done; it will start as soon as there is room.
    JobQueued {
        /// The job.
        job: JobId,
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
        /// The step's place in the job, from 0.
        step: u32,
    },
    /// The step ended.
    StepFinished {
        /// The job.
        job: JobId,
        /// The step's place in the job, from 0.
        step: u32,
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
    },
    /// Processes that steps had left running were ended with their job.
    LeftoversKilled {
        /// The job.
        job: JobId,
        /// Each as `pid name`.
        processes: Vec<String>,
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
    },
    /// Somebody asked to cancel the run.
    CancelRequested {
        /// Who or what: `ctrl-c`, `sigterm`, `api`.
        by: String,
        /// Whether the steps' grace is skipped: it was asked for before.
        #[serde(default, skip_serializing_if = "is_false")]
        force: bool,
    },
    /// The process that owned the run is dead; from here on this one appends to it.
    RunTakenOver {
        /// The new owner.
        owner: Owner,
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
const KNOWN: [&str; 13] = [
    "runCreated",
    "runStarted",
    "jobQueued",
    "jobStarting",
    "jobStarted",
    "stepStarted",
    "stepFinished",
    "leftoversKilled",
    "remainsLeft",
    "jobFinished",
    "cancelRequested",
    "runTakenOver",
    "runFinished",
];

fn is_false(flag: &bool) -> bool {
    !flag
}

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
            Self::JobQueued { job }
            | Self::JobStarting { job, .. }
            | Self::JobStarted { job }
            | Self::StepStarted { job, .. }
            | Self::StepFinished { job, .. }
            | Self::LeftoversKilled { job, .. }
            | Self::RemainsLeft { job, .. }
            | Self::JobFinished { job, .. } => Some(job),
            Self::RunCreated { .. }
            | Self::RunStarted
            | Self::CancelRequested { .. }
            | Self::RunTakenOver { .. }
            | Self::RunFinished { .. }
            | Self::Opaque(_) => None,
        }
    }
}

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobOutline {
    /// Its key.
    pub id: JobId,
    /// Its display name.
    pub name: String,
    /// The jobs it waits for.
    pub needs: Vec<JobId>,
    /// The image it runs in; absent on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The display names of its steps.
    pub steps: Vec<String>,
    /// Why it will be skipped whatever its needs come to, when that is sure beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<Reason>,
}

/// What the death of a run's owner means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnCrash {
    /// The next Loom on this state directory ends it as lost and removes what it left.
    CleanUp,
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

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* } final { $($end:ident),* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// Every state, in the order in which they are passed through.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word on the wire and on the screen.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Whether nothing follows.
            pub fn is_final(self) -> bool {
                matches!(self, $(Self::$end)|*)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

states! {
    /// The state of a run.
    RunState {
        /// Created, not begun.
        Queued = "queued",
        /// Its owner works on it.
        Running = "running",
        /// Every job ended well or was skipped on purpose.
        Success = "success",
        /// A job failed.
        Failure = "failure",
        /// Somebody cancelled it.
        Cancelled = "cancelled",
        /// Nothing of it ran.
        Skipped = "skipped",
        /// The machine failed, not the user's command.
        Lost = "lost",
    } final { Success, Failure, Cancelled, Skipped, Lost }
}

states! {
    /// The state of a job.
    JobState {
        /// Its needs are not done.
        Waiting = "waiting",
        /// Its needs are done, it has no place yet.
        Queued = "queued",
        /// It has a place or is getting one.
        Running = "running",
        /// All its steps ended well.
        Success = "success",
        /// A step failed, or its place could not be made.
        Failure = "failure",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It did not run: a need did not succeed.
        Skipped = "skipped",
        /// What it did cannot be known.
        Lost = "lost",
    } final { Success, Failure, Cancelled, Skipped, Lost }
}

states! {
    /// The state of a step.
    StepState {
        /// Those before it are not done.
        Waiting = "waiting",
        /// Its process runs.
        Running = "running",
        /// It exited with 0.
        Success = "success",
        /// It did not.
        Failure = "failure",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It did not run.
        Skipped = "skipped",
        /// What it did cannot be known.
        Lost = "lost",
    } final { Success, Failure, Cancelled, Skipped, Lost }
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
                step: 1,
                outcome: StepState::Failure,
                conclusion: StepState::Failure,
                exit_code: Some(2),
                signal: None,
                reason: None,
                duration_ms: 12,
            },
        };
        assert_eq!(
            recorded.to_json().unwrap(),
            json!({"v":1,"seq":7,"time":"1970-01-01T00:00:00.000Z","runId":"r1","type":"stepFinished","job":"build",
                "step":1,"outcome":"failure","conclusion":"failure","exitCode":2,"durationMs":12})
        );
    }

    #[test]
    fn a_type_of_a_newer_loom_is_opaque_and_is_told_as_it_was_written() {
        let text = r#"{"type":"jobPaused","job":"a","until":{"clock":"noon"}}"#;
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
            json!({"v":1,"seq":3,"time":"1970-01-01T00:00:00.000Z","runId":"r","type":"jobPaused","job":"a",
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
    fn the_documentation_has_a_row_for_each_type_and_no_other() {
        let page = include_str!("../../docs/events.md");
        let table = page.split("| type | further fields | says |").nth(1).unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let mut told: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        let mut known = KNOWN.to_vec();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known);
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
