//! Jobs that call workflows of the same repository.

use insta::assert_snapshot;

use super::shown;
use crate::{Dialect, Reference, References, Source, load_with};

/// Files by path.
struct Folder(Vec<(&'static str, String)>);

impl References for Folder {
    fn workflow(&self, path: &str) -> Reference {
        match self.0.iter().find(|(known, _)| *known == path) {
            Some((_, text)) => Reference::Found(Source::new(path, text.as_str())),
            None => Reference::Missing,
        }
    }
}

fn found(text: &str, files: &[(&'static str, &str)]) -> String {
    let source = Source::new("w.yml", text);
    let files = files.iter().map(|(path, text)| (*path, (*text).to_owned()));
    let loaded = load_with(&source, Dialect::GitHub, &Folder(files.collect()));
    shown(&source, &loaded.diagnostics)
}

const JOBS: &str = "jobs: {x: {runs-on: x, steps: [{run: x}]}}\n";

#[test]
fn inputs_and_secrets_fit_what_is_declared() {
    let called = format!(
        "on:\n  workflow_call:\n    inputs:\n      name: {{type: string, required: true}}\n      count: {{type: number}}\n      fast: {{type: boolean}}\n    secrets:\n      token: {{required: true}}\n      other:\n{JOBS}"
    );
    let files = [("./c.yml", called.as_str())];
    let right = "on: push\njobs:\n  a:\n    uses: ./c.yml\n    with: {Name: 1, count: 2, fast: '${{ true }}'}\n    secrets: {TOKEN: x}\n  b:\n    uses: ./c.yml\n    with: {name: x, fast: true}\n    secrets: inherit\n";
    assert_eq!(found(right, &files), "");
    let wrong = "on: push\njobs:\n  a:\n    uses: ./c.yml\n    with: {nam: 1, count: '2', fast: yes}\n    secrets: {tokn: x, z: y}\n";
    assert_snapshot!(found(wrong, &files));
}

#[test]
fn what_cannot_be_called_says_why() {
    let text = "on: push\njobs:\n  a: {uses: ./none.yml}\n  b: {uses: ./push.yml}\n  c: {uses: ./broken.yml}\n  d: {uses: ./loop.yml}\n  e: {uses: ./x.yml@v1}\n  f: {uses: owner/repo/x.yml}\n  g: {uses: owner/repo/x.yml@v1}\n";
    let push = format!("on: push\n{JOBS}");
    let files = [
        ("./push.yml", push.as_str()),
        ("./broken.yml", "on: workflow_call\njobs: {x: {stepz: []}}\n"),
        ("./loop.yml", "on: workflow_call\njobs: {x: {uses: ./loop.yml}}\n"),
    ];
    assert_snapshot!(found(text, &files));
}

#[test]
fn rights_only_become_fewer() {
    let asks = format!("on: workflow_call\npermissions: {{contents: write}}\n{JOBS}");
    let job_asks =
        "on: workflow_call\njobs: {x: {permissions: {issues: write}, runs-on: x, steps: [{run: x}]}}\n";
    let files = [
        ("./asks.yml", asks.as_str()),
        ("./job.yml", job_asks),
        ("./deep.yml", "on: workflow_call\njobs: {x: {uses: ./job.yml}}\n"),
    ];
    let text = "on: push\njobs:\n  a: {uses: ./asks.yml}\n  b: {uses: ./asks.yml, permissions: {contents: read}}\n  c: {uses: ./job.yml, permissions: read-all}\n  d: {uses: ./deep.yml, permissions: {}}\n  e: {uses: ./deep.yml, permissions: write-all}\n";
    assert_snapshot!(found(text, &files));
}

#[test]
fn nesting_has_an_end() {
    let names: Vec<&'static str> = vec![
        "./0.yml", "./1.yml", "./2.yml", "./3.yml", "./4.yml", "./5.yml", "./6.yml", "./7.yml", "./8.yml",
        "./9.yml", "./10.yml",
    ];
    let call = |name: &str| format!("on: [push, workflow_call]\njobs: {{x: {{uses: {name}}}}}\n");
    let mut files: Vec<(&'static str, String)> = names
        .iter()
        .zip(names.iter().skip(1))
        .map(|(name, next)| (*name, call(next)))
        .collect();
    files.push(("./10.yml", format!("on: workflow_call\n{JOBS}")));
    let files: Vec<(&'static str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert!(found(&call("./0.yml"), &files).contains("schema/call"));
    assert_eq!(found(&call("./2.yml"), &files), "");
}
