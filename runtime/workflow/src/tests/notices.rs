//! What only GitHub's services could give is told once.

use insta::assert_snapshot;

use super::{shown, workflow};
use crate::Dialect::GitHub;
use crate::{Severity, Source, notices};

fn said(text: &str) -> String {
    let found = notices(&workflow(text, GitHub));
    assert!(!found.is_blocking());
    assert!(found.iter().all(|found| found.severity == Severity::Warning));
    shown(&Source::new("w.yml", text), &found)
}

#[test]
fn each_key_is_told_once_with_its_places() {
    let text = "on: push
permissions: {contents: read}
jobs:
  a:
    runs-on: x
    permissions: {id-token: write, contents: write}
    environment: prod
    steps: [{run: x}]
  b:
    runs-on: x
    permissions: {id-token: write}
    environment: {name: test, url: x}
    concurrency: g
    steps: [{run: x}]
";
    assert_snapshot!(said(text));
}

#[test]
fn a_terminal_is_not_there_yet() {
    let text = "jobs:\n  a:\n    steps:\n      - {run: x, tty: true}\n      - {run: x, tty: false}\n      - parallel: [{run: y, tty: true}]\n";
    let found = notices(&workflow(text, crate::Dialect::Loom));
    assert_eq!(found.len(), 1);
    assert_eq!(found.as_slice()[0].message, "`tty` has no effect here (2 places)");
}

#[test]
fn what_has_its_effect_is_not_told() {
    let text = "on: push\nrun-name: R\nconcurrency: {group: g, queue: max}\njobs:\n  a:\n    if: always()\n    runs-on: x\n    container: i\n    services: {s: {image: i}}\n    strategy: {matrix: {v: [1]}}\n    continue-on-error: true\n    timeout-minutes: 1\n    cancel-timeout-minutes: 1\n    outputs: {o: x}\n    steps:\n      - {uses: a/b@v1, continue-on-error: true, background: true}\n      - wait-all:\n  c: {uses: a/b/c.yml@v1, secrets: inherit}\n";
    assert_eq!(said(text), "");
}

#[test]
fn hundreds_of_places_are_one_warning_with_one_place() {
    let jobs: String = (0..300)
        .map(|n| format!("  j{n}: {{runs-on: x, environment: e, steps: [{{run: x}}]}}\n"))
        .collect();
    let text = format!("on: push\njobs:\n{jobs}");
    let found = notices(&workflow(&text, GitHub));
    assert_eq!((found.len(), found.as_slice()[0].labels.len()), (1, 1));
    assert_eq!(
        found.as_slice()[0].message,
        "`environment` has no effect here (300 places)"
    );
}
