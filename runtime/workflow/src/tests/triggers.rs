//! What starts a workflow: typed, and able to.

use insta::assert_snapshot;

use super::{found, workflow};
use crate::Dialect::{GitHub, Loom};
use crate::model::{Access, InputKind, Permissions};

fn on(text: &str) -> String {
    found(
        &format!("on:\n{text}jobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}\n"),
        GitHub,
    )
}

#[test]
fn triggers_come_in_three_forms() {
    for on in ["push", "[push]", "{push: }", "{push: {branches: main}}"] {
        let workflow = workflow(&format!("on: {on}\njobs: {{a: {{steps: [{{run: x}}]}}}}\n"), Loom);
        assert_eq!(
            workflow
                .triggers
                .events
                .keys()
                .map(|name| &**name)
                .collect::<Vec<_>>(),
            ["push"]
        );
    }
    let workflow = workflow(include_str!("../testdata/events.yml"), GitHub);
    let events = &workflow.triggers.events;
    assert_eq!(&*events["push"].tags.only[0].value, "v1");
    assert_eq!(&*events["push"].paths.ignored[0].value, "docs/**");
    assert_eq!(events["schedule"].schedule.len(), 2);
    let input = &events["workflow_dispatch"].inputs["choice"];
    assert_eq!(
        (input.kind, input.options.as_ref().unwrap().len()),
        (InputKind::Choice, 2)
    );
    assert!(events["workflow_call"].inputs["text"].required);
    assert!(!events["workflow_call"].secrets.as_ref().unwrap()["bare"].required);
}

#[test]
fn permissions_are_typed() {
    let text = "permissions: {contents: read, issues: write}\njobs: {a: {permissions: read-all, steps: [{run: x}]}}\n";
    let workflow = workflow(text, Loom);
    assert_eq!(
        workflow.permissions.as_ref().unwrap().access("issues"),
        Access::Write
    );
    assert_eq!(
        workflow.jobs[0].permissions.as_deref(),
        Some(&Permissions::All(Access::Read))
    );
}

#[test]
fn schedules_are_times_that_come() {
    assert_snapshot!(on(
        "  schedule:\n    - cron: '0 4 * *'\n    - cron: 0 25 * * *\n    - {cron: '*/2 * * * *', timezone: Europe/Berlin}\n    - {cron: 0 4 * * 1, timezone: '+02:00'}\n"
    ));
}

#[test]
fn patterns_are_marked_where_they_are_wrong() {
    assert_snapshot!(on(
        "  push:\n    branches: ['^main', \"a\\tb\", 'ok/**']\n    tags: v[9-1]\n    paths: [./src, '!']\n  image_version: {versions: 'v[0'}\n"
    ));
}

#[test]
fn inputs_have_options_and_defaults_of_their_type() {
    assert_snapshot!(on(
        "  workflow_dispatch:\n    inputs:\n      none: {type: choice}\n      empty: {type: choice, options: []}\n      other: {type: choice, options: [debug, info, info], default: inof}\n      text: {options: [a]}\n      quoted: {type: boolean, default: 'true'}\n      truth: {type: boolean, default: yes}\n      number: {type: number, default: many}\n      fine: {type: choice, options: [1, 2], default: 2}\n"
    ));
    let inputs: String = (0..26).map(|n| format!("      i{n}:\n")).collect();
    assert!(on(&format!("  workflow_dispatch:\n    inputs:\n{inputs}")).contains("26 inputs"));
}

#[test]
fn a_matrix_has_values() {
    let text = "jobs:\n  a:\n    strategy: {matrix: {os: [], v: [1], include: []}}\n    steps: [{run: x}]\n";
    assert_snapshot!(found(text, Loom));
}
