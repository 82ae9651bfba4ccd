//! Where a job runs: its session and its log, made and used on the IO threads.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use loom_protocol::Timestamp;
use tokio_util::sync::CancellationToken;

use super::machine::may_leave;
use crate::engine::launch::{JobLaunch, base_environment};
use crate::engine::shared::{Progress, Shared};
use crate::event::Reason;
use crate::executor::{
    Closed, Executor, ExecutorError, JobSpec, Notes, PullPolicy, Session, StepEnd, StepOutput, StepSpec,
    Stream,
};
use crate::id::JobKey;
use crate::logs::{JobLog, StepLog};

/// A job's place, once it is open.
#[derive(Clone)]
pub(super) struct Place {
    session: Arc<dyn Session>,
    executor: Arc<dyn Executor>,
    log: JobLog,
    shared: Arc<Shared>,
    key: JobKey,
}

/// What a job's place is made of.
pub(super) struct Order {
    pub(super) shared: Arc<Shared>,
    pub(super) launch: Arc<JobLaunch>,
    pub(super) key: JobKey,
    pub(super) workspace: std::path::PathBuf,
    pub(super) pull: PullPolicy,
    /// Cancelled when nobody wants the place any more.
    pub(super) unwanted: CancellationToken,
}

impl Place {
    /// Makes the place. What goes wrong is told in the job's log too. When it is not wanted any more, fetching is broken
    /// off, but what has begun to be made is made to the end and then removed: an engine finishes what it was told.
    ///
    /// A panic on the way leaves nothing behind either: the error comes once all is removed.
    pub(super) async fn open(order: Order) -> Result<Self, Reason> {
        let (shared, executor) = (Arc::clone(&order.shared), Arc::clone(&order.launch.executor));
        let key = order.key.clone();
        let broken = match tokio::spawn(Self::make(order)).await {
            Ok(opened) => return opened,
            Err(broken) => broke_off(&broken),
        };
        Err(with_remains(broken, reclaim(&shared, &*executor, &key).await))
    }

    async fn make(order: Order) -> Result<Self, Reason> {
        let Order {
            shared,
            launch,
            key,
            workspace,
            pull,
            unwanted,
        } = order;
        let log = shared
            .logs
            .create(&key.run, &key.job)
            .map_err(|error| Reason::new("log", chain(&error)))?;
        let directory = shared.directory.jobs().join(key.resource_name());
        make_private(&directory).map_err(|error| {
            Reason::new(
                "setup",
                format!("cannot make the job's directory {}: {error}", directory.display()),
            )
        })?;
        let spec = JobSpec {
            key: key.clone(),
            image: launch.image.clone().unwrap_or_default(),
            pull,
            workspace,
            directory,
            orphan_grace: shared.orphan_grace,
            owner: shared.owner.clone(),
        };
        let notes = Arc::new(LogNotes {
            log: log.clone(),
            shared: Arc::clone(&shared),
            key: key.clone(),
        });
        let opening = async {
            tokio::select! {
                biased;
                () = unwanted.cancelled() => return Ok(None),
                fetched = launch.executor.fetch(&spec, notes.clone()) => fetched?,
            }
            launch.executor.open(spec.clone(), notes).await.map(Some)
        };
        match opening.await {
            Ok(Some(session)) => {
                let place = Self {
                    session,
                    executor: Arc::clone(&launch.executor),
                    log,
                    shared,
                    key,
                };
                if unwanted.is_cancelled() {
                    place.end().await?;
                    return Err(not_wanted());
                }
                Ok(place)
            }
            Ok(None) => {
                // Nothing was made but the directory, which is empty.
                drop(std::fs::remove_dir(&spec.directory));
                Err(not_wanted())
            }
            Err(error) => {
                let reason = reason(&error);
                log.note(shared.world.now(), &reason.message);
                // An open that fails leaves nothing in its engine; the directory was made here. Where something may be left
                // it is still in use.
                if !may_leave(&reason) {
                    drop(std::fs::remove_dir_all(&spec.directory));
                }
                Err(reason)
            }
        }
    }

    pub(super) async fn run_step(self, mut step: StepSpec) -> Result<StepEnd, Reason> {
        let mut env = base_environment(&self.key.run.0, &self.key.job.0);
        env.append(&mut step.env);
        step.env = env;
        let mut output = Output {
            log: self.log.step(step.index),
        };
        let result = self.session.run_step(step, &mut output).await;
        output.finish(self.shared.world.now());
        result.map_err(|error| {
            let reason = reason(&error);
            self.log.note(self.shared.world.now(), &reason.message);
            reason
        })
    }

    pub(super) async fn signal(self, signal: crate::executor::Signal) {
        if let Err(error) = self.session.signal(signal).await {
            // The step's end, which follows, says what became of it.
            tracing::debug!(error = %chain(&error), "a signal did not arrive");
        }
    }

    /// Closes the place; a panic on the way leaves nothing behind either.
    pub(super) async fn close(self) -> Result<Closed, Reason> {
        let (shared, executor, key) = (
            Arc::clone(&self.shared),
            Arc::clone(&self.executor),
            self.key.clone(),
        );
        let broken = match tokio::spawn(self.end()).await {
            Ok(closed) => return closed,
            Err(broken) => broke_off(&broken),
        };
        tracing::error!(job = %key.job, cause = %broken.message, "closing a job's place broke off");
        reclaim(&shared, &*executor, &key)
            .await
            .map(|()| Closed::default())
    }

    async fn end(self) -> Result<Closed, Reason> {
        let closed = self.session.close().await;
        match &closed {
            Ok(closed) => {
                for process in &closed.killed {
                    self.log.note(
                        self.shared.world.now(),
                        &format!("a step left process {process} running; it was ended"),
                    );
                }
            }
            Err(error) => self
                .log
                .note(self.shared.world.now(), &format!("failed to {}", chain(error))),
        }
        closed.map_err(|error| reason(&error))
    }
}

/// Removes whatever a job still holds, its directory included, when there is no session to close.
pub(in crate::engine) async fn reclaim(
    shared: &Shared,
    executor: &dyn Executor,
    key: &JobKey,
) -> Result<(), Reason> {
    executor.reclaim(key).await.map_err(|error| {
        let code = match error {
            ExecutorError::Unreachable { .. } => "unreachable",
            _ => "cleanup",
        };
        Reason::new(code, format!("failed to {}", chain(&error)))
    })?;
    let directory = shared.directory.jobs().join(key.resource_name());
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Reason::new(
            "cleanup",
            format!("failed to remove {}: {error}", directory.display()),
        )),
        _ => Ok(()),
    }
}

/// A reason, and what is left besides.
fn with_remains(reason: Reason, removed: Result<(), Reason>) -> Reason {
    match removed {
        Ok(()) => reason,
        Err(left) => Reason {
            message: format!("{}; besides, it {}", reason.message, left.message),
            code: left.code,
        },
    }
}

/// Why a task that watched over a job did not end by itself.
pub(super) fn broke_off(error: &tokio::task::JoinError) -> Reason {
    let how = if error.is_panic() {
        "panicked"
    } else {
        "was stopped"
    };
    Reason::new("session-lost", format!("the task that watched over it {how}"))
}

fn not_wanted() -> Reason {
    Reason::new("cancelled", "the job was cancelled while its place was made")
}

/// Why a job ends when its executor fails.
fn reason(error: &ExecutorError) -> Reason {
    let code = match error {
        ExecutorError::Unreachable { .. } => "unreachable",
        ExecutorError::Image { .. } => "image",
        ExecutorError::SessionLost { .. } => "session-lost",
        ExecutorError::Cleanup { .. } => "cleanup",
        _ => "setup",
    };
    Reason::new(code, format!("failed to {}", chain(error)))
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        // thiserror's `{cause}` in a message and `#[source]` would say it twice.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}

fn make_private(directory: &Path) -> io::Result<()> {
    if let Some(parent) = directory.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(directory)
}

struct LogNotes {
    log: JobLog,
    shared: Arc<Shared>,
    key: JobKey,
}

impl Notes for LogNotes {
    fn line(&self, text: &str) {
        self.log.note(self.shared.world.now(), text);
    }

    fn progress(&self, what: &str, done: u64, total: Option<u64>) {
        let (run, job) = (self.key.run.clone(), self.key.job.clone());
        // Nobody watching is no error.
        drop(self.shared.progress.send(Progress {
            run,
            job,
            what: what.to_owned(),
            done,
            total,
        }));
    }
}

struct Output {
    log: StepLog,
}

impl Output {
    fn finish(&mut self, at: Timestamp) {
        if let Err(error) = self.log.finish(at) {
            tracing::error!(error = %chain(&error), "output of a step is lost");
        }
    }
}

impl StepOutput for Output {
    fn chunk(&mut self, stream: Stream, at: jiff::Timestamp, bytes: &[u8]) {
        let at = Timestamp::from_millis(at.as_millisecond());
        if let Err(error) = self.log.write(stream, at, bytes) {
            tracing::error!(error = %chain(&error), "output of a step is lost");
        }
    }
}
