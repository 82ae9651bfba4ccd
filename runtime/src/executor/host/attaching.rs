//! Goes on with a job's place of a process that is gone.

use std::sync::Arc;
use std::time::Duration;

use super::executor::{HostExecutor, absolute, facts, kept};
use super::minder::Minder;
use super::place::{HostPlace, Parts};
use super::process;
use super::register::Entry;
use crate::executor::channel::{Channel, Earlier, JobDirectory, blocking};
use crate::executor::{ExecutorError, Notes, Place, PlaceSpec, RoomSpec};

/// How long the agent of another process has to answer: it is there, and has nothing else to do.
const ATTACH_PATIENCE: Duration = Duration::from_secs(5);

impl HostExecutor {
    /// Goes on with the place of a job that another process began, which is gone.
    pub(super) async fn attach_to(
        &self,
        spec: PlaceSpec,
        notes: Arc<dyn Notes>,
    ) -> Result<Arc<dyn Place>, ExecutorError> {
        if !matches!(spec.room, RoomSpec::Host) || !spec.services.is_empty() {
            return Err(ExecutorError::lost("it has containers"));
        }
        let spec = absolute(spec);
        let (entry, channel, earlier, minder) = Box::pin(self.found(&spec, &notes)).await?;
        let mark = vec![(process::MARK.to_owned(), spec.key.resource_name())];
        let channel = kept(channel, &spec).with_env(mark);
        let parts = Parts {
            name: spec.key.resource_name(),
            register: self.register.clone(),
            facts: facts(&spec, &entry),
            entry,
            docker: self.options.docker.clone(),
            notes,
            patience: self.options.patience,
            warm: self.warm.clone(),
            spec,
        };
        Ok(Arc::new(HostPlace::new(
            parts,
            (channel, Some(earlier)),
            minder,
            None,
        )))
    }

    /// The agent of a job that another process began, which is gone: as it was written down, marked as it has to be, and the one
    /// that answers in the job's directory.
    async fn found(
        &self,
        spec: &PlaceSpec,
        notes: &Arc<dyn Notes>,
    ) -> Result<(Entry, Channel, Earlier, Minder), ExecutorError> {
        let (register, name, directory) = (
            self.register.clone(),
            spec.key.resource_name(),
            spec.directory.clone(),
        );
        let found = blocking(move || {
            let entry = register.entry(&name)?;
            // What it has in an engine is not known here.
            if entry.directory != directory || entry.engine {
                return None;
            }
            let directory = JobDirectory::open(&directory).ok()?;
            let (agent, guard) = process::agent_of(&entry.agent, &directory);
            Some((entry, directory, agent?, guard?))
        });
        let Some((entry, directory, agent, guard)) = found.await? else {
            return Err(ExecutorError::lost("its agent is gone"));
        };
        let attached = Channel::attach(directory, ATTACH_PATIENCE, Arc::clone(notes)).await;
        let (channel, earlier) =
            attached.map_err(|error| ExecutorError::lost(format!("failed to {error}")))?;
        let minder = Minder::Found {
            mark: entry.agent.clone(),
            agent,
            guard,
        };
        Ok((entry, channel, earlier, minder))
    }
}
