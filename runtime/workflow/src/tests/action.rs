//! `action.yml` of the three kinds.

use insta::assert_snapshot;

use super::shown;
use crate::model::action::Kind;
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
    assert!(matches!(&action.kind, Kind::Node { main, .. } if &*main.value == "x.js"));
    let input = &action.inputs["a"];
    assert_eq!(
        (
            input.required,
            input.default.as_deref(),
            input.deprecated.as_deref()
        ),
        (true, Some("1"), Some("use b"))
    );
    assert!(matches!(load(&docker).kind, Kind::Docker { .. }));
    assert!(matches!(load(&composite).kind, Kind::Composite { steps } if steps.len() == 2));
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
