//! Findings as SARIF 2.1.0, which code scanning services and editors read.

use std::collections::BTreeMap;

use loom_workflow::{Code, Diagnostic, Severity, Source};
use serde_json::{Value, json};

/// Findings of several files.
#[derive(Default)]
pub(super) struct Sarif {
    results: Vec<Value>,
    /// The kinds of mistakes among them, by code.
    rules: BTreeMap<&'static str, Code>,
    /// What could not be looked at, and why.
    failures: Vec<Value>,
}

impl Sarif {
    /// Adds a finding.
    pub(super) fn add(&mut self, source: &Source, diagnostic: &Diagnostic) {
        let mut text = reason(diagnostic);
        if let Some(help) = &diagnostic.help {
            text = format!("{text}\n{help}");
        }
        self.rules.insert(diagnostic.code.as_str(), diagnostic.code);
        let mut result = json!({
            "ruleId": diagnostic.code.as_str(),
            "level": level(diagnostic.severity),
            "message": {"text": text},
            "locations": [{"physicalLocation": location(source, diagnostic)}],
        });
        let causes = diagnostic.causes().map(|cause| {
            json!({
                "physicalLocation": location(&cause.source, &cause.diagnostic),
                "message": {"text": reason(&cause.diagnostic)},
            })
        });
        let causes: Vec<Value> = causes.collect();
        if let Some(result) = result.as_object_mut().filter(|_| !causes.is_empty()) {
            result.insert("relatedLocations".to_owned(), Value::Array(causes));
        }
        self.results.push(result);
    }

    /// Adds a file that could not be looked at: without this its absence would read as nothing found.
    pub(super) fn fail(&mut self, why: &str) {
        self.failures
            .push(json!({"level": "error", "message": {"text": why}}));
    }

    /// Says that a file has more findings than there are results.
    pub(super) fn cut(&mut self, source: &Source, more: usize) {
        let why = format!("{more} more findings of {} are left out", source.name());
        self.failures
            .push(json!({"level": "warning", "message": {"text": why}}));
    }

    /// All of it as one document.
    pub(super) fn document(self) -> Value {
        let rules = self.rules.values().map(|code| {
            let info = code.info();
            let page = code.page();
            json!({
                "id": info.text,
                "shortDescription": {"text": info.title},
                "fullDescription": {"text": page.explanation},
                // GitHub's code scanning refuses rules without help (GH2012).
                "help": {
                    "text": page.explanation,
                    "markdown": format!("{}\n\n{}", page.explanation, page.examples),
                },
                "defaultConfiguration": {"level": level(info.severity)},
            })
        });
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                // Columns count characters, as in the other formats.
                "columnKind": "unicodeCodePoints",
                "tool": {"driver": {
                    "name": "loom-runtime",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.collect::<Vec<_>>(),
                }},
                "invocations": [{
                    "executionSuccessful": self.failures.is_empty(),
                    "toolExecutionNotifications": self.failures,
                }],
                "results": self.results,
            }],
        })
    }
}

/// What is wrong, with what is said at its place.
fn reason(diagnostic: &Diagnostic) -> String {
    match diagnostic.label() {
        Some(label) => format!("{}: {label}", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

/// A path as a reference that RFC 3986 allows.
fn uri(path: &str) -> String {
    // Two slashes at the start would begin the name of a host.
    let slashes = path.len() - path.trim_start_matches('/').len();
    let path = path.get(slashes.saturating_sub(1)..).unwrap_or_default();
    path.bytes()
        .fold(String::with_capacity(path.len()), |mut uri, byte| {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    uri.push(char::from(byte))
                }
                // A colon too: what stands before the first one would be a scheme.
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
            uri
        })
}

fn location(source: &Source, diagnostic: &Diagnostic) -> Value {
    let uri = uri(source.name());
    let Some(span) = diagnostic.span() else {
        return json!({"artifactLocation": {"uri": uri}});
    };
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "artifactLocation": {"uri": uri},
        "region": {
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_workflow::{Dialect, load};

    #[test]
    fn a_finding_has_its_rule_and_place() {
        let source = Source::new("dir/w.yml", "jobs:\n  a: {stepz: []}\n");
        let mut sarif = Sarif::default();
        for found in &load(&source, Dialect::Loom).diagnostics {
            sarif.add(&source, found);
        }
        let document = sarif.document();
        let run = &document["runs"][0];
        let result = &run["results"][0];
        assert_eq!(result["ruleId"], "schema/unknown-key");
        assert_eq!(
            result["message"]["text"],
            "unknown key `stepz` in job `a`: not known here\ndid you mean `steps`?"
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "dir/w.yml");
        assert_eq!(
            place["region"],
            json!({"startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 12})
        );
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert!(rules.iter().any(|rule| rule["id"] == "schema/unknown-key"));
    }

    #[test]
    fn paths_become_references() {
        for (path, want) in [
            (".github/workflows/ci-1_a~b.yml", ".github/workflows/ci-1_a~b.yml"),
            ("a b/#é%?.yml", "a%20b/%23%C3%A9%25%3F.yml"),
            ("c:\\x.yml", "c%3A%5Cx.yml"),
            ("/abs/x.yml", "/abs/x.yml"),
            ("//abs/x.yml", "/abs/x.yml"),
            ("<stdin>", "%3Cstdin%3E"),
        ] {
            assert_eq!(uri(path), want);
        }
    }

    #[test]
    fn a_file_that_could_not_be_read_is_no_clean_one() {
        let done = |sarif: Sarif| sarif.document()["runs"][0]["invocations"][0].clone();
        assert_eq!(done(Sarif::default())["executionSuccessful"], true);
        let mut sarif = Sarif::default();
        sarif.fail("there is no file x.yml");
        let failed = done(sarif);
        assert_eq!(failed["executionSuccessful"], false);
        assert_eq!(
            failed["toolExecutionNotifications"][0]["message"]["text"],
            "there is no file x.yml"
        );
    }
}
