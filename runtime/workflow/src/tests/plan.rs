//! Plans: every job and step with its own evaluated copy.

use insta::assert_snapshot;

use super::{found, plan_found, planned, workflow};
use crate::Dialect::{GitHub, Loom};
use crate::{ImageTable, JobId, Mapping, Minutes, PlanOptions, Shell, UnmappedJobs, plan};

#[test]
fn jobs_get_their_own_copy_of_everything() {
    let plan = planned(include_str!("../testdata/diamond.loom.yml"));
    assert_eq!(plan.name.as_deref(), Some("Diamond"));
    let ids: Vec<_> = plan.jobs.keys().map(ToString::to_string).collect();
    assert_eq!(ids, ["build", "lint", "test", "deploy"]);
    let test = &plan.jobs[&JobId::from("test")];
    assert_eq!(test.name, "Unit tests");
    assert_eq!(test.needs, ["build".into()]);
    assert_eq!(test.runs_on, Mapping::Image("node:20".into()));
    let env: Vec<_> = test
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(env, ["LEVEL=job", "VERSION=1.1", "CI=true", "ONLY=test"]);
    assert_eq!(test.timeout_minutes, Minutes(5.0));
    let names: Vec<_> = test.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["Run npm ci", "Test it", "Run"]);
    let shells: Vec<_> = test.steps.iter().map(|step| step.shell.clone()).collect();
    assert_eq!(shells, [Shell::Bash, Shell::Python, Shell::Bash]);
    let directories: Vec<_> = test
        .steps
        .iter()
        .map(|step| step.working_directory.as_deref())
        .collect();
    assert_eq!(directories, [Some("app"), Some("other"), Some("app")]);
    assert_eq!(test.steps[1].timeout_minutes, Some(Minutes(0.5)));
    assert_eq!(test.steps[1].env["STEP"], "3");
    assert_eq!(test.steps[1].id, Some("unit".into()));
    assert_eq!(test.steps[0].script, "\nnpm ci\nnpm run build\n");

    let build = &plan.jobs[&JobId::from("build")];
    assert_eq!(
        (build.name.as_str(), build.timeout_minutes),
        ("build", Minutes::JOB_DEFAULT)
    );
    assert_eq!(build.runs_on, Mapping::Image("ubuntu:latest".into()));
    assert_eq!(
        (
            build.steps[0].shell.clone(),
            build.steps[0].working_directory.as_deref()
        ),
        (Shell::Sh, Some("src"))
    );
    let order: Vec<_> = plan
        .dag
        .execution_order()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(order, ["build", "lint", "test", "deploy"]);
}

#[test]
fn needs_are_the_ids_of_the_jobs_once() {
    let plan =
        planned("jobs:\n  Build: {steps: [{run: x}]}\n  test: {needs: [build, BUILD], steps: [{run: x}]}\n");
    assert_eq!(
        plan.jobs[&JobId::from("test")]
            .needs
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["Build"]
    );
}

#[test]
fn chosen_jobs_bring_their_needs_and_nothing_else() {
    let workflow = workflow(include_str!("../testdata/diamond.loom.yml"), Loom);
    let (plan, _) = plan(&workflow, &PlanOptions::new().with_job("Test"));
    let ids: Vec<_> = plan
        .as_ref()
        .unwrap()
        .jobs
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(ids, ["build", "test"]);
    assert_eq!(plan.unwrap().dag.len(), 2);

    let (plan, diagnostics) = crate::plan(&workflow, &PlanOptions::new().with_job("tets"));
    assert!(plan.is_none());
    assert_eq!(
        diagnostics.as_slice()[0].message,
        "the workflow has no job `tets`"
    );
    assert_eq!(
        diagnostics.as_slice()[0].help.as_deref(),
        Some("did you mean `test`?")
    );
}

#[test]
fn what_is_not_chosen_may_be_unsupported() {
    let text = "jobs:\n  a: {steps: [{run: x}]}\n  b: {if: always(), steps: [{run: '${{ 1 }}'}]}\n";
    let (plan, diagnostics) = plan(&workflow(text, Loom), &PlanOptions::new().with_job("a"));
    assert!(plan.is_some() && diagnostics.is_empty());
}

#[test]
fn labels_map_by_table_override_and_dialect() {
    let text = "on: push\njobs:\n  a: {runs-on: ubuntu-latest, steps: [{run: x}]}\n  b: {runs-on: macos-latest, steps: [{run: x}]}\n  c: {runs-on: [self-hosted, gpu], steps: [{run: x}]}\n  d: {runs-on: {group: big}, steps: [{run: x}]}\n  e: {runs-on: {group: big, labels: node-20}, steps: [{run: x}]}\n";
    let images = ImageTable::new()
        .with_override("gpu", "host")
        .with_override("ubuntu-latest", "mine:1");
    let (plan, diagnostics) = plan(&workflow(text, GitHub), &PlanOptions::new().with_images(images));
    assert!(diagnostics.is_empty());
    let mapped: Vec<_> = plan.unwrap().jobs.into_values().map(|job| job.runs_on).collect();
    let image = |name: &str| Mapping::Image(name.to_owned());
    let unmapped = |name: &str| Mapping::Unmapped(name.to_owned());
    assert_eq!(
        mapped,
        [
            image("mine:1"),
            unmapped("macos-latest"),
            Mapping::Host,
            unmapped("big"),
            image("node:20")
        ]
    );
}

#[test]
fn a_word_that_is_no_image_is_named() {
    assert_snapshot!(plan_found(
        "jobs:\n  a: {runs-on: My Machine, steps: [{run: x}]}\n",
        Loom
    ));
}

#[test]
fn shells_that_cannot_be_are_named_where_they_stand() {
    assert_snapshot!(plan_found(
        "defaults: {run: {shell: cmd}}\njobs:\n  a:\n    steps:\n      - run: x\n      - {run: x, shell: powershell}\n      - {run: x, shell: zsh}\n      - {run: x, shell: 'perl {0}'}\n",
        Loom
    ));
}

#[test]
fn timeouts_that_are_no_limit_count_as_absent() {
    let text = "jobs:\n  a:\n    timeout-minutes: 0\n    steps: [{run: x, timeout-minutes: -1}]\n";
    let (_, loaded) = super::load_text(text, Loom);
    assert_eq!(loaded.diagnostics.len(), 2);
    let (plan, diagnostics) = plan(&loaded.workflow.unwrap(), &PlanOptions::default());
    assert!(diagnostics.is_empty());
    let job = &plan.unwrap().jobs[0];
    assert_eq!(
        (job.timeout_minutes, job.steps[0].timeout_minutes),
        (Minutes::JOB_DEFAULT, None)
    );
}

#[test]
fn a_script_may_be_empty_and_braces_alone_are_no_expression() {
    let plan = planned("jobs:\n  a:\n    steps:\n      - run:\n      - run: echo '{{ x }}' $ {{ }}\n");
    assert_eq!(plan.jobs[0].steps[0].name, "Run");
    assert_eq!(plan.jobs[0].steps[1].script, "echo '{{ x }}' $ {{ }}");
    assert_eq!(found("jobs:\n  a:\n    steps:\n      - run: ''\n", Loom), "");
}

#[test]
fn a_job_that_runs_elsewhere_may_ask_for_anything() {
    let text = "on: push\njobs:\n  win:\n    runs-on: windows-latest\n    if: ${{ true }}\n    steps:\n      - {run: x, shell: cmd}\n      - uses: a/b@v1\n  linux: {runs-on: ubuntu-latest, steps: [{run: x}]}\n";
    let skip = PlanOptions::new().with_unmapped(UnmappedJobs::Skip);
    let (skipped, diagnostics) = plan(&workflow(text, GitHub), &skip);
    assert!(diagnostics.is_empty());
    assert_eq!(
        skipped.unwrap().jobs[0].runs_on,
        Mapping::Unmapped("windows-latest".into())
    );

    // Unless it is skipped for sure, it is checked like any other.
    let (checked, diagnostics) = plan(&workflow(text, GitHub), &PlanOptions::default());
    assert!(checked.is_none());
    let codes: Vec<_> = diagnostics.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(
        codes,
        ["engine/unsupported", "engine/shell", "engine/unsupported"]
    );
}

#[test]
fn copies_of_large_values_are_bounded() {
    let jobs: String = (0..20_000)
        .map(|n| format!("  j{n}: {{steps: [{{run: x}}]}}\n"))
        .collect();
    let large = "x".repeat(1_000_000);
    for top in [
        format!("env: {{A: {large}}}\n"),
        format!("defaults: {{run: {{working-directory: {large}}}}}\n"),
    ] {
        let workflow = workflow(&format!("{top}jobs:\n{jobs}"), Loom);
        let (plan, diagnostics) = plan(&workflow, &PlanOptions::default());
        assert!(plan.is_none());
        let codes: Vec<_> = diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, ["engine/too-large"]);
    }
}

#[test]
fn a_file_of_expressions_only_ends_soon() {
    let text = format!(
        "jobs:\n  a:\n    steps:\n      - run: '{}'\n",
        "${{1}}".repeat(1_500)
    );
    let workflow = workflow(&text, Loom);
    let (plan, diagnostics) = plan(&workflow, &PlanOptions::default());
    assert!(plan.is_none());
    assert!(diagnostics.omitted() > 0);
    let open = format!(
        "jobs:\n  a:\n    steps:\n      - run: '{}'\n",
        "${{".repeat(300_000)
    );
    assert!(super::load_text(&open, Loom).1.workflow.is_none());
}

#[test]
fn a_job_that_calls_a_workflow_is_never_skipped_for_its_label() {
    let text = "on: push\njobs:\n  call: {uses: ./w.yml}\n";
    let skip = PlanOptions::new().with_unmapped(UnmappedJobs::Skip);
    let (plan, diagnostics) = plan(&workflow(text, GitHub), &skip);
    assert!(plan.is_none());
    assert_eq!(
        diagnostics.as_slice()[0].message,
        "`uses` of job `call` is not supported yet"
    );
}

#[test]
fn variables_that_no_process_could_get_are_named() {
    assert_snapshot!(plan_found(
        "env: {A=B: x}\njobs:\n  a:\n    env: {C: \"y\\0\", fine.too: z}\n    steps: [{run: x}]\n",
        Loom
    ));
}

#[test]
fn what_cannot_be_seen_in_a_shell_is_written_out() {
    let found = plan_found("jobs: {a: {steps: [{run: x, shell: \"b\\tash\"}]}}\n", Loom);
    assert!(found.contains("`b\\tash` is not a known shell"), "{found}");
}
