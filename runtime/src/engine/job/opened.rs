//! A place that is there: what it is made with, and what the steps in it stand on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::JobOrigin;
use super::grounds::Grounds;
use super::keeping::without_secrets;
use super::notes::LogNotes;
use super::opening::{brought_files, copy_of_workspace};
use super::room_files::RoomFiles;
use crate::config::WorkspaceMode;
use crate::engine::ORPHAN_GRACE;
use crate::engine::shared::Shared;
use crate::event::StepOutline;
use crate::executor::{Executor, Place, PlaceSpec};
use crate::id::JobKey;
use crate::logs::JobLog;
use crate::output::MatcherSet;
use crate::plan::JobPlan;

/// A place that was made, with what the steps in it stand on.
#[derive(Clone)]
pub(in crate::engine) struct Opened {
    pub(super) place: Arc<dyn Place>,
    pub(super) grounds: Arc<Grounds>,
    pub(super) log: JobLog,
    pub(super) notes: Arc<LogNotes>,
    /// What actions do before the first step.
    pub(super) pre: Vec<StepOutline>,
    /// Problem matchers of the job.
    pub(super) matchers: MatcherSet,
    /// Whether debug messages are shown.
    pub(super) debug: bool,
    /// Variables of the job's container that are secret, where it may be kept.
    pub(super) hidden: BTreeMap<String, String>,
    pub(super) executor: Arc<dyn Executor>,
    pub(super) shared: Arc<Shared>,
    pub(super) key: JobKey,
}

impl Opened {
    /// The same for a job that was judged anew since its place was made.
    pub(super) fn with_plan(mut self, plan: &Arc<JobPlan>) -> Self {
        self.grounds = Arc::new(self.grounds.with_plan(Arc::clone(plan)));
        self.debug = plan.is_debug();
        self
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// Whether the workspace is a copy of the project from the start.
pub(super) fn is_copied(plan: &JobPlan) -> bool {
    match plan.scope.run.options.workspace_mode {
        WorkspaceMode::Bind => false,
        WorkspaceMode::Copy => true,
        WorkspaceMode::Overlay => plan.room_is_host(),
    }
}

/// What the place of a job is made with, in the project itself; and the variables of its container that are not told to the
/// engine.
pub(super) fn spec_of(origin: &JobOrigin) -> (PlaceSpec, BTreeMap<String, String>) {
    let JobOrigin {
        key, plan, shared, ..
    } = origin;
    let options = &plan.scope.run.options;
    let (room, hidden) = without_secrets(plan, &origin.masks);
    let spec = PlaceSpec {
        key: key.clone(),
        room,
        services: plan.services.clone(),
        pull: options.pull,
        workspace: origin.workspace.clone(),
        layered: options.workspace_mode == WorkspaceMode::Overlay && !plan.room_is_host(),
        directory: shared.directory.jobs().join(key.resource_name()),
        // A container is nobody's to go on with.
        orphan_grace: if plan.room_is_host() {
            shared.orphan_grace
        } else {
            ORPHAN_GRACE
        },
        owner: shared.owner.clone(),
    };
    (spec, hidden)
}

/// The same as a process finds it that goes on with a place of another one.
pub(super) fn spec_of_earlier(origin: &JobOrigin) -> (PlaceSpec, BTreeMap<String, String>) {
    let (mut spec, hidden) = spec_of(origin);
    if is_copied(&origin.plan) {
        spec.workspace = copy_of_workspace(&origin.shared, &origin.key);
    }
    (spec, hidden)
}

/// A place that was made so, with what its steps stand on.
pub(super) fn opened_in(
    origin: &JobOrigin,
    place: Arc<dyn Place>,
    spec: PlaceSpec,
    (log, notes, hidden): (JobLog, Arc<LogNotes>, BTreeMap<String, String>),
) -> Opened {
    let JobOrigin {
        key, plan, shared, ..
    } = origin;
    let files = RoomFiles::new(
        Arc::clone(&place),
        (
            spec.workspace.clone(),
            spec.directory.clone(),
            brought_files(shared, key),
        ),
        plan.room_is_host(),
    );
    let grounds = Grounds::new(
        Arc::clone(plan),
        place.facts().clone(),
        (origin.workspace.clone(), spec.workspace, spec.directory),
        Arc::clone(&origin.store),
        origin.masks.clone(),
        Arc::new(files),
        origin.node.clone(),
    );
    Opened {
        place,
        grounds: Arc::new(grounds),
        log,
        notes,
        pre: Vec::new(),
        matchers: MatcherSet::default(),
        debug: plan.is_debug(),
        hidden,
        executor: shared.executors.of(&plan.room),
        shared: Arc::clone(shared),
        key: key.clone(),
    }
}
