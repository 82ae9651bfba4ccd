//! The repository around a workflow file, in which the workflows lie that it calls.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use loom_workflow::{Callable, Lints, Presence, Reference, References};

use crate::project;

/// How many files and folders are looked at for a list of actions to choose from: who waits for one is typing.
const MOST_LOOKED_AT: usize = 10_000;

/// Reads called workflows and actions from the folder that a file belongs to.
pub(crate) struct Repository {
    root: PathBuf,
    /// Whether all its files are there, so that what is not there does not exist.
    complete: bool,
    /// The folder of the `action.yml` that is looked at, where it is one.
    action: Option<PathBuf>,
    /// What the project wants of lints.
    lints: Lints,
}

impl Repository {
    /// The repository of a file: the folder above `.github/workflows`, else the one the file lies in.
    pub(crate) fn of(file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        let up = folder.components().any(|part| part == Component::ParentDir);
        let root = match above_workflows(folder) {
            // What it refers to is shown under a path as short as that of the file itself.
            Some(root) if !up || folder.ends_with(".github/workflows") => root.to_owned(),
            _ => {
                let lies = project::resolved(file);
                above_workflows(&lies).map_or_else(|| folder.to_owned(), Path::to_owned)
            }
        };
        Self {
            complete: root.join(".git").exists(),
            root,
            action: None,
            lints: Lints::default(),
        }
    }

    /// The same with what the project wants of lints.
    pub(crate) fn with_lints(self, lints: Lints) -> Self {
        Self { lints, ..self }
    }

    /// The repository of an `action.yml`, which may lie in any of its folders: the nearest one above that Git made.
    pub(crate) fn of_action(file: &Path) -> Self {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // As written, what is above could not be seen.
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let root = folder.ancestors().find(|above| above.join(".git").exists());
        Self {
            complete: root.is_some(),
            root: root.unwrap_or(&folder).to_owned(),
            action: Some(folder),
            lints: Lints::default(),
        }
    }

    /// Where a path of the repository is here; `None` for one that leads out of it.
    fn inside(&self, path: &str) -> Option<PathBuf> {
        let mut inside = self.root.clone();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => inside.push(name),
                Component::CurDir => {}
                _ => return None,
            }
        }
        Some(inside)
    }

    /// Whether a build may make a file of an action that is not there, as far as its surroundings show.
    fn may_be_made(&self, file: &Path, action: &Path) -> bool {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(OsStr::to_str)) else {
            return true;
        };
        // What is built lies in a folder that repositories do not have; Git keeps no empty ones.
        let Ok(entries) = std::fs::read_dir(folder) else {
            return true;
        };
        let names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        let Some((stem, end)) = name.rsplit_once('.').filter(|(_, end)| is_script(end)) else {
            // Nobody builds a Dockerfile; but there may be a template for it.
            return names.iter().any(|other| other.starts_with(name));
        };
        let of_stem = |other: &String| other.strip_prefix(stem).is_some_and(|end| end.starts_with('.'));
        let builder = |other: &String| matches!(other.as_str(), "package.json" | "tsconfig.json");
        if names.iter().any(|name| of_stem(name) || builder(name)) {
            return true;
        }
        let inner = folder.strip_prefix(action).ok();
        let top = inner
            .and_then(|inner| inner.iter().next()?.to_str())
            .unwrap_or(name);
        let mut above = folder
            .ancestors()
            .take_while(|above| above.starts_with(&self.root));
        if above.any(|above| ignores(above, &[name, top, "*.js", "*.cjs", "*.mjs"])) {
            return true;
        }
        // Beside the `action.yml` no builder means that nothing is built; elsewhere a script shows that scripts are kept.
        let is_kept = |name: &String| name.rsplit_once('.').is_some_and(|(_, other)| other == end);
        folder != action && !names.iter().any(is_kept)
    }

    fn read(&self, file: &Path) -> Reference {
        match project::read(&as_named_here(file)) {
            Ok(file) => Reference::Found(file.source),
            Err(project::ProjectError::Missing(_)) if self.complete => Reference::Missing,
            Err(_) => Reference::Unknown,
        }
    }
}

/// The folder above the last `.github/workflows` of a path.
fn above_workflows(path: &Path) -> Option<&Path> {
    path.ancestors()
        .find(|folder| folder.ends_with(".github/workflows"))?
        .parent()?
        .parent()
}

/// A path as somebody would type it in the current folder, when it leads to something in there.
fn as_named_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok())
        .unwrap_or(path)
        .to_owned()
}

impl References for Repository {
    fn lints(&self) -> &Lints {
        &self.lints
    }

    fn workflow(&self, path: &str) -> Reference {
        match self.inside(path) {
            Some(file) => self.read(&file),
            None => Reference::Unknown,
        }
    }

    fn action(&self, path: &str) -> Reference {
        // An action that names itself means another one, in the repository of whoever uses it.
        let Some(folder) = self
            .inside(path)
            .filter(|folder| self.action.as_ref() != Some(folder))
        else {
            return Reference::Unknown;
        };
        // A folder with a Dockerfile is an action as well, of which nothing is known.
        for name in ["action.yml", "action.yaml", "Dockerfile", "dockerfile"] {
            let file = folder.join(name);
            if file.is_file() {
                return match file.extension() {
                    Some(_) => self.read(&file),
                    None => Reference::Unknown,
                };
            }
        }
        if self.complete {
            Reference::Missing
        } else {
            Reference::Unknown
        }
    }

    fn callable(&self, callable: Callable) -> Vec<String> {
        let files = match callable {
            Callable::Workflow => project::workflows_in(&self.root.join(".github/workflows")),
            Callable::Action => project::some_actions_in(&self.root, MOST_LOOKED_AT),
        };
        let named = files.iter().filter_map(|file| {
            let inside = file.strip_prefix(&self.root).ok()?;
            let inside = match callable {
                Callable::Workflow => inside,
                Callable::Action => inside.parent()?,
            };
            // Paths of a repository are written with `/` everywhere.
            let parts: Option<Vec<&str>> = inside.iter().map(OsStr::to_str).collect();
            Some(format!("./{}", parts?.join("/")))
        });
        let mut named: Vec<String> = named.collect();
        named.dedup();
        named
    }

    fn file(&self, path: &str) -> Presence {
        let path = Path::new(path);
        let mut parts = path.components();
        let beside = parts.all(|part| matches!(part, Component::CurDir | Component::Normal(_)));
        let Some(folder) = self.action.as_ref().filter(|_| beside) else {
            return Presence::Unknown;
        };
        let file = folder.join(path);
        match file.try_exists() {
            Ok(true) => Presence::There,
            Ok(false) if self.complete && !self.may_be_made(&file, folder) => Presence::Missing,
            _ => Presence::Unknown,
        }
    }
}

/// Whether the end of a file's name is one of scripts for Node.js.
fn is_script(end: &str) -> bool {
    matches!(end, "js" | "cjs" | "mjs")
}

/// Whether a folder's list for Git has one of these words; a rough look, for what is doubtful is not reported.
fn ignores(folder: &Path, words: &[&str]) -> bool {
    let list = std::fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    words.iter().any(|word| list.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_uses_can_name_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |path: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        for path in [
            ".git/HEAD",
            ".github/workflows/ci.yml",
            ".github/workflows/lib.yaml",
            ".github/actions/setup/action.yml",
            ".github/actions/setup/action.yaml",
            "tool/action.yaml",
            "action.yml",
            "gone/action.yml",
        ] {
            write(path);
        }
        std::fs::write(root.join(".gitignore"), "gone\n").unwrap();
        let workflow = Repository::of(&root.join(".github/workflows/ci.yml"));
        let action = Repository::of_action(&root.join("tool/action.yaml"));
        for repository in [workflow, action] {
            assert_eq!(
                repository.callable(Callable::Workflow),
                ["./.github/workflows/ci.yml", "./.github/workflows/lib.yaml"]
            );
            let actions = repository.callable(Callable::Action);
            assert_eq!(actions, ["./.github/actions/setup", "./", "./tool"]);
        }
    }

    #[test]
    fn the_root_is_above_githubs_folder() {
        for (file, root) in [
            (".github/workflows/ci.yml", ""),
            ("a/.github/workflows/ci.yml", "a"),
            ("a/.loom.yml", "a"),
            ("x.yml", ""),
        ] {
            assert_eq!(Repository::of(Path::new(file)).root, Path::new(root), "{file}");
        }
    }

    #[test]
    fn the_root_is_found_from_a_link_too() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join(".github/workflows")).unwrap();
        std::fs::create_dir(root.join("other")).unwrap();
        std::os::unix::fs::symlink(".github/workflows", root.join("folder")).unwrap();
        for (file, want) in [
            ("folder/ci.yml", root.clone()),
            (".github/workflows/deeper/ci.yml", root.clone()),
            (
                ".github/workflows/../../other/ci.yml",
                root.join(".github/workflows/../../other"),
            ),
        ] {
            assert_eq!(Repository::of(&root.join(file)).root, want, "{file}");
        }
    }

    #[test]
    fn a_missing_file_is_missing_only_where_all_files_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".loom.yml");
        std::fs::write(folder.path().join("there.yml"), "jobs: {}\n").unwrap();
        std::fs::create_dir_all(folder.path().join("greet")).unwrap();
        std::fs::write(folder.path().join("greet/action.yaml"), "name: x\n").unwrap();
        let alone = Repository::of(&file);
        assert!(matches!(alone.action("./none"), Reference::Unknown));
        assert!(matches!(alone.action("./greet"), Reference::Found(_)));
        assert!(matches!(alone.workflow("./there.yml"), Reference::Found(_)));
        assert!(matches!(alone.workflow("./none.yml"), Reference::Unknown));
        assert!(matches!(alone.workflow("./../there.yml"), Reference::Unknown));
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let whole = Repository::of(&file);
        assert!(matches!(whole.workflow("./none.yml"), Reference::Missing));
        assert!(matches!(whole.action("./greet"), Reference::Found(_)));
        assert!(matches!(whole.action("./none"), Reference::Missing));
        std::fs::create_dir_all(folder.path().join("image")).unwrap();
        std::fs::write(folder.path().join("image/Dockerfile"), "FROM scratch\n").unwrap();
        assert!(matches!(whole.action("./image"), Reference::Unknown));
    }

    #[test]
    fn an_action_lies_in_any_folder_of_its_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let action = root.join("actions/greet/action.yml");
        for (file, text) in [
            (action.as_path(), "name: x\n"),
            (&root.join("actions/other/action.yml"), "name: y\n"),
        ] {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        assert!(matches!(
            Repository::of_action(&action).action("./none"),
            Reference::Unknown
        ));
        std::fs::create_dir(root.join(".git")).unwrap();
        let whole = Repository::of_action(&action);
        assert!(matches!(whole.action("./actions/other"), Reference::Found(_)));
        assert!(matches!(whole.action("./other"), Reference::Missing));
        assert!(matches!(whole.action("./actions/greet"), Reference::Unknown));
    }

    #[test]
    fn a_file_of_an_action_is_missing_only_where_nothing_makes_it() {
        let folder = tempfile::tempdir().unwrap();
        let action = folder.path().join("action.yml");
        let write = |file: &str, text: &str| {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let seen = |file: &str| Repository::of_action(&action).file(file);
        write("there.js", "");
        assert_eq!(
            (seen("there.js"), seen("none.js")),
            (Presence::There, Presence::Unknown)
        );
        write(".git/HEAD", "");
        assert_eq!(
            (seen("none.js"), seen("Dockerfile")),
            (Presence::Missing, Presence::Missing)
        );
        // What is built.
        assert_eq!(seen("dist/index.js"), Presence::Unknown);
        write("dist/.gitkeep", "");
        assert_eq!(seen("dist/index.js"), Presence::Unknown);
        write("dist/post.js", "");
        assert_eq!(seen("dist/index.js"), Presence::Missing);
        write("dist/index.ts", "");
        assert_eq!(seen("dist/index.js"), Presence::Unknown);
        write("lib/a.js", "");
        write("lib/.gitignore", "b.js\n");
        assert_eq!(
            (seen("lib/b.js"), seen("lib/c.js")),
            (Presence::Unknown, Presence::Missing)
        );
        write("out/a.js", "");
        assert_eq!(seen("./out/b.js"), Presence::Missing);
        write(".gitignore", "/out/\n");
        assert_eq!(seen("./out/b.js"), Presence::Unknown);
        write("Dockerfile.in", "");
        assert_eq!(seen("Dockerfile"), Presence::Unknown);
        // What lies elsewhere.
        assert_eq!(
            (seen("../none.js"), seen("/none.js")),
            (Presence::Unknown, Presence::Unknown)
        );
        write("package.json", "{}");
        assert_eq!(seen("none.js"), Presence::Unknown);
        assert_eq!(Repository::of(&action).file("none.js"), Presence::Unknown);
    }
}
