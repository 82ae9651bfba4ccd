//! What is wrong in a text that somebody is about to put into a file of the project, and which jobs it has. Runs nothing and
//! writes nothing; what the text refers to is read from the project as `validate` reads it.

use std::path::{Component, Path, PathBuf};

use loom_workflow::{Diagnostic, Diagnostics, Severity, Source};
use serde::Serialize;
use utoipa::ToSchema;

use crate::graph::Graph;
use crate::lints::FileLints;
use crate::prepare::file_in;
use crate::project;
use crate::repository::Repository;

/// What there is to say about a text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Checked {
    /// Whether nothing in it is an error.
    valid: bool,
    /// What is found, as `validate --format json` prints it.
    diagnostics: Vec<CheckedFinding>,
    /// How many findings more there are: a file has so many at most. Left out where that is none.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
    /// Its jobs, as `graph --format json` prints them; absent where mistakes leave none, and for an action.
    #[serde(skip_serializing_if = "Option::is_none")]
    graph: Option<Graph>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A finding. Places count from 1, columns in characters; what has no place has `null` there.
#[derive(Debug, Serialize, ToSchema)]
struct CheckedFinding {
    severity: &'static str,
    code: String,
    /// The file that was checked, or another one of the project that the finding before comes from.
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    message: String,
    /// The reason at the place.
    label: Option<String>,
    help: Option<String>,
}

/// Where a file with this name lies, or would lie; `None` for one that leads out of the project.
pub(super) fn place_of(name: &str, workspace: &Path) -> Option<PathBuf> {
    let written = Path::new(name);
    let plain = written
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !plain || written.file_name().is_none() || name.ends_with('/') || name.contains('\0') {
        return None;
    }
    let path = workspace.join(written);
    // A folder may be a link to somewhere else; what is not there yet leads nowhere.
    let lies = path
        .ancestors()
        .skip(1)
        .find_map(|folder| folder.canonicalize().ok())?;
    lies.starts_with(workspace).then_some(path)
}

/// Checks a text as if it stood in the file at `path`, which people know as `name`. Reads what it refers to: waits for the
/// disk.
pub(super) fn check(path: &Path, name: &str, text: String, workspace: &Path) -> Checked {
    let source = Source::new(name, text);
    let place = project::resolved(path);
    let place = place.to_string_lossy();
    let lints = FileLints::of_or_none(path).lints();
    let (found, graph) = if loom_workflow::is_action(&place) {
        let repository = Repository::of_action(path).with_lints(lints);
        (
            loom_workflow::load_action_with(&source, &repository).diagnostics,
            None,
        )
    } else {
        let dialect = loom_workflow::Dialect::of_path(&place);
        let repository = Repository::of(path).with_lints(lints);
        let loaded = loom_workflow::load_with(&source, dialect, &repository);
        let graph = loaded.workflow.map(|workflow| Graph::of(&workflow, name));
        (loaded.diagnostics, graph)
    };
    Checked {
        valid: is_valid(&found),
        diagnostics: found
            .iter()
            .flat_map(|one| with_causes(&source, one, workspace))
            .collect(),
        omitted: found.omitted(),
        graph,
    }
}

fn is_valid(found: &Diagnostics) -> bool {
    !found.is_blocking() && found.iter().all(|one| one.severity != Severity::Error)
}

/// A finding, and behind it those in other files that it comes from.
fn with_causes(source: &Source, diagnostic: &Diagnostic, workspace: &Path) -> Vec<CheckedFinding> {
    let mut all = vec![finding(source, diagnostic, source.name().to_owned())];
    all.extend(diagnostic.causes().map(|cause| {
        // Whoever asks knows the project, not where it lies on this machine.
        let file = file_in(Path::new(cause.source.name()), workspace);
        finding(&cause.source, &cause.diagnostic, file)
    }));
    all
}

fn finding(source: &Source, diagnostic: &Diagnostic, file: String) -> CheckedFinding {
    let start = diagnostic.span().map(|span| source.position(span.start));
    let end = diagnostic.span().map(|span| source.position(span.end));
    CheckedFinding {
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        code: diagnostic.code.as_str().to_owned(),
        file,
        line: start.map(|place| place.line),
        column: start.map(|place| place.column),
        end_line: end.map(|place| place.line),
        end_column: end.map(|place| place.column),
        message: diagnostic.message.clone(),
        label: diagnostic.label().map(str::to_owned),
        help: diagnostic.help.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn project() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let workspace = folder.path().canonicalize().unwrap();
        (folder, workspace)
    }

    fn checked(name: &str, text: &str, workspace: &Path) -> Value {
        let path = place_of(name, workspace).unwrap();
        serde_json::to_value(check(&path, name, text.to_owned(), workspace)).unwrap()
    }

    fn codes(checked: &Value) -> Vec<&str> {
        let found = checked["diagnostics"].as_array().unwrap();
        found.iter().map(|one| one["code"].as_str().unwrap()).collect()
    }

    #[test]
    fn a_name_that_leads_out_of_the_project_is_none() {
        let (folder, workspace) = project();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("out")).unwrap();
        for name in [
            "",
            "/etc/x.yml",
            "../x.yml",
            "a/../../x.yml",
            "./x.yml",
            "a/",
            "out/x.yml",
            "out/.github/workflows/x.yml",
            "a\0b",
        ] {
            assert_eq!(place_of(name, &workspace), None, "{name}");
        }
        for name in [".loom.yml", ".github/workflows/new.yml", "not/yet/there.yml"] {
            assert_eq!(place_of(name, &workspace), Some(workspace.join(name)), "{name}");
        }
    }

    #[test]
    fn a_right_text_has_its_jobs_with_their_needs() {
        let (_folder, workspace) = project();
        let text = "name: Mine\njobs:\n  a: {steps: [{run: x}]}\n  b: {needs: a, strategy: {matrix: {v: [1, 2]}}, steps: [{run: x}]}\n";
        let checked = checked(".loom.yml", text, &workspace);
        assert_eq!(
            checked,
            json!({
                "valid": true,
                "diagnostics": [],
                "graph": {"file": ".loom.yml", "name": "Mine", "jobs": [
                    {"id": "a", "name": "a", "needs": [], "neededBy": ["b"], "matrix": false, "instances": ["a"]},
                    {"id": "b", "name": "b", "needs": ["a"], "neededBy": [], "matrix": true, "instances": ["b (1)", "b (2)"]},
                ]},
            })
        );
        assert!(!workspace.join(".loom.yml").exists(), "nothing is written");
    }

    #[test]
    fn a_mistake_has_its_place_and_a_broken_text_no_graph() {
        let (_folder, workspace) = project();
        let unknown = checked(".loom.yml", "jobs:\n  a: {stepz: []}\n", &workspace);
        assert_eq!(unknown["valid"], false);
        assert_eq!(unknown.get("graph"), None);
        assert_eq!(
            unknown["diagnostics"][0],
            json!({
                "severity": "error", "code": "schema/unknown-key", "file": ".loom.yml", "line": 2, "column": 7,
                "end_line": 2, "end_column": 12, "message": "unknown key `stepz` in job `a`",
                "label": "not known here", "help": "did you mean `steps`?",
            })
        );
        let broken = checked(".loom.yml", "jobs: [\n", &workspace);
        assert_eq!((&broken["valid"], broken.get("graph")), (&json!(false), None));
        assert!(!codes(&broken).is_empty());
    }

    #[test]
    fn the_name_tells_the_dialect() {
        let (_folder, workspace) = project();
        let text = "jobs: {a: {steps: [{run: x}]}}\n";
        assert_eq!(checked(".loom.yml", text, &workspace)["valid"], true);
        assert_eq!(checked("flows/new.yml", text, &workspace)["valid"], true);
        assert_eq!(
            checked(".github/workflows/new.yml", text, &workspace)["valid"],
            false
        );
        let action = checked(
            "tool/action.yml",
            "name: x\nruns: {using: composite, stepz: []}\n",
            &workspace,
        );
        assert_eq!((&action["valid"], action.get("graph")), (&json!(false), None));
    }

    #[test]
    fn what_it_refers_to_is_read_from_the_project_and_named_as_there() {
        let (folder, workspace) = project();
        let text = "on: push\njobs: {a: {uses: ./.github/workflows/called.yml}}\n";
        assert_eq!(
            codes(&checked(".github/workflows/ci.yml", text, &workspace)),
            ["schema/call"]
        );
        let called = folder.path().join(".github/workflows/called.yml");
        std::fs::write(&called, "on: workflow_call\njobs: {a: {runs-on: x, stepz: []}}\n").unwrap();
        let broken = checked(".github/workflows/ci.yml", text, &workspace);
        let files = broken["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["file"].as_str().unwrap());
        assert!(
            files.eq([".github/workflows/ci.yml", ".github/workflows/called.yml"]),
            "{broken}"
        );
        std::fs::write(
            &called,
            "on: workflow_call\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n",
        )
        .unwrap();
        assert_eq!(
            checked(".github/workflows/ci.yml", text, &workspace)["valid"],
            true
        );
    }
}
