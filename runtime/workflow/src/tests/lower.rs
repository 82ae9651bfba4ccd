//! From the tree to the model: what is kept, and what is reported.

use insta::assert_snapshot;

use super::{found, workflow};
use crate::Dialect::{GitHub, Loom};
use crate::JobId;
use crate::model::{Env, Literal, StepAction};

/// Every key of the language at its place; nothing is unknown.
const EVERYTHING: &str = include_str!("../testdata/everything.yml");

#[test]
fn every_key_of_github_is_known() {
    assert_eq!(found(EVERYTHING, GitHub), "");
    assert_eq!(found(EVERYTHING, Loom), "");
}

#[test]
fn looms_own_keys_are_looms_only() {
    let text = include_str!("../testdata/loom-keys.yml");
    assert_eq!(found(text, Loom), "");
    assert_snapshot!(found(text, GitHub));
}

#[test]
fn the_model_holds_what_the_file_says() {
    let text = "name: CI\nenv: {A: 1.10, B: true, C: ~, D: '1.10', E: 0x10}\ndefaults: {run: {shell: sh}}\njobs:\n  build:\n    name: Build it\n    needs: [lint]\n    runs-on: [self-hosted, linux]\n    timeout-minutes: 2.5\n    steps:\n      - id: one\n        run: |\n          echo ${{ github.sha }}\n        working-directory: sub\n      - uses: actions/checkout@v4\n        timeout-minutes: ${{ 3 }}\n  lint:\n    runs-on: {group: g, labels: x}\n    steps: [{run: lint}]\n";
    let workflow = workflow(text, Loom);
    assert_eq!(&*workflow.name.as_ref().unwrap().text, "CI");
    let Env::Variables(env) = &workflow.env.as_ref().unwrap().value else {
        panic!()
    };
    let env: Vec<_> = env
        .iter()
        .map(|(name, value)| format!("{name}={}", value.value.text))
        .collect();
    assert_eq!(env, ["A=1.1", "B=true", "C=", "D=1.10", "E=16"]);
    assert_eq!(&*workflow.defaults.shell.as_ref().unwrap().text, "sh");

    let ids: Vec<_> = workflow.jobs.keys().map(ToString::to_string).collect();
    assert_eq!(ids, ["build", "lint"]);
    let build = &workflow.jobs[&JobId::from("BUILD")];
    assert_eq!(build.needs[0].value, "lint".into());
    assert!(
        matches!(&build.timeout_minutes.as_ref().unwrap().value, Literal::Value(minutes) if minutes.0 == 2.5)
    );
    let labels: Vec<_> = build
        .runs_on
        .as_ref()
        .unwrap()
        .labels
        .iter()
        .map(|label| label.text.to_string())
        .collect();
    assert_eq!(labels, ["self-hosted", "linux"]);
    let StepAction::Run(run) = &build.steps[0].action else {
        panic!()
    };
    let expression = run.script.expressions[0];
    assert_eq!(&text[expression.range()], "${{ github.sha }}");
    let StepAction::Uses(uses) = &build.steps[1].action else {
        panic!()
    };
    assert_eq!(uses.reference.as_plain(), Some("actions/checkout@v4"));
    assert!(matches!(
        build.steps[1].timeout_minutes.as_ref().unwrap().value,
        Literal::Expression(_)
    ));
    let lint = workflow.jobs[&JobId::from("lint")].runs_on.as_ref().unwrap();
    assert_eq!(
        (lint.group.as_ref().unwrap().as_plain(), lint.labels[0].as_plain()),
        (Some("g"), Some("x"))
    );
}

#[test]
fn all_mistakes_come_in_one_pass() {
    let text = include_str!("../testdata/mistakes.loom.yml");
    assert_snapshot!(found(text, Loom));
}

#[test]
fn github_wants_what_loom_lets_go() {
    let text = "jobs:\n  build:\n    steps:\n      - run: x\n";
    assert_eq!(found(text, Loom), "");
    assert_snapshot!(found(text, GitHub));
}

#[test]
fn jobs_and_steps_have_exactly_one_form() {
    let text = "on: push\njobs:\n  both:\n    runs-on: x\n    uses: ./.github/workflows/w.yml\n  neither:\n    runs-on: x\n  with:\n    with: {a: 1}\n  steps:\n    runs-on: x\n    steps:\n      - run: a\n        uses: b\n      - uses: b\n        shell: sh\n      - shell: foo\n      - with: {a: 1}\n      - name: nothing\n      - wait: x\n        run: y\n      - {}\n      -\n      - text\n";
    assert_snapshot!(found(text, GitHub));
}

#[test]
fn the_top_is_a_mapping_with_jobs() {
    let texts = [
        "- a\n",
        "text\n",
        "name: x\n",
        "jobs:\n",
        "jobs: {}\n",
        "jobs: [a]\n",
        "jobs:\n  a:\n  b: []\n  c: {}\n",
    ];
    let all: Vec<String> = texts
        .iter()
        .map(|text| format!("{text:?}\n{}", found(text, Loom)))
        .collect();
    assert_snapshot!(all.join("\n\n"));
}

#[test]
fn ids_are_checked_as_on_github() {
    let text = "jobs:\n  my.job: &j\n    steps:\n      - {id: a, run: x}\n      - {id: A, run: x}\n      - {id: 1a, run: x}\n      - {id: '', run: x}\n      - parallel: [{id: a, run: x}]\n  __a: {steps: [{run: x}]}\n  Build: {steps: [{run: x}]}\n  build: {steps: [{run: x}]}\n  ? ''\n  : {steps: [{run: x}]}\n";
    assert_snapshot!(found(text, Loom));
}

#[test]
fn timeouts_are_numbers_above_zero() {
    let text = "jobs:\n  a:\n    timeout-minutes: 0\n    steps:\n      - {run: x, timeout-minutes: -3.5}\n      - {run: x, timeout-minutes: '5'}\n      - {run: x, timeout-minutes: soon}\n      - {run: x, timeout-minutes: true}\n      - {run: x, timeout-minutes: [1]}\n      - {run: x, timeout-minutes: }\n      - {run: x, timeout-minutes: 0.5}\n      - {run: x, timeout-minutes: .inf}\n      - {run: x, timeout-minutes: '${{ 1 }}'}\n";
    assert_snapshot!(found(text, Loom));
}

#[test]
fn a_number_that_its_tag_makes_text_loses_its_tag() {
    for (value, help, is_repaired) in [
        ("!!str 5", "remove the tag `!!str`", false),
        ("!!str &a 5", "remove the tag `!!str`", false),
        ("!!str '5'", "remove the tag `!!str` and the quotes", false),
        ("'5'", "remove the quotes", true),
    ] {
        for text in [
            format!("jobs: {{a: {{timeout-minutes: {value}, steps: [{{run: x}}]}}}}\n"),
            format!(
                "jobs:\n  a:\n    strategy:\n      max-parallel: {value}\n      matrix: {{v: [1, 2]}}\n    steps: [{{run: x}}]\n"
            ),
        ] {
            let (_, loaded) = super::load_text(&text, Loom);
            let found = loaded
                .diagnostics
                .iter()
                .find(|one| one.code == crate::codes::WRONG_TYPE);
            let found = found.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.help.as_deref(), Some(help), "{text}");
            assert_eq!(found.suggestion.is_some(), is_repaired, "{text}");
        }
    }
}

#[test]
fn a_mistake_in_an_alias_is_reported_once_and_brings_no_others() {
    let text =
        "jobs:\n  a: &a\n    steps:\n      - {rum: x}\n  b: *a\n  c:\n    <<: *a\n  d:\n    steps: *nope\n";
    assert_snapshot!(found(text, Loom));
}

#[test]
fn names_from_the_file_cannot_break_a_message() {
    let long = "k".repeat(1_000);
    let text = format!("\"a\\nb\\e[31m\": 1\n{long}: 2\njobs: {{a: {{steps: [{{run: x}}]}}}}\n");
    let (_, loaded) = super::load_text(&text, Loom);
    for found in &loaded.diagnostics {
        assert!(
            found.message.len() < 400 && !found.message.contains(char::is_control),
            "{}",
            found.message
        );
    }
    assert_eq!(loaded.diagnostics.len(), 2);
}
