//! What a job and its steps are to run in: nothing left to evaluate.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;

use crate::id::{JobKey, StepId};
use crate::secret::Secret;

/// What a job needs to have a place to run in.
#[derive(Clone, Debug)]
pub struct PlaceSpec {
    /// Names everything the job holds in an engine or on disk.
    pub key: JobKey,
    /// The job's own room.
    pub room: RoomSpec,
    /// What runs beside it, by the name that steps reach it by.
    pub services: IndexMap<String, ContainerSpec>,
    /// When to pull images.
    pub pull: PullPolicy,
    /// The project directory on this machine, which the steps see as their workspace.
    pub workspace: PathBuf,
    /// Whether what steps write stays apart from it, in a layer that goes with the place; only for containers.
    pub layered: bool,
    /// A directory of this job's own, made by the executor with mode 0700, and gone after close. Below it `temp`
    /// (RUNNER_TEMP), `actions` (what actions lie in) and `tools` are mounted into the rooms; the caller may put files
    /// into `temp` and `actions` at any time while the place is open.
    pub directory: PathBuf,
    /// How long what runs may go on when the process that owns the job has vanished.
    pub orphan_grace: Duration,
    /// Who owns the run, written where an engine keeps labels.
    pub owner: Owner,
}

/// The job's own room.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it a job")]
pub enum RoomSpec {
    /// This machine.
    Host,
    /// A container of this image, as `runs-on` picks it.
    Image(String),
    /// `container:` of the job.
    Container(ContainerSpec),
}

/// A container that somebody wrote down: `container:` of a job, or one of `services`.
#[derive(Clone, Default)]
pub struct ContainerSpec {
    /// The image's name.
    pub image: String,
    /// Who pulls it, when the registry asks.
    pub login: Option<RegistryLogin>,
    /// Its environment.
    pub env: IndexMap<String, String>,
    /// Ports as written: `80`, `8080:80`, `8080:80/tcp`.
    pub ports: Vec<String>,
    /// Volumes as written.
    pub volumes: Vec<String>,
    /// Further arguments as `docker create` takes them, as one text.
    pub options: String,
    /// What runs in place of the image's entry point.
    pub entrypoint: Option<String>,
    /// What runs in place of the image's command, as one text.
    pub command: Option<String>,
}

impl fmt::Debug for ContainerSpec {
    /// Values of variables may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerSpec")
            .field("image", &self.image)
            .field("env", &self.env.keys())
            .field("ports", &self.ports)
            .field("volumes", &self.volumes)
            .finish_non_exhaustive()
    }
}

/// Who logs in at a registry.
#[derive(Clone, Debug)]
pub struct RegistryLogin {
    /// The user's name there.
    pub username: String,
    /// The password or token.
    pub password: Secret,
}

/// What of a place this machine does not see where [`PlaceSpec`] says that it is: [`super::Place::bring`] and
/// [`super::Place::send`] reach it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// The workspace.
    pub workspace: bool,
    /// `temp`, `actions` and `tools` of the job's directory.
    pub directory: bool,
}

/// What of a room is to be brought to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A small file, wherever a link in its place leads.
    Small,
    /// A file, or a folder with all that is in it, wherever a link in its place leads.
    Whole,
    /// The same, but nothing where a link in its place leads to a folder.
    Itself,
}

/// Where a link of a room leads, as far as names tell.
pub(crate) fn led(link: &Path, target: &Path) -> PathBuf {
    let mut path = PathBuf::from("/");
    let parent = link.parent().unwrap_or(Path::new("/"));
    for part in parent.join(target).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => {
                path.pop();
            }
            _ => {}
        }
    }
    path
}

/// What steps are told of their place. Paths are those of the job's room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceFacts {
    /// The workspace: `/workspace` in a container, the project directory on the host.
    pub workspace: String,
    /// RUNNER_TEMP.
    pub temp: String,
    /// Where `<directory>/actions` is seen.
    pub actions: String,
    /// RUNNER_TOOL_CACHE.
    pub tools: String,
    /// The job container's id, when it has one.
    pub container: Option<String>,
    /// The network's id, when there is one.
    pub network: Option<String>,
    /// The services, by name.
    pub services: IndexMap<String, ServiceFacts>,
    /// `Linux`, `macOS`.
    pub os: String,
    /// `X64`, `ARM64`, `X86`, `ARM`.
    pub arch: String,
    /// Whether steps run as the user of a `container:` job, whose default shell is `sh`.
    pub in_container: bool,
}

/// What steps are told of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its container's id.
    pub id: String,
    /// The network's id.
    pub network: String,
    /// Ports of the container and where they are reached on this machine: `8080` -> `32768`, as `job.services.<id>.ports`.
    pub ports: IndexMap<String, String>,
}

/// The process that owns a run, told from every other one that ever had its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The state directory's own id: what another state directory made is never touched.
    pub instance: String,
    /// The machine's boot id.
    pub boot: String,
    /// The process's id.
    pub pid: u32,
    /// When the process started, in clock ticks since boot (`/proc/PID/stat`, field 22).
    pub started: u64,
}

/// When to pull an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullPolicy {
    /// When it is not there.
    #[default]
    Missing,
    /// Before every job.
    Always,
    /// Never: a missing image fails the job.
    Never,
}

/// One step, ready to run: nothing left to evaluate.
#[derive(Clone)]
pub struct StepSpec {
    /// Which step: what signals are for.
    pub id: StepId,
    /// What to run.
    pub program: Program,
    /// The environment beside what the image or the host gives; later wins. The place adds GITHUB_ENV, GITHUB_OUTPUT,
    /// GITHUB_PATH, GITHUB_STATE, GITHUB_STEP_SUMMARY. For a container action, values that begin with a path of the job's
    /// room (workspace, temp, actions) are translated to where that is seen in the action's room.
    pub env: BTreeMap<String, String>,
    /// Folders to put before the `PATH` that the room has (its image's, the user's), first one first.
    pub path: Vec<String>,
    /// Where to run, seen from inside; relative to the workspace.
    pub working_directory: Option<String>,
}

impl fmt::Debug for StepSpec {
    /// Scripts and values of variables may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepSpec")
            .field("id", &self.id)
            .field("env", &self.env.keys())
            .finish_non_exhaustive()
    }
}

/// What a step runs.
#[derive(Clone)]
pub enum Program {
    /// A script, run by the first shell of `shells` that is there.
    Script {
        /// The script's text.
        text: String,
        /// Shells by preference.
        shells: Vec<Shell>,
    },
    /// A program with arguments, looked up in the step's `PATH` (Node.js for a JavaScript action).
    Exec {
        /// By preference: the first that is there.
        programs: Vec<String>,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// An image in a room of its own: a container action. Its workspace is at `/github/workspace`, its home at
    /// `/github/home`; it is on the job's network.
    Container {
        /// As [`super::Place::build`] answered, or a name to pull.
        image: String,
        /// Pull it by the place's policy; not for what was built.
        pull: bool,
        /// What runs in place of the image's entry point.
        entrypoint: Option<String>,
        /// The image's own command when empty and no entrypoint is given.
        arguments: Vec<String>,
    },
}

impl fmt::Debug for Program {
    /// Scripts and arguments may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script { .. } => f.write_str("Script"),
            Self::Exec { programs, .. } => write!(f, "Exec({programs:?})"),
            Self::Container { image, .. } => write!(f, "Container({image:?})"),
        }
    }
}

/// A shell and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    /// Looked up in the step's `PATH`.
    pub program: String,
    /// Its arguments; `{0}` stands for the script's file.
    pub arguments: Vec<String>,
    /// The file name's ending that the shell wants, with its dot; may be empty.
    pub extension: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_where_its_names_say_and_never_above_the_root() {
        for (link, target, expected) in [
            ("/workspace/a/action.yml", "b.yml", "/workspace/a/b.yml"),
            ("/workspace/a/action.yml", "../c/./b.yml", "/workspace/c/b.yml"),
            ("/workspace/a", "/etc/x", "/etc/x"),
            ("/a", "../../../x", "/x"),
        ] {
            assert_eq!(led(Path::new(link), Path::new(target)), Path::new(expected));
        }
    }
}
