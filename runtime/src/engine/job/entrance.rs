//! The way into a paused job's place, for a shell that another process of the same user opens there.
//!
//! What a shell needs to see what the step saw holds secrets: it is written to no disk, but kept in memory of the run's
//! owner that has a name among its open files. Who may read the owner's files may read it, for as long as the job is paused.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::actor::JobActor;
use super::machine::Status;
use super::opened::Opened;
use super::task::Task;
use crate::executor::{PlaceFacts, StepSpec};
use crate::id::{JobKey, StepId};

/// Most that is read of one, in bytes: environments are smaller by far.
#[cfg(target_os = "linux")]
const MOST: u64 = 64 * 1024 * 1024;

/// What a shell in the place of a paused step has.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entrance {
    /// The step that the job is paused at.
    pub(crate) step: StepId,
    /// The job's container; none on this machine.
    pub(crate) container: Option<String>,
    /// Whether it is that of a `container:` job.
    pub(crate) in_container: bool,
    /// Where the step ran, as seen from inside.
    pub(crate) directory: String,
    /// The step's variables: some are secrets.
    pub(crate) env: BTreeMap<String, String>,
    /// Folders before the `PATH` of the place.
    pub(crate) path: Vec<String>,
    /// Variables that are left out: they hold secrets, and this one is written to a disk.
    #[serde(default)]
    pub(crate) hidden: Vec<String>,
}

impl Entrance {
    fn new(step: StepId, facts: &PlaceFacts) -> Self {
        Self {
            step,
            container: facts.container.clone(),
            in_container: facts.in_container,
            directory: facts.workspace.clone(),
            env: BTreeMap::new(),
            path: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// The entrances of a paused job, from the process that owns its run.
    ///
    /// # Errors
    /// When that process is not there, belongs to somebody else, or has none.
    #[cfg(target_os = "linux")]
    pub(crate) fn read(owner: u32, job: &JobKey) -> io::Result<Vec<Self>> {
        use std::io::Read as _;

        let wanted = format!("/memfd:{} ", name(job));
        for entry in std::fs::read_dir(format!("/proc/{owner}/fd"))? {
            let path = entry?.path();
            let Ok(target) = std::fs::read_link(&path) else {
                continue;
            };
            if target.to_string_lossy().starts_with(&wanted) {
                let mut text = Vec::new();
                std::fs::File::open(&path)?.take(MOST).read_to_end(&mut text)?;
                return Ok(serde_json::from_slice(&text)?);
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    /// None: only Linux has memory with a name.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn read(_owner: u32, _job: &JobKey) -> io::Result<Vec<Self>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn name(job: &JobKey) -> String {
    format!("loom-pause-{}", job.resource_name())
}

/// Offers entrances for as long as it is held.
#[cfg(target_os = "linux")]
fn offer(job: &JobKey, entrances: &[Entrance]) -> io::Result<OwnedFd> {
    use std::io::Write as _;

    let memory = rustix::fs::memfd_create(name(job), rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(memory);
    file.write_all(&serde_json::to_vec(entrances)?)?;
    Ok(file.into())
}

#[cfg(not(target_os = "linux"))]
fn offer(_job: &JobKey, _entrances: &[Entrance]) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The entrances of one job.
#[derive(Default)]
pub(super) struct Entrances {
    /// What each of the job's steps ran last, those of its action included; in the order in which they began.
    ran: IndexMap<StepId, Ran>,
    /// For which steps there are some now, with what holds them.
    offered: (Vec<StepId>, Option<OwnedFd>),
}

struct Ran {
    env: BTreeMap<String, String>,
    path: Vec<String>,
    directory: Option<String>,
}

impl Entrances {
    /// A step of the job, or one of its action, runs this.
    fn note(&mut self, outermost: StepId, spec: StepSpec) {
        let ran = Ran {
            env: spec.env,
            path: spec.path,
            directory: spec.working_directory,
        };
        self.ran.insert(outermost, ran);
    }

    /// A step is over.
    pub(super) fn forget(&mut self, step: &StepId) {
        self.ran.shift_remove(step);
    }
}

impl JobActor {
    /// Remembers what a step runs, in case its job pauses there or its place is kept.
    pub(super) fn note_entrance(&mut self, id: &StepId, task: &Task) {
        if (self.pauses() || self.may_be_kept())
            && let Some(spec) = task.spec()
        {
            let outermost = self.outermost(id);
            let mut spec = spec.clone();
            if let Some(opened) = &self.opened {
                opened.add_hidden(&mut spec);
            }
            self.entrances.note(outermost, spec);
        }
    }

    /// The step of the job itself that this one belongs to.
    fn outermost(&self, id: &StepId) -> StepId {
        let mut at = id.clone();
        while let Some(outer) = self.steps.get(&at).and_then(|known| known.frame.clone()) {
            at = outer;
        }
        at
    }

    /// Has an entrance for each step that the job is paused at, and for no other.
    pub(super) fn offer_entrances(&mut self) {
        let paused = self.machine.paused();
        if paused == self.entrances.offered.0 {
            return;
        }
        let entrances: Vec<Entrance> = paused.iter().filter_map(|id| self.entrance(id)).collect();
        let held = (!entrances.is_empty()).then(|| offer(&self.origin.key, &entrances));
        let held = held.and_then(|offered| match offered {
            Ok(held) => Some(held),
            Err(error) => {
                tracing::debug!(%error, "no shell can be opened in a paused job");
                None
            }
        });
        self.entrances.offered = (paused, held);
    }

    /// Whether its place may be kept when it is done.
    pub(super) fn may_be_kept(&self) -> bool {
        !self.origin.plan.scope.run.options.keep.is_never()
    }

    /// Entrances for as long as the place is kept, one for each step that ran: without what is secret. None when it is not
    /// kept.
    pub(super) fn lasting_entrances(&self, opened: &Opened) -> Vec<Entrance> {
        if !self.may_be_kept() {
            return Vec::new();
        }
        let ran = self.entrances.ran.keys().cloned();
        let mut all: Vec<Entrance> = ran.filter_map(|id| self.entrance_of(&id, opened)).collect();
        if all.is_empty() {
            all.extend(self.entrance_of(&StepId::at(0), opened));
        }
        let masks = &self.origin.masks;
        for entrance in &mut all {
            let is_secret = |name: &String, value: &String| masks.reveals(name) || masks.reveals(value);
            let secret = entrance.env.iter().filter(|(name, value)| is_secret(name, value));
            entrance.hidden = secret.map(|(name, _)| masks.mask(name).into_owned()).collect();
            entrance.env.retain(|name, value| !is_secret(name, value));
            entrance.path.retain(|folder| !masks.reveals(folder));
            if masks.reveals(&entrance.directory) {
                entrance.directory.clone_from(&opened.grounds.facts.workspace);
            }
        }
        all
    }

    fn entrance(&self, id: &StepId) -> Option<Entrance> {
        self.entrance_of(id, self.opened.as_ref()?)
    }

    fn entrance_of(&self, id: &StepId, opened: &Opened) -> Option<Entrance> {
        let contexts = self.contexts.as_ref()?;
        let mut entrance = Entrance::new(id.clone(), &opened.grounds.facts);
        match self.entrances.ran.get(id) {
            Some(ran) => {
                entrance.env.clone_from(&ran.env);
                entrance.path.clone_from(&ran.path);
                if let Some(directory) = &ran.directory {
                    let inside = std::path::Path::new(&entrance.directory).join(directory);
                    entrance.directory = inside.display().to_string();
                }
            }
            // It failed before anything of it ran: what any step would see.
            None => {
                let view = contexts.view(None, Status::default());
                entrance.env = view.environment();
                entrance.path = view.path;
            }
        }
        Some(entrance)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::id::{JobId, RunId};

    #[test]
    fn an_entrance_is_there_for_as_long_as_it_is_offered() {
        let key = JobKey {
            run: RunId("r".into()),
            job: JobId("a b".into()),
            attempt: 1,
        };
        let mut entrance = Entrance::new(StepId::at(1), &PlaceFacts::default());
        entrance.env.insert("TOKEN".into(), "t".into());
        let held = offer(&key, &[entrance]).unwrap();
        let read = Entrance::read(std::process::id(), &key).unwrap();
        assert_eq!(
            (read[0].step.clone(), read[0].env["TOKEN"].as_str()),
            (StepId::at(1), "t")
        );
        drop(held);
        assert!(Entrance::read(std::process::id(), &key).is_err());
    }
}
