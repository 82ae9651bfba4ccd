//! Steps when their turn comes, outputs at the end, inputs at the beginning.

use insta::assert_snapshot;

use super::{shown, workflow};
use crate::Dialect::GitHub;
use crate::expression::{Environment, Object, Status, Value};
use crate::model::action::Kind;
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
    let told: Vec<String> = steps
        .iter()
        .map(|step| {
            let (values, diagnostics) = step_values(step, &instance.defaults, &environment);
            match values {
                Some(values) => format!("{values:?}"),
                None => shown(&Source::new("w.yml", TEXT), &diagnostics),
            }
        })
        .collect();
    assert_snapshot!(told.join("\n"));
    let runs = |index: usize, status: Status| step_condition(&steps[index], &environment, &status).0.unwrap();
    assert!(runs(0, Status::Success) && !runs(0, Status::Failure) && !runs(0, Status::Cancelled));
    assert!(runs(2, Status::Failure) && !runs(2, Status::Success));
}

#[test]
fn steps_of_an_action_are_evaluated_alike() {
    let text = "name: A\ndescription: B\ninputs: {who: }\nruns:\n  using: composite\n  steps:\n    - {run: \"echo ${{ inputs.who }}\", shell: bash, env: {A: \"${{ inputs.who }}\"}}\n    - {uses: ./x, with: {a: \"${{ inputs.who }}\"}, if: inputs.who == 'you'}\n";
    let action = load_action(&Source::new("action.yml", text)).action.unwrap();
    let Kind::Composite { steps } = action.kind else {
        panic!("no composite action");
    };
    let known = Value::from_json(r#"{"inputs": {"who": "me"}}"#).unwrap();
    let environment = Environment::new(known.as_object().unwrap());
    let steps: Vec<_> = steps.iter().filter_map(|step| step.step.as_ref()).collect();
    let told = steps.iter().map(|step| {
        format!(
            "{:?}",
            step_values(step, &StepDefaults::default(), &environment)
                .0
                .unwrap()
        )
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
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
