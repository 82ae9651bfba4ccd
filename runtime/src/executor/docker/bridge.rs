//! The way to an agent whose socket this machine does not see: a process in its container (`connect` of the agent), whose
//! streams the engine carries. To the channel it is a socket like any other, and the spools of its steps grow on this
//! machine as they do there.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt as _;
use loom_agent::wire::{Frames, Malformed, Report};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;

use super::container::{AGENT, JOB};
use super::engine::Connection;
use super::{container, failure};
use crate::executor::channel::{JobDirectory, blocking};
use crate::executor::{ExecutorError, Notes};

/// The agent's side says every few seconds that it is there: this is several of them.
const PULSES: Duration = Duration::from_secs(20);

/// So often that nothing came in [`PULSES`] is taken for the end of the connection, where all else answers.
const QUIET: u32 = 2;

/// Connects to the agent in a container that runs; `directory` is the job's on this machine.
pub(super) async fn open(
    connection: &Connection,
    container: &str,
    directory: PathBuf,
    notes: Arc<dyn Notes>,
) -> Result<UnixStream, ExecutorError> {
    let failed =
        |error: bollard::errors::Error| failure::setup("reach the job's agent", &connection.endpoint, &error);
    let options = CreateExecOptions {
        cmd: Some([AGENT, "connect", "--dir", JOB].map(str::to_owned).to_vec()),
        user: Some("0:0".to_owned()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::default()
    };
    let docker = &connection.docker;
    let id = docker.create_exec(container, options).await.map_err(failed)?.id;
    let started = docker.start_exec(&id, None::<StartExecOptions>).await;
    let StartExecResults::Attached {
        mut output,
        mut input,
    } = started.map_err(failed)?
    else {
        return Err(ExecutorError::Setup {
            what: "reach the job's agent".to_owned(),
            cause: "the engine gives no streams".to_owned(),
        });
    };
    let (watched, named) = (connection.clone(), container.to_owned());
    let directory = blocking(move || JobDirectory::open(&directory))
        .await?
        .map_err(|error| ExecutorError::setup("reach the job's agent", &error))?;
    let own = |error: io::Error| ExecutorError::setup("reach the job's agent", &error);
    let (ours, theirs) = UnixStream::pair().map_err(own)?;
    let (mut commands, reports) = ours.into_split();
    // Both end when either side hangs up: the channel when it is closed, the engine when the container has ended.
    tokio::spawn(async move {
        let _ = tokio::io::copy(&mut commands, &mut input).await;
        let _ = input.shutdown().await;
    });
    tokio::spawn(async move {
        let mut incoming = Incoming {
            frames: Frames::default(),
            spools: Spools {
                directory,
                open: HashMap::new(),
            },
            reports,
        };
        let silence = watched.silence();
        tokio::pin!(silence);
        let mut quiet = 0;
        loop {
            let piece = tokio::select! {
                biased;
                piece = tokio::time::timeout(PULSES, output.next()) => piece,
                () = &mut silence => return notes.line(&format!(
                    "the engine at {} has stopped answering: the way to the job's agent is lost", watched.endpoint
                )),
            };
            let Ok(piece) = piece else {
                // Only a container that somebody paused may say nothing; its agent goes on when the container does.
                let state = container::state(&watched, &named).await;
                let is_paused = matches!(&state, Ok(Some(state)) if state.paused == Some(true));
                quiet = if is_paused { 0 } else { quiet + 1 };
                if quiet < QUIET && state.is_ok() {
                    continue;
                }
                return notes.line(&format!(
                    "nothing has come from the job's agent for {} s though its container runs: the connection through the \
                     engine at {} is lost",
                    PULSES.as_secs() * u64::from(quiet.max(1)),
                    watched.endpoint
                ));
            };
            quiet = 0;
            let Some(piece) = piece else { return };
            let taken = match piece {
                Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => {
                    incoming.take(&message).await
                }
                Ok(LogOutput::StdErr { message }) => {
                    notes.line(String::from_utf8_lossy(&message).trim_end());
                    Ok(incoming)
                }
                Ok(LogOutput::StdIn { .. }) => Ok(incoming),
                // The container's end; the channel says what that means.
                Err(_) => return,
            };
            match taken {
                Ok(more) => incoming = more,
                Err(error) => {
                    notes.line(&format!("failed to take what the job's agent says: {error}"));
                    return;
                }
            }
        }
    });
    Ok(theirs)
}

/// What comes from the container.
struct Incoming {
    frames: Frames,
    spools: Spools,
    reports: OwnedWriteHalf,
}

impl Incoming {
    /// Keeps what is of spools, and passes on the rest, in order.
    async fn take(mut self, bytes: &[u8]) -> io::Result<Self> {
        let strange = |error: Malformed| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
        self.frames.push(bytes);
        let mut passed = Vec::new();
        while let Some(frame) = self.frames.next_frame().map_err(strange)? {
            match Report::decode(frame).map_err(strange)? {
                Report::Spooled { step, bytes } => {
                    // What was said before comes before.
                    self.reports.write_all(&std::mem::take(&mut passed)).await?;
                    let mut spools = self.spools;
                    let written = tokio::task::spawn_blocking(move || {
                        let written = spools.append(step, &bytes);
                        (spools, written)
                    });
                    let (spools, written) = written.await.map_err(io::Error::other)?;
                    self.spools = spools;
                    written?;
                }
                // It has done what it came for.
                Report::Alive => {}
                report => {
                    if let Report::Exited { step, .. } = &report {
                        self.spools.open.remove(step);
                    }
                    report.encode(&mut passed).map_err(strange)?;
                }
            }
        }
        self.reports.write_all(&passed).await?;
        Ok(self)
    }
}

/// The spools on this machine.
struct Spools {
    directory: JobDirectory,
    open: HashMap<u32, File>,
}

impl Spools {
    fn append(&mut self, step: u32, bytes: &[u8]) -> io::Result<()> {
        let file = match self.open.entry(step) {
            std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(self.directory.append_to_spool(step)?)
            }
        };
        file.write_all(bytes)
    }
}
