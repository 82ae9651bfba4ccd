//! The connection to the engine: found when first needed, kept from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::sync::OnceCell;

use super::endpoint::{self, Surroundings};
use super::failure;
use crate::executor::ExecutorError;
use crate::executor::channel::blocking;

/// How long an engine has to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long any other answer may take, in seconds; pulls are streams and take as long as they take.
const REQUEST_SECONDS: u64 = 120;

/// How long an answer may take that comes only when all of a folder has arrived; whether the engine still lives is asked
/// meanwhile ([`Connection::while_it_answers`]).
const UPLOAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Finds and keeps the connection.
#[derive(Debug)]
pub(super) struct Engine {
    host: Option<String>,
    connected: OnceCell<Connection>,
}

/// An engine that has answered.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) docker: Docker,
    pub(super) endpoint: String,
    /// Whether it was found not to see the files of this machine.
    apart: Arc<AtomicBool>,
}

/// Between two looks whether an engine that takes its time still answers anything.
const LOOK: Duration = Duration::from_secs(5);

impl Connection {
    /// Whether it is known that the engine does not see the files of this machine.
    pub(super) fn is_apart(&self) -> bool {
        self.apart.load(Ordering::Acquire)
    }

    /// For what is sent whole before the engine answers, however long that takes.
    pub(super) fn for_uploads(&self) -> Docker {
        self.docker.clone().with_timeout(UPLOAD)
    }

    /// The version of an engine that puts what is sent to a container which was not started beside its volumes, not into
    /// them: Podman's before 6. The volumes would be empty, and nobody would say so.
    pub(super) async fn sends_beside_volumes(&self) -> Option<String> {
        // An engine that does not say so says what is wrong when it is asked for the volumes.
        let components = self.docker.version().await.ok()?.components?;
        components
            .into_iter()
            .find(|part| is_old_podman(&part.name, &part.version))
            .map(|part| part.version)
    }

    /// From now on it is known.
    pub(super) fn found_apart(&self) {
        self.apart.store(true, Ordering::Release);
    }

    /// Waits for what the engine was told to do, for as long as it takes and the engine answers at all. One that has
    /// stopped (its process is halted, its disk hangs) keeps connections open and says nothing: only asking tells.
    /// `left` says what may be left then.
    ///
    /// # Errors
    /// What the work says; [`ExecutorError::Unreachable`] when the engine has fallen silent meanwhile.
    pub(super) async fn while_it_answers<T>(
        &self,
        left: impl FnOnce() -> Option<String>,
        work: impl Future<Output = Result<T, ExecutorError>>,
    ) -> Result<T, ExecutorError> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.silence() => {
                let left = left().map_or_else(String::new, |left| {
                    format!("; {left} may be left there, and is removed by the next start that finds it answering")
                });
                let cause = format!("it has stopped answering ({} s without a word){left}", PATIENCE.as_secs());
                Err(failure::unreachable(&self.endpoint, cause))
            }
        }
    }

    /// Comes back when the engine does not answer any more.
    pub(super) async fn silence(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            if tokio::time::timeout(PATIENCE, self.docker.ping()).await.is_err() {
                return;
            }
        }
    }
}

impl Engine {
    /// `host` stands above everything else that names an engine.
    pub(super) fn new(host: Option<String>) -> Self {
        Self {
            host,
            connected: OnceCell::new(),
        }
    }

    /// The engine, looked for until it is found once.
    pub(super) async fn get(&self) -> Result<&Connection, ExecutorError> {
        self.connected.get_or_try_init(|| self.find()).await
    }

    /// Whether it answers now.
    pub(super) async fn ping(&self) -> Result<(), ExecutorError> {
        if !self.connected.initialized() {
            // It is found by being asked just that.
            return self.get().await.map(drop);
        }
        let connection = self.get().await?;
        match tokio::time::timeout(PATIENCE, connection.docker.ping()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure::unreachable(
                &connection.endpoint,
                failure::explain(&error),
            )),
            Err(_) => {
                let silent = ConnectError::Silent.to_string();
                Err(failure::unreachable(&connection.endpoint, silent))
            }
        }
    }

    async fn find(&self) -> Result<Connection, ExecutorError> {
        let host = self.host.clone();
        let candidates = blocking(move || {
            let mut around = Surroundings::of_this_process();
            if host.is_some() {
                around.docker_host = host;
            }
            endpoint::candidates(&around)
        })
        .await?
        .map_err(|cause| failure::unreachable("its current context", cause))?;
        let mut first_failure = None;
        for endpoint in candidates {
            match connect(&endpoint).await {
                Ok(docker) => {
                    return Ok(Connection {
                        docker,
                        endpoint,
                        apart: Arc::default(),
                    });
                }
                // A socket that is there and refuses says more than one that is not there.
                Err(error) => {
                    let is_there = !matches!(error, ConnectError::NoSocket(_));
                    if first_failure
                        .as_ref()
                        .is_none_or(|(_, _, other)| is_there && !other)
                    {
                        first_failure = Some((endpoint, error.to_string(), is_there));
                    }
                }
            }
        }
        let (endpoint, cause, _) = first_failure.unwrap_or_default();
        Err(failure::unreachable(&endpoint, cause))
    }
}

/// Why there is no connection to an endpoint.
#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error("there is no socket {0}")]
    NoSocket(String),
    #[error("Loom does not speak TLS to an engine yet (DOCKER_TLS_VERIFY is set)")]
    Tls,
    #[error("an engine's address starts with unix:// or tcp://")]
    Address,
    #[error("it did not answer in {} s", PATIENCE.as_secs())]
    Silent,
    /// What the client says.
    #[error("{0}")]
    Client(String),
}

async fn connect(endpoint: &str) -> Result<Docker, ConnectError> {
    let docker = open(endpoint)?;
    // Not bollard's `negotiate_version`: its requests name no version, so that the engine uses its newest, and `/version`
    // takes the engine 9 ms, because it asks its own runtimes for theirs.
    match tokio::time::timeout(PATIENCE, docker.ping()).await {
        Ok(Ok(_)) => Ok(docker),
        Ok(Err(error)) => Err(ConnectError::Client(failure::explain(&error))),
        Err(_) => Err(ConnectError::Silent),
    }
}

fn open(endpoint: &str) -> Result<Docker, ConnectError> {
    let opened = if let Some(path) = endpoint.strip_prefix("unix://") {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConnectError::NoSocket(path.to_owned()));
            }
            _ => Docker::connect_with_unix(path, REQUEST_SECONDS, API_DEFAULT_VERSION),
        }
    } else if endpoint.starts_with("tcp://") || endpoint.starts_with("http://") {
        if std::env::var_os("DOCKER_TLS_VERIFY").is_some_and(|value| !value.is_empty()) {
            return Err(ConnectError::Tls);
        }
        Docker::connect_with_http(endpoint, REQUEST_SECONDS, API_DEFAULT_VERSION)
    } else {
        return Err(ConnectError::Address);
    };
    opened.map_err(|error| ConnectError::Client(failure::explain(&error)))
}

fn is_old_podman(name: &str, version: &str) -> bool {
    let major = version.trim_start_matches('v').split('.').next();
    let major = major.and_then(|number| number.parse::<u32>().ok());
    name.to_lowercase().contains("podman") && major.is_some_and(|major| major < 6)
}

#[cfg(test)]
mod tests {
    use super::is_old_podman;

    #[test]
    fn podman_is_told_by_its_component() {
        for (name, version, old) in [
            ("Podman Engine", "4.3.1", true),
            ("Podman Engine", "5.6.0-dev", true),
            ("Podman Engine", "6.0.0", false),
            ("Engine", "5.0.0", false),
            ("Podman Engine", "unknown", false),
        ] {
            assert_eq!(is_old_podman(name, version), old, "{name} {version}");
        }
    }
}
