//! Files as others name them: by their paths in the repository, wherever the command was started.

use std::path::{Path, PathBuf};

use crate::project;

/// The folder that paths start in: of the repository, else the current one, else that of the file.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    /// The folder for a file, or a folder, that was named.
    pub(super) fn around(named: &Path) -> Self {
        let lies = if named.is_dir() {
            named.canonicalize().unwrap_or_else(|_| named.to_owned())
        } else {
            project::resolved(named)
        };
        let mut above = lies.ancestors();
        if let Some(repository) = above.find(|above| above.join(".git").exists()) {
            return Self(repository.to_owned());
        }
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
        match here.filter(|here| lies.starts_with(here)) {
            Some(here) => Self(here),
            None if lies.is_dir() => Self(lies),
            None => Self(lies.parent().unwrap_or(Path::new("/")).to_owned()),
        }
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file within; of one that lies elsewhere, where it lies.
    pub(super) fn name(&self, file: &str) -> Result<String, PathBuf> {
        // What was read from standard input under no name lies nowhere.
        if file == project::STDIN {
            return Ok(file.to_owned());
        }
        let lies = project::resolved(Path::new(file));
        match lies.strip_prefix(&self.0) {
            Ok(inside) => Ok(inside.display().to_string()),
            Err(_) => Err(lies),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_in_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for inside in ["repo/.git", "repo/sub", "other"] {
            std::fs::create_dir_all(top.join(inside)).unwrap();
        }
        for named in ["repo", "repo/sub", "repo/sub/w.yml", "repo/x.yml"] {
            let root = Root::around(&top.join(named));
            assert_eq!(root.path(), top.join("repo"), "{named}");
            let name = |file: &str| root.name(&top.join(file).display().to_string());
            assert_eq!(name("repo/sub/../sub/w.yml"), Ok("sub/w.yml".to_owned()));
            assert_eq!(name("other/w.yml"), Err(top.join("other/w.yml")));
            assert_eq!(root.name("<stdin>"), Ok("<stdin>".to_owned()));
        }
        assert_eq!(Root::around(&top.join("other/w.yml")).path(), top.join("other"));
    }
}
