//! Actions that need services of GitHub which are not here, as data: whoever brings one of the services deletes its row.

use loom_workflow::model::Repository;

/// An action that cannot do its work here.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// `owner/repository`, or with a path; in lower case. What lies below it is meant as well; a `*` at the end stands
    /// for the rest of a name.
    name: &'static str,
    /// What it needs.
    needs: &'static str,
    /// What to do meanwhile.
    instead: &'static str,
}

const fn row(name: &'static str, needs: &'static str, instead: &'static str) -> Unsupported {
    Unsupported { name, needs, instead }
}

const CACHE: &str = "a cache service, which Loom does not have yet";
const ARTIFACTS: &str = "an artifact service, which Loom does not have yet";
const PAGES: &str = "GitHub Pages, which exists on GitHub only";
const IDENTITY: &str = "identity tokens of GitHub, which exist on GitHub only";
const SCANNING: &str = "GitHub's code scanning, which exists on GitHub only";
const DEPENDENCIES: &str = "GitHub's dependency graph, which exists on GitHub only";

const NOT_CACHED: &str = "give the step `continue-on-error: true` to go on without";
const IN_WORKSPACE: &str =
    "keep the files in the workspace, or give the step `continue-on-error: true` to go on without";
const ON_GITHUB: &str = "give the step `continue-on-error: true` to go on without";

static TABLE: &[Unsupported] = &[
    row("actions/cache", CACHE, NOT_CACHED),
    row("actions/upload-artifact", ARTIFACTS, IN_WORKSPACE),
    row("actions/download-artifact", ARTIFACTS, IN_WORKSPACE),
    row("actions/upload-pages-artifact", ARTIFACTS, IN_WORKSPACE),
    row("actions/configure-pages", PAGES, ON_GITHUB),
    row("actions/deploy-pages", PAGES, ON_GITHUB),
    row("actions/attest*", IDENTITY, ON_GITHUB),
    row("actions/dependency-review-action", DEPENDENCIES, ON_GITHUB),
    row("github/codeql-action", SCANNING, ON_GITHUB),
];

impl Unsupported {
    /// The row of an action, if there is one.
    #[must_use]
    pub fn find(repository: &Repository) -> Option<&'static Self> {
        let name = match &*repository.path {
            "" => format!("{}/{}", repository.owner, repository.name),
            path => format!("{}/{}/{path}", repository.owner, repository.name),
        };
        let name = name.to_lowercase();
        TABLE.iter().find(|row| row.is(&name))
    }

    fn is(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name
                .strip_prefix(self.name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// What it needs, such as `a cache service, which Loom does not have yet`.
    #[must_use]
    pub fn needs(&self) -> &'static str {
        self.needs
    }

    /// What to do meanwhile.
    #[must_use]
    pub fn instead(&self) -> &'static str {
        self.instead
    }

    /// Why a step that uses it fails, in a sentence that says what to do.
    #[must_use]
    pub fn sentence(&self, reference: &str) -> String {
        format!(
            "`{reference}` needs {}; {}, or put a folder of yours in its place: `--action-override {reference}=FOLDER`",
            self.needs, self.instead
        )
    }
}

#[cfg(test)]
mod tests {
    use loom_workflow::model::ActionReference;

    use super::*;

    fn sentence(text: &str) -> Option<String> {
        let Some(ActionReference::Repository(repository)) = ActionReference::parse(text) else {
            panic!("{text}");
        };
        Unsupported::find(&repository).map(|row| row.sentence(text))
    }

    #[test]
    fn services_that_are_not_here_are_named() {
        for (text, word) in [
            ("actions/cache@v4", "cache service"),
            ("Actions/Cache/restore@v4", "cache service"),
            ("actions/upload-artifact@v4", "artifact service"),
            ("actions/attest-build-provenance@v2", "identity tokens"),
            ("github/codeql-action/init@v3", "code scanning"),
        ] {
            assert!(
                sentence(text).is_some_and(|sentence| sentence.contains(word)),
                "{text}"
            );
        }
        for text in [
            "actions/checkout@v4",
            "actions/cachex@v4",
            "other/cache@v4",
            "actions/setup-node@v4",
        ] {
            assert_eq!(sentence(text), None, "{text}");
        }
    }
}
