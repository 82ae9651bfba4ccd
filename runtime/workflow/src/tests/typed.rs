//! Every value of the language has a type and a place.

use super::{found, load_text, workflow};
use crate::Dialect::{GitHub, Loom};
use crate::model::{
    ActionReference, Job, Literal, OnLost, Queue, Scalar, Secrets, StepAction, Strategy, Template,
    WorkflowReference,
};
use crate::{JobId, Spanned};

/// A value as written, which its place in the file must hold.
fn at<T>(source: &str, value: &Spanned<T>, want: &str) {
    assert_eq!(source.get(value.span.range()), Some(want));
}

/// What is written out.
fn value<T>(literal: Option<&Spanned<Literal<T>>>) -> &T {
    match &literal.unwrap().value {
        Literal::Value(value) => value,
        Literal::Expression(_) | Literal::Computed(_) => panic!("not written out"),
    }
}

fn strategy(job: &Job) -> &Strategy {
    value(job.strategy.as_ref())
}

#[test]
fn every_key_of_githubs_language_is_typed() {
    let text = include_str!("../testdata/everything.yml");
    let workflow = workflow(text, GitHub);
    let group = value(workflow.concurrency.as_ref());
    at(text, &group.group, "${{ github.ref }}");
    assert_eq!(group.queue.as_ref().unwrap().value, Literal::Value(Queue::Single));
    assert_eq!(
        group.cancel_in_progress.as_ref().unwrap().value,
        Literal::Value(true)
    );

    let job = &workflow.jobs[&JobId::from("all")];
    at(text, job.condition.as_ref().unwrap(), "always()");
    at(text, &value(job.concurrency.as_ref()).group, "one");
    let strategy = strategy(job);
    assert_eq!(strategy.fail_fast.as_ref().unwrap().value, Literal::Value(false));
    at(text, strategy.max_parallel.as_ref().unwrap(), "2");
    let Literal::Value(matrix) = &strategy.matrix.as_ref().unwrap().value else {
        panic!("an expression");
    };
    assert_eq!(
        matrix.vectors.keys().map(|name| &**name).collect::<Vec<_>>(),
        ["os"]
    );
    at(text, matrix.include.as_ref().unwrap(), "[{os: x, free: 1}]");
    at(text, matrix.exclude.as_ref().unwrap(), "[{os: x}]");

    let container = value(job.container.as_ref());
    at(text, &container.image, "node:20");
    at(text, container.options.as_ref().unwrap(), "--cpus 1");
    at(text, container.ports.as_ref().unwrap(), "[80]");
    at(text, container.volumes.as_ref().unwrap(), "[\"/a:/b\"]");
    let login = value(container.credentials.as_ref());
    at(text, login.password.as_ref().unwrap(), "${{ secrets.P }}");
    let services = value(job.services.as_ref());
    let service = |name: &str| value(Some(&services[name].value));
    at(text, service("db").entrypoint.as_ref().unwrap(), "/e");
    at(text, &service("cache").image, "redis");

    let environment = job.environment.as_ref().unwrap();
    at(text, &environment.name, "production");
    at(text, environment.url.as_ref().unwrap(), "https://example.com");
    assert_eq!(
        environment.deployment.as_ref().unwrap().value,
        Literal::Value(false)
    );
    at(text, &job.outputs["out"].value, "${{ steps.script.outputs.x }}");
    at(text, job.cancel_timeout_minutes.as_ref().unwrap(), "1");
    assert_eq!(
        job.continue_on_error.as_ref().unwrap().value,
        Literal::Value(true)
    );
    let snapshot = job.snapshot.as_ref().unwrap();
    at(text, &snapshot.image_name, "i");
    at(text, snapshot.condition.as_ref().unwrap(), "github.ref == 'x'");

    let [script, action, ..] = job.steps.as_slice() else {
        panic!("no steps");
    };
    at(text, script.condition.as_ref().unwrap(), "success()");
    assert_eq!(script.background.as_deref(), Some(&true));
    let StepAction::Uses(uses) = &action.action else {
        panic!("no action");
    };
    assert!(matches!(uses.target(), Some(ActionReference::Repository(found)) if &*found.version == "v4"));
    let Literal::Value(with) = &uses.with.as_ref().unwrap().value else {
        panic!("an expression");
    };
    at(text, &with["lfs"].value, "true");
    assert!(matches!(
        action.continue_on_error.as_ref().unwrap().value,
        Literal::Expression(_)
    ));

    let call = &workflow.jobs[&JobId::from("call")];
    assert!(matches!(call.calls(), Some(WorkflowReference::Local(_))));
    assert_eq!(call.with["a"].value.value, Scalar::Number(1.0));
    assert_eq!(call.secrets.as_deref(), Some(&Secrets::Inherit));
    assert_eq!(call.static_name(), "Call");
}

#[test]
fn loom_keys_are_typed() {
    let workflow = workflow(include_str!("../testdata/loom-keys.yml"), Loom);
    let job = &workflow.jobs[&JobId::from("build")];
    let retry = job.retry.as_ref().unwrap();
    assert_eq!(retry.max_attempts.as_deref(), Some(&3));
    assert_eq!(retry.delay.as_deref(), Some(&std::time::Duration::from_secs(1)));
    assert_eq!(
        retry.max_delay.as_deref(),
        Some(&std::time::Duration::from_secs(60))
    );
    let step = &job.steps[0];
    assert_eq!(step.on_lost.as_deref(), Some(&OnLost::Retry));
    assert_eq!(step.tty.as_deref(), Some(&true));
}

#[test]
fn retries_that_make_no_sense_are_refused() {
    let text = "jobs:\n  a:\n    retry: {max-attempts: 0, delay: soon, factor: 0.5, max-delay: 1d}\n    steps: [{run: x, retry: {max-attempts: 1.5, delay: 5}}]\n";
    insta::assert_snapshot!(found(text, Loom));
}

#[test]
fn expressions_may_stand_for_whole_values() {
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    strategy: ${{ fromJSON('{}') }}\n    container: ${{ fromJSON('{}') }}\n    services: ${{ fromJSON('{}') }}\n    steps: [{uses: a/b@c, with: \"${{ fromJSON('{}') }}\"}]\n  b:\n    runs-on: x\n    strategy: {matrix: \"${{ fromJSON('{}') }}\"}\n    container: {image: x, ports: \"${{ fromJSON('[]') }}\", credentials: \"${{ fromJSON('{}') }}\", env: \"${{ fromJSON('{}') }}\"}\n    steps: [{run: x}]\n  c:\n    runs-on: x\n    strategy: {fail-fast: \"${{ true }}\", matrix: {v: \"${{ fromJSON('[1]') }}\", include: \"${{ fromJSON('[]') }}\"}}\n    steps: [{run: x}]\n";
    let (_, loaded) = load_text(text, GitHub);
    let workflow = loaded.workflow.unwrap();
    let [a, b, c] = [0, 1, 2].map(|index| &workflow.jobs[index]);
    let is_expression = |template: &Template| !template.expressions.is_empty();
    assert!(matches!(&a.strategy.as_ref().unwrap().value, Literal::Expression(t) if is_expression(t)));
    assert!(matches!(&a.container.as_ref().unwrap().value, Literal::Expression(t) if is_expression(t)));
    assert!(matches!(
        a.services.as_ref().unwrap().value,
        Literal::Expression(_)
    ));
    assert!(
        matches!(&a.steps[0].action, StepAction::Uses(uses) if matches!(uses.with.as_deref(), Some(Literal::Expression(_))))
    );
    assert!(matches!(
        strategy(b).matrix.as_deref(),
        Some(Literal::Expression(_))
    ));
    let container = value(b.container.as_ref());
    assert!(matches!(container.ports.as_deref(), Some(Literal::Expression(_))));
    assert!(matches!(
        container.credentials.as_deref(),
        Some(Literal::Expression(_))
    ));
    let Some(Literal::Value(matrix)) = strategy(c).matrix.as_deref() else {
        panic!("an expression");
    };
    assert!(matches!(matrix.vectors["v"].value.value, Literal::Expression(_)));
}
