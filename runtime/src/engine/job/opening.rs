//! The place of a job: made and removed on the IO threads.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::JobOrigin;
use super::contexts::{ABOVE_WORKSPACE, EVENT_FILE};
use super::fetching::prepare;
use super::grounds::Grounds;
use super::machine::{Trouble, UNREACHABLE};
use super::notes::LogNotes;
use super::opened::{Opened, is_copied, opened_in, spec_of};
use super::place_tasks::PlaceTasks;
use crate::actions;
use crate::chain::chain;
use crate::config::WorkspaceMode;
use crate::engine::io::Io;
use crate::engine::shared::Shared;
use crate::executor::channel::TEMP;
use crate::executor::{Closed, Executor, ExecutorError, Fault};
use crate::id::JobKey;
use crate::logs::{JobLog, LogError};

/// Has the place of a job made, among its tasks. On the host that is short work which blocks at every other turn.
pub(in crate::engine) fn start_opening(
    origin: JobOrigin,
    place_tasks: &PlaceTasks,
) -> JoinHandle<Result<Opened, Trouble>> {
    let io = origin.shared.io.clone();
    let is_short = origin.plan.room_is_host() && origin.plan.services.is_empty();
    let opening = place_tasks.track(open(origin, place_tasks.unwanted().clone()));
    if is_short {
        io.together(opening)
    } else {
        io.spawn(opening)
    }
}

/// Makes the place. What goes wrong is told in the job's log too. When it is not wanted any more, fetching is broken off,
/// but what has begun to be made is made to the end and then removed: an engine finishes what it was told.
///
/// A panic on the way leaves nothing behind either: the error comes once all is removed.
async fn open(origin: JobOrigin, unwanted: CancellationToken) -> Result<Opened, Trouble> {
    let (shared, key) = (Arc::clone(&origin.shared), origin.key.clone());
    let executor = shared.executors.of(&origin.plan.room);
    let broken = match AssertUnwindSafe(make(origin, unwanted)).catch_unwind().await {
        Ok(opened) => return opened,
        Err(_) => panicked(),
    };
    Err(match reclaim(&shared, &*executor, &key).await {
        Ok(()) => broken,
        Err(left) => {
            let message = format!("{}; besides, it {}", broken.reason.message, left.reason.message);
            Trouble {
                may_leave: true,
                ..Trouble::machine(&left.reason.code, message)
            }
        }
    })
}

async fn make(origin: JobOrigin, unwanted: CancellationToken) -> Result<Opened, Trouble> {
    let JobOrigin {
        key,
        plan,
        shared,
        workspace,
        masks,
        ..
    } = origin.clone();
    let executor = shared.executors.of(&plan.room);
    let (logs, logged) = (shared.logs.clone(), key.clone());
    // Makes files: nothing for an async thread.
    let (log, writer) = shared
        .io
        .blocking_turn(move || {
            let failed = |error: crate::logs::LogError| Trouble::machine("log", chain(&error));
            let log = logs
                .create(&logged.run, &logged.job, logged.attempt)
                .map_err(failed)?;
            let writer = logs.writer(&log).map_err(failed)?;
            Ok::<_, Trouble>((log, writer))
        })
        .await
        .map_err(|broken| broke_off(&broken))??;
    let notes = Arc::new(LogNotes::new(
        writer,
        Arc::clone(&shared),
        key.clone(),
        masks.clone(),
    ));
    if let Some((label, system)) = plan.other_system() {
        notes.say(&format!(
            "`{label}` asks for a machine with {system}; the job runs on this one as it is"
        ));
    }
    let project = workspace.clone();
    let (mut spec, hidden) = spec_of(&origin);
    if is_copied(&plan) {
        if plan.scope.run.options.workspace_mode == WorkspaceMode::Overlay {
            notes.say(&copied_because("there are no layers on the host"));
        }
        spec.workspace = copy_project(&shared, &key, &project).await?;
    }
    let opening = async {
        tokio::select! {
            biased;
            () = unwanted.cancelled() => return Ok(None),
            fetched = executor.fetch(&spec, notes.clone()) => fetched.map_err(Refused::Place)?,
        }
        match executor.open(spec.clone(), notes.clone()).await {
            Err(ExecutorError::Layers { cause }) => {
                notes.say(&copied_because(&cause));
                spec.layered = false;
                spec.workspace = copy_project(&shared, &key, &project)
                    .await
                    .map_err(Refused::Copy)?;
                let opened = executor.open(spec.clone(), notes.clone()).await;
                opened.map(Some).map_err(Refused::Place)
            }
            opened => opened.map(Some).map_err(Refused::Place),
        }
    };
    let place = match opening.await {
        Ok(Some(place)) => place,
        Ok(None) => {
            remove(&shared.io, directories(&shared, &key)).await.ok();
            return Err(not_wanted());
        }
        Err(refused) => {
            let trouble = match refused {
                Refused::Place(error) => trouble(&error),
                Refused::Copy(trouble) => trouble,
            };
            notes.say(&trouble.reason.message);
            written(&shared, log, |_| Ok(())).await;
            // An open that fails leaves nothing in its engine; a copy of the project was made here. Where something may be
            // left it is still in use.
            if !trouble.may_leave {
                remove(&shared.io, directories(&shared, &key)).await.ok();
            }
            return Err(trouble);
        }
    };
    let mut opened = opened_in(&origin, place, spec, (log, notes, hidden));
    if unwanted.is_cancelled() {
        close(opened).await?;
        return Err(not_wanted());
    }
    let prepared = match put_files(&opened).await {
        Err(trouble) => Err(trouble),
        Ok(()) => tokio::select! {
            biased;
            () = unwanted.cancelled() => Err(not_wanted()),
            prepared = prepare(&opened) => prepared,
        },
    };
    match prepared {
        Ok(pre) => {
            opened.pre = pre;
            Ok(opened)
        }
        Err(trouble) => {
            opened.notes.say(&trouble.reason.message);
            close(opened).await?;
            Err(trouble)
        }
    }
}

/// Puts what is below RUNNER_TEMP from the start where steps see it: the folder above the workspace, and the event.
async fn put_files(opened: &Opened) -> Result<(), Trouble> {
    let grounds = Arc::clone(&opened.grounds);
    let made = opened.shared.io.blocking_turn(move || {
        let temp = grounds.directory.join(TEMP);
        write_above_workspace(&grounds, &temp.join(ABOVE_WORKSPACE)).map_err(|error| {
            let what = format!("cannot make the folder above the workspace: {error}");
            Trouble::machine("setup", what)
        })?;
        write_event(&grounds, &temp.join(EVENT_FILE)).map_err(|error| {
            Trouble::machine("setup", format!("cannot write the file of the event: {error}"))
        })
    });
    made.await.map_err(|broken| broke_off(&broken))??;
    opened.grounds.put(ABOVE_WORKSPACE).await?;
    opened.grounds.put(EVENT_FILE).await
}

/// Makes the folder above the workspace, in which that is seen under the repository's name.
fn write_above_workspace(grounds: &Grounds, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777))?;
    let Some(name) = grounds.plan.repository_name() else {
        return Ok(());
    };
    std::os::unix::fs::symlink(&grounds.facts.workspace, folder.join(name))
}

/// Writes the event where steps find it.
fn write_event(grounds: &Grounds, file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        // A container may have it mounted.
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, grounds.plan.scope.event_text())
}

/// Closes the place; a panic on the way leaves nothing behind either.
pub(in crate::engine) async fn close(opened: Opened) -> Result<Closed, Trouble> {
    let (shared, executor, key) = (
        Arc::clone(&opened.shared),
        Arc::clone(&opened.executor),
        opened.key.clone(),
    );
    let broken = match shared.io.spawn(end(opened)).await {
        Ok(closed) => return closed,
        Err(broken) => broke_off(&broken),
    };
    tracing::error!(job = %key.job, cause = %broken.reason.message, "closing a job's place broke off");
    reclaim(&shared, &*executor, &key)
        .await
        .map(|()| Closed::default())
}

async fn end(opened: Opened) -> Result<Closed, Trouble> {
    opened.grounds.at_rest().await;
    let closed = opened.place.close().await;
    match &closed {
        Ok(closed) => {
            for process in &closed.killed {
                opened
                    .notes
                    .say(&format!("a step left process {process} running; it was ended"));
            }
        }
        Err(error) => opened.notes.say(&format!("failed to {}", chain(error))),
    }
    let beside = vec![
        copy_of_workspace(&opened.shared, &opened.key),
        brought_files(&opened.shared, &opened.key),
    ];
    let options = &opened.grounds.plan.scope.run.options;
    // On the host, in the project itself, there is nothing beside the job's directory.
    let is_plain = options.workspace_mode == WorkspaceMode::Bind && opened.grounds.plan.room_is_host();
    if !is_plain && let Err(error) = remove(&opened.shared.io, beside).await {
        opened
            .notes
            .say(&format!("failed to remove the copy of the project: {error}"));
    }
    let now = opened.shared.world.now();
    written(&opened.shared, opened.log, move |log| log.finish(now)).await;
    closed.map_err(|error| trouble(&error))
}

/// Waits until what was said of a job is in its log, and adds the last of it.
pub(super) async fn written(
    shared: &Shared,
    log: JobLog,
    last: impl FnOnce(&JobLog) -> Result<(), LogError> + Send + 'static,
) {
    if log.is_untouched() {
        return; // what `last` may add is about lines that there are none of
    }
    let writer = shared.logs.writer(&log);
    let written = shared.io.blocking(move || {
        let written = writer.and_then(|mut writer| writer.flush());
        written.and(last(&log))
    });
    if let Ok(Err(error)) = written.await {
        tracing::error!(error = %chain(&error), "lines of a job's log are lost");
    }
}

/// Removes whatever a job still holds, its directory included, when there is no place to close.
pub(in crate::engine) async fn reclaim(
    shared: &Shared,
    executor: &dyn Executor,
    key: &JobKey,
) -> Result<(), Trouble> {
    executor.reclaim(key).await.map_err(|error| {
        let mut trouble = trouble(&error);
        if trouble.reason.code != UNREACHABLE {
            "cleanup".clone_into(&mut trouble.reason.code);
        }
        trouble.may_leave = true;
        trouble
    })?;
    let directory = shared.directory.jobs().join(key.resource_name());
    let shown = directory.display().to_string();
    remove_directories(shared, key).await.map_err(|error| Trouble {
        may_leave: true,
        ..Trouble::machine("cleanup", format!("failed to remove {shown}: {error}"))
    })
}

/// Removes all that a job has below the state directory, but for its log.
pub(in crate::engine) async fn remove_directories(shared: &Shared, key: &JobKey) -> io::Result<()> {
    remove(&shared.io, directories(shared, key)).await
}

/// Where a job's copy of the project lies: beside its directory, whose name it begins with.
pub(super) fn copy_of_workspace(shared: &Shared, key: &JobKey) -> PathBuf {
    shared
        .directory
        .jobs()
        .join(format!("{}.workspace", key.resource_name()))
}

/// Where what is brought from a place that this machine does not see lies.
pub(super) fn brought_files(shared: &Shared, key: &JobKey) -> PathBuf {
    shared
        .directory
        .jobs()
        .join(format!("{}.brought", key.resource_name()))
}

/// All that a job has below the state directory, but for its log.
fn directories(shared: &Shared, key: &JobKey) -> Vec<PathBuf> {
    vec![
        shared.directory.jobs().join(key.resource_name()),
        copy_of_workspace(shared, key),
        brought_files(shared, key),
    ]
}

/// Makes the copy of the project that a job works in; one that cannot be made leaves nothing.
async fn copy_project(shared: &Shared, key: &JobKey, project: &Path) -> Result<PathBuf, Trouble> {
    let (copy, jobs) = (copy_of_workspace(shared, key), shared.directory.jobs());
    let made = shared.io.blocking(move || {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(jobs)
    });
    let made = made.await.map_err(|broken| broke_off(&broken))?;
    made.map_err(|error| Trouble::machine("setup", format!("cannot make a folder for the job: {error}")))?;
    match actions::copy_project(project, &copy, &shared.directory.jobs()).await {
        Ok(_) => Ok(copy),
        Err(error) => {
            remove(&shared.io, directories(shared, key)).await.ok();
            let what = format!("cannot copy the project: {error}");
            Err(Trouble::machine("setup", what))
        }
    }
}

/// Why a workspace is no layers over the project.
fn copied_because(cause: &str) -> String {
    format!("the workspace is a copy of the project instead of layers over it: {cause}")
}

/// Why there is no place.
enum Refused {
    Place(ExecutorError),
    Copy(Trouble),
}

pub(super) async fn remove(io: &Io, directories: Vec<PathBuf>) -> io::Result<()> {
    let removed = io.blocking(move || {
        directories
            .iter()
            .try_for_each(|directory| match std::fs::remove_dir_all(directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            })
    });
    removed
        .await
        .unwrap_or_else(|broken| Err(io::Error::other(broken)))
}

/// Why a task that watched over a job did not end by itself.
pub(super) fn broke_off(error: &tokio::task::JoinError) -> Trouble {
    if error.is_panic() {
        return panicked();
    }
    ended_early("was stopped")
}

fn panicked() -> Trouble {
    ended_early("panicked")
}

fn ended_early(how: &str) -> Trouble {
    Trouble::machine("session-lost", format!("the task that watched over it {how}"))
}

fn not_wanted() -> Trouble {
    Trouble::machine("cancelled", "the job was cancelled while its place was made")
}

/// What a failure of an executor means for the job.
pub(super) fn trouble(error: &ExecutorError) -> Trouble {
    let code = match error {
        ExecutorError::Unreachable { .. } => UNREACHABLE,
        ExecutorError::Image { .. } => "image",
        ExecutorError::Workflow { .. } => "container",
        ExecutorError::Lost { .. } => "session-lost",
        ExecutorError::Cleanup { .. } => "cleanup",
        _ => "setup",
    };
    Trouble {
        by_workflow: error.fault() == Fault::Workflow,
        may_leave: error.may_leave(),
        ..Trouble::machine(code, format!("failed to {}", chain(error)))
    }
}
