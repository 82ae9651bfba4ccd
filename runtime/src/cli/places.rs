//! Files as others name them: by their paths in the repository, wherever the command was started.

use std::path::{Path, PathBuf};

use crate::project;

/// The folder that paths start in: of the repository, else the workspace of the job at GitHub that the command runs in, else the
/// current one, else that of the file. The latter three where the file lies in them.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    /// The folder for a file, or a folder, that was named.
    pub(super) fn around(named: &Path) -> Self {
        let workspace = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
        Self::within(named, workspace.as_deref())
    }

    fn within(named: &Path, workspace: Option<&Path>) -> Self {
        let lies = if named.is_dir() {
            named.canonicalize().unwrap_or_else(|_| named.to_owned())
        } else {
            project::resolved(named)
        };
        let mut above = lies.ancestors();
        if let Some(repository) = above.find(|above| above.join(".git").exists()) {
            return Self(repository.to_owned());
        }
        let workspace = workspace.filter(|workspace| workspace.is_absolute());
        let workspace = workspace.and_then(|workspace| workspace.canonicalize().ok());
        if let Some(workspace) = workspace.filter(|workspace| lies.starts_with(workspace)) {
            return Self(workspace);
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
        assert_eq!(
            Root::within(&top.join("other/w.yml"), None).path(),
            top.join("other")
        );
    }

    #[test]
    fn without_a_repository_they_start_in_the_workspace_of_the_job() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for inside in ["work/repo/.git", "work/plain/sub", "other"] {
            std::fs::create_dir_all(top.join(inside)).unwrap();
        }
        std::os::unix::fs::symlink("work", top.join("link")).unwrap();
        for (named, workspace, root) in [
            ("work/plain/sub/w.yml", "work", "work"),
            ("work/plain/sub", "link", "work"),
            ("work/repo/w.yml", "work", "work/repo"),
            ("other/w.yml", "work", "other"),
            ("other/w.yml", "none", "other"),
        ] {
            let found = Root::within(&top.join(named), Some(&top.join(workspace)));
            assert_eq!(found.path(), top.join(root), "{named} {workspace}");
        }
        let root = Root::within(&top.join("work/plain/w.yml"), Some(&top.join("work")));
        let name = |file: &str| root.name(&top.join(file).display().to_string());
        assert_eq!(name("work/plain/w.yml"), Ok("plain/w.yml".to_owned()));
        assert_eq!(name("other/w.yml"), Err(top.join("other/w.yml")));
        assert_eq!(
            Root::within(&top.join("other/w.yml"), Some(Path::new(""))).path(),
            top.join("other")
        );
    }
}
