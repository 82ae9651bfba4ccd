//! What becomes of jobs, from the text of their workflow.

use std::sync::Arc;

use indexmap::IndexMap;
use loom_workflow::JobId as Key;

use super::{Expansion, JobPlan, Known, Outcome, Question, Scope, called_outputs, judge, outlines};
use crate::context::RunFacts;
use crate::event::{JobState, JobTerms, Outputs, RunOptions, RunSource, SourceFile};
use crate::executor::RoomSpec;
use crate::id::{JobId, RunId};
use crate::secret::Secret;

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile {
        name: name.into(),
        of_loom: false,
        sha256: String::new(),
        text: text.into(),
        commit: None,
    }
}

fn source(text: &str) -> RunSource {
    RunSource {
        files: vec![file("w.yml", text)],
        facts: RunFacts {
            event: "push".into(),
            reference: "refs/heads/main".into(),
            ..RunFacts::default()
        },
        ..RunSource::default()
    }
}

fn scope_of(source: RunSource, secrets: &[(&str, &str)]) -> Arc<Scope> {
    let secrets: IndexMap<String, Secret> = secrets
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
        .collect();
    Arc::new(Scope::root(&RunId("r".into()), (1, 1), "w", Arc::new(source), secrets).unwrap())
}

fn scope(jobs: &str) -> Arc<Scope> {
    scope_of(source(&format!("on: push\njobs:\n{jobs}")), &[])
}

fn ask(scope: &Arc<Scope>, key: &str) -> Question {
    Question {
        id: scope.id_of(key),
        scope: Arc::clone(scope),
        key: Key::from(key),
        needs: Known::default(),
        ancestors: Known::default(),
        cancelled: false,
        instance: None,
        fetched: None,
    }
}

fn needs(mut question: Question, needs: &[(&str, JobState)]) -> Question {
    question.needs = Known(
        needs
            .iter()
            .map(|(key, state)| ((*key).to_owned(), *state, Outputs::new()))
            .collect(),
    );
    question.ancestors = question.needs.clone();
    question
}

/// What came of it in a word, with the code of its reason.
fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Run(..) => "run".into(),
        Outcome::Skip(reason) => format!("skip {}", reason.code),
        Outcome::Fail(reason) => format!("fail {}", reason.code),
        Outcome::Expand(expansion) => format!("expand {}", expansion.outlines.len()),
    }
}

#[track_caller]
fn runs(outcome: Outcome) -> (JobTerms, JobPlan) {
    match outcome {
        Outcome::Run(terms, plan) => (terms, *plan),
        other => panic!("{other:#?}"),
    }
}

#[track_caller]
fn expands(outcome: Outcome) -> Expansion {
    match outcome {
        Outcome::Expand(expansion) => *expansion,
        other => panic!("{other:#?}"),
    }
}

fn job(condition: &str) -> String {
    format!(
        "  a: {{runs-on: ubuntu-latest, steps: [{{run: x}}]}}\n  b: {{needs: a, {condition}runs-on: ubuntu-latest, steps: [{{run: x}}]}}\n"
    )
}

#[test]
fn conditions_look_at_what_a_job_needs() {
    use JobState::{Cancelled, Failure, Skipped, Success};
    for (condition, need, cancelled, expected) in [
        ("", Success, false, "run"),
        ("", Failure, false, "skip needs"),
        ("", Skipped, false, "skip needs"),
        ("", Success, true, "skip cancelled"),
        ("if: always(), ", Failure, false, "run"),
        ("if: always(), ", Success, true, "run"),
        ("if: failure(), ", Failure, false, "run"),
        ("if: failure(), ", Success, false, "skip condition"),
        ("if: cancelled(), ", Success, true, "run"),
        ("if: cancelled(), ", Success, false, "skip condition"),
        ("if: '!cancelled()', ", Failure, false, "run"),
        ("if: '!cancelled()', ", Failure, true, "skip cancelled"),
        ("if: needs.a.result == 'success', ", Success, false, "run"),
        (
            "if: needs.a.result == 'failure', ",
            Failure,
            false,
            "skip condition",
        ),
        (
            "if: always() && needs.a.result == 'failure', ",
            Failure,
            false,
            "run",
        ),
        ("if: github.ref == 'refs/heads/main', ", Success, false, "run"),
        (
            "if: github.ref == 'refs/heads/x', ",
            Success,
            false,
            "skip condition",
        ),
        (
            "if: \"${{ fromJSON('{') }}\", ",
            Success,
            false,
            "fail evaluation",
        ),
        ("if: always(), ", Cancelled, false, "run"),
    ] {
        let mut question = needs(ask(&scope(&job(condition)), "b"), &[("a", need)]);
        question.cancelled = cancelled;
        assert_eq!(
            word(&judge(&question)),
            expected,
            "{condition} {need} {cancelled}"
        );
    }
    assert_eq!(word(&judge(&ask(&scope(&job("")), "nobody"))), "fail source");
}

#[test]
fn status_functions_look_at_all_ancestors_and_not_only_at_the_nearest() {
    let mut question = needs(
        ask(&scope(&job("if: failure(), ")), "b"),
        &[("a", JobState::Skipped)],
    );
    question
        .ancestors
        .0
        .push(("z".to_owned(), JobState::Failure, Outputs::new()));
    assert_eq!(word(&judge(&question)), "run");
}

#[test]
fn the_if_of_a_job_sees_what_its_needs_need_and_the_rest_of_it_does_not() {
    let text = "  z: {runs-on: ubuntu-latest, steps: [{run: x}]}\n  a: {needs: z, runs-on: ubuntu-latest, steps: [{run: x}]}\n  \
                b:\n    needs: a\n    if: always() && needs.z.outputs.go == 'yes' && needs.z.result == 'failure'\n    runs-on: \
                ubuntu-latest\n    strategy: {matrix: {v: ['${{ needs.a.result }}', '${{ toJSON(needs.z) }}']}}\n    steps: \
                [{run: x}]\n";
    let mut question = needs(ask(&scope(text), "b"), &[("a", JobState::Skipped)]);
    let given = Outputs::from_iter([("go".to_owned(), "yes".to_owned())]);
    question
        .ancestors
        .0
        .push(("z".to_owned(), JobState::Failure, given));
    let Outcome::Expand(expansion) = judge(&question) else {
        panic!("its `if` sees the job `z`");
    };
    let names: Vec<_> = expansion.outlines.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["b (skipped)", "b (null)"]);
}

#[test]
fn whether_a_job_survives_a_cancel_is_known_when_it_is_judged() {
    for (condition, survives) in [
        ("", false),
        ("if: always(), ", true),
        ("if: '!cancelled()', ", false),
    ] {
        let (terms, _) = runs(judge(&needs(
            ask(&scope(&job(condition)), "b"),
            &[("a", JobState::Success)],
        )));
        assert_eq!(terms.survives_cancel, survives, "{condition}");
    }
}

#[test]
fn variables_given_with_the_run_are_below_those_of_the_file() {
    let text =
        "on: push\nenv: {A: file}\njobs: {a: {runs-on: ubuntu-latest, env: {B: job}, steps: [{run: x}]}}";
    let mut given = source(text);
    given.env = [("ACT", "true"), ("A", "given"), ("B", "given")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let (_, plan) = runs(judge(&ask(&scope_of(given.clone(), &[]), "a")));
    let of = |name: &str| plan.env[name].as_str();
    assert_eq!((of("ACT"), of("A"), of("B")), ("true", "file", "job"));
    // The `if` of a job sees no `env`, as on GitHub: a file that uses it there is none.
    given.files[0].text = text.replace("runs-on", "if: env.ACT == 'true', runs-on");
    let refused = Scope::root(&RunId("r".into()), (1, 1), "w", Arc::new(given), IndexMap::new());
    assert_eq!(refused.unwrap_err().code, "source");
}

#[test]
fn terms_say_what_was_evaluated() {
    let text = "  a:\n    name: n ${{ github.ref_name }}\n    runs-on: ubuntu-latest\n    continue-on-error: true\n    \
        timeout-minutes: 0.5\n    concurrency: {group: g, cancel-in-progress: true}\n    steps: [{run: x}]\n";
    let (terms, plan) = runs(judge(&ask(&scope(text), "a")));
    assert_eq!(terms.name.as_deref(), Some("n main"));
    assert!(terms.continue_on_error && terms.image.is_some());
    assert_eq!(
        terms
            .concurrency
            .map(|group| (group.group, group.cancel_in_progress)),
        Some(("g".into(), true))
    );
    assert_eq!(plan.timeout.as_secs(), 30);
}

const MATRIX: &str = "  a:\n    runs-on: ${{ matrix.os }}\n    strategy: {fail-fast: false, max-parallel: 2, matrix: {os: \
    [ubuntu-latest, windows-latest], v: [1, 2]}}\n    steps: [{run: x}]\n";

#[test]
fn a_matrix_brings_its_combinations() {
    let expansion = expands(judge(&ask(&scope(MATRIX), "a")));
    assert_eq!(
        (expansion.rules.fail_fast, expansion.rules.max_parallel),
        (false, Some(2))
    );
    let ids: Vec<&str> = expansion
        .outlines
        .iter()
        .map(|outline| outline.id.0.as_str())
        .collect();
    assert_eq!(ids, ["a#0", "a#1", "a#2", "a#3"]);
    // A label that nothing runs skips its combinations alone.
    let skipped: Vec<_> = expansion
        .outlines
        .iter()
        .map(|outline| outline.skip.as_ref().map(|reason| &*reason.code))
        .collect();
    assert_eq!(
        skipped,
        [None, None, Some("unmapped-label"), Some("unmapped-label")]
    );
    assert_eq!(expansion.plans.len(), 2);
    assert!(expansion.outlines[0].terms.is_some() && expansion.outlines[2].terms.is_none());
    assert_eq!(expansion.outlines[0].parent, Some(JobId("a".into())));
}

#[test]
fn only_combinations_that_were_asked_for_run() {
    let rows: [(&[(&str, &str)], &str); 6] = [
        (&[], "expand 4"),
        (&[("v", "1")], "expand 2"),
        (&[("v", "1"), ("v", "2")], "expand 4"),
        (&[("v", "1"), ("os", "ubuntu-latest")], "expand 1"),
        (&[("v", "3")], "skip matrix"),
        (&[("none", "1")], "expand 4"),
    ];
    for (wanted, expected) in rows {
        let mut source = source(&format!("on: push\njobs:\n{MATRIX}"));
        source.options.matrix = wanted
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(
            word(&judge(&ask(&scope_of(source, &[]), "a"))),
            expected,
            "{wanted:?}"
        );
    }
}

#[test]
fn a_matrix_may_come_from_what_a_job_gave() {
    let text = "  a: {runs-on: ubuntu-latest, steps: [{run: x}]}\n  b:\n    needs: a\n    runs-on: ubuntu-latest\n    strategy: \
        {matrix: {v: '${{ fromJSON(needs.a.outputs.list) }}'}}\n    steps: [{run: x}]\n";
    let scope = scope(text);
    for (list, expected) in [
        ("[1,2,3]", "expand 3"),
        ("[", "fail evaluation"),
        ("[7]", "expand 1"),
    ] {
        let mut question = needs(ask(&scope, "b"), &[("a", JobState::Success)]);
        question.needs.0[0].2.insert("list".into(), list.into());
        assert_eq!(word(&judge(&question)), expected, "{list}");
    }
}

#[test]
fn labels_choose_where_a_job_runs() {
    let with = |options: RunOptions, runs_on: &str| {
        let mut source = source(&format!(
            "on: push\njobs: {{a: {{runs-on: {runs_on}, steps: [{{run: x}}]}}}}"
        ));
        source.options = options;
        judge(&ask(&scope_of(source, &[]), "a"))
    };
    assert_eq!(
        word(&with(RunOptions::default(), "windows-latest")),
        "skip unmapped-label"
    );
    let mapped = RunOptions {
        images: vec![("windows-latest".into(), "mine".into())],
        ..RunOptions::default()
    };
    let (terms, _) = runs(with(mapped, "windows-latest"));
    assert_eq!(terms.image.as_deref(), Some("mine"));
    let host = RunOptions {
        on_host: true,
        ..RunOptions::default()
    };
    let (terms, plan) = runs(with(host, "windows-latest"));
    assert!(terms.image.is_none() && plan.room_is_host());
    let text = "  a: {runs-on: windows-latest, container: {image: alpine, env: {A: b}}, services: {db: {image: pg}}, steps: [{run: x}]}\n";
    let (terms, plan) = runs(judge(&ask(&scope(text), "a")));
    assert_eq!(terms.image.as_deref(), Some("alpine"));
    assert!(matches!(&plan.room, RoomSpec::Container(container) if container.env["A"] == "b"));
    assert_eq!(plan.services["db"].image, "pg");
}

const CALLED: &str = "on:\n  workflow_call:\n    inputs: {who: {type: string, required: true}, n: {type: number, default: 3}}\n    \
    secrets: {token: {required: true}, other: {}}\n    outputs: {given: {value: '${{ jobs.x.outputs.o }}'}}\njobs:\n  \
    x: {if: inputs.who == 'me', runs-on: ubuntu-latest, outputs: {o: '1'}, steps: [{run: x}]}\n  y: {needs: x, runs-on: \
    ubuntu-latest, steps: [{run: x}]}\n";

fn caller(rest: &str, secrets: &[(&str, &str)]) -> Outcome {
    let text = format!("on: push\njobs: {{a: {{uses: ./.github/workflows/c.yml, {rest}}}}}");
    let mut source = source(&text);
    source.files.push(file("./.github/workflows/c.yml", CALLED));
    judge(&ask(&scope_of(source, secrets), "a"))
}

#[test]
fn a_call_brings_the_jobs_of_its_workflow() {
    let expansion = expands(caller(
        "with: {who: me}, secrets: inherit",
        &[("token", "t"), ("MORE", "m")],
    ));
    let ids: Vec<&str> = expansion
        .outlines
        .iter()
        .map(|outline| outline.id.0.as_str())
        .collect();
    assert_eq!(ids, ["a/x", "a/y"]);
    assert_eq!(expansion.outlines[1].needs, [JobId("a/x".into())]);
    assert!(!expansion.rules.fail_fast);
    let inner = expansion.scope.unwrap();
    assert_eq!(
        (inner.depth, inner.caller.as_ref()),
        (1, Some(&JobId("a".into())))
    );
    assert_eq!(&*inner.inputs.get("n").unwrap().to_text(), "3");
    assert!(
        inner.secrets.keys().any(|name| name.eq_ignore_ascii_case("more")),
        "{:?}",
        inner.secrets.keys()
    );
    assert_eq!(word(&judge(&ask(&inner, "x"))), "run");
    let outputs: Outputs = [("o".to_owned(), "1".to_owned())].into_iter().collect();
    let known = Known(vec![("x".into(), JobState::Success, outputs)]);
    assert_eq!(called_outputs(&inner, &known).unwrap()["given"], "1");
    assert_eq!(called_outputs(&inner, &Known::default()).unwrap()["given"], "");
}

#[test]
fn secrets_are_given_by_name_or_all() {
    let given = |rest: &str| -> Vec<String> {
        let rest = format!("with: {{who: me}}, {rest}");
        let expansion = expands(caller(&rest, &[("TOKEN", "t"), ("OTHER", "o")]));
        let scope = expansion.scope.unwrap();
        let mut names: Vec<String> = scope.secrets.keys().map(|name| name.to_lowercase()).collect();
        names.sort();
        names
    };
    assert_eq!(given("secrets: inherit"), ["other", "token"]);
    assert_eq!(given("secrets: {token: '${{ secrets.TOKEN }}'}"), ["token"]);
    let missing = caller("with: {who: me}", &[("TOKEN", "t")]);
    assert_eq!(word(&missing), "fail call");
    let Outcome::Fail(reason) = missing else { panic!() };
    assert!(reason.message.contains("`token`"), "{}", reason.message);
}

#[test]
fn a_call_that_cannot_be_made_fails_the_job() {
    assert_eq!(
        word(&caller("secrets: inherit", &[("token", "t")])),
        "fail call",
        "an input is missing"
    );
    let text = "on: push\njobs: {a: {uses: ./.github/workflows/none.yml}, b: {uses: o/r/.github/workflows/x.yml@v1}}";
    let scope = scope_of(source(text), &[]);
    assert_eq!(word(&judge(&ask(&scope, "a"))), "fail call");
    assert_eq!(word(&judge(&ask(&scope, "b"))), "fail call", "it was not fetched");
    let mut fetched = ask(&scope, "b");
    fetched.fetched = Some(file(
        "x",
        "on: workflow_call\njobs: {z: {uses: ./.github/workflows/y.yml}}",
    ));
    let inner = expands(judge(&fetched)).scope.unwrap();
    assert!(inner.repository.is_some(), "what it calls lies beside it");
    let mut no_call = ask(&scope, "b");
    no_call.fetched = Some(file("x", "on: push\njobs: {z: {runs-on: x, steps: [{run: x}]}}"));
    assert_eq!(word(&judge(&no_call)), "fail call");
}

#[test]
fn calls_end_somewhere() {
    let text = "on: {push: , workflow_call: }\njobs: {a: {uses: ./.github/workflows/self.yml}}";
    let mut source = source(text);
    source.files.push(file("./.github/workflows/self.yml", text));
    let mut scope = scope_of(source, &[]);
    let mut depth = 0;
    let reason = loop {
        match judge(&ask(&scope, "a")) {
            Outcome::Expand(expansion) => scope = expansion.scope.unwrap(),
            Outcome::Fail(reason) => break reason,
            other => panic!("{other:?}"),
        }
        depth += 1;
        assert!(depth <= super::scope::DEEPEST_CALL, "without end");
    };
    assert_eq!(
        (reason.code.as_str(), depth),
        ("call", super::scope::DEEPEST_CALL)
    );
    assert!(scope.id_of("a").0.starts_with("a/a/"));
}

#[test]
fn a_matrix_of_calls_calls_once_for_each() {
    let text = "on: push\njobs:\n  a:\n    strategy: {matrix: {who: [me, you]}}\n    uses: ./.github/workflows/c.yml\n    with: {who: \
        '${{ matrix.who }}'}\n    secrets: inherit\n";
    let mut source = source(text);
    source.files.push(file("./.github/workflows/c.yml", CALLED));
    let scope = scope_of(source, &[("token", "t")]);
    let expansion = expands(judge(&ask(&scope, "a")));
    assert!(expansion.outlines.iter().all(|outline| outline.calls.is_some()));
    for ((id, plan), expected) in expansion.plans.into_iter().zip(["run", "skip condition"]) {
        let mut question = ask(&scope, "a");
        question.id = id.clone();
        question.instance = Some(Box::new(plan));
        let inner = expands(judge(&question)).scope.unwrap();
        assert_eq!(inner.id_of("x"), id.called("x"));
        assert_eq!(word(&judge(&ask(&inner, "x"))), expected);
    }
}

#[test]
fn outlines_are_those_that_were_asked_for() {
    let scope = scope(&job("name: Last, "));
    let all = outlines(&scope, None);
    assert_eq!(
        (all.len(), all[1].name.as_str(), &all[1].needs[..]),
        (2, "Last", &[JobId("a".into())][..])
    );
    assert_eq!(all[0].steps, ["Run x"]);
    let wanted = [Key::from("a")].into();
    assert_eq!(outlines(&scope, Some(&wanted)).len(), 1);
}
