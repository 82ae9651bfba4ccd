//! Which runs are listed.

use loom_protocol::Timestamp;

use super::Summary;
use crate::event::{RunState, WorkflowRef};
use crate::id::RunId;

/// Which runs to list.
#[derive(Clone, Debug)]
pub struct RunQuery {
    /// Only those that have not ended.
    pub open_only: bool,
    /// Only those of which something may be left in an engine or on disk.
    pub remains_only: bool,
    /// Only those of this workflow: by its name, its file, or the file's stem.
    pub workflow: Option<String>,
    /// Only those of exactly this file: the name of one workflow may be the file of another.
    pub file: Option<String>,
    /// Only those whose id contains this text.
    pub id: Option<String>,
    /// Only the attempts at the run that begins with this one.
    pub attempts_at: Option<RunId>,
    /// Only those that people would find by this.
    pub filter: RunFilter,
    /// Only those behind this place of the list.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: usize,
}

/// What people find runs by. Absent is anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// How they are.
    pub state: Option<StateFilter>,
    /// The branch or tag, by its short name.
    pub branch: Option<String>,
    /// The event that triggered them.
    pub event: Option<String>,
    /// Who caused them.
    pub actor: Option<String>,
    /// Created at this moment or later.
    pub since: Option<Timestamp>,
    /// Created before this moment.
    pub until: Option<Timestamp>,
    /// Which run of its workflow's file; further attempts have the same number.
    pub number: Option<u64>,
    /// A part of the id, the workflow's name or file, the branch, or the title; without regard to case of ASCII letters.
    pub text: Option<String>,
}

/// How a run has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFilter {
    /// In this state. One that is paused runs.
    Is(RunState),
    /// It goes on only once somebody has said how.
    Paused,
}

/// Where in the list of runs one stands: the newest first, and of one moment the greatest id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// When the run was created.
    pub created_at: Timestamp,
    /// Its id.
    pub id: RunId,
}

impl Default for RunQuery {
    fn default() -> Self {
        Self {
            open_only: false,
            remains_only: false,
            workflow: None,
            file: None,
            id: None,
            attempts_at: None,
            filter: RunFilter::default(),
            after: None,
            limit: 50,
        }
    }
}

impl Place {
    /// Where a run stands.
    #[must_use]
    pub fn of(run: &Summary) -> Self {
        Self {
            created_at: run.created_at,
            id: run.id.clone(),
        }
    }
}

/// The files that somebody may mean who names a workflow so.
pub(super) fn files_named(workflow: &str) -> [String; 4] {
    let in_folder = format!(".github/workflows/{workflow}");
    [
        workflow.to_owned(),
        format!("{in_folder}.yml"),
        format!("{in_folder}.yaml"),
        in_folder,
    ]
}

impl RunQuery {
    /// Whether a run is wanted; the limit is not looked at.
    pub(crate) fn wants(&self, run: &Summary) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let named = |workflow: &String, of: &WorkflowRef| {
            *workflow == of.name || files_named(workflow).contains(&of.file)
        };
        let workflow = self
            .workflow
            .as_ref()
            .is_none_or(|name| named(name, &run.workflow));
        let id = self.id.as_ref().is_none_or(|part| run.id.0.contains(part));
        let open = !self.open_only || run.finished_at.is_none();
        let remains = !self.remains_only || run.remains;
        let attempt = self
            .attempts_at
            .as_ref()
            .is_none_or(|first| run.is_attempt_at(first));
        let behind = self
            .after
            .as_ref()
            .is_none_or(|place| (run.created_at, &run.id) < (place.created_at, &place.id));
        let file = is(&self.file, &run.workflow.file);
        workflow && attempt && id && open && remains && behind && file && self.filter.wants(run)
    }
}

impl RunFilter {
    fn wants(&self, run: &Summary) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let state = match self.state {
            None => true,
            Some(StateFilter::Is(state)) => run.state == state,
            Some(StateFilter::Paused) => run.is_paused(),
        };
        let holds = |part: &String| {
            let part = part.to_ascii_lowercase();
            let origin = [&run.origin.branch, &run.origin.title];
            let texts = [&run.id.0, &run.workflow.name, &run.workflow.file];
            let mut all = texts.into_iter().chain(origin.into_iter().flatten());
            all.any(|text| text.to_ascii_lowercase().contains(&part))
        };
        state
            && is(&self.branch, run.origin.branch.as_deref())
            && is(&self.actor, run.origin.actor.as_deref())
            && is(&self.event, Some(&run.event))
            && self.since.is_none_or(|since| run.created_at >= since)
            && self.until.is_none_or(|until| run.created_at < until)
            && self.number.is_none_or(|number| run.number == Some(number))
            && self.text.as_ref().is_none_or(holds)
    }
}
