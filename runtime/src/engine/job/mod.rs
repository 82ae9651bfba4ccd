//! A job on its way: what it does next (`machine`), what its steps see (`contexts`, `evaluate`, `call`, `action`), where and
//! how they run (`opening`, `grounds`, `room_files`, `worker`), and the actor that holds it together.

mod action;
mod actor;
mod attaching;
mod attempts;
mod call;
mod contexts;
mod control;
mod entrance;
mod evaluate;
mod fetching;
mod grounds;
mod judging;
mod keeping;
mod known;
mod machine;
mod names;
mod notes;
mod opened;
mod opening;
mod pausing;
mod place_tasks;
mod posting;
mod question;
mod reread;
mod room_files;
mod task;
mod variables;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;

use actix::Recipient;
use tokio::task::JoinHandle;

use super::run::{CancelRunJob, ClosePlace, SaveEvents};
use super::shared::Shared;
use crate::actions::ActionStore;
use crate::id::JobKey;
use crate::output::Masks;
use crate::plan::JobPlan;

pub(in crate::engine) use actor::JobActor;
pub(in crate::engine) use attaching::Past;
pub(crate) use entrance::Entrance;
pub(in crate::engine) use keeping::keep;
pub(in crate::engine) use machine::{Input, Trouble};
pub(in crate::engine) use opened::Opened;
pub(in crate::engine) use opening::{close, reclaim, remove_directories, start_opening};
pub(in crate::engine) use pausing::AnswerPause;
pub(in crate::engine) use place_tasks::PlaceTasks;

/// A place that is being made, or was made, before its job's turn.
pub(in crate::engine) type PreparedPlace = JoinHandle<Result<Opened, Trouble>>;

/// What a job is made from, and whom it belongs to.
#[derive(Clone)]
pub(in crate::engine) struct JobOrigin {
    pub(in crate::engine) key: JobKey,
    pub(in crate::engine) plan: Arc<JobPlan>,
    pub(in crate::engine) shared: Arc<Shared>,
    pub(in crate::engine) run: Recipient<SaveEvents>,
    /// Who removes the job's place once its steps are done: the run, for which the job is over then.
    pub(in crate::engine) closer: Recipient<ClosePlace>,
    /// Who writes down that the job is to be cancelled, and has it end then: the run.
    pub(in crate::engine) canceller: Recipient<CancelRunJob>,
    /// The project directory.
    pub(in crate::engine) workspace: PathBuf,
    pub(in crate::engine) store: Arc<ActionStore>,
    pub(in crate::engine) masks: Masks,
    /// Programs that are Node.js, by preference.
    pub(in crate::engine) node: Vec<String>,
    /// How often it has paused in attempts before this one.
    pub(in crate::engine) paused_before: u32,
    /// What the job has under way, which its owner ends when this actor breaks.
    pub(in crate::engine) place_tasks: PlaceTasks,
}
