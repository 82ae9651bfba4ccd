//! The settings of lints that hold for a file: those of the `loom.toml` of its project, and the user's.

use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;
use loom_workflow::Lints;

use crate::config::{ConfigError, FileConfig, LintConfig, user_config_file};
use crate::project;

/// The settings that hold for a file.
pub(crate) struct FileLints {
    config: LintConfig,
    /// Where the file lies.
    file: PathBuf,
    /// The folder that paths of the settings start in.
    project: PathBuf,
}

impl FileLints {
    /// Finds them: the nearest `loom.toml` above the file counts, and none above its repository.
    ///
    /// # Errors
    /// When a configuration file is there and cannot be used.
    pub(crate) fn of(file: &Path) -> Result<Self, ConfigError> {
        let file = project::resolved(file);
        let folder = file.parent().unwrap_or(Path::new("/"));
        let mut project = folder;
        for above in folder.ancestors() {
            if above.join("loom.toml").is_file() {
                project = above;
                break;
            }
            if above.join(".git").exists() {
                project = above;
                break;
            }
        }
        let user = user_config_file(|name| std::env::var_os(name));
        let config = FileConfig::load(project, user.as_deref())?;
        Ok(Self {
            config: config.lint,
            project: project.to_owned(),
            file,
        })
    }

    /// The same for who can only go on: without settings where they cannot be used, which the log says.
    pub(crate) fn of_or_none(file: &Path) -> Self {
        Self::of(file).unwrap_or_else(|error| {
            tracing::warn!("lints have no settings: failed to {error}");
            Self {
                config: LintConfig::default(),
                file: file.to_owned(),
                project: PathBuf::new(),
            }
        })
    }

    /// Whether the file is left out.
    pub(crate) fn is_left_out(&self) -> bool {
        if self.config.exclude.is_empty() {
            return false;
        }
        let mut globs = GitignoreBuilder::new(&self.project);
        for glob in &self.config.exclude {
            // Each was looked at as it was read.
            drop(globs.add_line(None, glob));
        }
        let inside = self.file.strip_prefix(&self.project).ok();
        match (globs.build(), inside) {
            (Ok(globs), Some(inside)) => globs.matched_path_or_any_parents(inside, false).is_ignore(),
            _ => false,
        }
    }

    /// What checks of the file take: no lints where it is left out.
    pub(crate) fn lints(&self) -> Lints {
        if self.is_left_out() {
            let all_off = [("*", loom_workflow::LintLevel::Off)];
            return Lints::new(all_off, []).unwrap_or_default();
        }
        self.config.lints()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_of_the_repository_counts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for inside in ["repo/.git", "repo/.github/workflows", "repo/sub"] {
            std::fs::create_dir_all(root.join(inside)).unwrap();
        }
        let write = |file: &str, text: &str| std::fs::write(root.join(file), text).unwrap();
        write("loom.toml", "[lint]\nlabels = ['outside']\n");
        write(
            "repo/loom.toml",
            "[lint]\nlabels = ['repo']\nexclude = ['sub/', '**/old-*.yml', '!**/old-kept.yml']\n",
        );
        for (file, label, left_out) in [
            ("repo/.github/workflows/ci.yml", "repo", false),
            ("repo/.github/workflows/old-ci.yml", "repo", true),
            ("repo/.github/workflows/old-kept.yml", "repo", false),
            ("repo/sub/x.yml", "repo", true),
            ("x.yml", "outside", false),
        ] {
            let found = FileLints::of(&root.join(file)).unwrap();
            assert!(found.config.labels.iter().any(|known| known == label), "{file}");
            assert_eq!(found.is_left_out(), left_out, "{file}");
        }
        std::fs::remove_file(root.join("repo/loom.toml")).unwrap();
        let found = FileLints::of(&root.join("repo/sub/x.yml")).unwrap();
        assert!(!found.config.labels.iter().any(|known| known == "outside"));
    }
}
