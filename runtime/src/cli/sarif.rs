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
}

impl Sarif {
    /// Adds a finding.
    pub(super) fn add(&mut self, source: &Source, diagnostic: &Diagnostic) {
        let help = diagnostic.help.as_ref();
        let text = help.map_or_else(
            || diagnostic.message.clone(),
            |help| format!("{}\n{help}", diagnostic.message),
        );
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
                "message": {"text": cause.diagnostic.message},
            })
        });
        let causes: Vec<Value> = causes.collect();
        if let Some(result) = result.as_object_mut().filter(|_| !causes.is_empty()) {
            result.insert("relatedLocations".to_owned(), Value::Array(causes));
        }
        self.results.push(result);
    }

    /// All of it as one document.
    pub(super) fn document(self) -> Value {
        let rules = self.rules.values().map(|code| {
            let info = code.info();
            json!({
                "id": info.text,
                "shortDescription": {"text": info.title},
                "fullDescription": {"text": code.page().explanation},
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
                "results": self.results,
            }],
        })
    }
}

fn location(source: &Source, diagnostic: &Diagnostic) -> Value {
    let uri = source.name().replace('\\', "/");
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
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "dir/w.yml");
        assert_eq!(
            place["region"],
            json!({"startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 12})
        );
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert!(rules.iter().any(|rule| rule["id"] == "schema/unknown-key"));
    }
}
