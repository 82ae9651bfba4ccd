//! Rooms of an engine that does not see the files of this machine: one on another machine, or in a virtual one.
//!
//! What rooms share (workspace, temp, actions, tools) is in volumes of the job's; they and what else is to be in a room
//! (the agent, the job's own directory) go up through the engine's API before it starts. What a job changes there stays
//! there: the project is as it was. The agent is reached through `bridge`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bollard::models::Mount;
use loom_agent::{files, layout};

use super::archive::{self, Owner};
use super::container::{ACTIONS, AGENT, JOB, SCRIPTS, TEMP, TOOLS, WORKSPACE};
use super::engine::Connection;
use super::marks::Marks;
use super::room::{self, ACTION_FILES, ACTION_TEMP, ACTION_WORKSPACE, EVENT, HOME};
use super::{layers, transfer};
use crate::executor::channel;
use crate::executor::{ExecutorError, PlaceSpec};

/// Root's, in a container.
const ROOT: Owner = (0, 0);

/// What rooms share: the volume's name behind the job's, where the job's room has it, where one of a container action.
const SHARED: [(&str, &str, &str); 4] = [
    ("workspace", WORKSPACE, ACTION_WORKSPACE),
    ("temp", TEMP, ACTION_TEMP),
    ("actions", ACTIONS, ACTIONS),
    ("tools", TOOLS, TOOLS),
];

/// Makes the volumes that rooms share.
pub(super) async fn create(connection: &Connection, marks: &Marks) -> Result<(), ExecutorError> {
    if let Some(version) = connection.sends_beside_volumes().await {
        return Err(ExecutorError::Setup {
            what: "send the project to the engine".to_owned(),
            cause: format!(
                "the engine at {} does not see the files of this machine, and it is Podman {version}, which does not put \
                 what is sent into the volumes of the job: use Podman 6 or Docker there, or an engine of this machine",
                connection.endpoint
            ),
        });
    }
    for (part, _, _) in SHARED {
        layers::plain(connection, marks, part).await?;
    }
    Ok(())
}

/// The mounts of the job's room.
pub(super) fn of_job(marks: &Marks) -> Vec<Mount> {
    mounts(marks, |(_, own, _)| own)
}

/// The mounts of a container action's room.
pub(super) fn of_action(marks: &Marks) -> Vec<Mount> {
    mounts(marks, |(_, _, action)| action)
}

type Shared = (&'static str, &'static str, &'static str);

fn mounts(marks: &Marks, target: fn(Shared) -> &'static str) -> Vec<Mount> {
    let mount = |shared: Shared| layers::mount(&layers::named(marks, shared.0), target(shared));
    SHARED.into_iter().map(mount).collect()
}

/// Fills the job's room, which was made and not started. `left_out` is nothing of the project's.
pub(super) async fn fill_job(
    connection: &Connection,
    container: &str,
    spec: &PlaceSpec,
    agent: &Path,
    github: bool,
) -> Result<(), ExecutorError> {
    let (directory, workspace, agent) = (spec.directory.clone(), spec.workspace.clone(), agent.to_owned());
    let caller = transfer::caller();
    let pack = move |out: &mut dyn Write| {
        own(&agent, &directory, out)?;
        for (name, target) in [
            (channel::TEMP, TEMP),
            (channel::ACTIONS, ACTIONS),
            (channel::TOOLS, TOOLS),
        ] {
            let path = directory.join(name);
            // The caller may keep tools elsewhere and have put a link here.
            let path = path.canonicalize().unwrap_or(path);
            archive::whole(&path, inner(target), caller, &[], out)?;
        }
        if github {
            links(TEMP, out)?;
        }
        // Where the project holds the state directory, without that.
        let jobs: Vec<PathBuf> = directory.parent().map(Path::to_owned).into_iter().collect();
        archive::whole(&workspace, inner(WORKSPACE), caller, &jobs, out)?;
        // A worktree's repository lies elsewhere.
        if let Some((outside, inside)) = room::repository_of(&workspace, WORKSPACE) {
            let inside = inside.display().to_string();
            archive::whole(&outside, inner(&inside), caller, &[], out)?;
        }
        Ok(())
    };
    transfer::send_packed(connection, container, "/", pack)
        .await
        .map_err(|error| error.of("send the project to the engine", connection))
}

/// Fills the room of a container action, which was made and not started: what it shares with the job's is there.
pub(super) async fn fill_action(
    connection: &Connection,
    container: &str,
    job: &Path,
    own_directory: &Path,
    agent: &Path,
) -> Result<(), ExecutorError> {
    let (temp, directory, agent) = (
        job.join(channel::TEMP),
        own_directory.to_owned(),
        agent.to_owned(),
    );
    let caller = transfer::caller();
    let pack = move |out: &mut dyn Write| {
        own(&agent, &directory, out)?;
        for name in room::folders() {
            let folder = temp.join(name);
            let target = format!("{ACTION_TEMP}/{name}");
            // The folder alone: what is in it is there, or is not for this machine to say.
            let entries = std::fs::read_dir(&folder)?;
            let inside = entries
                .map(|entry| Ok(entry?.path()))
                .collect::<io::Result<Vec<_>>>()?;
            archive::whole(&folder, inner(&target), caller, &inside, out)?;
        }
        links(ACTION_TEMP, out)?;
        let files = format!("{ACTION_TEMP}/{}", files::DIRECTORY);
        archive::link(out, inner(ACTION_FILES), files.as_bytes())
    };
    transfer::send_packed(connection, container, "/", pack)
        .await
        .map_err(|error| error.of("send the action's room to the engine", connection))
}

/// What a room has for itself: the agent and its directory.
fn own(agent: &Path, directory: &Path, out: &mut dyn Write) -> io::Result<()> {
    archive::folder(out, b"loom", 0o755)?;
    archive::whole(agent, inner(AGENT), ROOT, &[], out)?;
    let shared = [
        channel::TEMP,
        channel::ACTIONS,
        channel::TOOLS,
        layout::SCRIPTS,
        room::ROOMS,
    ];
    let left_out = shared.map(|name| directory.join(name));
    archive::whole(directory, inner(JOB), ROOT, &left_out, out)?;
    archive::whole(&directory.join(layout::SCRIPTS), inner(SCRIPTS), ROOT, &[], out)
}

/// The folders of RUNNER_TEMP that GitHub's rooms see elsewhere too.
fn links(temp: &str, out: &mut dyn Write) -> io::Result<()> {
    archive::folder(out, b"github", 0o755)?;
    for (target, folder) in [(HOME, room::HOME_FOLDER), (EVENT, room::EVENT_FOLDER)] {
        archive::link(out, inner(target), format!("{temp}/{folder}").as_bytes())?;
    }
    Ok(())
}

/// A path of a container as an archive for its root has it.
fn inner(target: &str) -> &[u8] {
    target.trim_start_matches('/').as_bytes()
}
