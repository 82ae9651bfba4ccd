//! Which jobs of a run will run, as far as the file tells.

use super::workflow;
use crate::Dialect::{GitHub, Loom};
use crate::expression::{Object, Value};
use crate::{Event, InstanceId, JobForecast, JobId, forecast, instance_dag, instance_names, plan_for_event};

fn known(reference: &str) -> Object {
    let github: Object = [("ref", Value::from(reference))].into_iter().collect();
    [("github", Value::object(github))].into_iter().collect()
}

#[test]
fn every_job_has_a_forecast_with_a_reason() {
    let text = "jobs:
  plain: {steps: [{run: x}]}
  main: {if: github.ref == 'main', steps: [{run: x}]}
  after: {needs: main, steps: [{run: x}]}
  far: {needs: after, if: '1 == 1', steps: [{run: x}]}
  always: {needs: [plain, main], if: always(), steps: [{run: x}]}
  failed: {needs: plain, if: failure(), steps: [{run: x}]}
  alone: {if: failure(), steps: [{run: x}]}
  looks: {needs: plain, if: needs.plain.result == 'success', steps: [{run: x}]}
  behind: {needs: failed, steps: [{run: x}]}
  never: {needs: failed, if: 'false', steps: [{run: x}]}
  told: {needs: plain, steps: [{run: x}]}
";
    let workflow = workflow(text, Loom);
    let tell = |reference: &str| {
        let (all, diagnostics) = forecast(&workflow, &known(reference));
        assert!(diagnostics.is_empty());
        all.into_iter()
            .map(|(id, forecast)| match forecast {
                JobForecast::Runs => format!("{id}: runs"),
                JobForecast::Skipped { why, span } => {
                    format!(
                        "{id}: skipped, {why} {:?}",
                        text.get(span.unwrap().range()).unwrap()
                    )
                }
                JobForecast::Later { why } => format!("{id}: later, {why}"),
            })
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(format!("{}\n\n{}", tell("dev"), tell("main")));
}

#[test]
fn conditions_without_a_value_are_told_and_do_not_hold_back() {
    let workflow = workflow("jobs: {a: {if: \"fromJSON('{')\", steps: [{run: x}]}}\n", Loom);
    let (all, diagnostics) = forecast(&workflow, &Object::new());
    assert_eq!(all[0], JobForecast::Runs);
    assert!(diagnostics.is_blocking());
}

#[test]
fn an_event_decides_which_jobs_run() {
    let text = "on: {push: {branches: [main]}}\njobs: {a: {if: \"github.ref_name == 'main' && github.actor == 'me'\", runs-on: x, steps: [{run: x}]}}\n";
    let workflow = workflow(text, GitHub);
    let me: Object = [("actor", Value::from("me"))].into_iter().collect();
    let contexts: Object = [("github", Value::object(me))].into_iter().collect();
    let plan = |branch: &str| {
        let event = Event::new("push").with_reference(format!("refs/heads/{branch}"));
        plan_for_event(&workflow, &event, &contexts)
    };
    let found = plan("main");
    assert!(found.decision.starts);
    assert_eq!(found.jobs[0], JobForecast::Runs);
    let found = plan("dev");
    assert!(!found.decision.starts);
    assert!(found.jobs.is_empty());
}

#[test]
fn instances_are_named_when_the_file_tells_them() {
    let names = |job: &str| {
        let workflow = workflow(&format!("jobs: {{a: {{{job}, steps: [{{run: x}}]}}}}\n"), Loom);
        instance_names(&workflow.jobs[0])
    };
    assert_eq!(names("timeout-minutes: 1"), Some(vec!["a".to_owned()]));
    assert_eq!(
        names("name: B, strategy: {matrix: {v: [1, 2]}}"),
        Some(vec!["B (1)".to_owned(), "B (2)".to_owned()])
    );
    assert_eq!(
        names("name: 'v${{ matrix.v }} of ${{ strategy.job-total }}', strategy: {matrix: {v: [1, 2]}}"),
        Some(vec!["v1 of 2".to_owned(), "v2 of 2".to_owned()])
    );
    assert_eq!(
        names("strategy: {matrix: {v: \"${{ fromJSON('[1]') }}\"}}"),
        Some(vec!["a (1)".to_owned()])
    );
    assert_eq!(names("strategy: {matrix: {v: ['${{ github.sha }}']}}"), None);
    assert_eq!(names("name: '${{ github.sha }}'"), None);
    assert_eq!(
        names("strategy: {matrix: {v: [1], exclude: [{w: '${{ 1 }}'}]}}"),
        None
    );
}

#[test]
fn instances_have_a_graph() {
    let workflow = workflow(
        "jobs: {a: {steps: [{run: x}]}, b: {needs: a, steps: [{run: x}]}, c: {needs: b, steps: [{run: x}]}}\n",
        Loom,
    );
    let graph = instance_dag(&workflow.dag(), |job| if job.as_str() == "b" { 2 } else { 1 });
    let shown = |ids: Vec<&InstanceId>| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        shown(graph.execution_order().unwrap()),
        ["a#0", "b#0", "b#1", "c#0"]
    );
    let id = |job: &str, index| InstanceId {
        job: JobId::from(job),
        index,
    };
    assert_eq!(shown(graph.dependencies(&id("c", 0))), ["b#0", "b#1"]);
    assert_eq!(shown(graph.dependents(&id("a", 0))), ["b#0", "b#1"]);
    let mut progress = graph.progress();
    assert_eq!(shown(progress.ready()), ["a#0"]);
    assert_eq!(shown(progress.complete(&id("a", 0))), ["b#0", "b#1"]);
    assert!(progress.complete(&id("b", 1)).is_empty());
    assert_eq!(shown(progress.complete(&id("b", 0))), ["c#0"]);
}
