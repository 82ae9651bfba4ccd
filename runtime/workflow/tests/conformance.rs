//! The language against cases: our own in `tests/cases`, and GitHub's and others' in the folder that
//! `LOOM_CONFORMANCE_DIR` names, when there is one.
//!
//! A case is counted like a test, so that `make test` shows how many ran.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program that counts by itself"
)]

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use loom_workflow::expression::{Environment, Function, Object, Scope, Status, Value, evaluate, parse};
use loom_workflow::{Diagnostic, Diagnostics, Dialect, Level, Reference, References, Severity, Source};

mod python;

/// What came of the cases.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    /// Left out for want of a program.
    ignored: usize,
}

impl Count {
    fn case(&mut self, name: &str, problem: Option<String>) {
        match problem {
            None => self.passed += 1,
            Some(problem) => {
                println!("test {name} ... FAILED: {problem}");
                self.failed += 1;
            }
        }
    }
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        println!("conformance: test");
        return ExitCode::SUCCESS;
    }
    let mut count = Count::default();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    right(&own, "right", &mut count);
    wrong(&own, "wrong", &mut count);
    expressions(&own, &mut count);
    python::scripts(&mut count);
    match std::env::var_os("LOOM_CONFORMANCE_DIR").map(PathBuf::from) {
        Some(folder) if folder.is_dir() => {
            expressions(&folder, &mut count);
            reader(&folder, &mut count);
            right(&folder, "lint-ok", &mut count);
            found(&folder, "lint-err", &mut count);
            found(&folder, "lint-examples", &mut count);
        }
        _ => println!("note: LOOM_CONFORMANCE_DIR names no folder, only our own cases ran"),
    }
    let word = if count.failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out",
        count.passed, count.failed, count.ignored
    );
    ExitCode::from(u8::from(count.failed > 0))
}

/// The files of a folder by name; there must be some.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yml" || end == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no cases", folder.display());
    files
}

fn name(kind: &str, path: &Path) -> String {
    format!("{kind}/{}", path.file_stem().unwrap().to_string_lossy())
}

/// No files beside the case: what they would say is unknown.
struct Alone;

impl References for Alone {
    fn workflow(&self, _: &str) -> Reference {
        Reference::Unknown
    }
}

/// What is found in a case of our own or others': an action where its name says so, else a workflow.
fn load_case(path: &Path, text: &str) -> (Source, Diagnostics) {
    if !path.to_string_lossy().ends_with(".action.yml") {
        return load(text, &Alone);
    }
    let source = Source::new("action.yml", text);
    let loaded = loom_workflow::load_action_with(&source, &Alone);
    (source, loaded.diagnostics)
}

fn load(text: &str, references: &dyn References) -> (Source, Diagnostics) {
    let source = Source::new(".github/workflows/test.yml", text);
    let loaded = loom_workflow::load_with(&source, Dialect::GitHub, references);
    // What GitHub refuses is found with and without the lints.
    let unlinted = loom_workflow::load_unlinted(&source, Dialect::GitHub, references);
    let refused = |found: &Diagnostics| -> Vec<Diagnostic> {
        let refused = found.iter().filter(|one| one.level() == Level::Schema);
        refused.cloned().collect()
    };
    assert_eq!(
        refused(&loaded.diagnostics),
        refused(&unlinted.diagnostics),
        "{text}"
    );
    (source, loaded.diagnostics)
}

/// Files in which no error may be found, and in our own nothing at all.
fn right(folder: &Path, kind: &str, count: &mut Count) {
    for path in files(&folder.join(kind)) {
        let text = fs::read_to_string(&path).unwrap();
        let (_, found) = load_case(&path, &text);
        let first = found
            .iter()
            .find(|one| kind == "right" || one.severity == Severity::Error);
        count.case(
            &name(kind, &path),
            first.map(|one| format!("{}: {}", one.code, one.message)),
        );
    }
}

/// Our own files with mistakes: exactly the marked codes in the marked lines.
fn wrong(folder: &Path, kind: &str, count: &mut Count) {
    for path in files(&folder.join(kind)) {
        let written = fs::read_to_string(&path).unwrap();
        let mut text = String::new();
        let mut wanted = BTreeSet::new();
        for (index, line) in written.lines().enumerate() {
            let (line, marks) = line.split_once("# <- ").unwrap_or((line, ""));
            text.push_str(line.trim_end());
            text.push('\n');
            wanted.extend(marks.split_whitespace().map(|code| (index + 1, code.to_owned())));
        }
        let (source, found) = load_case(&path, &text);
        let found: BTreeSet<(usize, String)> = found
            .iter()
            .map(|one| {
                let line = one.span().map_or(0, |span| source.position(span.start).line);
                (line, one.code.to_string())
            })
            .collect();
        let problem = (found != wanted).then(|| {
            let missed: Vec<_> = wanted.difference(&found).collect();
            let more: Vec<_> = found.difference(&wanted).collect();
            format!("not found {missed:?}, found besides {more:?}")
        });
        count.case(&name(kind, &path), problem);
    }
}

/// Others' files with mistakes: something is found.
fn found(folder: &Path, kind: &str, count: &mut Count) {
    for path in files(&folder.join(kind)) {
        let text = fs::read_to_string(&path).unwrap();
        let (_, found) = load(&text, &Alone);
        count.case(
            &name(kind, &path),
            found.is_empty().then(|| "nothing is found".to_owned()),
        );
    }
}

/// Files by path.
struct Files(HashMap<String, String>);

impl References for Files {
    fn workflow(&self, path: &str) -> Reference {
        match self.0.get(path) {
            Some(text) => Reference::Found(Source::new(path, text.as_str())),
            None => Reference::Unknown,
        }
    }
}

/// Fixtures of GitHub's own parser: YAML documents with options, the workflow, pairs of name and text of called ones,
/// and what comes of it as JSON.
fn reader(folder: &Path, count: &mut Count) {
    for path in files(&folder.join("reader")) {
        let text = fs::read_to_string(&path).unwrap();
        let mut documents = vec![String::new()];
        for line in text.trim_start_matches('\u{feff}').lines() {
            if line.starts_with("---") {
                documents.push(String::new());
            } else {
                let last = documents.last_mut().unwrap();
                last.push_str(line);
                last.push('\n');
            }
        }
        let [options, body, rest @ ..] = documents.as_slice() else {
            continue;
        };
        let Some((want, called)) = rest.split_last() else {
            continue;
        };
        let policy = options.lines().any(|line| {
            let key = line.split_once(':').map(|(key, _)| key);
            let is_key = key.is_some_and(|key| {
                !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            });
            is_key && !line.starts_with("include-source") && !line.starts_with("skip")
        });
        let Ok(want) = Value::from_json(want.trim()) else {
            continue;
        };
        if policy {
            // Options of the service, no business of a runner.
            continue;
        }
        let valid = want.as_object().is_none_or(|want| want.get("errors").is_none());
        let mut body = body.clone();
        let names: Vec<(String, String)> = called
            .chunks_exact(2)
            .enumerate()
            .map(|(index, pair)| {
                (
                    pair[0].trim().to_owned(),
                    format!("./.github/workflows/r{index}.yml"),
                )
            })
            .collect();
        let renamed = |text: &str| {
            names
                .iter()
                .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
        };
        body = renamed(&body);
        let beside = called
            .chunks_exact(2)
            .zip(&names)
            .map(|(pair, (_, path))| (path.clone(), renamed(&pair[1])));
        let (source, found) = load(&body, &Files(beside.collect()));
        let missed = lines_of(&want).find(|line| !has_line(&source, &found, *line));
        let problem = match (valid, found.iter().find(|one| one.is_blocking())) {
            (true, Some(one)) => Some(format!("{}: {}", one.code, one.message)),
            (false, None) => Some("GitHub refuses it".to_owned()),
            _ => missed.map(|line| format!("GitHub sees a mistake in line {line}")),
        };
        count.case(&name("reader", &path), problem);
    }
}

/// The lines that GitHub's errors are about, in this file or a called one.
fn lines_of(want: &Value) -> impl Iterator<Item = usize> {
    let json = want.to_json();
    let lines = json.split("(Line: ").skip(1).filter_map(|rest| {
        let digits = rest.split_once(',').map(|(digits, _)| digits)?;
        digits.parse().ok()
    });
    lines.collect::<Vec<usize>>().into_iter()
}

/// Whether a finding, or what it comes from, is about a line.
fn has_line(source: &Source, found: &Diagnostics, line: usize) -> bool {
    let is_there = |source: &Source, one: &Diagnostic| {
        one.span()
            .is_some_and(|span| source.position(span.start).line == line)
    };
    found.iter().any(|one| {
        is_there(source, one)
            || one
                .causes()
                .any(|cause| is_there(&cause.source, &cause.diagnostic))
    })
}

/// Expressions, a JSON object a line: value or kind of error.
fn expressions(folder: &Path, count: &mut Count) {
    let cases = fs::read_to_string(folder.join("expressions/cases.jsonl")).unwrap();
    for line in cases.lines() {
        let case = Value::from_json(line).unwrap();
        let case = case.as_object().unwrap();
        let text = |key: &str| case.get(key).and_then(Value::as_str).unwrap();
        let none = Object::new();
        let contexts = case.get("contexts").and_then(Value::as_object).unwrap_or(&none);
        let functions = [
            Function::Success,
            Function::Failure,
            Function::Cancelled,
            Function::Always,
        ];
        let parsed = parse(
            text("expr"),
            0,
            &Scope::of_contexts(contexts).with_functions(&functions),
        );
        let environment = Environment::new(contexts).with_status(&Status::Success);
        let got = match (parsed.errors.into_iter().next(), parsed.expression) {
            (Some(error), _) => Err(error),
            (None, Some(expression)) => evaluate(&expression, &environment),
            (None, None) => Ok(Value::Null),
        };
        let field = |part: &str, key: &str| case.get(part).and_then(Value::as_object)?.get(key).cloned();
        let problem = match got {
            Ok(value) => {
                let kind = field("result", "kind");
                let same = kind.as_ref().and_then(Value::as_str) == Some(value.kind().as_str())
                    && field("result", "value").is_some_and(|want| equal(&want, &value));
                (!same).then(|| format!("it is {}", value.to_json()))
            }
            Err(error) => {
                let kind = field("error", "kind");
                let evaluation = kind
                    .as_ref()
                    .and_then(Value::as_str)
                    .map(|kind| kind == "evaluation");
                (evaluation != Some(error.kind.as_str() == "evaluation")).then(|| error.message())
            }
        };
        count.case(&format!("expressions/{}", text("id")), problem);
    }
}

/// Whether two values are written the same; numbers may differ by what a double cannot tell.
fn equal(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Number(want), Value::Number(got)) => {
            want == got || (want - got).abs() <= 1e-12 * want.abs().max(got.abs())
        }
        _ => want.to_json() == got.to_json(),
    }
}
