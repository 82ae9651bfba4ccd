//! Fetching with the real git: over `file://`, and over HTTP from git's own backend.

mod fetching;
mod http;
mod sharing;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use loom_workflow::model::{ActionReference, Repository};

use super::*;
use crate::executor::Notes;

/// Repositories on this machine, and a cache.
pub(super) struct Hub {
    folder: tempfile::TempDir,
}

/// What was told.
#[derive(Default)]
pub(super) struct Notices(Mutex<Vec<String>>);

impl Notes for Notices {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn progress(&self, _what: &str, _done: u64, _total: Option<u64>) {}
}

impl Notices {
    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

pub(super) fn repository(text: &str) -> Repository {
    match ActionReference::parse(text) {
        Some(ActionReference::Repository(repository)) => repository,
        other => panic!("{text}: {other:?}"),
    }
}

/// Runs git with an identity of its own.
pub(super) fn git(directory: &Path, arguments: &[&str]) -> String {
    let out = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "init.defaultBranch=main",
        ])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "tag.gpgsign=false",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

impl Hub {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A repository with one commit on `main`, as `owner/name`; answers its commit.
    pub(super) fn repository(&self, name: &str) -> String {
        let path = self.path("hub").join(name);
        std::fs::create_dir_all(&path).unwrap();
        git(&path, &["init", "--quiet"]);
        self.commit(name, "one")
    }

    /// One more commit, whose `version` file has this text.
    pub(super) fn commit(&self, name: &str, text: &str) -> String {
        let path = self.path("hub").join(name);
        std::fs::create_dir_all(path.join("sub")).unwrap();
        std::fs::write(path.join("version"), text).unwrap();
        std::fs::write(
            path.join("sub/action.yml"),
            "name: x\nruns:\n  using: composite\n  steps: []\n",
        )
        .unwrap();
        git(&path, &["add", "."]);
        git(&path, &["commit", "--quiet", "-m", text]);
        git(&path, &["rev-parse", "HEAD"])
    }

    pub(super) fn git(&self, name: &str, arguments: &[&str]) -> String {
        git(&self.path("hub").join(name), arguments)
    }

    pub(super) fn url(&self) -> String {
        format!("file://{}", self.path("hub").display())
    }

    pub(super) fn options(&self) -> ActionOptions {
        let mut options = ActionOptions::new(self.path("cache"));
        options.host = self.url();
        options
    }

    pub(super) fn locked(&self) -> ActionOptions {
        let mut options = self.options();
        options.lock = Some(self.path(LOCK_FILE));
        options
    }
}

/// Fetches in a run of its own; answers the commit and what `version` has in it.
pub(super) async fn fetch(options: &ActionOptions, text: &str) -> Result<(String, String), ActionError> {
    let store = ActionStore::new(options.clone());
    let fetched = store.fetch(&repository(text), &Notices::default()).await?;
    let version = std::fs::read_to_string(fetched.directory.join("version")).unwrap();
    Ok((fetched.commit.unwrap_or_default(), version))
}

pub(super) async fn refused(options: &ActionOptions, text: &str) -> ActionError {
    match fetch(options, text).await {
        Err(error) => error,
        Ok(found) => panic!("{text}: {found:?}"),
    }
}
