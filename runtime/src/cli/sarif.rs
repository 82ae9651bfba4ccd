//! Findings as SARIF 2.1.0, which code scanning services and editors read.

use std::collections::{BTreeMap, HashMap};

use loom_protocol::percent::encoded_path;
use loom_workflow::{Code, Diagnostic, Label, Role, Source, Span, Suggestion};
use serde_json::{Value, json};

use super::places::Root;

/// What SARIF calls the folder that the paths of files start in.
const ROOT: &str = "%SRCROOT%";

/// Findings of several files.
pub(super) struct Sarif {
    /// The folder that paths start in.
    root: Root,
    results: Vec<Value>,
    /// How many results have a fingerprint: two findings may look alike.
    alike: HashMap<String, usize>,
    /// The kinds of mistakes among them, by code.
    rules: BTreeMap<&'static str, Code>,
    /// What could not be looked at, and why.
    failures: Vec<Value>,
}

impl Sarif {
    /// No findings, in files below a folder.
    pub(super) fn new(root: Root) -> Self {
        Self {
            root,
            results: Vec::new(),
            alike: HashMap::new(),
            rules: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// Adds a finding.
    pub(super) fn add(&mut self, source: &Source, diagnostic: &Diagnostic) {
        let mut text = reason(diagnostic);
        if let Some(help) = &diagnostic.help {
            text = format!("{text}\n{help}");
        }
        self.rules.insert(diagnostic.code.as_str(), diagnostic.code);
        let mut result = json!({
            "ruleId": diagnostic.code.as_str(),
            "level": diagnostic.severity.as_str(),
            "message": {"text": text},
            "locations": [{"physicalLocation": self.location(source, diagnostic.span())}],
            "partialFingerprints": {"primaryLocationLineHash": self.fingerprint(source, diagnostic)},
        });
        let is_related = |label: &&Label| label.role == Role::Related;
        let related = diagnostic.labels.iter().filter(is_related).map(|label| {
            json!({
                "physicalLocation": self.location(source, Some(label.span)),
                "message": {"text": label.text},
            })
        });
        let causes = diagnostic.causes().map(|cause| {
            json!({
                "physicalLocation": self.location(&cause.source, cause.diagnostic.span()),
                "message": {"text": reason(&cause.diagnostic)},
            })
        });
        let related: Vec<Value> = related.chain(causes).collect();
        let fix = diagnostic
            .suggestion
            .as_ref()
            .map(|it| self.fix(source, diagnostic, it));
        if let Some(result) = result.as_object_mut() {
            if !related.is_empty() {
                result.insert("relatedLocations".to_owned(), Value::Array(related));
            }
            if let Some(fix) = fix {
                result.insert("fixes".to_owned(), json!([fix]));
            }
        }
        self.results.push(result);
    }

    /// What a finding is known by while lines above it come and go: its code and its line, and the how manyth of these it is.
    fn fingerprint(&mut self, source: &Source, diagnostic: &Diagnostic) -> String {
        let line = diagnostic.span().map(|span| source.position(span.start).line);
        let line = line.and_then(|line| source.line(line)).unwrap_or_default();
        let words: String = line.split_whitespace().collect();
        let seed = format!("{}\n{}\n{words}", diagnostic.code, self.named(source).uri);
        let hash: String = crate::prepare::hash(&seed).chars().take(16).collect();
        let count = self.alike.entry(hash.clone()).or_default();
        *count += 1;
        format!("{hash}:{count}")
    }

    /// A change that repairs a finding. What is only probable says so, for who makes changes without asking.
    fn fix(&self, source: &Source, diagnostic: &Diagnostic, suggestion: &Suggestion) -> Value {
        let replacements = suggestion.edits.iter().map(|edit| {
            json!({
                "deletedRegion": region(source, edit.span),
                "insertedContent": {"text": edit.replacement},
            })
        });
        let help = diagnostic.help.as_deref().unwrap_or(&diagnostic.message);
        json!({
            "description": {"text": help},
            "artifactChanges": [{
                "artifactLocation": self.named(source).json(),
                "replacements": replacements.collect::<Vec<_>>(),
            }],
            "properties": {"applicability": suggestion.applicability.as_str()},
        })
    }

    fn location(&self, source: &Source, span: Option<Span>) -> Value {
        let file = self.named(source).json();
        match span {
            Some(span) => json!({"artifactLocation": file, "region": region(source, span)}),
            None => json!({"artifactLocation": file}),
        }
    }

    fn named(&self, source: &Source) -> Named {
        match self.root.name(source.name()) {
            Ok(inside) => Named {
                uri: uri(&inside),
                is_inside: true,
            },
            Err(elsewhere) => Named {
                uri: format!("file://{}", uri(&elsewhere.display().to_string())),
                is_inside: false,
            },
        }
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
            let entry = code.entry();
            let mut rule = json!({
                "id": info.text,
                "name": pascal(info.text),
                "shortDescription": {"text": info.title},
                "fullDescription": {"text": entry.explanation},
                // GitHub's code scanning refuses rules without help (GH2012).
                "help": {
                    "text": entry.explanation,
                    "markdown": format!("{}\n\n{}", entry.explanation, entry.examples),
                },
                "defaultConfiguration": {"level": info.severity.as_str()},
                "properties": {"tags": tags(*code)},
            });
            if let (Some(rule), Some(page)) = (rule.as_object_mut(), rests_on(*code)) {
                rule.insert("helpUri".to_owned(), json!(page));
            }
            rule
        });
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                // Columns count characters, as in the other formats.
                "columnKind": "unicodeCodePoints",
                "tool": {"driver": driver(rules.collect())},
                "invocations": [{
                    "executionSuccessful": self.failures.is_empty(),
                    "toolExecutionNotifications": self.failures,
                }],
                "originalUriBaseIds": {ROOT: {
                    "uri": format!("file://{}/", uri(&self.root.path().display().to_string()).trim_end_matches('/')),
                    "description": {"text": "the root of the repository"},
                }},
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
    // A colon is encoded too: what stands before the first one would be a scheme.
    encoded_path(path)
}

/// The name of a file.
struct Named {
    uri: String,
    /// Whether it starts in the root.
    is_inside: bool,
}

impl Named {
    fn json(self) -> Value {
        if self.is_inside {
            json!({"uri": self.uri, "uriBaseId": ROOT})
        } else {
            json!({"uri": self.uri})
        }
    }
}

/// The tool. Where to read about it is said once the package says so.
fn driver(rules: Vec<Value>) -> Value {
    let mut driver = json!({
        "name": "loom-runtime",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    let home = env!("CARGO_PKG_REPOSITORY");
    if let Some(driver) = driver.as_object_mut().filter(|_| !home.is_empty()) {
        driver.insert("informationUri".to_owned(), json!(home));
    }
    driver
}

/// Where the pages are that describe the language.
const GITHUB: &str = "https://docs.github.com/en/actions/reference/workflows-and-actions";

/// The page on which a rule rests: YAML's own, or GitHub's about the part of the language. Nothing for what is Loom's
/// own, which [`loom_workflow::Code::entry`] tells in full.
fn rests_on(code: Code) -> Option<String> {
    let text = code.as_str();
    let starts = |with: &[&str]| with.iter().any(|start| text.starts_with(start));
    let page = if starts(&["yaml/"]) {
        return Some("https://yaml.org/spec/1.2.2/".to_owned());
    } else if text == "lint/script-injection" {
        return Some("https://docs.github.com/en/actions/concepts/security/script-injections".to_owned());
    } else if starts(&["engine/", "lint/ignore", "lint/unused-ignore", "lint/script-"]) {
        return None;
    } else if starts(&[
        "expression/",
        "lint/expression-",
        "lint/format",
        "lint/from-json",
        "lint/condition-",
    ]) {
        "expressions"
    } else if starts(&["lint/action-file", "lint/action-metadata", "lint/action-output"]) {
        "metadata-syntax"
    } else if starts(&["lint/command-"]) {
        "workflow-commands"
    } else if starts(&["lint/event-filter", "schema/cron", "lint/cron-", "lint/timezone"]) {
        "events-that-trigger-workflows"
    } else {
        "workflow-syntax"
    };
    Some(format!("{GITHUB}/{page}"))
}

/// The name of a code in one word: `RunnerLabel` for `lint/runner-label`.
fn pascal(code: &str) -> String {
    let name = code.split_once('/').map_or(code, |(_, name)| name);
    name.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
        })
        .collect()
}

/// What code scanning filters by: who objects, and the rule.
fn tags(code: Code) -> Vec<&'static str> {
    let area = code.as_str().split('/').next();
    area.into_iter().chain(code.rule()).collect()
}

fn region(source: &Source, span: Span) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_workflow::{Dialect, load};

    fn root() -> Root {
        Root::around(std::path::Path::new("."))
    }

    #[test]
    fn a_finding_has_its_rule_and_place() {
        let source = Source::new("dir/w.yml", "jobs:\n  a: {stepz: []}\n");
        let mut sarif = Sarif::new(root());
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
        let file = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(file.ends_with("dir/w.yml") && !file.starts_with('/'), "{file}");
        assert_eq!(place["artifactLocation"]["uriBaseId"], ROOT);
        let top = run["originalUriBaseIds"][ROOT]["uri"].as_str().unwrap();
        assert!(top.starts_with("file:///") && top.ends_with('/'), "{top}");
        let fix = &result["fixes"][0];
        assert_eq!(fix["properties"]["applicability"], "safe");
        assert_eq!(
            fix["artifactChanges"][0]["replacements"],
            json!([{
                "deletedRegion": {"startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 12},
                "insertedContent": {"text": "steps"},
            }])
        );
        assert_eq!(
            place["region"],
            json!({"startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 12})
        );
        assert_eq!(run["tool"]["driver"]["rules"][0]["name"], "UnknownKey");
        assert_eq!(
            run["tool"]["driver"]["rules"][0]["helpUri"],
            "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax"
        );
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert!(rules.iter().any(|rule| rule["id"] == "schema/unknown-key"));
    }

    #[test]
    fn a_finding_is_known_again_when_lines_move() {
        let prints = |text: &str| {
            let source = Source::new("w.yml", text);
            let mut sarif = Sarif::new(root());
            for found in &load(&source, Dialect::Loom).diagnostics {
                sarif.add(&source, found);
            }
            let results = sarif.document()["runs"][0]["results"].as_array().unwrap().clone();
            let print = |result: &Value| result["partialFingerprints"]["primaryLocationLineHash"].clone();
            results.iter().map(print).collect::<Vec<_>>()
        };
        let text = "jobs:\n  a:\n    stepz: []\n  b:\n    stepz: []\n    steps: [{run: x}]\n";
        let before = prints(text);
        assert_eq!(before, prints(&format!("# more\n\n{text}")));
        let unique: std::collections::HashSet<String> = before.iter().map(Value::to_string).collect();
        assert_eq!(unique.len(), before.len());
        assert_ne!(before, prints(&text.replace("stepz", "stepq")));
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
        assert_eq!(done(Sarif::new(root()))["executionSuccessful"], true);
        let mut sarif = Sarif::new(root());
        sarif.fail("there is no file x.yml");
        let failed = done(sarif);
        assert_eq!(failed["executionSuccessful"], false);
        assert_eq!(
            failed["toolExecutionNotifications"][0]["message"]["text"],
            "there is no file x.yml"
        );
    }
}
