//! Whole questions of an editor, each on a file with `¦` where the cursor is. Here: what is offered there.

mod findings;
mod hostile;
mod navigation;

use super::*;
use crate::{Callable, Dialect, NoReferences, Presence, Reference, References, Source};

/// A repository of two files.
struct Repository;

const ACTION: &str = "name: greet\ndescription: d\ninputs:\n  who:\n    description: Whom to greet.\n    required: true\n  tone: {default: kind}\noutputs:\n  said:\n    value: ${{ steps.a.outputs.b }}\nruns:\n  using: composite\n  steps:\n    - id: a\n      run: echo\n      shell: sh\n";
const CALLED: &str = "on:\n  workflow_call:\n    inputs:\n      target: {type: string, required: true, description: Where it goes.}\n    secrets:\n      key: {required: true}\n    outputs:\n      url: {value: x}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";

impl References for Repository {
    fn workflow(&self, path: &str) -> Reference {
        match path {
            "./.github/workflows/called.yml" => Reference::Found(Source::new("called.yml", CALLED)),
            _ => Reference::Missing,
        }
    }

    fn action(&self, path: &str) -> Reference {
        match path {
            "./greet" => Reference::Found(Source::new("greet/action.yml", ACTION)),
            _ => Reference::Missing,
        }
    }

    fn file(&self, _: &str) -> Presence {
        Presence::Unknown
    }

    fn callable(&self, callable: Callable) -> Vec<String> {
        vec![match callable {
            Callable::Workflow => "./.github/workflows/called.yml".to_owned(),
            Callable::Action => "./greet".to_owned(),
        }]
    }
}

/// The file without its `¦`, and where that was.
fn open(text: &str, kind: FileKind) -> (Document, usize) {
    let at = text.find('¦').unwrap();
    let text = text.replacen('¦', "", 1);
    (Document::read(Source::new("w.yml", text), kind), at)
}

const LOOM: FileKind = FileKind::Workflow(Dialect::Loom);
const GITHUB: FileKind = FileKind::Workflow(Dialect::GitHub);

fn completions(text: &str, kind: FileKind) -> Vec<Completion> {
    let (document, at) = open(text, kind);
    document.completions(at, &Repository)
}

/// Whether each of some words is offered.
fn offers(text: &str, wanted: &[&str], unwanted: &[&str]) {
    for kind in [LOOM, GITHUB] {
        let found = completions(text, kind);
        let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
        for word in wanted {
            assert!(labels.contains(word), "{word} in {labels:?}\n{text}");
        }
        for word in unwanted {
            assert!(!labels.contains(word), "no {word} in {labels:?}\n{text}");
        }
    }
}

fn with_file(job: &str) -> String {
    format!(
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    outputs:\n      image: ${{{{ steps.x.outputs.y }}}}\n    steps:\n      - id: x\n        run: echo\n  deploy:\n    needs: build\n    runs-on: ubuntu-latest\n{job}  last:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"
    )
}

#[test]
fn keys_are_offered_in_mid_word() {
    offers("¦", &["on", "jobs", "name"], &["steps"]);
    offers("on: push\njo¦", &["jobs", "env"], &["on"]);
    offers(
        &with_file("    ru¦\n    steps:\n      - run: x\n"),
        &["env", "timeout-minutes"],
        &["runs-on", "steps", "uses"],
    );
    offers(
        &with_file("    steps:\n      - ru¦\n"),
        &["run", "uses", "name"],
        &["runs-on"],
    );
    offers(
        &with_file("    steps:\n      - run: x\n        ¦\n"),
        &["shell", "env", "if"],
        &["run", "uses", "with"],
    );
    offers(
        &with_file("    steps:\n      - run: x\n      ¦\n"),
        &[],
        &["shell"],
    );
    offers(
        &with_file("    steps:\n      - {run: x, ¦\n"),
        &["shell", "env"],
        &["uses"],
    );
    offers("on:\n  push:\n    bran¦\n", &["branches", "paths"], &["types"]);
    offers("on:\n  pu¦\n", &["push", "pull_request"], &["jobs"]);
    let keys = completions("jobs:\n  a:\n    ste¦\n", LOOM);
    let steps = keys.iter().find(|one| one.label == "steps").unwrap();
    assert_eq!(steps.insert, "steps:\n      - ");
    assert!(steps.documentation.is_some());
    let retry = |kind| {
        completions("jobs:\n  a:\n    re¦\n", kind)
            .iter()
            .any(|one| one.label == "retry")
    };
    assert!(retry(LOOM) && !retry(GITHUB));
}

#[test]
fn values_are_offered() {
    offers("on: pu¦", &["push", "pull_request"], &["true"]);
    offers("on: [push, ¦]\njobs: {}\n", &["release"], &[]);
    offers("on:\n  - ¦\n", &["release"], &[]);
    offers("on:\n  issues:\n    types: [¦\n", &["opened"], &["synchronize"]);
    offers(
        "on:\n  issues:\n    types:\n      - ¦\n",
        &["opened"],
        &["synchronize"],
    );
    offers("permissions:\n  contents: ¦\n", &["read", "write", "none"], &[]);
    offers("permissions: ¦\n", &["read-all"], &[]);
    offers("permissions:\n  ¦\n", &["contents", "id-token"], &[]);
    offers(&with_file("    needs: ¦\n"), &["build", "last"], &["deploy"]);
    offers(
        &with_file("    needs: [build, ¦\n    steps: []\n"),
        &["last"],
        &["deploy"],
    );
    offers(&with_file("    needs:\n      - ¦\n"), &["build"], &["deploy"]);
    offers("jobs:\n  a:\n    runs-on: ub¦\n", &["ubuntu-latest"], &[]);
    offers(
        "jobs:\n  a:\n    steps:\n      - run: x\n        shell: ¦\n",
        &["bash", "pwsh"],
        &[],
    );
    offers(
        "jobs:\n  a:\n    steps:\n      - uses: actions/ch¦\n",
        &["actions/checkout@v6"],
        &[],
    );
    offers("jobs:\n  a:\n    continue-on-error: ¦\n", &["true", "false"], &[]);
    offers("jobs:\n  a: # ¦\n", &[], &["runs-on"]);
}

#[test]
fn what_is_replaced_is_in_the_line_of_the_cursor() {
    let found = completions("jobs:\n  a:\n    runs-on:\n      ubu¦\n", GITHUB);
    let one = found.iter().find(|one| one.label == "ubuntu-latest").unwrap();
    assert_eq!(
        (one.replaced, one.insert.as_str()),
        (crate::Span::new(30, 33), "- ubuntu-latest")
    );
    let found = completions("jobs:\n  a:\n    runs-on:¦\n", GITHUB);
    let one = found.iter().find(|one| one.label == "ubuntu-latest").unwrap();
    assert_eq!(
        (one.replaced, one.insert.as_str()),
        (crate::Span::point(23), " ubuntu-latest")
    );
}

#[test]
fn inputs_of_actions_and_workflows_are_offered() {
    let step = |rest: &str| format!("jobs:\n  a:\n    steps:\n      - uses: {rest}");
    offers(
        &step("actions/checkout@v4\n        with:\n          fe¦\n"),
        &["fetch-depth", "ref"],
        &["shell"],
    );
    offers(
        &step("./greet\n        with:\n          tone: x\n          ¦\n"),
        &["who"],
        &["tone"],
    );
    let found = completions(&step("./greet\n        with:\n          w¦\n"), LOOM);
    let who = found.iter().find(|one| one.label == "who").unwrap();
    assert!(who.required && who.insert == "who: ");
    assert_eq!(who.documentation.as_deref(), Some("Whom to greet."));
    let call = "jobs:\n  a:\n    uses: ./.github/workflows/called.yml\n";
    offers(&format!("{call}    with:\n      ¦\n"), &["target"], &["key"]);
    offers(&format!("{call}    secrets:\n      ¦\n"), &["key"], &["target"]);
    // In brackets, too.
    for written in [
        step("./greet\n        with: {tone: x, ¦}\n"),
        step("./greet\n        with: {tone: x,\n          ¦}\n"),
        "jobs:\n  a:\n    steps: [{uses: ./greet, with: {tone: x, ¦\n".to_owned(),
    ] {
        offers(&written, &["who"], &["tone", "shell"]);
    }
    offers(&format!("{call}    with: {{¦}}\n"), &["target"], &["key"]);
}

#[test]
fn what_the_repository_has_is_offered_for_uses() {
    let (workflow, action) = ("./.github/workflows/called.yml", "./greet");
    offers(
        "jobs:\n  a:\n    uses: ¦\n",
        &[workflow],
        &[action, "actions/checkout@v6"],
    );
    offers(
        "jobs:\n  a:\n    steps:\n      - uses: ./¦\n",
        &[action, "actions/checkout@v6"],
        &[workflow],
    );
    let text = "jobs:\n  a:\n    uses: ./.gith¦ub/workflows/x.yml\n";
    let found = completions(text, GITHUB);
    let one = found.iter().find(|one| one.label == workflow).unwrap();
    assert_eq!(one.replaced, crate::Span::new(21, 46));
    let found = completions(
        "runs:\n  using: composite\n  steps:\n    - uses: ¦\n",
        FileKind::Action,
    );
    assert!(found.iter().any(|one| one.label == action));
}

#[test]
fn expressions_are_completed_while_they_are_open() {
    let step = |text: &str| {
        with_file(&format!(
            "    steps:\n      - id: a\n        run: echo\n      - run: {text}\n"
        ))
    };
    offers(
        &step("echo ${{ ¦"),
        &["github", "needs", "secrets", "hashFiles", "format"],
        &["jobs"],
    );
    offers(&step("echo ${{ needs.¦"), &["build"], &["last", "deploy"]);
    offers(&step("echo ${{ needs.build.¦ }}"), &["outputs", "result"], &[]);
    offers(&step("echo ${{ needs.build.outputs.i¦"), &["image"], &[]);
    offers(
        &step("\"${{ needs.build.outputs.i¦\n        env: {A: b}"),
        &["image"],
        &[],
    );
    offers(&step("echo ${{ steps.¦ }}"), &["a"], &["x"]);
    offers(
        &step("|\n          echo ${{ github.re¦\n          echo"),
        &["ref", "repository"],
        &[],
    );
    offers(&with_file("    if: needs.bu¦\n"), &["build"], &[]);
    offers(
        &with_file("    if: ¦\n"),
        &["always", "github"],
        &["steps", "hashFiles"],
    );
    offers(
        &with_file("    runs-on: ${{ ¦"),
        &["matrix"],
        &["secrets", "hashFiles"],
    );
    offers(
        &with_file("    strategy: {matrix: {os: [a, b]}}\n    name: ${{ matrix.¦ }}\n"),
        &["os"],
        &[],
    );
    offers(
        "on:\n  workflow_dispatch:\n    inputs:\n      level: {type: string}\nrun-name: ${{ inputs.¦ }}\njobs: {}\n",
        &["level"],
        &[],
    );
    offers(&step("echo ${{ 'a ¦"), &[], &["github"]);
    offers(
        &step("echo ${{ secrets.KEY }} ${{ secrets.¦ }}"),
        &["KEY", "GITHUB_TOKEN"],
        &[],
    );
    let job =
        "    env: {OUTER: x}\n    steps:\n      - id: s\n        run: echo \"digest=1\" >> $GITHUB_OUTPUT\n";
    offers(
        &with_file(&format!("{job}      - run: ${{{{ steps.s.outputs.¦\n")),
        &["digest"],
        &[],
    );
    offers(
        &with_file(&format!(
            "{job}      - env: {{A: b}}\n        run: ${{{{ env.¦ }}}}\n"
        )),
        &["OUTER", "A"],
        &[],
    );
    offers(
        &step("./x\n        uses: ./greet\n        id: g\n      - run: ${{ steps.g.¦ }}"),
        &["outputs"],
        &[],
    );
}

#[test]
fn actions_are_files_too() {
    let found = |text: &str| -> Vec<String> {
        let found = completions(text, FileKind::Action);
        found.into_iter().map(|one| one.label).collect()
    };
    assert!(found("na¦").contains(&"runs".to_owned()));
    assert!(found("runs:\n  using: ¦\n").contains(&"composite".to_owned()));
    assert!(found("runs:\n  using: node24\n  ma¦\n").contains(&"main".to_owned()));
    let text = ACTION.replace("run: echo", "run: echo ${{ inputs.¦ }}");
    assert_eq!(found(&text), ["who", "tone"]);
    let text = ACTION.replace("steps.a.outputs", "steps.¦");
    assert_eq!(found(&text), ["a"]);
}
