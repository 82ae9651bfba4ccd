//! What the executor is told by whoever makes it.

use std::path::PathBuf;
use std::time::Duration;

use super::container;
use crate::executor::channel::{AgentBinary, blocking};
use crate::executor::{ExecutorError, PlaceSpec};

/// What jobs in containers need from their surroundings.
#[derive(Clone, Debug)]
pub struct DockerOptions {
    /// The state directory's own id, written on every container: no other's are touched.
    pub instance: String,
    /// A directory for the agent's binary; the engine must see it.
    pub cache: PathBuf,
    /// The engine's address; else `DOCKER_HOST`, the current Docker context, the usual sockets.
    pub host: Option<String>,
    /// How long a step's streams stay open after its main process has ended.
    pub drain: Duration,
    /// How long an agent may keep silent when it is told to end; one that is frozen is killed then.
    pub patience: Duration,
    /// How steps get into the container.
    pub steps_by: StepsBy,
}

/// How steps get into a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepsBy {
    /// Through the agent where it can start, else by exec.
    #[default]
    Agent,
    /// By the engine's exec, always: 40 times slower, streams and signals less exact.
    Exec,
}

impl DockerOptions {
    /// Options with the engine that is found and the usual patience.
    pub fn new(instance: String, cache: PathBuf) -> Self {
        Self {
            instance,
            cache,
            host: None,
            drain: Duration::from_secs(5),
            patience: Duration::from_secs(10),
            steps_by: StepsBy::Agent,
        }
    }

    /// The agent on disk.
    pub(super) async fn agent(&self) -> Result<PathBuf, ExecutorError> {
        let agent = AgentBinary::embedded().ok_or_else(|| ExecutorError::Setup {
            what: "prepare the agent".to_owned(),
            cause: "this build of Loom has none for Linux, which container actions need".to_owned(),
        })?;
        let cache = self.cache.clone();
        blocking(move || agent.materialise(&cache))
            .await?
            .map_err(|error| ExecutorError::setup("prepare the agent", &error))
    }

    /// How the agent is started in a room.
    pub(super) fn serve(
        &self,
        spec: &PlaceSpec,
        workspace: &str,
        files: &str,
        scripts: Option<&str>,
        also: &[&str],
    ) -> Vec<String> {
        let grace = spec.orphan_grace.as_secs() + u64::from(spec.orphan_grace.subsec_nanos() > 0);
        let mut line: Vec<String> = [
            container::AGENT,
            "serve",
            "--own-machine",
            "--dir",
            container::JOB,
            "--workspace",
            workspace,
            "--files",
            files,
            "--orphan-grace",
            &grace.to_string(),
            "--drain-ms",
            &self.drain.as_millis().to_string(),
        ]
        .map(str::to_owned)
        .to_vec();
        for (name, value) in scripts
            .map(|scripts| ("--scripts", scripts))
            .into_iter()
            .chain(also.iter().map(|folder| ("--also", *folder)))
        {
            line.extend([name.to_owned(), value.to_owned()]);
        }
        line
    }
}
