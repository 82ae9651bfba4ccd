//! The two languages one parser reads.

/// Which rules a file is held to (design, "The file").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `.loom.yml`: GitHub's language with `on` and `runs-on` optional, and with Loom's own keys.
    Loom,
    /// Files under `.github/workflows`: GitHub's language, strictly.
    GitHub,
}

impl Dialect {
    /// The dialect of a file by its path: GitHub's for everything directly or deeper under `.github/workflows/`.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let parts = parts(path);
        let inside = parts
            .windows(3)
            .any(|three| matches!(three, [".github", "workflows", _]));
        if inside { Self::GitHub } else { Self::Loom }
    }

    /// What messages call a file of this dialect.
    #[must_use]
    pub fn file_kind(self) -> &'static str {
        match self {
            Self::Loom => "a Loom workflow",
            Self::GitHub => "a GitHub workflow",
        }
    }
}

/// Whether a file is an action's by its path: `action.yml` or `action.yaml` anywhere but directly in `.github/workflows`,
/// where GitHub takes every file for a workflow.
#[must_use]
pub fn is_action(path: &str) -> bool {
    match parts(path).as_slice() {
        [.., ".github", "workflows", _] => false,
        parts => matches!(parts.last(), Some(&("action.yml" | "action.yaml"))),
    }
}

fn parts(path: &str) -> Vec<&str> {
    path.split(['/', '\\'])
        .filter(|part| !part.is_empty() && *part != ".")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_decides() {
        for path in [
            ".github/workflows/ci.yml",
            "/home/me/p/.github/workflows/ci.yaml",
            "./.github//workflows/a.yml",
        ] {
            assert_eq!(Dialect::of_path(path), Dialect::GitHub, "{path}");
        }
        for path in [
            ".loom.yml",
            "workflows/ci.yml",
            ".github/ci.yml",
            "x.github/workflows/ci.yml",
            ".github/workflows",
        ] {
            assert_eq!(Dialect::of_path(path), Dialect::Loom, "{path}");
        }
    }

    #[test]
    fn an_action_is_known_by_its_name_and_place() {
        for path in [
            "action.yml",
            "a/action.yaml",
            ".github/workflows/a/action.yml",
            ".github/actions/a/action.yml",
        ] {
            assert!(is_action(path), "{path}");
        }
        for path in [
            ".github/workflows/action.yml",
            "a/actions.yml",
            "action.yml/x",
            "",
        ] {
            assert!(!is_action(path), "{path}");
        }
    }
}
