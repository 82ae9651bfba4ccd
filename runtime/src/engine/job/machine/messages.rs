//! What the machine of a job hears and asks for.

use std::time::Duration;

use actix::Message;
use loom_workflow::RetryPlan;

use crate::event::{Event, Outputs, Reason, SourceFile, StepOutline, StepState};
use crate::executor::{Closed, Signal};
use crate::id::StepId;

/// What came of an effect, or from outside. The job's actor takes these as its messages.
#[derive(Debug, Message)]
#[cfg_attr(test, derive(Clone))]
#[rtype(result = "()")]
pub(in crate::engine) enum Input {
    Begin,
    /// The events of this `Save` are in the journal.
    Saved(u64),
    /// The place is there, with all actions that could be had before; or why it is not.
    Opened(Result<Opened, Trouble>),
    /// Whether and as what a step runs.
    Judged(StepId, Box<Judgement>),
    /// Whether a step that runs holds on though the job is cancelled: its `if` asked again.
    HoldsOn(StepId, bool),
    /// A step's work has ended.
    Ended(StepId, Box<Result<WorkEnd, Trouble>>),
    /// What the job gives, or why that has no value.
    Concluded(Result<Outputs, Trouble>),
    /// The place is gone, whatever it takes; `Err` says what is left.
    Closed(Result<Closed, Trouble>),
    Cancel {
        why: Reason,
        force: bool,
    },
    /// The time of this attempt at a step is over.
    StepTimeout(StepId, u32),
    /// What was held back for more to come has waited long enough.
    SaveNow,
    /// Somebody says how a paused step goes on.
    Answered(StepId, Box<Resume>),
    /// The wait before this attempt at a step is over.
    TryAgain(StepId, u32),
    JobTimeout,
    /// The time that a cancelled job has is over.
    CancelTimeout,
    /// The time for a signal to work is over.
    Escalate(StepId, u32),
}

/// How a paused step goes on.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) enum Resume {
    /// Again, as its file has it now; the file's text where that is another one than before.
    Retry(Option<SourceFile>),
    /// It counts as skipped, and the steps behind it go on.
    Skip,
    /// It has failed, and the job goes on as it would have without a pause.
    End,
    /// It cannot be done again: its file is not what it was. It stays paused.
    Refused(Reason),
}

/// What opening a job's place brought.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(in crate::engine) struct Opened {
    /// What actions do before the first step.
    pub(in crate::engine) pre: Vec<StepOutline>,
}

/// What went wrong outside of the steps.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct Trouble {
    pub(in crate::engine) reason: Reason,
    /// The workflow's fault; else the machine's.
    pub(in crate::engine) by_workflow: bool,
    /// Whether something may be left where the job ran.
    pub(in crate::engine) may_leave: bool,
}

impl Trouble {
    /// The machine's fault, which leaves nothing.
    pub(in crate::engine) fn machine(code: &str, message: impl Into<String>) -> Self {
        Self {
            reason: Reason::new(code, message),
            by_workflow: false,
            may_leave: false,
        }
    }

    /// The workflow's fault, which leaves nothing.
    pub(in crate::engine) fn workflow(code: &str, message: impl Into<String>) -> Self {
        Self {
            reason: Reason::new(code, message),
            by_workflow: true,
            may_leave: false,
        }
    }
}

/// Whether and as what a step runs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) enum Judgement {
    /// Its `if` does not hold.
    Skip,
    /// Something of it has no value.
    Fail { reason: Reason, continue_on_error: bool },
    /// The machine keeps that from being known: the job is lost.
    Broken(Reason),
    /// It runs.
    Run(Box<Verdict>),
}

/// A step that runs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct Verdict {
    /// Its name, evaluated.
    pub(in crate::engine) name: String,
    pub(in crate::engine) work: StepWork,
    pub(in crate::engine) continue_on_error: bool,
    pub(in crate::engine) timeout: Option<Duration>,
    /// Whether it is tried again when it fails.
    pub(in crate::engine) retry: Option<RetryPlan>,
    /// Whether the steps behind it do not wait for its end.
    pub(in crate::engine) background: bool,
    /// What is to be done for it at the end of the job, once it has begun.
    pub(in crate::engine) post: Option<StepOutline>,
}

/// What a step does, as far as its order among the others goes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) enum StepWork {
    /// Something that runs and ends.
    Process,
    /// Steps of its own, one after another: a composite action.
    Steps(Vec<StepOutline>),
    /// Steps of its own, all at once.
    Parallel(Vec<StepOutline>),
    /// Waits for background steps.
    Wait(Vec<StepId>),
    /// Waits for all background steps that nobody has waited for.
    WaitAll,
    /// Ends a background step.
    Cancel(StepId),
}

/// How the work of a step ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::engine) struct WorkEnd {
    /// Whether all went well.
    pub(in crate::engine) success: bool,
    pub(in crate::engine) exit_code: Option<i32>,
    pub(in crate::engine) signal: Option<i32>,
    pub(in crate::engine) reason: Option<Reason>,
    pub(in crate::engine) took: Duration,
    /// Whether it had ended before anything asked it to.
    pub(in crate::engine) by_itself: bool,
    /// What it gave, masked.
    pub(in crate::engine) outputs: Outputs,
    /// What else there is to write down of it: annotations, its summary.
    pub(in crate::engine) notes: Vec<Event>,
    /// Lines of its log that could not be kept, and why.
    pub(in crate::engine) lost: Option<(u64, Reason)>,
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(in crate::engine) enum Effect {
    /// Write these down, and feed `Saved` with the number.
    Save(u64, Vec<Event>),
    /// Feed `SaveNow` after a moment.
    SaveLater,
    Open,
    /// Give up opening and remove what it made.
    AbandonOpening,
    /// Find out whether and as what a step runs.
    Judge(StepId, Status),
    /// Ask the `if` of a step that runs once more.
    AskAgain(StepId, Status),
    /// Do the work of a step.
    Work(StepId),
    /// Evaluate what a composite action gives, whose steps are done; answered by `Ended`.
    Gather(StepId, bool),
    /// What a step did counts for the others from now on: outputs, variables, paths, and how it ended.
    Publish(StepId, StepState, StepState),
    Signal(StepId, Signal),
    /// Feed `StepTimeout` for this attempt after this time.
    TimeoutAfter(StepId, u32, Duration),
    /// What the step did does not count: it is done again as this attempt, or left out.
    Forget(StepId, u32),
    /// The job's time stands still from now on: it is paused.
    HoldTime,
    /// The job's time goes on.
    ResumeTime,
    /// Forget what the attempt at a step left, and feed `TryAgain` after the delay.
    Retry(Retry),
    /// Feed `Escalate` with this number after this time.
    EscalateAfter(StepId, u32, Duration),
    /// Feed `CancelTimeout` after the time that a cancelled job has.
    CancelTimeoutLater,
    /// Evaluate what the job gives.
    Conclude(Status),
    Close,
    Done,
}

/// A step that failed and is tried again.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct Retry {
    pub(in crate::engine) step: StepId,
    /// The attempt that comes, from 2.
    pub(in crate::engine) attempt: u32,
    /// How many there are at most.
    pub(in crate::engine) attempts: u32,
    pub(in crate::engine) delay: Duration,
    /// How the attempt before ended, in words.
    pub(in crate::engine) why: String,
}

impl Effect {
    /// A word for the log.
    pub(in crate::engine) fn name(&self) -> &'static str {
        match self {
            Self::Save(..) => "save",
            Self::SaveLater => "save-later",
            Self::Open => "open",
            Self::AbandonOpening => "abandon-opening",
            Self::Judge(..) => "judge",
            Self::AskAgain(..) => "ask-again",
            Self::Work(_) => "work",
            Self::Gather(..) => "gather",
            Self::Publish(..) => "publish",
            Self::Signal(..) => "signal",
            Self::TimeoutAfter(..) => "timeout-after",
            Self::Forget(..) => "forget",
            Self::HoldTime => "hold-time",
            Self::ResumeTime => "resume-time",
            Self::Retry(_) => "retry",
            Self::EscalateAfter(..) => "escalate-after",
            Self::CancelTimeoutLater => "cancel-timeout-later",
            Self::Conclude(_) => "conclude",
            Self::Close => "close",
            Self::Done => "done",
        }
    }
}

/// How a job stands, as the status functions of its steps see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Status {
    pub(in crate::engine) job: JobStatus,
    /// Within a composite action: whether a step of it failed. `success()` and `failure()` speak of the action then.
    pub(in crate::engine) action_failed: Option<bool>,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) enum JobStatus {
    #[default]
    Success,
    Failure,
    Cancelled,
}

impl JobStatus {
    /// The word that `job.status` has.
    pub(in crate::engine) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
        }
    }
}
