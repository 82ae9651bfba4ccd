//! What is asked about a step, and what the answer is; `evaluate` finds it.

use std::sync::Arc;

use indexmap::IndexMap;
use loom_workflow::model::action::ActionKind;
use loom_workflow::model::{Step, StepAction, StepId as WrittenId};
use loom_workflow::{Source, StepDefaults};

use super::call::Call;
use super::contexts::View;
use super::machine::Judgement;
use super::task::Task;
use crate::id::StepId;
use crate::plan::JobPlan;

/// A question about a step.
pub(super) struct Ask {
    pub(super) id: StepId,
    pub(super) what: What,
    pub(super) view: View,
    /// The composite action that it is a step of.
    pub(super) frame: Option<StepId>,
    /// What its action kept for the end.
    pub(super) state: IndexMap<String, String>,
    /// Of what an action does at the end: what the calls around its own saw, the outermost first.
    pub(super) around: Vec<View>,
}

/// What the step is.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// One of the job.
    OfJob(Arc<JobPlan>, usize, Option<usize>),
    /// One of a composite action.
    OfAction(Arc<Call>, usize),
    /// What an action does before the job, for the step at this place, or the member of a group there.
    Pre(Arc<JobPlan>, usize, Option<usize>),
    /// What an action does before the job, for the step at this place of a composite action.
    PreOf(Arc<Call>, usize),
    /// What an action does at the end of the job.
    Post(Arc<Call>),
    /// The wait for background steps that Loom adds at the end.
    WaitForAll,
}

/// What was found.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) judgement: Option<Judgement>,
    pub(super) task: Option<Task>,
    pub(super) call: Option<Arc<Call>>,
    /// Of a composite action before the job: which of its steps do something.
    pub(super) early: Vec<usize>,
    /// What there is to say about it in the log.
    pub(super) warnings: Vec<String>,
}

impl What {
    /// Whether it is what an action does before the job.
    pub(super) fn is_pre(&self) -> bool {
        matches!(self, Self::Pre(..) | Self::PreOf(..))
    }

    /// The action whose steps it is among.
    pub(super) fn around(&self) -> Option<&Arc<Call>> {
        match self {
            Self::OfAction(call, _) | Self::PreOf(call, _) => Some(call),
            Self::OfJob(..) | Self::Pre(..) | Self::Post(_) | Self::WaitForAll => None,
        }
    }

    /// The step as written.
    pub(super) fn step(&self) -> Option<&Step> {
        match self {
            Self::OfJob(plan, index, member) | Self::Pre(plan, index, member) => {
                let step = plan.job()?.steps.get(*index)?;
                match (member, &step.action) {
                    (None, _) => Some(step),
                    (Some(member), StepAction::Parallel(inner)) => inner.get(*member),
                    (Some(_), _) => None,
                }
            }
            Self::OfAction(call, index) | Self::PreOf(call, index) => match &call.action().kind {
                ActionKind::Composite { steps } => steps.get(*index)?.step.as_ref(),
                _ => None,
            },
            Self::Post(_) | Self::WaitForAll => None,
        }
    }

    /// The id that expressions call it by.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::OfJob(..) => self.step()?.id.as_ref().map(|id| id.as_str()),
            Self::OfAction(call, index) => match &call.action().kind {
                ActionKind::Composite { steps } => steps.get(*index)?.id.as_ref().map(|id| &*id.value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The file that it stands in.
    pub(super) fn source(&self) -> Option<&Source> {
        match self {
            Self::OfJob(plan, ..) | Self::Pre(plan, ..) => Some(&plan.scope.source),
            Self::OfAction(call, _) | Self::PreOf(call, _) | Self::Post(call) => {
                Some(&call.definition.source)
            }
            Self::WaitForAll => None,
        }
    }

    pub(super) fn defaults(&self) -> StepDefaults {
        match self {
            Self::OfJob(plan, ..) => plan.instance.defaults.clone(),
            // The defaults of a job do not reach the steps of an action.
            _ => StepDefaults::default(),
        }
    }

    /// The steps that are around it and that a `wait` may name, by the id as written.
    pub(super) fn named(&self, wanted: &WrittenId) -> Option<StepId> {
        let Self::OfJob(plan, ..) = self else { return None };
        let steps = &plan.job()?.steps;
        let is = |step: &Step| step.id.as_ref().is_some_and(|id| id.value == *wanted);
        steps.iter().enumerate().find_map(|(index, step)| {
            if is(step) {
                return Some(StepId::at(index));
            }
            match &step.action {
                StepAction::Parallel(inner) => inner
                    .iter()
                    .position(is)
                    .map(|member| StepId::at(index).inner(member)),
                _ => None,
            }
        })
    }
}
