//! Jobs with their matrix, evaluated.

use insta::assert_snapshot;

use super::{shown, workflow};
use crate::Dialect::GitHub;
use crate::expression::{Object, Value};
use crate::{
    Ancestors, CallSecrets, Instance, JobId, JobResult, Queue, Source, condition, expand, run_values,
};

fn contexts(json: &str) -> Object {
    let value = Value::from_json(json).unwrap();
    value.as_object().unwrap().clone()
}

/// The instances of the job `a` of a text that begins with the keys of the job.
fn instances(job: &str, known: &str) -> Vec<Instance> {
    let text = file(job);
    let workflow = workflow(&text, GitHub);
    let (found, diagnostics) = expand(&workflow, &workflow.jobs[0], &contexts(known));
    found.unwrap_or_else(|| panic!("{}", shown(&Source::new("w.yml", text), &diagnostics)))
}

fn problems(job: &str, known: &str) -> String {
    let text = file(job);
    let workflow = workflow(&text, GitHub);
    let (found, diagnostics) = expand(&workflow, &workflow.jobs[0], &contexts(known));
    assert!(found.is_none());
    shown(&Source::new("w.yml", text), &diagnostics)
}

fn file(job: &str) -> String {
    let job: String = job.lines().map(|line| format!("    {line}\n")).collect();
    let runs_on = if job.contains("runs-on") {
        ""
    } else {
        "    runs-on: x\n"
    };
    format!("on: push\njobs:\n  a:\n{job}{runs_on}    steps: [{{run: x}}]\n")
}

fn names(job: &str, known: &str) -> Vec<String> {
    instances(job, known)
        .into_iter()
        .map(|instance| instance.name)
        .collect()
}

#[test]
fn names_are_those_of_github() {
    let matrix = "strategy: {matrix: {os: [a, b], v: [1.10, true]}}";
    assert_eq!(
        names(matrix, "{}"),
        ["a (a, 1.1)", "a (a, true)", "a (b, 1.1)", "a (b, true)"]
    );
    assert_eq!(
        names(&format!("name: Build\n{matrix}"), "{}")[0],
        "Build (a, 1.1)"
    );
    // A name with an expression is taken as it comes out, an empty one not at all.
    assert_eq!(
        names(&format!("name: On ${{{{ matrix.os }}}}\n{matrix}"), "{}")[2],
        "On b"
    );
    assert_eq!(
        names(
            &format!("name: On ${{{{ github.ref }}}}\n{matrix}"),
            r#"{"github": {"ref": "x"}}"#
        )[2],
        "On x"
    );
    assert_eq!(
        names(&format!("name: ${{{{ github.none }}}}\n{matrix}"), "{}")[0],
        "a (a, 1.1)"
    );
    assert_eq!(names("timeout-minutes: 1", "{}"), ["a"]);
    let long = format!("strategy: {{matrix: {{v: [{}]}}}}", "x".repeat(200));
    assert_eq!(names(&long, "{}")[0].len(), 100);
}

#[test]
fn every_instance_has_its_own_copy() {
    let job = r#"
strategy:
  fail-fast: ${{ github.ref == 'x' }}
  max-parallel: 2
  matrix:
    os: [ubuntu-latest, alpine]
    include: [{os: alpine, slow: true, image: 'docker://node:20'}]
runs-on: ${{ matrix.os }}
env: {OS: "${{ matrix.os }}", COUNT: 1}
timeout-minutes: ${{ matrix.slow && 60 || 5 }}
continue-on-error: ${{ matrix.slow == true }}
container:
  image: ${{ matrix.image }}
  env: {A: "${{ env.OS }}"}
  ports: [80, "${{ fromJSON('[1, 2]') }}"]
  credentials: {username: u, password: "${{ secrets.TOKEN }}"}
services:
  db: {image: "postgres:${{ strategy.job-index }}"}
  none: ${{ matrix.image && '' || '' }}
concurrency: {group: "g-${{ matrix.os }}", cancel-in-progress: true}
environment: {name: "${{ matrix.os }}", url: "${{ steps.x.outputs.url }}"}
defaults: {run: {shell: "${{ env.COUNT == '1' && 'sh' }}", working-directory: src}}
"#;
    let found = instances(job, r#"{"github": {"ref": "x"}, "secrets": {"TOKEN": "t"}}"#);
    let said: Vec<String> = found
        .iter()
        .map(|instance| {
            let context = |name: &str| instance.contexts.get(name).map(Value::to_json);
            format!(
                "{} {:?} {:?}\n  labels {:?} env {:?} time {:?} continue {} shell {:?} in {:?}\n  {:?}\n  {:?}\n  {:?} {:?}\n  {:?}\n  {:?}",
                instance.id,
                instance.name,
                instance.strategy,
                instance.labels,
                instance.env,
                instance.timeout,
                instance.continue_on_error,
                instance.defaults.shell,
                instance.defaults.working_directory,
                instance.container,
                instance.services,
                instance.concurrency,
                instance.environment,
                context("strategy"),
                context("matrix"),
            )
        })
        .collect();
    assert_snapshot!(said.join("\n"));
}

#[test]
fn a_matrix_may_come_from_a_needed_job() {
    let known = r#"{"needs": {"x": {"outputs": {"all": "{\"v\": [1, 2], \"include\": [{\"v\": 3}]}", "one": "[\"p\", \"q\"]"}}}}"#;
    let whole = "strategy: {matrix: \"${{ fromJSON(needs.x.outputs.all) }}\"}";
    assert_eq!(names(whole, known), ["a (1)", "a (2)", "a (3)"]);
    let one = "strategy: {matrix: {v: \"${{ fromJSON(needs.x.outputs.one) }}\", w: [1]}}";
    assert_eq!(names(one, known), ["a (p, 1)", "a (q, 1)"]);
    // A list that stands for an item becomes items, and keys can be put in.
    let item = "strategy: {matrix: {v: [o, \"${{ fromJSON(needs.x.outputs.one) }}\"]}}";
    assert_eq!(names(item, known), ["a (o)", "a (p)", "a (q)"]);
    let insert = "strategy: {matrix: {w: [0], \"${{ insert }}\": \"${{ fromJSON(needs.x.outputs.all) }}\"}}";
    assert_eq!(names(insert, known), ["a (0, 1)", "a (0, 2)", "a (3)"]);
    let strategy = "strategy: ${{ fromJSON('{\"fail-fast\":false,\"matrix\":{\"v\":[1]}}') }}";
    let found = instances(strategy, "{}");
    assert_eq!(
        (found[0].name.as_str(), found[0].strategy.fail_fast),
        ("a (1)", false)
    );
    let computed = "strategy: {matrix: {\"${{ github.key }}\": [1, 2]}}";
    assert_eq!(names(computed, r#"{"github": {"key": "k"}}"#), ["a (1)", "a (2)"]);
}

#[test]
fn keys_may_be_computed() {
    let known =
        r#"{"github": {"one": "{\"image\": \"x:1\", \"env\": {\"B\": \"b\"}}", "more": "{\"B\": \"b\"}"}}"#;
    let whole = "container: {\"${{ insert }}\": \"${{ fromJSON(github.one) }}\"}";
    let container = instances(whole, known)[0].container.clone().unwrap();
    assert_eq!((&*container.image, &*container.env["B"]), ("x:1", "b"));
    let service =
        "services: {\"${{ 'db' }}\": {image: y, env: {\"${{ insert }}\": \"${{ fromJSON(github.more) }}\"}}}";
    let services = &instances(service, known)[0].services;
    assert_eq!((&*services["db"].image, &*services["db"].env["B"]), ("y", "b"));
    let env = "env: {A: a, \"${{ insert }}\": \"${{ fromJSON(github.more) }}\", C: c}";
    let names: Vec<_> = instances(env, known)[0].env.keys().cloned().collect();
    assert_eq!(names, ["A", "B", "C"]);
    let matrix = "strategy: {matrix: {\"${{ 'v' }}\": [1, 2]}}";
    assert_eq!(self::names(matrix, known), ["a (1)", "a (2)"]);
    let group = "concurrency: {group: \"${{ 'g' }}\", \"${{ 'queue' }}\": max}";
    let group = instances(group, known)[0].concurrency.clone().unwrap();
    assert_eq!((&*group.group, group.queue), ("g", Queue::Max));
}

#[test]
fn labels_come_in_every_form() {
    let known = r#"{"github": {"one": "big", "all": "{\"group\": \"g\", \"labels\": [\"a\", \"b\"]}"}}"#;
    let labels = |runs_on: &str| {
        let found = instances(&format!("runs-on: {runs_on}"), known);
        (
            found[0].labels.join("+"),
            found[0].group.as_deref().map(str::to_owned),
        )
    };
    assert_eq!(labels("x"), ("x".to_owned(), None));
    assert_eq!(labels("[x, '${{ github.one }}']"), ("x+big".to_owned(), None));
    assert_eq!(
        labels("${{ fromJSON('[\"a\", \"b\"]') }}"),
        ("a+b".to_owned(), None)
    );
    assert_eq!(
        labels("${{ fromJSON(github.all) }}"),
        ("a+b".to_owned(), Some("g".to_owned()))
    );
    assert_eq!(
        labels("{group: '${{ github.one }}'}"),
        (String::new(), Some("big".to_owned()))
    );
}

#[test]
fn what_has_no_value_is_told_with_its_place() {
    assert_snapshot!(
        [
            problems(
                "strategy: {matrix: {v: \"${{ fromJSON(needs.x.outputs.y) }}\"}}",
                "{}"
            ),
            problems("strategy: {matrix: {v: [1], exclude: [{w: \"${{ 1 }}\"}]}}", "{}"),
            problems("strategy: {max-parallel: \"${{ 'two' }}\"}", "{}"),
            problems("timeout-minutes: ${{ '5' }}", "{}"),
            problems("name: a ${{ 1 }} ${{ fromJSON('') }}", "{}"),
            problems("env: {A: \"${{ github }}\"}", r#"{"github": {"a": 1}}"#),
            problems("concurrency: ${{ github.none }}", "{}"),
            problems("continue-on-error: ${{ 'true' }}", "{}"),
        ]
        .join("\n")
    );
}

#[test]
fn copies_of_a_great_environment_are_refused() {
    let great = "x".repeat(1024 * 1024);
    let job = format!(
        "strategy: {{matrix: {{v: \"${{{{ fromJSON('[{}]') }}}}\"}}}}\nenv: {{A: {great}}}",
        ["1"; 100].join(",")
    );
    assert!(problems(&job, "{}").contains("engine/too-large"));
}

#[test]
fn a_job_runs_when_its_condition_holds() {
    let ask = |written: &str, results: &[(&str, JobResult)], cancelled: bool| {
        let key = if written.is_empty() {
            String::new()
        } else {
            format!("if: {written}")
        };
        let workflow = workflow(&file(&key), GitHub);
        let ancestors = Ancestors::new(results.iter().map(|(job, result)| (JobId::from(*job), *result)));
        let ancestors = if cancelled {
            ancestors.cancelled_run()
        } else {
            ancestors
        };
        let known = contexts(r#"{"github": {"ref": "main"}, "needs": {"x": {"result": "success"}}}"#);
        condition(&workflow.jobs[0], &known, &ancestors).0.unwrap()
    };
    use JobResult::{Failure, Skipped, Success};
    for (written, results, cancelled, want) in [
        ("", &[][..], false, true),
        ("", &[("x", Success)], false, true),
        ("", &[("x", Failure)], false, false),
        // The well-known surprise: a job behind a skipped one is skipped, however far behind.
        ("", &[("x", Success), ("far", Skipped)], false, false),
        ("github.ref == 'main'", &[("x", Success)], false, true),
        ("github.ref == 'main'", &[("x", Failure)], false, false),
        ("github.ref == 'dev'", &[("x", Success)], false, false),
        ("always()", &[("x", Failure)], false, true),
        ("always()", &[], true, true),
        ("failure()", &[("x", Success), ("far", Failure)], false, true),
        ("failure()", &[("x", Success)], false, false),
        ("success('x')", &[("X", Success), ("y", Failure)], false, true),
        ("cancelled()", &[], true, true),
        ("${{ !cancelled() }}", &[("x", Failure)], false, true),
        ("", &[], true, false),
        ("needs.x.result == 'success'", &[("x", Success)], false, true),
    ] {
        assert_eq!(ask(written, results, cancelled), want, "{written} {results:?}");
    }
    let broken = workflow(&file("if: fromJSON(github.ref)"), GitHub);
    let known = contexts(r#"{"github": {"ref": "{"}}"#);
    let (answer, diagnostics) = condition(&broken.jobs[0], &known, &Ancestors::default());
    assert!(answer.is_none() && diagnostics.is_blocking());
}

#[test]
fn a_file_with_everything_is_expanded() {
    let workflow = workflow(include_str!("../testdata/matrix.yml"), GitHub);
    let known = contexts(
        r#"{"github": {"event": {"action": "opened", "names": ["one", "two"], "list": [1, [2], {"a": [3, 4]}]}}, "needs": {}}"#,
    );
    let names: Vec<Vec<String>> = workflow
        .jobs
        .values()
        .map(|job| {
            let (found, diagnostics) = expand(&workflow, job, &known);
            let found = found.unwrap_or_else(|| panic!("{diagnostics:?}"));
            found.into_iter().map(|instance| instance.name).collect()
        })
        .collect();
    assert_snapshot!(format!("{names:#?}"));
}

#[test]
fn a_call_gives_inputs_and_secrets() {
    let text = "on: push\nrun-name: \" Run of ${{ github.ref }}\"\nconcurrency: {group: \"${{ github.ref }}\", cancel-in-progress: \"${{ github.ref == 'main' }}\"}\njobs:\n  a:\n    strategy: {matrix: {v: [1, 2]}}\n    uses: o/r/.github/workflows/w.yml@v1\n    with: {n: 1, t: true, m: \"${{ matrix.v }}\", s: \"v${{ matrix.v }}\"}\n    secrets: {one: \"${{ secrets.TOKEN }}\", none: \"${{ secrets.NONE }}\"}\n  b:\n    uses: o/r/.github/workflows/w.yml@v1\n    secrets: inherit\n";
    let workflow = workflow(text, GitHub);
    let known = contexts(r#"{"github": {"ref": "main"}, "secrets": {"TOKEN": "hidden"}}"#);
    let call = |job: usize, index: usize| {
        let (found, _) = expand(&workflow, &workflow.jobs[job], &known);
        found.unwrap()[index].call.clone().unwrap()
    };
    assert_eq!(
        format!("{:?}", call(0, 1)),
        r#"CallPlan { reference: "o/r/.github/workflows/w.yml@v1", inputs: "{\"n\":1,\"t\":true,\"m\":2,\"s\":\"v2\"}", secrets: {"one"} }"#
    );
    assert!(matches!(call(0, 0).secrets, CallSecrets::Named(secrets) if secrets["one"] == "hidden"));
    assert_eq!(call(1, 0).secrets, CallSecrets::Inherit);
    let values = run_values(&workflow, &known).0.unwrap();
    assert_eq!(values.name.as_deref(), Some("Run of main"));
    let concurrency = values.concurrency.unwrap();
    assert_eq!(
        (&*concurrency.group, concurrency.cancel_in_progress),
        ("main", true)
    );
}

#[test]
fn a_group_says_who_waits_for_it() {
    let queue = |text: &str, known: &str| {
        let job = format!("concurrency: {{group: g, queue: {text}}}");
        instances(&job, known)[0].concurrency.clone().unwrap().queue
    };
    assert_eq!(queue("max", "{}"), Queue::Max);
    assert_eq!(queue("single", "{}"), Queue::Single);
    assert_eq!(
        queue("\"${{ vars.q }}\"", r#"{"vars": {"q": "max"}}"#),
        Queue::Max
    );
    assert_eq!(
        instances("concurrency: g", "{}")[0]
            .concurrency
            .clone()
            .unwrap()
            .queue,
        Queue::Single
    );
    assert!(
        problems(
            "concurrency: {group: g, queue: \"${{ vars.q }}\"}",
            r#"{"vars": {"q": "most"}}"#
        )
        .contains("`queue` must be")
    );
}

#[test]
fn a_matrix_that_came_late_may_be_none() {
    let ask = |matrix: &str, output: &str| {
        let text = file(&format!("needs: n\nstrategy: {{matrix: {matrix}}}"))
            + "  n: {runs-on: x, steps: [{run: x}]}\n";
        let workflow = workflow(&text, GitHub);
        let mut known = Object::new();
        let outputs: Object = [("m", Value::from(output))].into_iter().collect();
        let job: Object = [("outputs", Value::object(outputs))].into_iter().collect();
        let needs: Object = [("n", Value::object(job))].into_iter().collect();
        known.insert("needs", Value::object(needs));
        let (found, diagnostics) = expand(&workflow, &workflow.jobs[0], &known);
        match found {
            Some(instances) => Ok(instances.len()),
            None => Err(diagnostics.as_slice()[0].label().unwrap_or_default().to_owned()),
        }
    };
    let many = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let whole = "\"${{ fromJSON(needs.n.outputs.m) }}\"";
    let vector = format!("{{x: {whole}}}");
    for (matrix, output, want) in [
        (&*vector, "[1, 2]", Ok(2)),
        (&vector, "[]", Err("`x` of the matrix has no values")),
        (&vector, "null", Err("`x` of the matrix is no list")),
        (&vector, "{}", Err("`x` of the matrix is no list")),
        (&vector, &many(256), Ok(256)),
        (
            &vector,
            &many(257),
            Err("the matrix has more than 256 combinations"),
        ),
        (whole, "{\"include\": [{\"a\": 1}, {\"a\": 2}]}", Ok(2)),
        (
            whole,
            "{\"include\": []}",
            Err("the matrix has neither a list of values nor an `include`"),
        ),
        (
            whole,
            "{\"a\": [1], \"b\": []}",
            Err("`b` of the matrix has no values"),
        ),
        (
            whole,
            "null",
            Err("a matrix is a mapping of lists, and this is not one"),
        ),
    ] {
        assert_eq!(
            ask(matrix, output),
            want.map_err(str::to_owned),
            "{matrix} {output}"
        );
    }
    // What a job that was skipped gives is no JSON at all.
    assert!(ask(&vector, "").is_err());
}
