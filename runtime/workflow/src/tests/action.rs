//! `action.yml` of the three kinds.

use insta::assert_snapshot;

use super::shown;
use crate::model::{self, action::ActionKind};
use crate::{Source, load_action};

fn found(text: &str) -> String {
    let source = Source::new("action.yml", text);
    let loaded = load_action(&source);
    assert_eq!(loaded.action.is_none(), loaded.diagnostics.is_blocking());
    shown(&source, &loaded.diagnostics)
}

const HEAD: &str = "name: A\ndescription: B\nauthor: C\nbranding: {icon: activity, color: blue}\n";

#[test]
fn three_kinds_are_typed() {
    let node = format!(
        "{HEAD}inputs: {{a: {{default: 1, required: true, deprecationMessage: use b}}}}\noutputs: {{o: {{description: x}}}}\nruns: {{using: node20, main: x.js, pre: p.js, pre-if: \"runner.os == 'Linux'\", post: q.js, post-if: always()}}\n"
    );
    let docker = format!(
        "{HEAD}inputs: {{a: }}\nruns:\n  using: docker\n  image: Dockerfile\n  args: ['${{{{ inputs.a }}}}']\n  env: {{A: '${{{{ inputs.a }}}}'}}\n  entrypoint: /x\n"
    );
    let composite = format!(
        "{HEAD}inputs: {{a: }}\noutputs: {{o: {{value: '${{{{ steps.s.outputs.x }}}}'}}}}\nruns:\n  using: composite\n  steps:\n    - {{id: s, run: x, shell: bash, if: success(), env: {{A: b}}, working-directory: '${{{{ inputs.a }}}}'}}\n    - {{uses: a/b@v1, with: {{a: 1}}, continue-on-error: true}}\n"
    );
    for text in [&node, &docker, &composite] {
        assert_eq!(found(text), "");
    }
    let load = |text: &str| load_action(&Source::new("action.yml", text)).action.unwrap();
    let action = load(&node);
    let ActionKind::Node {
        using,
        main,
        pre,
        post,
        ..
    } = &action.kind
    else {
        panic!("no JavaScript action");
    };
    assert_eq!((&*using.value, &*main.value), ("node20", "x.js"));
    assert_eq!(pre.run.as_ref().map(|run| &*run.value), Some("p.js"));
    assert_eq!(
        pre.condition.as_ref().map(|condition| &*condition.text),
        Some("runner.os == 'Linux'")
    );
    assert_eq!(post.run.as_ref().map(|run| &*run.value), Some("q.js"));
    let input = &action.inputs["a"];
    assert_eq!(
        (
            input.required,
            input.default.as_ref().map(|default| &*default.text),
            input.deprecated.as_deref()
        ),
        (true, Some("1"), Some("use b"))
    );
    let action = load(&docker);
    let ActionKind::Docker {
        image,
        entrypoint,
        args,
        env,
        ..
    } = &action.kind
    else {
        panic!("no Docker action");
    };
    assert_eq!(&*image.value, "Dockerfile");
    assert_eq!(entrypoint.as_ref().map(|run| &*run.value), Some("/x"));
    assert_eq!((args.as_ref().map(Vec::len), env.is_some()), (Some(1), true));
    let action = load(&composite);
    assert_eq!(
        &*action.outputs["o"].value.as_ref().unwrap().text,
        "${{ steps.s.outputs.x }}"
    );
    let ActionKind::Composite { steps } = &action.kind else {
        panic!("no composite action");
    };
    let actions: Vec<&model::StepAction> = steps
        .iter()
        .map(|step| &step.step.as_ref().unwrap().action)
        .collect();
    assert!(matches!(
        actions.as_slice(),
        [model::StepAction::Run(_), model::StepAction::Uses(_)]
    ));
}

#[test]
fn mistakes_of_an_action_are_found_in_one_pass() {
    assert_snapshot!(found(include_str!("../testdata/action-mistakes.yml")));
}

#[test]
fn kinds_do_not_mix() {
    let texts = [
        "name: A\ndescription: B\n".to_owned(),
        format!("{HEAD}runs: {{using: nod20, main: x}}\n"),
        format!("{HEAD}runs: {{using: Node26, main: x}}\ncolour: x\n"),
        format!("{HEAD}runs: {{main: x}}\n"),
        format!("{HEAD}runs: {{using: node20, image: x, env: {{}}}}\n"),
        format!("{HEAD}runs: {{using: docker, main: x}}\n"),
        format!("{HEAD}runs: {{using: composite}}\n"),
        format!("{HEAD}runs: x\n"),
        "- a\n".to_owned(),
    ];
    let all: Vec<String> = texts
        .iter()
        .map(|text| format!("{text}{}", found(text)))
        .collect();
    assert_snapshot!(all.join("\n\n"));
}
