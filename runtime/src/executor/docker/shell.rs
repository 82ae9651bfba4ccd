//! A shell in a job's container, beside its steps: for a person who looks into what went wrong.

use std::collections::BTreeMap;
use std::pin::Pin;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt as _;
use tokio::io::AsyncWrite;

use super::executor::DockerExecutor;
use super::marks;
use super::{engine::Connection, failure, room};
use crate::executor::{ExecutorError, Stream};

/// Goes to the directory `$1`, puts the folders `$2` before the `PATH`, and becomes the best shell that is there.
const ENTER: &str = "cd \"$1\" 2>/dev/null; [ -z \"$2\" ] || { PATH=\"$2:$PATH\"; export PATH; }; \
     command -v bash >/dev/null 2>&1 && exec bash; exec sh";

/// What a shell in a container is opened with.
pub struct ShellSpec {
    /// The job's container.
    pub container: String,
    /// Whether it is that of a `container:` job, whose home is GitHub's.
    pub in_container: bool,
    /// Where it begins.
    pub directory: String,
    /// Variables of the step: some are secrets.
    pub env: BTreeMap<String, String>,
    /// Folders before the container's `PATH`.
    pub path: Vec<String>,
    /// Whether a terminal is at the other end, with so many rows and columns.
    pub terminal: Option<(u16, u16)>,
}

/// A shell that runs.
pub struct ShellSession {
    connection: Connection,
    id: String,
    output: Pin<Box<dyn futures_util::Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
}

impl DockerExecutor {
    /// Opens a shell in a job's container, as the user that its steps run as.
    ///
    /// # Errors
    /// When the engine does not answer, or has no such container.
    pub async fn shell(&self, spec: ShellSpec) -> Result<ShellSession, ExecutorError> {
        let connection = self.connection().await?.clone();
        let failed = |error: &bollard::errors::Error| {
            failure::setup("open a shell in the job's container", &connection.endpoint, error)
        };
        let found = connection.docker.inspect_container(&spec.container, None).await;
        let labels = found.map_err(|error| failed(&error))?.config;
        let user = labels
            .and_then(|config| config.labels)
            .and_then(|mut labels| labels.remove(marks::USER));
        let mut env: Vec<String> = spec
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut default = |name: &str, value: &str| {
            if !spec.env.contains_key(name) {
                env.push(format!("{name}={value}"));
            }
        };
        if spec.in_container {
            default("HOME", room::HOME);
        }
        if spec.terminal.is_some() {
            default(
                "TERM",
                &std::env::var("TERM").unwrap_or_else(|_| "xterm".to_owned()),
            );
        }
        let command = ["sh", "-c", ENTER, "sh", &spec.directory, &spec.path.join(":")];
        let options = CreateExecOptions {
            cmd: Some(command.map(str::to_owned).to_vec()),
            env: Some(env),
            user,
            tty: Some(spec.terminal.is_some()),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let docker = &connection.docker;
        let made = docker.create_exec(&spec.container, options).await;
        let id = made.map_err(|error| failed(&error))?.id;
        let start = StartExecOptions {
            tty: spec.terminal.is_some(),
            ..StartExecOptions::default()
        };
        let started = docker.start_exec(&id, Some(start)).await;
        let StartExecResults::Attached { output, input } = started.map_err(|error| failed(&error))? else {
            return Err(ExecutorError::lost("the engine did not attach to the shell"));
        };
        let session = ShellSession {
            connection: connection.clone(),
            id,
            output,
            input: Some(input),
        };
        if let Some((rows, columns)) = spec.terminal {
            session.resize(rows, columns).await;
        }
        Ok(session)
    }
}

impl ShellSession {
    /// The terminal at the other end has so many rows and columns now.
    pub async fn resize(&self, rows: u16, columns: u16) {
        let options = ResizeExecOptions {
            height: rows,
            width: columns,
        };
        if let Err(error) = self.connection.docker.resize_exec(&self.id, options).await {
            tracing::debug!(%error, "the shell does not learn of the terminal's size");
        }
    }

    /// Takes the way by which it is told what is typed; closing it is the end of its input.
    pub fn input(&mut self) -> Option<Pin<Box<dyn AsyncWrite + Send>>> {
        self.input.take()
    }

    /// What it says next; none at its end. May be dropped while it waits.
    ///
    /// # Errors
    /// When the engine does not answer any more.
    pub async fn output(&mut self) -> Result<Option<(Stream, Vec<u8>)>, ExecutorError> {
        let piece = tokio::select! {
            biased;
            piece = self.output.next() => piece,
            () = self.connection.silence() => return Err(ExecutorError::lost(format!(
                "the engine at {} has stopped answering", self.connection.endpoint
            ))),
        };
        let piece = match piece {
            None => return Ok(None),
            Some(piece) => piece.map_err(|error| ExecutorError::lost(failure::explain(&error)))?,
        };
        let stream = match piece {
            LogOutput::StdErr { .. } => Stream::Stderr,
            _ => Stream::Stdout,
        };
        Ok(Some((stream, piece.into_bytes().to_vec())))
    }

    /// The code that it ended with, once its output has ended.
    ///
    /// # Errors
    /// When the engine does not answer any more.
    pub async fn exit_code(&self) -> Result<i64, ExecutorError> {
        for _ in 0..200 {
            let state = self.connection.docker.inspect_exec(&self.id).await;
            let state = state.map_err(|error| ExecutorError::lost(failure::explain(&error)))?;
            if state.running != Some(true)
                && let Some(code) = state.exit_code
            {
                return Ok(code);
            }
            // The stream may end a moment before the engine knows the code.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Err(ExecutorError::lost("the engine does not say how the shell ended"))
    }
}
