//! Values of keys: what fits, and where expressions may stand.

use insta::assert_snapshot;

use super::found;
use crate::Dialect::GitHub;

/// A workflow with this as its triggers.
fn on(text: &str) -> String {
    let text = format!("on:\n{text}jobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}\n");
    found(&text, GitHub)
}

/// A workflow with these keys in its job.
fn job(text: &str) -> String {
    let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{{run: x}}]\n{text}");
    found(&text, GitHub)
}

#[test]
fn every_event_is_known_with_what_narrows_it() {
    assert_eq!(found(include_str!("../testdata/events.yml"), GitHub), "");
}

#[test]
fn events_and_their_filters_are_checked() {
    assert_snapshot!(on(
        "  psuh:\n  push: {inputs: {}, branches: [], tags: [v1], tags-ignore: v2}\n  fork: {types: [x]}\n  issues: {types: [opened, closd, 1]}\n  pull_request: [opened]\n  schedule: {cron: x}\n"
    ));
    assert_snapshot!(found(
        "on: [push, pul_request]\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n",
        GitHub
    ));
}

#[test]
fn keys_of_a_dispatch_are_passed_over_but_not_those_of_its_inputs() {
    assert_snapshot!(on(
        "  workflow_dispatch:\n    input: {}\n    inputs:\n      one:\n      two: {type: text, requird: true, required: 'yes'}\n"
    ));
}

#[test]
fn calls_declare_inputs_secrets_and_outputs() {
    assert_snapshot!(on(
        "  workflow_call:\n    inputs:\n      a: {required: true}\n      b: {type: choice, default: '${{ github.ref }}'}\n      c:\n    secrets: {s: , t: {type: string}}\n    outputs: {o: {description: x}}\n"
    ));
}

#[test]
fn values_of_a_job_have_their_types() {
    assert_snapshot!(job(
        "    permissions: {contents: wirte, id-token: read, foo: read}\n    concurrency: {cancel-in-progress: 'true'}\n    strategy: {fail-fast: 1, max-parallel: '2', matrix: {os: linux, include: [x]}}\n    container: {image: '', ports: 80, credentials: {user: x}}\n    services: {db: , web: [x]}\n    environment: {url: x}\n    outputs: {o: [x]}\n    continue-on-error: yes\n    if: [x]\n    snapshot: {}\n"
    ));
    assert_snapshot!(job(
        "    permissions: read-al\n    strategy:\n    services: x\n    environment:\n    container:\n    concurrency:\n"
    ));
}

#[test]
fn expressions_stand_where_they_are_evaluated() {
    let text = "name: ${{ 1 }}\non:\n  ${{ 2 }}:\n  push: {branches: '${{ 3 }}'}\nenv: {A: '${{ 4 }}', 'B-${{ 5 }}': x}\njobs:\n  a:\n    needs: ${{ 6 }}\n    runs-on: ${{ 7 }}\n    strategy: {matrix: '${{ 8 }}', '${{ insert }}': x}\n    ${{ 9 }}: x\n    steps:\n      - uses: ${{ 10 }}\n        with: {a: '${{ 11 }}', '${{ 12 }}': x}\n      - id: ${{ 13 }}\n        run: x\n";
    assert_snapshot!(found(text, GitHub));
}

#[test]
fn expressions_end_are_not_empty_and_not_too_long() {
    assert_snapshot!(job(
        "    env:\n      A: a ${{ 1 }} ${{ 'x' }\n      B: \"x ${{ }}\"\n      C: ${{ '}}' }}\n      D: |\n        one\n        two ${{\n    if: ${{ ' }}\n"
    ));
    let long = format!("    name: '{}${{{{ 1 }}}}'\n", "x".repeat(21_000));
    assert!(job(&long).contains("expression/too-long"));
    let long = format!("    name: '{}${{{{ 1 }}}}'\n", "x".repeat(20_900));
    assert_eq!(job(&long), "");
}

#[test]
fn expressions_use_what_is_there() {
    let wrong = job(
        "    if: env.A == githb.ref\n    env: {A: '${{ steps.x.outputs.y }}', B: '${{ hashFiles(1) }}', C: \"${{ format('it''s') == github.sha }}\"}\n    container: {image: '${{ secrets.X }}', credentials: {username: '${{ secrets.X }}'}}\n    outputs: {o: '${{ steps.x.outputs.y }}'}\n    strategy: {matrix: {v: '${{ matrix.x }}', include: [{a: '${{ github. }}'}]}}\n    environment: {name: '${{ matrix.x }}', url: \"${{ secrets.X }}\\t${{ job.x }}\"}\n    defaults: {run: {shell: '${{ matrix.shell }}'}}\n",
    );
    assert_snapshot!(places(&wrong));
    let step = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - if: success() && secrets.X\n        shell: ${{ matrix.shell }}\n        run: |\n          echo ${{ hashFiles('a') }}\n          echo ${{ runer.os }}\n";
    assert_snapshot!(places(&found(step, GitHub)));
}

/// What was found and where, without help: how expressions word that is tried beside them.
fn places(found: &str) -> String {
    let lines = found.lines().filter(|line| !line.starts_with("  help:"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn steps_wait_for_earlier_ones() {
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {wait: late}\n      - {id: one, run: x, background: true}\n      - parallel: [{id: two, run: x}]\n      - {wait: [ONE, two, on]}\n      - {id: me, cancel: me}\n      - {wait-all: false}\n      - {wait-all: }\n      - {id: late, run: x}\n";
    assert_snapshot!(found(text, GitHub));
}
