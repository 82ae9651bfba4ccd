//! Findings as JSON, an object a file. The fields are a contract: see `docs/editing.md`.

use loom_workflow::{Diagnostic, Fixed, Label, Role, Source, Span};
use serde::Serialize;

use super::{Looked, data, talk};

/// What is printed of a file.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    valid: bool,
    diagnostics: Vec<Finding<'a>>,
    /// How many more there are: a file has so many findings at most. Left out where that is none.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
    /// What `--fix` repaired, and is not found any more. Left out where that is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixed: Vec<Repaired<'a>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A finding. Places count from 1; what has no place has `null` there.
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
    /// Other places of the file that explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
    /// A change that repairs it, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<Change<'a>>,
}

/// A place that explains a finding.
#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    region: Region,
    label: &'a str,
}

/// A change: all of its edits together.
#[derive(Serialize)]
struct Change<'a> {
    /// `safe`: `--fix` makes it. `maybe`: somebody has to look.
    applicability: &'static str,
    edits: Vec<Replaced<'a>>,
}

/// What is written instead of a region; where both its ends are one place, that is inserted.
#[derive(Serialize)]
struct Replaced<'a> {
    #[serde(flatten)]
    region: Region,
    text: &'a str,
}

/// From one place up to another, which is not of it.
#[derive(Serialize)]
struct Region {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// A finding that is gone, and where it was.
#[derive(Serialize)]
struct Repaired<'a> {
    code: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
}

/// Prints what was found in a file.
pub(super) fn print(looked: &Looked) {
    let source = &looked.file.source;
    let report = Report {
        file: source.name(),
        valid: looked.valid,
        diagnostics: looked.shown().flat_map(|one| with_causes(source, one)).collect(),
        omitted: looked.found.omitted(),
        fixed: looked.fixed.iter().map(repaired).collect(),
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
    let place = diagnostic.span().map(|span| region(source, span));
    let related = |label: &&Label| label.role == Role::Related;
    let related = diagnostic.labels.iter().filter(related).map(|label| Related {
        region: region(source, label.span),
        label: &label.text,
    });
    let suggestion = diagnostic.suggestion.as_ref().map(|suggestion| Change {
        applicability: suggestion.applicability.as_str(),
        edits: suggestion
            .edits
            .iter()
            .map(|edit| Replaced {
                region: region(source, edit.span),
                text: &edit.replacement,
            })
            .collect(),
    });
    Finding {
        severity: diagnostic.severity.as_str(),
        code: diagnostic.code.as_str(),
        file: source.name(),
        line: place.as_ref().map(|place| place.line),
        column: place.as_ref().map(|place| place.column),
        end_line: place.as_ref().map(|place| place.end_line),
        end_column: place.as_ref().map(|place| place.end_column),
        message: &diagnostic.message,
        label: diagnostic.label(),
        help: diagnostic.help.as_deref(),
        related: related.collect(),
        suggestion,
    }
}

fn region(source: &Source, span: Span) -> Region {
    let (start, end) = (source.position(span.start), source.position(span.end));
    Region {
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

fn repaired(fixed: &Fixed) -> Repaired<'_> {
    Repaired {
        code: fixed.code.as_str(),
        line: fixed.position.line,
        column: fixed.position.column,
        message: &fixed.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_workflow::{Dialect, load};

    #[test]
    fn a_finding_has_its_place_from_one_and_what_repairs_it() {
        let source = Source::new("w.yml", "jobs:\n  a: {stepz: []}\n");
        let found = load(&source, Dialect::Loom).diagnostics;
        let json = serde_json::to_value(finding(&source, &found.as_slice()[0])).unwrap();
        let want = serde_json::json!({
            "severity": "error", "code": "schema/unknown-key", "file": "w.yml", "line": 2, "column": 7,
            "end_line": 2, "end_column": 12, "message": "unknown key `stepz` in job `a`",
            "label": "not known here", "help": "did you mean `steps`?",
            "suggestion": {"applicability": "safe", "edits": [
                {"line": 2, "column": 7, "end_line": 2, "end_column": 12, "text": "steps"},
            ]},
        });
        assert_eq!(json, want);
    }
}
