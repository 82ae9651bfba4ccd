//! Jobs that call workflows of the same repository.

use insta::assert_snapshot;

use indexmap::IndexMap;

use super::{shown, workflow};
use crate::Dialect::GitHub;
use crate::expression::{Object, Value};
use crate::{
    CallSecrets, Dialect, NoReferences, Reference, References, Source, called_outputs, called_secrets,
    check_call, inputs, load_with,
};

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
    let files = [("./.github/workflows/c.yml", called.as_str())];
    let right = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with: {Name: 1, count: 2, fast: '${{ true }}'}\n    secrets: {TOKEN: x}\n  b:\n    uses: ./.github/workflows/c.yml\n    with: {name: x, fast: true}\n    secrets: inherit\n";
    assert_eq!(found(right, &files), "");
    let wrong = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with: {nam: 1, count: '2', fast: yes}\n    secrets: {tokn: x, z: y}\n";
    assert_snapshot!(found(wrong, &files));
}

#[test]
fn what_cannot_be_called_says_why() {
    let text = "on: push\njobs:\n  a: {uses: ./.github/workflows/none.yml}\n  b: {uses: ./.github/workflows/push.yml}\n  c: {uses: ./.github/workflows/broken.yml}\n  d: {uses: ./.github/workflows/loop.yml}\n  e: {uses: ./.github/workflows/x.yml@v1}\n  f: {uses: owner/repo/.github/workflows/x.yml}\n  g: {uses: owner/repo/.github/workflows/x.yml@v1}\n";
    let push = format!("on: push\n{JOBS}");
    let files = [
        ("./.github/workflows/push.yml", push.as_str()),
        (
            "./.github/workflows/broken.yml",
            "on: workflow_call\njobs: {x: {stepz: []}}\n",
        ),
        (
            "./.github/workflows/loop.yml",
            "on: workflow_call\njobs: {x: {uses: ./.github/workflows/loop.yml}}\n",
        ),
    ];
    assert_snapshot!(found(text, &files));
}

#[test]
fn rights_only_become_fewer() {
    let asks = format!("on: workflow_call\npermissions: {{contents: write}}\n{JOBS}");
    let job_asks =
        "on: workflow_call\njobs: {x: {permissions: {issues: write}, runs-on: x, steps: [{run: x}]}}\n";
    let files = [
        ("./.github/workflows/asks.yml", asks.as_str()),
        ("./.github/workflows/job.yml", job_asks),
        (
            "./.github/workflows/deep.yml",
            "on: workflow_call\njobs: {x: {uses: ./.github/workflows/job.yml}}\n",
        ),
    ];
    let text = "on: push\njobs:\n  a: {uses: ./.github/workflows/asks.yml}\n  b: {uses: ./.github/workflows/asks.yml, permissions: {contents: read}}\n  c: {uses: ./.github/workflows/job.yml, permissions: read-all}\n  d: {uses: ./.github/workflows/deep.yml, permissions: {}}\n  e: {uses: ./.github/workflows/deep.yml, permissions: write-all}\n";
    assert_snapshot!(found(text, &files));
}

#[test]
fn nesting_has_an_end() {
    let names: Vec<&'static str> = vec![
        "./.github/workflows/0.yml",
        "./.github/workflows/1.yml",
        "./.github/workflows/2.yml",
        "./.github/workflows/3.yml",
        "./.github/workflows/4.yml",
        "./.github/workflows/5.yml",
        "./.github/workflows/6.yml",
        "./.github/workflows/7.yml",
        "./.github/workflows/8.yml",
        "./.github/workflows/9.yml",
        "./.github/workflows/10.yml",
    ];
    let call = |name: &str| format!("on: [push, workflow_call]\njobs: {{x: {{uses: {name}}}}}\n");
    let mut files: Vec<(&'static str, String)> = names
        .iter()
        .zip(names.iter().skip(1))
        .map(|(name, next)| (*name, call(next)))
        .collect();
    files.push(("./.github/workflows/10.yml", format!("on: workflow_call\n{JOBS}")));
    let files: Vec<(&'static str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert!(found(&call("./.github/workflows/0.yml"), &files).contains("schema/call"));
    assert_eq!(found(&call("./.github/workflows/2.yml"), &files), "");
}

const CALLED: &str = "on:
  workflow_call:
    inputs:
      t: {type: string, required: true}
      flag: {type: boolean, default: \"${{ github.actor == 'me' }}\"}
      n: {type: number, default: \"${{ fromJSON(vars.N) }}\"}
    secrets:
      Tok: {required: true}
    outputs:
      o: {value: \"${{ jobs.c.outputs.o }}\"}
      r: {description: d, value: \"${{ jobs.c.result }}-${{ inputs.t }}\"}
      n: {value: \"${{ jobs.c.outputs.none }}\"}
jobs:
  c: {runs-on: x, outputs: {o: x}, steps: [{run: x}]}
";

fn contexts(json: &str) -> Object {
    Value::from_json(json).unwrap().as_object().unwrap().clone()
}

fn texts(pairs: &[(&str, &str)]) -> IndexMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn outputs_of_a_call_are_those_of_its_jobs() {
    let workflow = workflow(CALLED, GitHub);
    let trigger = &workflow.triggers.events["workflow_call"];
    let known = contexts(
        r#"{"jobs": {"c": {"result": "success", "outputs": {"o": "from-j1"}}}, "inputs": {"t": "x"}}"#,
    );
    let (found, _) = called_outputs(trigger, &known);
    assert_eq!(
        found.unwrap(),
        texts(&[("o", "from-j1"), ("r", "success-x"), ("n", "")])
    );
    let broken = CALLED.replace("jobs.c.result", "fromJSON('{')");
    let workflow = super::workflow(&broken, GitHub);
    let (found, diagnostics) = called_outputs(&workflow.triggers.events["workflow_call"], &known);
    assert!(found.is_none() && diagnostics.is_blocking());
}

#[test]
fn secrets_of_a_call_are_inherited_or_named() {
    let workflow = workflow(CALLED, GitHub);
    let trigger = &workflow.triggers.events["workflow_call"];
    let available = texts(&[("TOKEN", "s"), ("github_token", "g")]);
    let named = |pairs: &[(&str, &str)]| CallSecrets::Named(texts(pairs));
    for (secrets, want) in [
        (
            CallSecrets::Inherit,
            texts(&[("TOKEN", "s"), ("github_token", "g")]),
        ),
        (
            named(&[("TOK", "s")]),
            texts(&[("github_token", "g"), ("Tok", "s")]),
        ),
        (named(&[]), texts(&[("github_token", "g")])),
    ] {
        assert_eq!(called_secrets(trigger, &secrets, &available), want, "{secrets:?}");
    }
    assert!(called_secrets(trigger, &named(&[]), &IndexMap::new()).is_empty());
}

#[test]
fn defaults_of_a_called_workflow_look_at_what_is_known() {
    let workflow = workflow(CALLED, GitHub);
    let trigger = &workflow.triggers.events["workflow_call"];
    let known = contexts(r#"{"github": {"actor": "me"}, "vars": {"N": "7"}}"#);
    let ask = |given: &str| {
        let (found, _) = inputs(trigger, &contexts(given), &known);
        found.map(|found| Value::object(found).to_json())
    };
    assert_eq!(ask(r#"{"t": 5}"#).unwrap(), r#"{"t":"5","flag":true,"n":7}"#);
    assert_eq!(
        ask(r#"{"T": "", "flag": false, "n": 1}"#).unwrap(),
        r#"{"t":"","flag":false,"n":1}"#
    );
    // What templates give is text.
    assert_eq!(
        ask(r#"{"t": "x", "flag": "false", "n": "2"}"#).unwrap(),
        r#"{"t":"x","flag":false,"n":2}"#
    );
    assert_eq!(ask("{}"), None);
    assert_eq!(ask(r#"{"t": "x", "flag": "yes"}"#), None);
}

#[test]
fn a_call_of_what_was_fetched_is_checked_alike() {
    let called = workflow(CALLED, GitHub);
    let caller = |job: &str| {
        let text = format!("on: push\njobs:\n  a: {{uses: o/r/.github/workflows/w.yml@v1{job}}}\n");
        let caller = workflow(&text, GitHub);
        let found = check_call(&caller, &caller.jobs[0], &called, &NoReferences);
        found
            .iter()
            .map(|found| found.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(caller(", with: {T: x}, secrets: {tok: x}"), Vec::<String>::new());
    assert_eq!(caller(", with: {t: x}, secrets: inherit"), Vec::<String>::new());
    assert_eq!(
        caller(", with: {x: 1}"),
        [
            "job `a` does not give the input `t`",
            "job `a` does not give the secret `Tok`",
            "the called workflow has no input `x`"
        ]
    );
}

#[test]
fn what_is_called_shares_no_concurrency_group_with_its_caller() {
    let caller = |of_job: &str| {
        format!(
            "on: push\nconcurrency: Deploy-${{{{ github.ref }}}}\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n{of_job}"
        )
    };
    let called = |of_workflow: &str, of_job: &str| {
        format!(
            "on: workflow_call\n{of_workflow}jobs:\n  x:\n    runs-on: ubuntu-latest\n{of_job}    steps: [{{run: x}}]\n"
        )
    };
    let count = |caller: &str, called: &str| {
        let found = found(caller, &[("./.github/workflows/c.yml", called)]);
        found.matches("error[lint/concurrency]").count()
    };
    let same = "concurrency: deploy-${{github.ref}}\n";
    let of_job = format!("    {same}");
    for (caller, called, want) in [
        (caller(""), called(same, ""), 1),
        (caller(""), called("", &of_job), 1),
        (caller(""), called(same, &of_job), 1),
        (
            caller("    concurrency: own\n"),
            called("", "    concurrency: {group: own}\n"),
            1,
        ),
        (caller(""), called("", ""), 0),
        (
            caller(""),
            called("concurrency: other\n", "    concurrency: third\n"),
            0,
        ),
        // These are others in the two workflows.
        (
            caller("    concurrency: ${{ inputs.x }}\n"),
            called("", "    concurrency: ${{ inputs.x }}\n"),
            0,
        ),
        (
            caller("    concurrency: ${{ matrix.x }}\n"),
            called("", "    concurrency: ${{ matrix.x }}\n"),
            0,
        ),
    ] {
        // A job in the group of its own workflow is another mistake, of the called one.
        assert_eq!(count(&caller, &called), want, "{caller}{called}");
    }
}
