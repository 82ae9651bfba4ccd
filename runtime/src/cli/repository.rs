//! The repository around a workflow file, in which the workflows lie that it calls.

use std::path::{Component, Path, PathBuf};

use loom_workflow::{Reference, References};

use crate::project;

/// Reads called workflows from the folder that a file belongs to.
pub(super) struct Repository {
    root: PathBuf,
    /// Whether all its files are there, so that what is not there does not exist.
    complete: bool,
}

impl Repository {
    /// The repository of a file: the folder above `.github/workflows`, else the one the file lies in.
    pub(super) fn of(file: &Path) -> Self {
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
}

impl References for Repository {
    fn workflow(&self, path: &str) -> Reference {
        let path = Path::new(path);
        let inside = path
            .components()
            .all(|part| matches!(part, Component::CurDir | Component::Normal(_)));
        if !inside {
            return Reference::Unknown;
        }
        match project::read(&self.root.join(path)) {
            Ok(file) => Reference::Found(file.source),
            Err(project::ProjectError::Missing(_)) if self.complete => Reference::Missing,
            Err(_) => Reference::Unknown,
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
        let alone = Repository::of(&file);
        assert!(matches!(alone.workflow("./there.yml"), Reference::Found(_)));
        assert!(matches!(alone.workflow("./none.yml"), Reference::Unknown));
        assert!(matches!(alone.workflow("./../there.yml"), Reference::Unknown));
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        assert!(matches!(
            Repository::of(&file).workflow("./none.yml"),
            Reference::Missing
        ));
    }
}
