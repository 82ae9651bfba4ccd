//! What is mounted into rooms, and how paths of the job's room read in the room of a container action.

use std::fs;
use std::path::{Component, Path, PathBuf};

use bollard::models::Mount;
use loom_agent::{files, layout};

use super::container::{self, ACTIONS, AGENT, JOB, SCRIPTS, TEMP, TOOLS, WORKSPACE};
use super::layers;
use super::marks::Marks;
use crate::executor::channel;
use crate::executor::{PlaceFacts, PlaceSpec};

/// Where things are in the room of a container action, and in a `container:` job what is there besides: as on GitHub.
pub(super) const ACTION_WORKSPACE: &str = "/github/workspace";
pub(super) const ACTION_TEMP: &str = "/github/runner_temp";
pub(super) const ACTION_FILES: &str = "/github/file_commands";
pub(super) const HOME: &str = "/github/home";
pub(super) const EVENT: &str = "/github/workflow";

/// The folders of RUNNER_TEMP that are seen there.
pub(super) const HOME_FOLDER: &str = "_github_home";
pub(super) const EVENT_FOLDER: &str = "_github_workflow";

/// The folder of a job's directory that has those of container actions.
pub(super) const ROOMS: &str = "rooms";

/// The folders of RUNNER_TEMP that rooms like GitHub's see below `/github`.
pub(super) fn folders() -> [&'static str; 3] {
    [HOME_FOLDER, EVENT_FOLDER, files::DIRECTORY]
}

/// What rooms have as their workspace.
#[derive(Clone, Debug)]
pub(super) enum Workspace {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A volume of layers over one.
    Volume(String),
}

impl Workspace {
    pub(super) fn of(spec: &PlaceSpec, marks: &Marks) -> Self {
        if spec.layered {
            Self::Volume(layers::volume(marks))
        } else {
            Self::Folder(spec.workspace.clone())
        }
    }

    /// The mounts by which it is seen at `target`, the repository that it is a worktree of included.
    pub(super) fn seen_at(&self, target: &str) -> Vec<Mount> {
        match self {
            Self::Volume(volume) => vec![layers::mount(volume, target)],
            Self::Folder(folder) => {
                let mut mounts = vec![container::mount(folder, target, false)];
                mounts.extend(of_git(folder, target));
                mounts
            }
        }
    }

    /// The folder whose files a job may have made another's.
    pub(super) fn to_give<'a>(&'a self, directory: &'a Path) -> &'a Path {
        match self {
            Self::Folder(folder) => folder,
            // The project is as it was, and the layer above goes with its volume.
            Self::Volume(_) => directory,
        }
    }
}

/// Makes the folders that rooms like GitHub's see below `/github`. For a thread that may block.
pub(super) fn make_folders(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let temp = directory.join(channel::TEMP);
    for (name, mode) in [
        (HOME_FOLDER, 0o777),
        (EVENT_FOLDER, 0o755),
        (files::DIRECTORY, 0o755),
    ] {
        let path = temp.join(name);
        match fs::create_dir(&path) {
            Ok(()) => fs::set_permissions(&path, fs::Permissions::from_mode(mode))?,
            // Another room that is made at the same time, or the agent, was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What every room of a job sees: the agent, the folders that its steps share.
fn shared(agent: &Path, directory: &Path, own: &Path) -> Vec<Mount> {
    let below = |name: &str| {
        let path = directory.join(name);
        // The caller may keep tools elsewhere and have put a link here.
        fs::canonicalize(&path).unwrap_or(path)
    };
    vec![
        container::mount(agent, AGENT, true),
        container::mount(own, JOB, false),
        container::mount(&below(channel::ACTIONS), ACTIONS, false),
        container::mount(&below(channel::TOOLS), TOOLS, false),
    ]
}

/// What GitHub's rooms see below `/github`.
pub(super) fn of_github(directory: &Path) -> Vec<Mount> {
    let temp = directory.join(channel::TEMP);
    vec![
        container::mount(&temp.join(HOME_FOLDER), HOME, false),
        container::mount(&temp.join(EVENT_FOLDER), EVENT, false),
    ]
}

/// The mounts of the job's room. For a thread that may block.
pub(super) fn of_job(agent: &Path, directory: &Path, workspace: &Workspace) -> Vec<Mount> {
    let mut mounts = shared(agent, directory, directory);
    mounts.extend([
        container::mount(&directory.join(layout::SCRIPTS), SCRIPTS, false),
        container::mount(&directory.join(channel::TEMP), TEMP, false),
    ]);
    mounts.extend(workspace.seen_at(WORKSPACE));
    mounts
}

/// The mounts of a container action's room. For a thread that may block.
pub(super) fn of_action(agent: &Path, directory: &Path, own: &Path, workspace: &Workspace) -> Vec<Mount> {
    let temp = directory.join(channel::TEMP);
    let mut mounts = shared(agent, directory, own);
    mounts.extend(of_github(directory));
    mounts.extend([
        container::mount(&temp, ACTION_TEMP, false),
        container::mount(&temp.join(files::DIRECTORY), ACTION_FILES, false),
    ]);
    mounts.extend(workspace.seen_at(ACTION_WORKSPACE));
    mounts
}

/// The repository that a workspace is a worktree (or a submodule) of, seen where the workspace's `.git` file says that it
/// is: without it git finds no repository.
fn of_git(workspace: &Path, seen_at: &str) -> Vec<Mount> {
    let Some((outside, inside)) = repository_of(workspace, seen_at) else {
        return Vec::new();
    };
    let mut mounts = vec![container::mount(&outside, &inside.display().to_string(), false)];
    let written = gitdir(workspace).unwrap_or_default();
    if Path::new(&written).is_absolute() && !Path::new(seen_at).starts_with(workspace) {
        // The repository names its worktrees too, and forgets those that it does not find.
        mounts.push(container::mount(
            workspace,
            &workspace.display().to_string(),
            false,
        ));
    }
    mounts
}

/// What the `.git` file of a workspace names.
fn gitdir(workspace: &Path) -> Option<String> {
    let link = workspace.join(".git");
    let is_file = fs::symlink_metadata(&link).is_ok_and(|found| found.is_file() && found.len() < 8192);
    let text = is_file.then(|| fs::read_to_string(link).ok()).flatten()?;
    Some(text.trim().strip_prefix("gitdir:")?.trim().to_owned())
}

/// The repository that a workspace is a worktree (or a submodule) of: where it is, and where it is to be seen.
pub(super) fn repository_of(workspace: &Path, seen_at: &str) -> Option<(PathBuf, PathBuf)> {
    let written = gitdir(workspace)?;
    let outside = normal(&workspace.join(&written));
    let inside = normal(&Path::new(seen_at).join(&written));
    // What the worktrees of a repository share lies above them; a submodule's repository stands for itself.
    let common = fs::read_to_string(outside.join("commondir")).unwrap_or_else(|_| ".".to_owned());
    let (outside, inside) = (
        normal(&outside.join(common.trim())),
        normal(&inside.join(common.trim())),
    );
    let is_elsewhere =
        outside.is_dir() && !outside.starts_with(workspace) && inside.components().count() >= 2;
    is_elsewhere.then_some((outside, inside))
}

/// A path without `.` and `..`, as it is written: nothing is looked up.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            other => out.push(other),
        }
    }
    out
}

/// Reads a value that is a path of the job's room as it is seen in the room of a container action.
#[derive(Clone, Debug, Default)]
pub(super) struct Translation {
    /// From, to; the longest first.
    pairs: Vec<(String, String)>,
}

impl Translation {
    pub(super) fn from(facts: &PlaceFacts) -> Self {
        let below = |name: &str| format!("{}/{name}", facts.temp);
        let mut pairs = vec![
            (facts.workspace.clone(), ACTION_WORKSPACE.to_owned()),
            (below(HOME_FOLDER), HOME.to_owned()),
            (below(EVENT_FOLDER), EVENT.to_owned()),
            (below(files::DIRECTORY), ACTION_FILES.to_owned()),
            (facts.temp.clone(), ACTION_TEMP.to_owned()),
            (facts.actions.clone(), ACTIONS.to_owned()),
            (facts.tools.clone(), TOOLS.to_owned()),
        ];
        pairs.retain(|(from, _)| from.len() > 1);
        pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Self { pairs }
    }

    pub(super) fn read(&self, value: &str) -> String {
        self.pairs
            .iter()
            .find_map(|(from, to)| {
                let rest = value.strip_prefix(from.as_str())?;
                (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
            })
            .unwrap_or_else(|| value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_action_sees_them() {
        let facts = PlaceFacts {
            workspace: "/workspace".into(),
            temp: "/loom/temp".into(),
            actions: "/loom/actions".into(),
            tools: "/loom/tools".into(),
            ..PlaceFacts::default()
        };
        let translation = Translation::from(&facts);
        for (value, expected) in [
            ("/workspace", "/github/workspace"),
            ("/workspace/a b", "/github/workspace/a b"),
            ("/workspaces", "/workspaces"),
            (
                "/loom/temp/_github_workflow/event.json",
                "/github/workflow/event.json",
            ),
            ("/loom/temp/x", "/github/runner_temp/x"),
            ("text", "text"),
        ] {
            assert_eq!(translation.read(value), expected, "{value}");
        }
    }

    #[test]
    fn the_repository_of_a_worktree_is_mounted_where_it_is() {
        let temporary = tempfile::tempdir().unwrap();
        let (main, tree) = (temporary.path().join("main/.git"), temporary.path().join("tree"));
        let own = main.join("worktrees/tree");
        fs::create_dir_all(&own).unwrap();
        fs::create_dir(&tree).unwrap();
        fs::write(own.join("commondir"), "../..\n").unwrap();
        fs::write(tree.join(".git"), format!("gitdir: {}\n", own.display())).unwrap();
        let targets: Vec<String> = of_git(&tree, WORKSPACE)
            .into_iter()
            .filter_map(|m| m.target)
            .collect();
        assert_eq!(targets, [main.display().to_string(), tree.display().to_string()]);
        fs::remove_file(tree.join(".git")).unwrap();
        assert!(of_git(&tree, WORKSPACE).is_empty());
        let modules = temporary.path().join("main/.git/modules/sub");
        let sub = temporary.path().join("main/sub");
        fs::create_dir_all(&modules).unwrap();
        fs::create_dir(&sub).unwrap();
        fs::write(sub.join(".git"), "gitdir: ../.git/modules/sub\n").unwrap();
        let targets: Vec<String> = of_git(&sub, WORKSPACE)
            .into_iter()
            .filter_map(|m| m.target)
            .collect();
        assert_eq!(targets, ["/.git/modules/sub"]);
    }
}
