//! What a job calls has the form of a workflow. The service refuses a file in which it has not, with the words "invalid
//! value workflow reference".

use crate::codes::{self, Severity};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::{is_own, own};
use crate::span::Span;
use crate::words::name;

const FORMS: &str = "write `$/.github/workflows/FILE` or `OWNER/REPOSITORY/.github/workflows/FILE@VERSION`";
/// The folders that the service takes workflows from; the second is its own, for what is tried out.
const FOLDERS: [&str; 2] = [".github/workflows/", ".github/workflows-lab/"];

/// What is wrong with a reference.
struct Problem {
    why: &'static str,
    severity: Severity,
}

/// Checks the name of a called workflow. `true` when it names one, wherever that is.
pub(super) fn check(path: &str, dialect: Dialect, span: Span, diagnostics: &mut Diagnostics) -> bool {
    let Some(problem) = problem(path, dialect) else {
        return true;
    };
    let mut diagnostic = Diagnostic::new(codes::CALL_REFERENCE, format!("{} names no workflow", name(path)))
        .at(span, problem.why)
        .help(FORMS);
    diagnostic.severity = problem.severity;
    let is_bare = path.starts_with(FOLDERS[0]) && !path.contains(['@', ':']);
    if is_bare {
        diagnostic = diagnostic.fix(span, format!("./{path}"));
    }
    diagnostics.push(diagnostic);
    problem.severity != Severity::Error
}

fn problem(path: &str, dialect: Dialect) -> Option<Problem> {
    let error = |why| {
        Some(Problem {
            why,
            severity: Severity::Error,
        })
    };
    if is_own(path) {
        let Some(inner) = own(path) else {
            return error("a workflow of the same repository has no version");
        };
        // Loom calls those that lie elsewhere.
        let inner = inner.strip_prefix("./").unwrap_or(&inner);
        return match dialect {
            Dialect::Loom => None,
            Dialect::GitHub => match file(inner) {
                Some(file) => misplaced(file).and_then(error),
                None => error("GitHub calls workflows in `.github/workflows` alone"),
            },
        };
    }
    if path.contains("://") {
        return error("no address belongs here");
    }
    let Some((place, version)) = path.split_once('@') else {
        return error("a workflow of another repository needs a version");
    };
    if version.is_empty() {
        return error("the version is missing");
    }
    let mut parts = place.splitn(3, '/').filter(|part| !part.is_empty());
    let (Some(owner), Some(repository), Some(inner)) = (parts.next(), parts.next(), parts.next()) else {
        return error("the file in the repository is missing");
    };
    if !is_name(owner) || !is_name(repository) {
        return error("owner and repository are words of letters, digits, `-`, `_` and `.`");
    }
    if !is_version(version) {
        return error("a version is the name of a branch or tag, or a commit");
    }
    match file(inner) {
        Some(file) => misplaced(file).and_then(error),
        // Readers that many trust take it, and Loom runs it.
        None => (dialect == Dialect::GitHub).then_some(Problem {
            why: "GitHub refuses this: it calls workflows in `.github/workflows` alone",
            severity: Severity::Warning,
        }),
    }
}

/// The path of a file below the folders of workflows.
fn file(inner: &str) -> Option<&str> {
    FOLDERS.iter().find_map(|folder| inner.strip_prefix(folder))
}

fn misplaced(file: &str) -> Option<&'static str> {
    if file.contains('/') {
        Some("GitHub looks for workflows at the top of `.github/workflows` alone")
    } else if !file.ends_with(".yml") && !file.ends_with(".yaml") {
        Some("the file of a workflow ends in `.yml` or `.yaml`")
    } else if matches!(file, ".yml" | ".yaml") {
        Some("the name of the file is missing")
    } else {
        None
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    text.chars().all(is_letter)
}

/// Whether git can call something so.
fn is_version(text: &str) -> bool {
    let is_out = |letter: char| {
        letter.is_whitespace()
            || letter.is_ascii_control()
            || matches!(letter, '?' | '*' | '[' | ']' | '\\' | '~' | '^' | ':' | '@')
    };
    let ends = |text: &str| text.starts_with(['/', '.']) || text.ends_with(['/', '.']);
    !text.contains(is_out)
        && !text.contains("..")
        && !text.contains("//")
        && !ends(text)
        && text
            .split('/')
            .all(|part| !part.starts_with('.') && !part.ends_with(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(path: &str, dialect: Dialect) -> Option<Severity> {
        problem(path, dialect).map(|problem| problem.severity)
    }

    #[test]
    fn what_names_a_workflow_is_taken() {
        for path in [
            "./.github/workflows/a.yml",
            "$/.github/workflows/a.yaml",
            "./.github/workflows-lab/a.yml",
            "o/r/.github/workflows/a.yml@v1",
            "my-org/.github/.github/workflows/a.yaml@releases/v1.2",
            "o.x/r_y/.github/workflows/a.b.yml@0123456789012345678901234567890123456789",
        ] {
            for dialect in [Dialect::GitHub, Dialect::Loom] {
                assert!(severity(path, dialect).is_none(), "{path}");
            }
        }
    }

    #[test]
    fn what_the_service_refuses_is_an_error() {
        for path in [
            "./.github/workflows/a.yml@v1",
            "$/.github/workflows/a.yml@v1",
            "o/r/.github/workflows/a.yml",
            "o/r/.github/workflows/a.yml@",
            "o/r/.github/workflows/a.yml@v1@v2",
            "o/r/.github/workflows/a.yml@a..b",
            "o/r/.github/workflows/a.yml@v 1",
            "o/r/.github/workflows/a.yml@/v1",
            "o/r/.github/workflows/a.yml@x/.y",
            "o/r/.github/workflows/a.yml@x.lock",
            "o/r/.github/workflows/a.yml@v1*",
            "o/r/.github/workflows/deep/a.yml@v1",
            "o/r/.github/workflows/a.txt@v1",
            "o/r/.github/workflows/.yml@v1",
            "o w/r/.github/workflows/a.yml@v1",
            "my-org/.github/workflows/a.yml@v1/x@",
            "o/r@v1",
            "x@v1",
            "docker://alpine",
            "https://github.com/o/r/.github/workflows/a.yml@v1",
            "",
        ] {
            for dialect in [Dialect::GitHub, Dialect::Loom] {
                assert_eq!(severity(path, dialect), Some(Severity::Error), "{path}");
            }
        }
    }

    #[test]
    fn only_loom_calls_workflows_that_lie_elsewhere() {
        for path in [
            "./a.yml",
            "$/ci/a.yml",
            "./.github/a.yml",
            "./.github/workflows/deep/a.yml",
        ] {
            assert_eq!(severity(path, Dialect::GitHub), Some(Severity::Error), "{path}");
            assert!(severity(path, Dialect::Loom).is_none(), "{path}");
        }
        for path in ["o/r/a.yml@v1", "my-org/.github/workflows/a.yml@v1"] {
            assert_eq!(severity(path, Dialect::GitHub), Some(Severity::Warning), "{path}");
            assert!(severity(path, Dialect::Loom).is_none(), "{path}");
        }
    }
}
