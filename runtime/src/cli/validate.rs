//! `loom-runtime validate`: checks files without running them.
//!
//! stdout has the findings: drawn, one JSON object a file (its fields are a contract, see the design), or one SARIF
//! document; stderr has the summary and what cannot be read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use loom_workflow::{Diagnostic, Diagnostics, Dialect, Level, Severity, Source};
use serde::Serialize;

use super::args::{CheckLevel, FindingFormat, ValidateArgs};
use super::sarif::Sarif;
use super::{Exit, data, diagnostics, talk, together};
use crate::project::{self, ProjectError, WorkflowFile};
use crate::repository::Repository;

pub(super) fn validate(args: &ValidateArgs) -> Exit {
    let mut exit = Exit::Success;
    let mut invalid = 0_usize;
    let mut checked = 0_usize;
    let mut sarif = Sarif::default();
    for outcome in together::in_order(&files(&args.files), |path| read_and_check(path)) {
        let (file, found) = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                talk::error(&error.to_string());
                exit = Exit::Usage;
                continue;
            }
        };
        checked += 1;
        let valid = is_valid(&found, args.level);
        if !valid {
            invalid += 1;
        }
        match args.format {
            FindingFormat::Text => draw(&file.source, &found, args.level),
            FindingFormat::Json => print_json(&file.source, &found, args.level, valid),
            FindingFormat::Sarif => {
                for one in found.iter().filter(|one| wanted(one, args.level)) {
                    sarif.add(&file.source, one);
                }
            }
        }
    }
    match args.format {
        FindingFormat::Text if checked > 0 => summarise(checked, invalid),
        FindingFormat::Sarif => data::print(&format!("{:#}\n", sarif.document())),
        FindingFormat::Text | FindingFormat::Json => {}
    }
    if invalid > 0 && exit == Exit::Success {
        exit = Exit::Failure;
    }
    exit
}

fn read_and_check(path: &Path) -> Result<(WorkflowFile, Diagnostics), ProjectError> {
    let file = project::read(path)?;
    let found = check(&file);
    Ok((file, found))
}

/// Everything that is found in a workflow, or in the `action.yml` of an action.
fn check(file: &WorkflowFile) -> Diagnostics {
    let name = file.path.file_name().and_then(OsStr::to_str);
    if file.dialect == Dialect::Loom && matches!(name, Some("action.yml" | "action.yaml")) {
        let repository = Repository::of_action(&file.path);
        return loom_workflow::load_action_with(&file.source, &repository).diagnostics;
    }
    let repository = Repository::of(&file.path);
    loom_workflow::load_with(&file.source, file.dialect, &repository).diagnostics
}

/// The files that are meant: a directory stands for the workflows it holds.
fn files(named: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::with_capacity(named.len());
    for path in named {
        if path.is_dir() {
            let inside = project::candidates(path);
            if inside.is_empty() {
                talk::warning(&format!("{} holds no workflow", path.display()));
            }
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    files
}

fn wanted(diagnostic: &Diagnostic, level: CheckLevel) -> bool {
    level == CheckLevel::Lint || diagnostic.level() == Level::Schema
}

fn is_valid(found: &Diagnostics, level: CheckLevel) -> bool {
    // What was too much to keep counts when it would stop a run.
    !found.is_blocking()
        && !found
            .iter()
            .any(|one| wanted(one, level) && one.severity == Severity::Error)
}

fn draw(source: &Source, found: &Diagnostics, level: CheckLevel) {
    let shown = found.iter().filter(|one| wanted(one, level));
    data::print(&diagnostics::draw(source, shown, data::in_colour()));
    if found.omitted() > 0 {
        talk::note(&format!("{} more findings are not shown", found.omitted()));
    }
}

fn summarise(checked: usize, invalid: usize) {
    let files = if checked == 1 { "file" } else { "files" };
    if invalid == 0 {
        talk::note(&format!("{checked} {files} checked, nothing is wrong"));
    } else {
        talk::error(&format!(
            "{invalid} of {checked} {files} cannot be used as written"
        ));
        talk::help("`loom-runtime explain CODE` says more about a finding");
    }
}

/// What is printed of a file as JSON.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    valid: bool,
    diagnostics: Vec<Finding<'a>>,
}

/// A finding as JSON. Places count from 1; what has no place has `null` there.
#[derive(Serialize)]
struct Finding<'a> {
    severity: &'static str,
    code: &'a str,
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    message: &'a str,
    help: Option<&'a str>,
}

fn print_json(source: &Source, found: &Diagnostics, level: CheckLevel, valid: bool) {
    let findings = found.iter().filter(|one| wanted(one, level));
    let report = Report {
        file: source.name(),
        valid,
        diagnostics: findings.flat_map(|one| with_causes(source, one)).collect(),
    };
    match serde_json::to_string(&report) {
        Ok(line) => data::print(&format!("{line}\n")),
        Err(error) => talk::error(&format!("the findings cannot be written as JSON: {error}")),
    }
}

/// A finding, and behind it those in other files that it comes from.
fn with_causes<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> impl Iterator<Item = Finding<'a>> {
    let causes = diagnostic.causes();
    std::iter::once(finding(source, diagnostic))
        .chain(causes.map(|cause| finding(&cause.source, &cause.diagnostic)))
}

fn finding<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Finding<'a> {
    let start = diagnostic.span().map(|span| source.position(span.start));
    let end = diagnostic.span().map(|span| source.position(span.end));
    Finding {
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        code: diagnostic.code.as_str(),
        file: source.name(),
        line: start.map(|place| place.line),
        column: start.map(|place| place.column),
        end_line: end.map(|place| place.line),
        end_column: end.map(|place| place.column),
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Source, Diagnostics) {
        let source = Source::new("w.yml", text);
        let found = loom_workflow::load(&source, Dialect::Loom).diagnostics;
        (source, found)
    }

    #[test]
    fn lints_count_at_their_level_only() {
        let (_, found) = found("jobs: {a: {timeout-minutes: 0, steps: [{run: x}]}}\n");
        assert!(is_valid(&found, CheckLevel::Schema));
        assert!(!is_valid(&found, CheckLevel::Lint));
    }

    #[test]
    fn a_finding_has_its_place_from_one() {
        let (source, found) = found("jobs:\n  a: {stepz: []}\n");
        let json = serde_json::to_value(finding(&source, &found.as_slice()[0])).unwrap();
        let want = serde_json::json!({
            "severity": "error", "code": "schema/unknown-key", "file": "w.yml", "line": 2, "column": 7,
            "end_line": 2, "end_column": 12, "message": "unknown key `stepz` in job `a`", "help": "did you mean `steps`?"
        });
        assert_eq!(json, want);
    }
}
