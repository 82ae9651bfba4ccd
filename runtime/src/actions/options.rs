//! Where actions come from, as a run is told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use loom_workflow::model::Repository;

use super::lock::comparable;

/// Where actions come from unless something else is said.
pub const DEFAULT_HOST: &str = "https://github.com";

/// Where the actions and called workflows of a run come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionOptions {
    /// The directory of the cache, shared between runs and processes of a user.
    pub cache: PathBuf,
    /// What `owner/repository` is appended to: anything that git can fetch from.
    pub host: String,
    /// What is fetched from elsewhere: the beginning of `owner/repository`, or of that with the host before it, and what
    /// to put in its place; the longest one counts. As git's `url.<base>.insteadOf`.
    pub mirrors: Vec<(String, String)>,
    /// Whether nothing may be fetched: what is in the cache is used as it was known last.
    pub offline: bool,
    /// Whether only the commits of the lock file may be used.
    pub frozen: bool,
    /// What lies in a directory of this machine: `owner/repository`, `owner/repository@version`, or either with
    /// `/path` before the `@`, whose directory is that of the path. The most exact one counts.
    pub overrides: Vec<(String, PathBuf)>,
    /// The lock file; without one nothing is recorded.
    pub lock: Option<PathBuf>,
    /// Commits that were found before, by `owner/repository@version`: those of the run that is gone on with.
    pub pinned: BTreeMap<String, String>,
    /// How long fetching one action may take, the waiting for others that fetch it included.
    pub limit: Duration,
}

impl ActionOptions {
    /// The defaults, with a cache in this directory.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            host: DEFAULT_HOST.to_owned(),
            mirrors: Vec::new(),
            offline: false,
            frozen: false,
            overrides: Vec::new(),
            lock: None,
            pinned: BTreeMap::new(),
            limit: Duration::from_secs(600),
        }
    }

    /// Where git fetches a repository from.
    pub(super) fn url(&self, repository: &Repository) -> String {
        let name = format!("{}/{}", repository.owner, repository.name);
        let host = self.host.trim_end_matches('/');
        let joint = if host.ends_with(':') { "" } else { "/" };
        let full = format!("{host}{joint}{name}");
        let mirror = self
            .mirrors
            .iter()
            .filter_map(|(prefix, url)| {
                let rest = after(&full, prefix).or_else(|| after(&name, prefix))?;
                Some((prefix.len(), format!("{url}{rest}")))
            })
            .max_by_key(|(length, _)| *length);
        mirror.map_or(full, |(_, url)| url)
    }

    /// Whether a directory of this machine stands in for what a reference names.
    #[must_use]
    pub fn overrides(&self, repository: &Repository) -> bool {
        self.overridden(repository).is_some()
    }

    /// The directory of this machine that serves a reference, and the path of the action in it.
    pub(super) fn overridden(&self, repository: &Repository) -> Option<(PathBuf, String)> {
        let name = format!("{}/{}", repository.owner, repository.name);
        let with_path = format!("{name}/{}", repository.path);
        let version = &repository.version;
        let whole = (!repository.path.is_empty()).then_some(&with_path);
        let find = |wanted: String| {
            let wanted = comparable(&wanted);
            let mut found = self.overrides.iter().filter(|(key, _)| comparable(key) == wanted);
            found.next().map(|(_, directory)| directory.clone())
        };
        let root = |directory: PathBuf| (directory, repository.path.to_string());
        let at_path = |directory: PathBuf| match (directory.parent(), directory.file_name()) {
            // A called workflow is a file.
            (Some(parent), Some(file)) if directory.is_file() => {
                (parent.to_owned(), file.to_string_lossy().into_owned())
            }
            _ => (directory, String::new()),
        };
        whole
            .and_then(|whole| find(format!("{whole}@{version}")))
            .map(at_path)
            .or_else(|| find(format!("{name}@{version}")).map(root))
            .or_else(|| whole.and_then(|whole| find(whole.clone())).map(at_path))
            .or_else(|| find(name.clone()).map(root))
    }
}

/// What comes after a prefix, compared without regard to case, as hosts and GitHub's names are.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    let rest = text.get(prefix.len()..)?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use loom_workflow::model::ActionReference;

    use super::*;

    pub(super) fn repository(text: &str) -> Repository {
        match ActionReference::parse(text) {
            Some(ActionReference::Repository(repository)) => repository,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_longest_mirror_counts() {
        let mut options = ActionOptions::new("/c");
        let url = |options: &ActionOptions, text: &str| options.url(&repository(text));
        assert_eq!(url(&options, "o/r/p@v1"), "https://github.com/o/r");
        options.mirrors = vec![
            ("https://github.com/".into(), "https://m/all/".into()),
            ("actions/".into(), "file:///srv/actions/".into()),
            ("https://github.com/actions/cache".into(), "ssh://h/cache".into()),
        ];
        assert_eq!(url(&options, "o/r@v1"), "https://m/all/o/r");
        assert_eq!(url(&options, "Actions/cache@v1"), "ssh://h/cache");
        // The longest as it is written.
        assert_eq!(url(&options, "x/y@v1"), "https://m/all/x/y");
        options.mirrors.remove(0);
        assert_eq!(
            url(&options, "actions/checkout@v1"),
            "file:///srv/actions/checkout"
        );
        options.host = "git@example.org:".into();
        assert_eq!(url(&options, "o/r@v1"), "git@example.org:o/r");
        options.host = "https://ghe.example/".into();
        assert_eq!(url(&options, "o/r@v1"), "https://ghe.example/o/r");
    }

    #[test]
    fn the_most_exact_override_counts() {
        let mut options = ActionOptions::new("/c");
        options.overrides = vec![
            ("o/r".into(), "/any".into()),
            ("O/r@v1".into(), "/v1".into()),
            ("o/r/p@v1".into(), "/p-v1".into()),
            ("o/r/p".into(), "/p".into()),
        ];
        for (text, want) in [
            ("o/r@v2", Some(("/any", ""))),
            ("o/r@v1", Some(("/v1", ""))),
            ("o/r@V1", Some(("/any", ""))),
            ("o/r/p@v1", Some(("/p-v1", ""))),
            ("o/r/q@v1", Some(("/v1", "q"))),
            ("o/r/p@v2", Some(("/p", ""))),
            ("o/x@v1", None),
        ] {
            let want = want.map(|(directory, path)| (PathBuf::from(directory), path.to_owned()));
            assert_eq!(options.overridden(&repository(text)), want, "{text}");
        }
    }
}
