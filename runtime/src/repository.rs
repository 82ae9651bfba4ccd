//! The repository around a workflow file, in which the workflows lie that it calls.

use std::path::{Component, Path, PathBuf};

use loom_workflow::{Reference, References};

use crate::project;

/// Reads called workflows and actions from the folder that a file belongs to.
pub(crate) struct Repository {
    root: PathBuf,
    /// Whether all its files are there, so that what is not there does not exist.
    complete: bool,
}

impl Repository {
    /// The repository of a file: the folder above `.github/workflows`, else the one the file lies in.
    pub(crate) fn of(file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        let root = if folder.ends_with(".github/workflows") {
            folder.parent().and_then(Path::parent).unwrap_or(folder)
        } else {
            folder
        };
        Self {
            root: root.to_owned(),
            complete: root.join(".git").exists(),
        }
    }

    /// Where a path of the repository is here; `None` for one that leads out of it.
    fn inside(&self, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        let mut parts = path.components();
        parts
            .all(|part| matches!(part, Component::CurDir | Component::Normal(_)))
            .then(|| self.root.join(path))
    }

    fn read(&self, file: &Path) -> Reference {
        match project::read(file) {
            Ok(file) => Reference::Found(file.source),
            Err(project::ProjectError::Missing(_)) if self.complete => Reference::Missing,
            Err(_) => Reference::Unknown,
        }
    }
}

impl References for Repository {
    fn workflow(&self, path: &str) -> Reference {
        match self.inside(path) {
            Some(file) => self.read(&file),
            None => Reference::Unknown,
        }
    }

    fn action(&self, path: &str) -> Reference {
        let Some(folder) = self.inside(path) else {
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
