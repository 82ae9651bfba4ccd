//! Steps when their turn comes, outputs at the end, inputs at the beginning.

use insta::assert_snapshot;

use super::{shown, workflow};
use crate::Dialect::GitHub;
use crate::expression::{Environment, Object, Status, Value};
use crate::model::action::ActionKind;
use crate::{
    Instance, Source, StepDefaults, Workflow, expand, inputs, job_outputs, load_action, step_condition,
    step_values,
};

const TEXT: &str = "on:
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [info, debug], default: info}
      fast: {type: boolean}
      count: {type: number, required: true}
      name: {default: me}
  workflow_call:
    inputs:
      who: {type: string, default: \"${{ github.actor }}\"}
      none: {type: number}
defaults: {run: {working-directory: top}}
jobs:
  a:
    runs-on: x
    strategy: {matrix: {v: [1]}}
    env: {JOB: j}
    defaults: {run: {shell: \"sh -c '${{ matrix.v }}' {0}\"}}
    outputs: {out: \"${{ steps.s.outputs.x }}-${{ matrix.v }}\"}
    steps:
      - run: |

          echo ${{ env.JOB }} ${{ env.OWN }}
        env: {OWN: \"${{ env.JOB }}!\"}
        timeout-minutes: ${{ matrix.v }}
      - name: Named ${{ matrix.v }}
        uses: actions/checkout@v4
        with: {ref: \"${{ github.ref }}\", fetch-depth: 0}
        continue-on-error: ${{ matrix.v == 1 }}
      - {run: x, shell: bash, working-directory: '', if: \"failure() || matrix.v == 2\"}
      - {run: \"${{ fromJSON('') }}\"}
      - {uses: a/b@c, with: \"${{ fromJSON('{}') }}\"}
";

fn known() -> Object {
    let value = Value::from_json(
        r#"{"github": {"ref": "main", "actor": "me"}, "steps": {"s": {"outputs": {"x": "y"}}}}"#,
    );
    value.unwrap().as_object().unwrap().clone()
}

fn instance(workflow: &Workflow) -> Instance {
    let (found, _) = expand(workflow, &workflow.jobs[0], &known());
    found.unwrap().remove(0)
}

#[test]
fn steps_are_evaluated_with_what_they_see() {
    let workflow = workflow(TEXT, GitHub);
    let instance = instance(&workflow);
    let environment = Environment::new(&instance.contexts);
    let steps = &workflow.jobs[0].steps;
    let said: Vec<String> = steps
        .iter()
        .map(|step| {
            let (values, diagnostics) = step_values(step, &instance.defaults, &environment);
            match values {
                Some(values) => format!("{values:?}"),
                None => shown(&Source::new("w.yml", TEXT), &diagnostics),
            }
        })
        .collect();
    assert_snapshot!(said.join("\n"));
    let runs = |index: usize, status: Status| step_condition(&steps[index], &environment, &status).0.unwrap();
    assert!(runs(0, Status::Success) && !runs(0, Status::Failure) && !runs(0, Status::Cancelled));
    assert!(runs(2, Status::Failure) && !runs(2, Status::Success));
}

#[test]
fn steps_of_an_action_are_evaluated_alike() {
    let text = "name: A\ndescription: B\ninputs: {who: }\nruns:\n  using: composite\n  steps:\n    - {run: \"echo ${{ inputs.who }}\", shell: bash, env: {A: \"${{ inputs.who }}\"}}\n    - {uses: ./x, with: {a: \"${{ inputs.who }}\"}, if: inputs.who == 'you'}\n";
    let action = load_action(&Source::new("action.yml", text)).action.unwrap();
    let ActionKind::Composite { steps } = action.kind else {
        panic!("no composite action");
    };
    let known = Value::from_json(r#"{"inputs": {"who": "me"}}"#).unwrap();
    let environment = Environment::new(known.as_object().unwrap());
    let steps: Vec<_> = steps.iter().filter_map(|step| step.step.as_ref()).collect();
    let said = steps.iter().map(|step| {
        format!(
            "{:?}",
            step_values(step, &StepDefaults::default(), &environment)
                .0
                .unwrap()
        )
    });
    assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
    assert_eq!(
        step_condition(steps[1], &environment, &Status::Success).0,
        Some(false)
    );
}

#[test]
fn outputs_are_texts() {
    let workflow = workflow(TEXT, GitHub);
    let instance = instance(&workflow);
    let (outputs, _) = job_outputs(&workflow.jobs[0], &Environment::new(&instance.contexts));
    assert_eq!(outputs.unwrap()["out"], "y-1");
}

#[test]
fn inputs_have_their_types_and_defaults() {
    let workflow = workflow(TEXT, GitHub);
    let trigger = &workflow.triggers.events["workflow_dispatch"];
    let ask = |given: &str| {
        let given = Value::from_json(given).unwrap();
        let (found, diagnostics) = inputs(trigger, given.as_object().unwrap(), &known());
        match found {
            Some(found) => Value::object(found).to_json(),
            None => shown(&Source::new("w.yml", TEXT), &diagnostics),
        }
    };
    let called = &workflow.triggers.events["workflow_call"];
    let (found, _) = inputs(called, &Object::new(), &known());
    assert_eq!(
        Value::object(found.unwrap()).to_json(),
        r#"{"who":"me","none":0}"#
    );
    assert_snapshot!(
        [
            ask(r#"{"COUNT": "3", "fast": "true", "other": "kept"}"#),
            ask(r#"{"count": 3, "level": "debug", "name": null}"#),
            ask(r#"{"level": "none", "fast": "yes"}"#),
            ask(r#"{"count": "many", "name": ["x"]}"#),
        ]
        .join("\n")
    );
}

/// The values of the steps of a job, which are written as a list.
fn values_of(steps: &str, dialect: crate::Dialect) -> Vec<(Option<crate::StepValues>, String)> {
    let on = if dialect == GitHub { "on: push\n" } else { "" };
    let text = format!("{on}jobs:\n  a:\n    runs-on: x\n    steps:\n{steps}");
    let workflow = workflow(&text, dialect);
    let contexts = known();
    let environment = Environment::new(&contexts);
    let values = workflow.jobs[0].steps.iter().map(|step| {
        let (values, diagnostics) = step_values(step, &StepDefaults::default(), &environment);
        assert_eq!(values.is_none(), diagnostics.is_blocking());
        (values, shown(&Source::new("w.yml", text.as_str()), &diagnostics))
    });
    values.collect()
}

#[test]
fn a_name_without_a_value_fails_no_step() {
    for (name, want) in [
        ("${{ fromJSON('') }}", "Run echo"),
        ("\"${{ matrix.none.deep }}\"", "Run echo"),
        ("${{ github }}", "Run echo"),
        ("'  Trimmed  '", "Trimmed"),
        ("\"\\n one\\n two\"", "one"),
        ("Build ${{ github.ref }}", "Build main"),
    ] {
        let steps = format!("      - name: {name}\n        run: echo\n");
        let (values, said) = values_of(&steps, GitHub).remove(0);
        assert_eq!(
            (values.unwrap().name.as_str(), said.as_str()),
            (want, ""),
            "{name}"
        );
    }
}

#[test]
fn limits_without_a_value_are_warnings() {
    let steps = "      - {run: a, timeout-minutes: \"${{ fromJSON('') }}\", continue-on-error: \"${{ 'true' }}\"}\n      - {run: \"${{ fromJSON('') }}\"}\n";
    let found = values_of(steps, GitHub);
    let (values, said) = &found[0];
    let values = values.as_ref().unwrap();
    assert_eq!((values.timeout, values.continue_on_error), (None, false));
    assert_eq!(said.matches("warning[engine/evaluation]").count(), 2, "{said}");
    assert!(found[1].0.is_none());
}

#[test]
fn steps_say_how_they_run_beside_and_again() {
    let steps = "      - {run: a, background: true, retry: {max-attempts: 3, delay: 2s}, on-lost: retry, tty: true}\n      - run: b\n";
    let found = values_of(steps, crate::Dialect::Loom);
    let said: Vec<String> = found
        .iter()
        .map(|(values, _)| {
            let values = values.as_ref().unwrap();
            format!(
                "{} {:?} {:?} {}",
                values.background, values.retry, values.on_lost, values.tty
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "true Some(RetryPlan { max_attempts: 3, delay: 2s, factor: 2.0, max_delay: 3600s }) Retry true",
            "false None Fail false"
        ]
    );
    let job = workflow(
        "jobs: {a: {retry: {max-attempts: 4}, steps: [{run: x}]}}\n",
        crate::Dialect::Loom,
    );
    let (instances, _) = expand(&job, &job.jobs[0], &Object::new());
    assert_eq!(instances.unwrap()[0].retry.unwrap().max_attempts, 4);
}

#[test]
fn steps_that_wait_always_do() {
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {id: b, run: x, background: true}\n      - wait: b\n      - wait-all:\n      - cancel: b\n      - parallel: [{run: x}, {run: y, if: always()}]\n";
    let workflow = workflow(text, GitHub);
    let contexts = known();
    let environment = Environment::new(&contexts);
    let steps = &workflow.jobs[0].steps;
    for status in [Status::Failure, Status::Cancelled] {
        let runs: Vec<Option<bool>> = steps
            .iter()
            .map(|step| step_condition(step, &environment, &status).0)
            .collect();
        assert_eq!(
            runs,
            [Some(false), Some(true), Some(true), Some(true), Some(true)]
        );
    }
    let names: Vec<String> = steps
        .iter()
        .map(|step| {
            step_values(step, &StepDefaults::default(), &environment)
                .0
                .unwrap()
                .name
        })
        .collect();
    assert_eq!(
        names,
        [
            "Run x",
            "Wait for b",
            "Wait for all",
            "Cancel b",
            "Parallel group"
        ]
    );
}

#[test]
fn an_if_sees_the_variables_of_its_own_step() {
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {run: x, if: env.GO == 'yes', env: {GO: 'yes'}}\n      - {run: x, if: env.GO == 'yes'}\n      - {run: x, if: env.JOB == 'own', env: {JOB: own}}\n      - {run: x, if: \"env.JOB == 'job'\", env: {OTHER: x}}\n      - {run: x, if: 'false', env: {A: \"${{ fromJSON('') }}\"}}\n      - {run: x, env: {A: \"${{ fromJSON('') }}\"}}\n";
    let workflow = workflow(text, GitHub);
    let mut contexts = known();
    let mut env = Object::case_sensitive();
    env.insert("JOB", Value::from("job"));
    contexts.insert("env", Value::object(env));
    let environment = Environment::new(&contexts);
    let answers: Vec<Option<bool>> = workflow.jobs[0]
        .steps
        .iter()
        .map(|step| {
            let (answer, diagnostics) = step_condition(step, &environment, &Status::Success);
            assert_eq!(answer.is_none(), diagnostics.is_blocking());
            answer
        })
        .collect();
    assert_eq!(
        answers,
        [Some(true), Some(false), Some(true), Some(true), None, None]
    );
}
