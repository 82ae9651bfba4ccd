//! Whole questions of an editor, each on a file with `¦` where the cursor is.

use super::*;
use crate::{Callable, Dialect, NoReferences, Presence, Reference, References, Source, load};

/// A repository of two files.
struct Repository;

const ACTION: &str = "name: greet\ndescription: d\ninputs:\n  who:\n    description: Whom to greet.\n    required: true\n  tone: {default: kind}\noutputs:\n  said:\n    value: ${{ steps.a.outputs.b }}\nruns:\n  using: composite\n  steps:\n    - id: a\n      run: echo\n      shell: sh\n";
const CALLED: &str = "on:\n  workflow_call:\n    inputs:\n      target: {type: string, required: true}\n    secrets:\n      key: {required: true}\n    outputs:\n      url: {value: x}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";

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

fn hover(text: &str) -> String {
    let (document, at) = open(text, GITHUB);
    document
        .hover(at, &Repository)
        .map_or_else(String::new, |hover| hover.text)
}

#[test]
fn hover_says_what_something_means() {
    for (text, want) in [
        ("o¦n: push\n", "events"),
        ("on: pu¦sh\n", "Commits"),
        ("on:\n  pull_re¦quest:\n", "pull request"),
        ("jobs:\n  a:\n    ne¦eds: b\n", "must have ended"),
        (
            "jobs:\n  a:\n    if: github.r¦ef == 'x'\n",
            "full name of the branch",
        ),
        (
            "jobs:\n  a:\n    if: al¦ways()\n",
            "also when the run was cancelled",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: actions/check¦out@v4\n",
            "fetch-depth",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: ./greet\n        with:\n          wh¦o: x\n",
            "Whom to greet.",
        ),
        (
            &with_file("    if: needs.bu¦ild.result == 'x'\n    steps: [{run: x}]\n"),
            "```yaml\nbuild:",
        ),
        (
            &with_file("    name: ${{ needs.build.outputs.ima¦ge }}\n    steps: [{run: x}]\n"),
            "steps.x.outputs.y",
        ),
        (
            &with_file(
                "    strategy: {matrix: {os: [a, b]}}\n    name: ${{ matrix.o¦s }}\n    steps: [{run: x}]\n",
            ),
            "os: [a, b]",
        ),
        (
            &with_file("    steps:\n      - run: echo ${{ runner.o¦s\n"),
            "Windows",
        ),
    ] {
        assert!(hover(text).contains(want), "{text}: {}", hover(text));
    }
    assert_eq!(hover("jobs: # wh¦at\n"), "");
}

/// Where the name at the cursor is declared, as text with the file.
fn declared(text: &str) -> Vec<String> {
    let (document, at) = open(text, GITHUB);
    let found = document.definition(at, &Repository);
    let shown = found.iter().map(|one| match &one.source {
        Some(source) => format!("{}: {}", source.name(), source.slice(one.span)),
        None => format!("{}: {}", one.span.start, document.source().slice(one.span)),
    });
    shown.collect()
}

#[test]
fn names_lead_to_where_they_are_declared() {
    let file = with_file(
        "    env: {A: b}\n    steps:\n      - id: s\n        run: x\n      - run: ${{ steps.s.outputs.o }} ${{ env.A }} ${{ needs.build.outputs.image }}\n",
    );
    let at = |word: &str, within: &str| {
        let place = file.find(within).unwrap() + within.find(word).unwrap() + 1;
        declared(&format!("{}¦{}", &file[..place], &file[place..]))
    };
    assert_eq!(at("build", "needs: build"), ["17: build"]);
    assert_eq!(at("A ", "env.A ").len(), 1);
    assert_eq!(at("image", "outputs.image").len(), 1);
    assert_eq!(at("build", "needs.build.").len(), 1);
    for (text, want) in [
        (
            "jobs:\n  a:\n    uses: ./.github/workflows/cal¦led.yml\n",
            "called.yml: ",
        ),
        (
            "jobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    with:\n      tar¦get: x\n",
            "called.yml: target",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: ./gr¦eet\n",
            "greet/action.yml: ",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: ./greet\n        with:\n          wh¦o: x\n",
            "greet/action.yml: who",
        ),
    ] {
        assert_eq!(declared(text), [want], "{text}");
    }
    assert_eq!(declared("na¦me: x\n"), [""; 0]);
}

#[test]
fn references_are_all_places_of_a_name() {
    let (document, at) = open(
        &with_file("    if: needs.bu¦ild.result\n    steps: [{run: x}]\n"),
        GITHUB,
    );
    let all: Vec<&str> = document
        .references(at, true)
        .into_iter()
        .map(|span| document.source().slice(span))
        .collect();
    assert_eq!(all, ["build"; 3]);
    assert_eq!(document.references(at, false).len(), 2);
}

#[test]
fn a_broken_job_hides_no_other() {
    let codes = |text: &str| -> Vec<String> {
        let document = Document::read(Source::new("w.yml", text), GITHUB);
        let found = document.diagnostics(&Repository);
        found.iter().map(|one| one.code.to_string()).collect()
    };
    let whole = with_file("    steps:\n      - run: x\n");
    assert_eq!(codes(&whole), [""; 0]);
    for broken in [
        "    ru\n    steps:\n      - run: x\n",
        "    needs: [a,\n    steps:\n      - run: x\n",
        "    steps:\n      - run: \"x\n",
        "    steps:\n      - ru\n        name: x\n",
    ] {
        let text = with_file(broken);
        assert_eq!(codes(&text), ["yaml/syntax"], "{text}");
        let text = text.replace(
            "  last:\n",
            "  last:\n    stepz: []\n    needs: [deploy, nobody]\n",
        );
        assert_eq!(
            codes(&text),
            ["yaml/syntax", "schema/unknown-key", "schema/unknown-needs"],
            "{text}"
        );
    }
    let both = with_file("    ru\n    stepz: x\n    steps:\n      - run: x\n")
        .replace("  last:\n", "  last:\n    st\n");
    assert_eq!(codes(&both), ["yaml/syntax", "schema/unknown-key", "yaml/syntax"]);
}

#[test]
fn a_whole_file_has_the_findings_of_validate() {
    for text in [
        CALLED,
        "jobs: {a: {steps: [{run: 'echo ${{ github.event.issue.title }}'}]}}\n",
        "jobs: 1\n",
        "",
        "# x\n",
        "a: *b\n",
    ] {
        let source = Source::new("w.yml", text);
        let found = Document::read(source.clone(), GITHUB).diagnostics(&NoReferences);
        assert_eq!(found, load(&source, Dialect::GitHub).diagnostics, "{text}");
    }
}

#[test]
fn fixes_take_findings_away() {
    let text = "on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz:\n      - run: echo ${{ github.event.issue.title }}\n";
    let fixed = |text: &str, repairs: bool| -> Option<String> {
        let document = Document::read(Source::new("w.yml", text), GITHUB);
        let found = document.diagnostics(&Repository);
        let fix = document
            .fixes(&found, crate::Span::new(0, text.len()))
            .into_iter()
            .find(|fix| fix.repairs == repairs)?;
        let mut text = text.to_owned();
        for (span, replacement) in fix.edits.iter().rev() {
            text.replace_range(span.range(), replacement);
        }
        Some(text)
    };
    let mended = fixed(text, true).unwrap();
    assert!(mended.contains("    steps:\n"));
    let silent = fixed(&mended, false).unwrap();
    assert!(
        silent.contains("title }} # loom: ignore[lint/script-injection]\n"),
        "{silent}"
    );
    let block = mended.replace("run: echo", "name: x\n        run: |\n          echo");
    let silent = fixed(&block, false).unwrap();
    assert!(
        silent.contains("        # loom: ignore[lint/script-injection]\n        run: |\n"),
        "{silent}"
    );
    for text in [silent, fixed(&mended, false).unwrap()] {
        assert_eq!(fixed(&text, false), None);
    }
}

#[test]
fn the_outline_has_jobs_and_steps() {
    let text =
        with_file("    name: Ship it\n    steps:\n      - uses: ./greet\n      - name: N\n        ru\n");
    let outline = Document::read(Source::new("w.yml", text), GITHUB).outline();
    let names: Vec<String> = outline
        .iter()
        .map(|job| format!("{} {}", job.name, job.children.len()))
        .collect();
    assert_eq!(names, ["build 1", "Ship it 2", "last 1"]);
    let steps = Document::read(Source::new("action.yml", ACTION), FileKind::Action).outline();
    assert_eq!(steps.len(), 1);
}

#[test]
fn no_place_of_no_text_panics() {
    let whole = with_file(
        "    if: needs.build.result == 'é😀'\n    strategy: {matrix: {os: [a, {b: c}]}}\n    steps:\n      - uses: ./greet\n        with: {who: \"x\", tone: 'y'}\n      - run: |\n          echo ${{ steps['x'].outputs.y }}\n",
    );
    let mut texts = vec![
        whole.clone(),
        ACTION.to_owned(),
        "\u{feff}on: push\r\njobs:\r\n  a: &x\r\n    <<: *x\r\n".to_owned(),
    ];
    texts.extend(
        (0..whole.len())
            .step_by(7)
            .filter_map(|cut| whole.get(..cut))
            .map(str::to_owned),
    );
    texts.extend(
        (0..whole.len())
            .step_by(11)
            .filter_map(|cut| Some(format!("{}{}", whole.get(..cut)?, whole.get(cut + 3..)?))),
    );
    for text in texts {
        for kind in [LOOM, FileKind::Action] {
            let document = Document::read(Source::new("w.yml", text.as_str()), kind);
            let inside = |span: crate::Span| assert!(text.get(span.range()).is_some(), "{span:?} of {text}");
            let found = document.diagnostics(&Repository);
            for fix in document.fixes(&found, crate::Span::new(0, text.len())) {
                fix.edits.into_iter().for_each(|(span, _)| inside(span));
            }
            document.outline().iter().for_each(|one| inside(one.span));
            for at in (0..text.len() + 3).step_by(5) {
                for one in document.completions(at, &Repository) {
                    inside(one.replaced);
                    assert!(!document.source().slice(one.replaced).contains('\n'), "{one:?}");
                }
                document
                    .hover(at, &Repository)
                    .into_iter()
                    .for_each(|hover| inside(hover.span));
                document.references(at, true).into_iter().for_each(inside);
                let _ = document.definition(at, &Repository);
            }
        }
    }
}

#[test]
fn a_word_in_the_middle_of_a_file_brings_no_finding_elsewhere() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workflows");
    let mut broken = 0;
    for name in ["diamond.loom.yml", "guide/called.yml", "guide/matrix.yml"] {
        let path = folder.join(name);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read = |text: &str| Document::read(Source::new("w.yml", text), LOOM);
        let said = |one: &crate::Diagnostic| format!("{} {}", one.code, one.message);
        let whole = read(&text);
        let known: Vec<String> = whole.diagnostics(&NoReferences).iter().map(said).collect();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let indent = " ".repeat(line.len() - line.trim_start().len());
            for typed in ["ru", "- ru", "on: \"x", "env: {A: ${{ needs."] {
                let typed = format!("{indent}{typed}");
                let (before, after) = lines.split_at(at);
                let text = [before, &[typed.as_str()], after].concat().join("\n");
                let document = read(&text);
                let found = document.diagnostics(&NoReferences);
                if !found.iter().any(|one| one.code == crate::codes::YAML_SYNTAX) {
                    continue;
                }
                broken += 1;
                assert!(
                    document.outline().len() >= whole.outline().len(),
                    "jobs of {name}\n{text}"
                );
                let new = found.iter().filter(|one| {
                    let written = ["`on`", "`env`"].iter().any(|key| one.message.contains(key));
                    one.code != crate::codes::YAML_SYNTAX && !written && !known.contains(&said(one))
                });
                assert_eq!(new.map(said).collect::<Vec<_>>(), [""; 0], "{name}\n{text}");
            }
        }
    }
    assert!(broken > 50, "{broken}");
}

#[test]
fn long_files_of_nothing_are_read_in_time_that_grows_with_them() {
    for piece in [
        "x\n", "\n", "- \n", "a: [\n", "a:\n", "'", "${{ ", "a: |\n", "{", "\t\n",
    ] {
        let text = piece.repeat(50_000 / piece.len());
        let document = Document::read(Source::new("w.yml", text.as_str()), LOOM);
        let _ = document.completions(text.len(), &NoReferences);
        let _ = document.hover(text.len() / 2, &NoReferences);
        let _ = document.diagnostics(&NoReferences);
    }
}

#[test]
fn in_a_long_file_the_same_is_taken_out_as_in_a_short_one() {
    let other = |name: usize| {
        format!(
            "  other{name}:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n        env: {{A: 'b'}}\n"
        )
    };
    let many = |from: usize| (from..from + 40).map(other).collect::<String>();
    let gaps = |text: &str| -> Vec<String> {
        let lines = super::lines::Lines::of(text);
        let found = super::recovery::read(&Source::new("w.yml", text), &lines);
        assert!(found.tree.is_some(), "{text}");
        let gaps = found.gaps.iter().map(|gap| text[gap.range()].to_owned());
        gaps.collect()
    };
    let job = "  broken:\n    runs-on: ubuntu-latest\n    needs: [other1]\n    steps:\n      - name: x\n        run: |\n          echo\n      - uses: a/b@v1\n        with: {c: d}\n";
    let lines: Vec<&str> = job.split_inclusive('\n').collect();
    let mut tried = 0;
    for typed in [
        "ru",
        "- ru",
        "on: \"x",
        "needs: [a,",
        "env: {A: ${{ needs.",
        "a: b: c",
        "\tx",
    ] {
        for at in 1..lines.len() {
            let indent = lines[at].len() - lines[at].trim_start().len();
            let typed = format!("{}{typed}\n", " ".repeat(indent));
            let (before, after) = lines.split_at(at);
            let broken = format!("{}{typed}{}", before.concat(), after.concat());
            let short = format!("on: push\njobs:\n{broken}{}", other(0));
            let long = format!("on: push\njobs:\n{}{broken}{}", many(1), many(100));
            assert_eq!(gaps(&long), gaps(&short), "{short}");
            tried += 1;
        }
    }
    assert!(tried > 50);
}
