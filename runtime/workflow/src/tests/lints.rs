//! Lints that need files beside the workflow, and what they cost. What they find is in `docs/checks.md` and `tests/cases`.

use super::shown;
use crate::{Dialect, Reference, References, Source, load_with};

/// Files by path. All files are there, so what is not here does not exist.
struct Folder(&'static [(&'static str, &'static str)]);

impl References for Folder {
    fn workflow(&self, path: &str) -> Reference {
        match self.0.iter().find(|(known, _)| *known == path) {
            Some((_, text)) => Reference::Found(Source::new(path, *text)),
            None => Reference::Missing,
        }
    }

    fn action(&self, path: &str) -> Reference {
        self.workflow(&format!("{path}/action.yml"))
    }
}

fn found(text: &str, files: &'static [(&'static str, &'static str)]) -> String {
    let source = Source::new("w.yml", text);
    shown(
        &source,
        &load_with(&source, Dialect::GitHub, &Folder(files)).diagnostics,
    )
}

const HEAD: &str = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n";

#[test]
fn an_action_is_missing_only_where_nothing_can_have_made_it() {
    for (before, missing) in [
        ("      - uses: actions/checkout@v5\n", true),
        (
            "      - uses: actions/checkout@v5\n        with: {fetch-depth: 0}\n",
            true,
        ),
        (
            "      - uses: actions/checkout@v5\n        with: {repository: a/b}\n",
            false,
        ),
        (
            "      - uses: actions/checkout@v5\n        with: {submodules: true}\n",
            false,
        ),
        (
            "      - uses: actions/checkout@v5\n      - run: make actions\n",
            false,
        ),
        (
            "      - uses: actions/checkout@v5\n      - uses: some/download@v1\n",
            false,
        ),
    ] {
        let text = format!("{HEAD}{before}      - uses: ./made\n");
        assert_eq!(found(&text, &[]).contains("lint/local-action"), missing, "{text}");
    }
}

#[test]
fn actions_of_docker_take_args_and_others_do_not() {
    const FILES: &[(&str, &str)] = &[
        (
            "./image/action.yml",
            "name: x\ndescription: x\nruns: {using: docker, image: Dockerfile}\n",
        ),
        (
            "./script/action.yml",
            "name: x\ndescription: x\nruns: {using: node16, main: x.js}\n",
        ),
    ];
    let text = format!(
        "{HEAD}      - uses: actions/checkout@v5\n      - uses: ./image\n        with: {{args: x, ENTRYPOINT: y}}\n      - uses: ./script\n        with: {{args: x}}\n"
    );
    insta::assert_snapshot!(found(&text, FILES), @r#"
    warning[lint/action-outdated]: `./script` is made for Node.js 16
      --> 9:15 "./script" runners do not have this version any more
      help: write `using: node24` in its `action.yml`
    warning[lint/action-input]: `./script` has no input `args`
      --> 10:16 "args" only actions that run in a container take this
      help: it takes no inputs: remove it
    "#);
}

#[test]
fn a_called_workflow_is_not_in_the_group_of_its_caller() {
    const FILES: &[(&str, &str)] = &[
        (
            "./.github/workflows/same.yml",
            "on: workflow_call\nconcurrency: {group: '${{github.workflow}}'}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: x}]}}\n",
        ),
        (
            "./.github/workflows/other.yml",
            "on: workflow_call\nconcurrency: other-${{ github.workflow }}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: x}]}}\n",
        ),
    ];
    let text = "on: push\nconcurrency: ${{ github.workflow }}\njobs:\n  a: {uses: ./.github/workflows/other.yml}\n  b: {uses: ./.github/workflows/same.yml}\n";
    insta::assert_snapshot!(found(text, FILES), @r#"
    error[lint/concurrency]: job `b` and the workflow it calls share a concurrency group
      --> 5:13 "./.github/workflows/same.yml" each would wait for the other, which GitHub cancels as a deadlock
          2:14 "${{ github.workflow }}" the group of the caller
      help: give one of them a group with a word of its own: in a called workflow `github.workflow` is the name of the caller
    "#);
}

#[test]
fn an_action_runs_on_what_runners_have() {
    for (using, found) in [
        ("node24", false),
        ("Node20", false),
        ("node16", true),
        ("node12", true),
    ] {
        let text = format!("name: x\ndescription: x\nruns: {{using: {using}, main: x.js}}\n");
        let source = Source::new("action.yml", text);
        let shown = shown(&source, &crate::load_action(&source).diagnostics);
        assert_eq!(shown.contains("lint/action-outdated"), found, "{shown}");
    }
}

#[test]
fn of_five_thousand_jobs_full_of_mistakes_a_bounded_number_is_shown() {
    let jobs: String = (0..5_000)
        .map(|n| {
            format!(
                "  j{n}:\n    runs-on: ubunut-latest\n    needs: [j{}, j{}]\n    strategy: {{matrix: {{os: [a, a], exclude: [{{os: x}}, {{so: a}}]}}}}\n    env: {{A B: c}}\n    steps: [{{uses: actions/checkout@v3, with: {{fetchdepth: 1}}}}, {{run: 'echo ::set-output name=a::b'}}, {{run: print(hello), shell: python}}, {{run: x, shell: fish}}]\n",
                n + 1,
                n + 1
            )
        })
        .collect();
    let text = format!("on: push\njobs:\n{jobs}  j5000: {{runs-on: x, if: false, steps: [{{run: x}}]}}\n");
    let source = Source::new("w.yml", text);
    let found = load_with(&source, Dialect::GitHub, &Folder(&[])).diagnostics;
    assert_eq!(found.len(), crate::Diagnostics::LIMIT);
    assert!(found.omitted() > 20_000, "{}", found.omitted());
}

#[test]
fn a_mistake_is_found_beside_a_long_script_and_a_wide_matrix() {
    let lines: String = (0..8_000)
        .map(|n| format!("          x{n} = y{n}(z{n})\n"))
        .collect();
    let values: Vec<String> = (0..50_000).map(|n| format!("v{n}")).collect();
    let excluded: Vec<String> = (0..20_000).map(|n| format!("{{x: w{n}}}")).collect();
    let text = format!(
        "{HEAD}      - shell: python\n        run: |\n{lines}  b:\n    runs-on: x\n    strategy: {{matrix: {{x: [{}], exclude: [{}]}}}}\n    steps: [{{run: x}}]\n",
        values.join(", "),
        excluded.join(", ")
    );
    let found = found(&text, &[]);
    assert!(found.contains("lint/script-name"));
}

#[test]
fn shells_are_read_as_the_runner_reads_them() {
    for (shell, fine) in [
        ("bash -c \"f() {{ . {0}; }}; f\"", true),
        ("python3 -c \"print(1)\" {0}", true),
        ("perl \"{0}", true),
        ("bash -c \"{ . {0}; }\"", false),
        ("bash{0}", false),
        ("bash -e", false),
    ] {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n        shell: '{shell}'\n"
        );
        let found = super::found(&text, Dialect::GitHub);
        assert_eq!(found.is_empty(), fine, "{shell}: {found}");
        assert!(
            fine || found.starts_with("error[lint/shell-name]"),
            "{shell}: {found}"
        );
    }
}
