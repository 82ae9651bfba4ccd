//! `loom-runtime validate`: checks files without running them.
//!
//! stdout has the findings: drawn, one JSON object a file (its fields are a contract, see the design), or one SARIF
//! document; stderr has the summary and what cannot be read.

use std::path::{Path, PathBuf};

use loom_workflow::{Diagnostic, Diagnostics, Level, Severity, Source};
use serde::Serialize;

use super::args::{CheckLevel, FindingFormat, ValidateArgs};
use super::sarif::Sarif;
use super::{Exit, data, diagnostics, talk, together};
use crate::project::{self, ProjectError, WorkflowFile};
use crate::repository::Repository;

pub(super) fn validate(args: &ValidateArgs) -> Exit {
    let mut exit = Exit::Success;
    let mut sum = Sum::default();
    let mut sarif = Sarif::default();
    for outcome in together::in_order(&files(&args.files), |input| read_and_check(input, args)) {
        let (file, found) = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                talk::error(&error.to_string());
                talk::help(error.help());
                sarif.fail(&error.to_string());
                exit = Exit::Usage;
                continue;
            }
        };
        let valid = is_valid(&found, args.level);
        sum.add(&found, args.level, valid);
        match args.format {
            FindingFormat::Text => draw(&file.source, &found, args.level),
            FindingFormat::Json => print_json(&file.source, &found, args.level, valid),
            FindingFormat::Sarif => {
                for one in found.iter().filter(|one| wanted(one, args.level)) {
                    sarif.add(&file.source, one);
                }
                if found.omitted() > 0 {
                    sarif.cut(&file.source, found.omitted());
                }
            }
        }
    }
    match args.format {
        FindingFormat::Text => sum.tell(),
        FindingFormat::Sarif => data::print(&format!("{:#}\n", sarif.document())),
        FindingFormat::Json => {}
    }
    let denied = args.deny_warnings && sum.warnings > 0;
    if (sum.invalid > 0 || denied) && exit == Exit::Success {
        exit = Exit::Failure;
    }
    exit
}

/// What is to be checked.
enum Input {
    File(PathBuf),
    /// A folder without anything to check.
    Nothing(PathBuf),
    Stdin,
}

fn read_and_check(input: &Input, args: &ValidateArgs) -> Result<(WorkflowFile, Diagnostics), ProjectError> {
    let file = match input {
        Input::File(path) => project::read(path)?,
        Input::Nothing(folder) => return Err(ProjectError::Nothing(folder.clone())),
        Input::Stdin => project::read_stdin(args.stdin_name.as_deref())?,
    };
    let found = check(&file, args.level);
    Ok((file, found))
}

/// Everything of a level that is found in a workflow, or in the `action.yml` of an action.
fn check(file: &WorkflowFile, level: CheckLevel) -> Diagnostics {
    if loom_workflow::is_action(&project::resolved(&file.path).to_string_lossy()) {
        let repository = Repository::of_action(&file.path);
        return loom_workflow::load_action_with(&file.source, &repository).diagnostics;
    }
    let repository = Repository::of(&file.path);
    let loaded = match level {
        CheckLevel::Schema => loom_workflow::load_unlinted(&file.source, file.dialect, &repository),
        CheckLevel::Lint => loom_workflow::load_with(&file.source, file.dialect, &repository),
    };
    loaded.diagnostics
}

/// What is meant: a directory stands for all that it has to be checked, `-` for standard input.
fn files(named: &[PathBuf]) -> Vec<Input> {
    let mut files = Vec::with_capacity(named.len());
    for path in named {
        if path == Path::new("-") {
            files.push(Input::Stdin);
        } else if path.is_dir() {
            let inside = project::checkable(path);
            if inside.is_empty() {
                files.push(Input::Nothing(path.clone()));
            }
            files.extend(inside.into_iter().map(Input::File));
        } else {
            files.push(Input::File(path.clone()));
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

/// What came of all files together.
#[derive(Default)]
struct Sum {
    checked: usize,
    invalid: usize,
    warnings: usize,
}

impl Sum {
    fn add(&mut self, found: &Diagnostics, level: CheckLevel, valid: bool) {
        self.checked += 1;
        self.invalid += usize::from(!valid);
        let warns = |one: &&Diagnostic| wanted(one, level) && one.severity == Severity::Warning;
        self.warnings += found.iter().filter(warns).count();
    }

    fn tell(&self) {
        if self.checked == 0 {
            return;
        }
        if self.invalid == 0 {
            talk::note(&self.words());
        } else {
            talk::error(&self.words());
            talk::help("`loom-runtime explain CODE` says more about a finding");
        }
    }

    fn words(&self) -> String {
        let Self {
            checked,
            invalid,
            warnings,
        } = self;
        let files = if *checked == 1 { "file" } else { "files" };
        match (invalid, warnings) {
            (0, 0) => format!("{checked} {files} checked, nothing is wrong"),
            (0, 1) => format!("{checked} {files} checked: no errors, 1 warning"),
            (0, _) => format!("{checked} {files} checked: no errors, {warnings} warnings"),
            (1, _) => format!("1 of {checked} {files} has errors"),
            _ => format!("{invalid} of {checked} {files} have errors"),
        }
    }
}

/// What is printed of a file as JSON.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    valid: bool,
    diagnostics: Vec<Finding<'a>>,
    /// How many more there are: a file has so many findings at most. Left out where that is none.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
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
    /// The reason at the place.
    label: Option<&'a str>,
    help: Option<&'a str>,
}

fn print_json(source: &Source, found: &Diagnostics, level: CheckLevel, valid: bool) {
    let findings = found.iter().filter(|one| wanted(one, level));
    let report = Report {
        file: source.name(),
        valid,
        diagnostics: findings.flat_map(|one| with_causes(source, one)).collect(),
        omitted: found.omitted(),
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
        label: diagnostic.label(),
        help: diagnostic.help.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Source, Diagnostics) {
        let source = Source::new("w.yml", text);
        let found = loom_workflow::load(&source, loom_workflow::Dialect::Loom).diagnostics;
        (source, found)
    }

    #[test]
    fn lints_count_at_their_level_only() {
        let (_, found) = found("jobs: {a: {timeout-minutes: 0, steps: [{run: x}]}}\n");
        assert!(is_valid(&found, CheckLevel::Schema));
        assert!(!is_valid(&found, CheckLevel::Lint));
    }

    #[test]
    fn the_summary_counts_what_was_shown() {
        let told = |texts: &[&str], level| {
            let mut sum = Sum::default();
            for text in texts {
                let (_, found) = found(text);
                sum.add(&found, level, is_valid(&found, level));
            }
            sum.words()
        };
        let good = "jobs: {a: {steps: [{run: x}]}}\n";
        let warned = "jobs: {a: {steps: [{run: x}]}, b: {needs: [a, a], steps: [{run: x}]}}\n";
        let broken = "jobs: {}\n";
        for (texts, level, want) in [
            (
                &[good, good][..],
                CheckLevel::Lint,
                "2 files checked, nothing is wrong",
            ),
            (
                &[good, warned],
                CheckLevel::Lint,
                "2 files checked: no errors, 1 warning",
            ),
            (
                &[warned, warned],
                CheckLevel::Lint,
                "2 files checked: no errors, 2 warnings",
            ),
            (&[warned], CheckLevel::Schema, "1 file checked, nothing is wrong"),
            (&[warned, broken], CheckLevel::Lint, "1 of 2 files has errors"),
        ] {
            assert_eq!(told(texts, level), want);
        }
    }

    #[test]
    fn a_finding_has_its_place_from_one() {
        let (source, found) = found("jobs:\n  a: {stepz: []}\n");
        let json = serde_json::to_value(finding(&source, &found.as_slice()[0])).unwrap();
        let want = serde_json::json!({
            "severity": "error", "code": "schema/unknown-key", "file": "w.yml", "line": 2, "column": 7,
            "end_line": 2, "end_column": 12, "message": "unknown key `stepz` in job `a`",
            "label": "not known here", "help": "did you mean `steps`?"
        });
        assert_eq!(json, want);
    }
}
