//! What expressions give: types of contexts, and the rules that look at them.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{load_text, shown};
use crate::Dialect::{GitHub, Loom};
use crate::{Reference, References, Source, load_with};

/// A job with these steps, and these keys before them.
fn steps(keys: &str, steps: &str) -> String {
    job("on: push", keys, steps)
}

fn job(on: &str, keys: &str, steps: &str) -> String {
    format!("{on}\njobs:\n  a:\n    runs-on: x\n{keys}    steps:\n{steps}")
}

/// What is found, as `CODE LINE MARKED`.
fn found(text: &str) -> Vec<String> {
    let (source, loaded) = load_text(text, GitHub);
    let lines = loaded.diagnostics.iter().map(|found| {
        let span = found.span().unwrap();
        format!(
            "{} {} {}",
            found.code,
            source.position(span.start).line,
            source.slice(span)
        )
    });
    lines.collect()
}

/// What is found in the expression of one script, with its mark.
fn of(expression: &str) -> Vec<String> {
    let matrix = "    strategy: {matrix: {os: [linux, mac], node: [14, 16], fast: [true, false], pair: [{a: 1}, {b: x}], list: [[1, 2], [3]], any: [1, x], gone: [null]}}\n    services: {db: {image: x}}\n";
    let on = "on:\n  workflow_dispatch:\n    inputs: {text: {}, flag: {type: boolean}, count: {type: number}, pick: {type: choice, options: [a]}}";
    let steps = format!(
        "      - {{id: early, run: x}}\n      - {{uses: a/b@v1, id: action}}\n      - run: |\n          ${{{{ {expression} }}}}\n"
    );
    let found = found(&job(on, matrix, &steps));
    found
        .into_iter()
        .map(|line| {
            let mut words = line.splitn(3, ' ');
            let code = words.next().unwrap().trim_start_matches("lint/").to_owned();
            format!("{code} {}", words.nth(1).unwrap_or_default())
        })
        .collect()
}

#[test]
fn what_may_be_right_is_passed_over_in_silence() {
    for expression in [
        "github.event.anything.at.all[0].x",
        "github.EVENT_NAME",
        "github['ref_name']",
        "env.X || vars.Y || secrets.Z",
        "env[matrix.os]",
        "env[format('A_{0}', matrix.os)]",
        "matrix.os == 'linux' && matrix.node > 14 || matrix.fast",
        "matrix.pair.a + matrix.pair.b",
        "matrix.list[0]",
        "join(matrix.list, ' ')",
        "matrix.any == 'x'",
        "matrix.any.x",
        "matrix.gone.x",
        "matrix.node == '14'",
        "matrix.fast == 1",
        "matrix.fast == true",
        "inputs.text == 'true'",
        "inputs.flag == ''",
        "inputs.flag && 'yes' || 'no'",
        "inputs.count > 3",
        "inputs.pick",
        "github.event.inputs.flag == 'true'",
        "steps.early.outputs.x == true",
        "steps.action.outputs.anything-at-all",
        "steps.early.outcome != 'success' && steps.early.conclusion",
        "toJSON(steps)",
        "toJSON(steps.*.outcome)",
        "join(steps.*.outputs.x)",
        "contains(steps.*.outcome, 'failure')",
        "join(github.event.commits.*.id, ' ')",
        "fromJSON('{\"14\": \"x\"}')[matrix.node]",
        "fromJSON('[1, 2]')[0]",
        "toJSON(fromJSON(steps.early.outputs.x).y.z[0].*.w)",
        "fromJSON('{\"a\": {\"b\": 1}}').a.b",
        "toJSON(fromJSON('[{\"a\": 1}]').*.a[0])",
        "job.services.db.ports[5432]",
        "job.services.db.ports['5432']",
        "job.container.network",
        "job.status",
        "runner.os == 'Linux'",
        "strategy.job-index + 1",
        "format('{0} {1:}', 1, 2)",
        "format('{{}}')",
        "format(env.FORMAT, 1, 2, 3)",
        "case(inputs.flag, 'a', matrix.os == 'mac', 'b', 'c')",
        "hashFiles('**/*.lock', format('{0}.x', github.ref))",
        "contains('abc', inputs.text)",
        "contains(matrix.node, '1')",
        "contains(fromJSON('[\"a\"]'), matrix.os)",
        "startsWith(matrix.node, '1')",
        "github.event.head_commit == null",
        "github.event == null || github.event == ''",
        "null == 0",
        "secrets.GITHUB_TOKEN || secrets.github_token",
        "vars._a1",
        "env.MY-NAME",
        "matrix.pair == matrix.pair",
        "matrix.node > '14'",
        "'1' == true",
        "github.event.inputs.text",
    ] {
        let silent: &[&str] = if expression.contains(" + ") {
            // There is no such operator, which reading reports.
            &["expression/syntax +"]
        } else {
            &[]
        };
        assert_eq!(of(expression), silent, "{expression}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    for (expression, mark) in [
        ("github.rf", "rf"),
        ("github['rf']", "'rf'"),
        ("runner.oss", "oss"),
        ("strategy.index", "index"),
        ("job.staus", "staus"),
        ("job.services.dp.id", "dp"),
        ("job.services.db.port", "port"),
        ("steps.erly.outputs.x", "erly"),
        ("steps.early.output", "output"),
        ("steps.*.output", "output"),
        ("needs.b.result", "b"),
        ("matrix.oss", "oss"),
        ("matrix.pair.c", "c"),
        ("inputs.txt", "txt"),
        ("github.event.inputs.txt", "txt"),
        ("fromJSON('{\"a\": 1}').b", "b"),
        ("(github || env).x.y", "x"),
        ("vars.MY-NAME", "MY-NAME"),
        ("vars.github_x", "github_x"),
        ("vars['a b']", "'a b'"),
        ("secrets.GITHUB_PAT", "GITHUB_PAT"),
        ("secrets['1']", "'1'"),
    ] {
        assert_eq!(
            of(expression),
            [format!("expression-property {mark}")],
            "{expression}"
        );
    }
}

#[test]
fn values_are_looked_into_as_they_are() {
    for (expression, mark) in [
        ("github.ref.name", "name"),
        ("github.repository.permissions.admin", "permissions"),
        ("matrix.node.x", "x"),
        ("matrix.list.x", "x"),
        ("inputs.flag.x", "x"),
        ("steps.early.outputs.x.y", "y"),
        ("github.ref.*", "github.ref.*"),
        ("github.ref[0]", "github.ref"),
        ("env[inputs.flag]", "inputs.flag"),
        ("env[inputs.count]", "inputs.count"),
        ("github[github.event]", "github.event"),
        ("matrix.list[github.event]", "github.event"),
        ("job.services[true]", "true"),
    ] {
        assert_eq!(
            of(expression),
            [format!("expression-access {mark}")],
            "{expression}"
        );
    }
}

#[test]
fn comparisons_can_have_two_answers() {
    for (expression, mark) in [
        ("github.event == 'push'", "github.event"),
        ("1 == matrix.list", "matrix.list"),
        ("matrix.pair != github.ref", "matrix.pair"),
        ("steps < 1", "steps"),
        ("github.event >= github.event", "github.event"),
        ("inputs.flag == 'true'", "'true'"),
        ("'false' != matrix.fast", "'false'"),
        ("matrix.node == 'lts'", "'lts'"),
        ("matrix.node > 'lts'", "'lts'"),
        ("matrix.pair == matrix.list", "matrix.pair"),
        ("null < 1", "null"),
        ("env.X >= true", "true"),
    ] {
        assert_eq!(
            of(expression),
            [format!("expression-comparison {mark}")],
            "{expression}"
        );
    }
}

#[test]
fn functions_get_what_they_can_use() {
    for (expression, mark) in [
        ("contains(github, 'x')", "github"),
        ("contains(12, '1')", "12"),
        ("contains(null, '1')", "null"),
        ("contains('x', matrix.list)", "matrix.list"),
        ("startsWith(github.event, 'x')", "github.event"),
        ("endsWith('x', steps)", "steps"),
        ("endsWith(true, 'e')", "true"),
        ("join(env, ',')", "env"),
        ("join(steps.*.outputs)", "steps.*.outputs"),
        ("join(matrix.list, matrix.list)", "matrix.list"),
        ("fromJSON(github.event)", "github.event"),
        ("hashFiles(matrix.list)", "matrix.list"),
        ("case(inputs.text, 1, 2)", "inputs.text"),
    ] {
        assert_eq!(
            of(expression),
            [format!("expression-argument {mark}")],
            "{expression}"
        );
    }
    for (expression, wanted) in [
        ("format('{0} {1}', 1)", "format '{0} {1}'"),
        ("format('{', 1)", "format '{'"),
        ("format('{0} }', 1)", "format '{0} }'"),
        ("format('x', github.ref)", "format-unused github.ref"),
        ("format('{1}', github.ref, 2)", "format-unused github.ref"),
        ("format('{0}', github.event)", "expression-text github.event"),
        ("fromJSON('{')", "from-json '{'"),
        ("fromJSON('')", "from-json ''"),
        ("fromJSON(format('[{0}', 1))", "from-json format('[{0}', 1)"),
    ] {
        assert_eq!(of(expression), [wanted], "{expression}");
    }
}

#[test]
fn text_is_made_of_texts() {
    for expression in [
        "github.event",
        "steps.early.outputs",
        "matrix.list",
        "matrix.pair",
        "github.event.commits.*",
        "null",
        "fromJSON('[]')",
    ] {
        assert_eq!(of(expression), [format!("expression-text {expression}")]);
    }
    let keys = "    strategy: {matrix: {v: ['${{ github.event }}', '${{ github.retention_days }}'], s: [{o: '${{ github.ref }}'}]}}\n";
    let text = steps(
        keys,
        "      - {run: 'x ${{ matrix.s.o.p }}', env: {A: '${{ github }}', B: '${{ matrix.v.x }}'}}\n",
    );
    assert_eq!(
        found(&text),
        ["lint/expression-access 7 p", "lint/expression-text 7 github"]
    );
}

#[test]
fn a_value_fits_its_place() {
    let text = "on: push\nenv: {ANY: '${{ fromJSON(vars.X) }}'}\njobs:\n  a:\n    strategy:\n      max-parallel: ${{ true }}\n      fail-fast: ${{ 'true' }}\n      matrix:\n        a: ${{ github.ref }}\n        b: ${{ fromJSON('[1]') }}\n        include: ${{ fromJSON('{}') }}\n    runs-on: ${{ fromJSON('[\"x\"]') }}\n    services: ${{ 'redis' }}\n    container: ${{ fromJSON('{}') }}\n    timeout-minutes: ${{ vars.MINUTES }}\n    continue-on-error: ${{ fromJSON(vars.MINUTES) }}\n    steps:\n      - env: ${{ github.ref }}\n        run: x\n      - env: ${{ matrix.env }}\n        continue-on-error: ${{ 1 }}\n        run: x\n";
    assert_eq!(
        found(text),
        [
            "lint/expression-value 6 true",
            "lint/expression-value 7 'true'",
            "lint/expression-value 9 github.ref",
            "lint/expression-value 11 fromJSON('{}')",
            "lint/expression-value 13 'redis'",
            "lint/expression-value 15 vars.MINUTES",
            "lint/expression-value 18 github.ref",
            "lint/expression-value 21 1",
        ]
    );
}

#[test]
fn steps_are_known_once_they_have_run() {
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    outputs: {late: '${{ steps.late.outputs.x }}', other: '${{ steps.elsewhere.outputs.x }}'}\n    steps:\n      - run: echo ${{ steps.late.outputs.x }}\n      - {id: me, run: 'echo ${{ steps.me.outputs.x }} ${{ steps.ME.outcome }}'}\n      - parallel:\n          - {id: one, run: 'echo ${{ steps.two.outcome }}'}\n          - {id: two, run: 'echo ${{ steps.one.outcome }} ${{ steps.late.outcome }}'}\n      - {id: late, run: 'echo ${{ steps.one.outcome }}'}\n  b:\n    runs-on: x\n    steps:\n      - {id: elsewhere, run: 'echo ${{ steps.me.outputs.x }}'}\n";
    let (source, loaded) = load_text(text, GitHub);
    assert_snapshot!(shown(&source, &loaded.diagnostics));
}

#[test]
fn outputs_of_actions_are_those_that_are_known() {
    let step = |uses: &str, output: &str| {
        let text = format!(
            "      - {{id: one, uses: {uses}}}\n      - run: echo ${{{{ steps.one.outputs.{output} }}}}\n"
        );
        let found = found(&steps("", &text));
        found
            .into_iter()
            .filter(|line| line.starts_with("lint/expression"))
            .collect::<Vec<_>>()
    };
    for (uses, output) in [
        ("actions/setup-go@v5", "go-version"),
        (
            "actions/setup-go@0123456789012345678901234567890123456789",
            "gover",
        ),
        ("actions/github-script@v7", "anything"),
        ("dorny/paths-filter@v3", "backend"),
        ("./somewhere", "x"),
        ("docker://alpine", "x"),
    ] {
        assert_eq!(step(uses, output), [""; 0], "{uses} {output}");
    }
    assert_eq!(
        step("actions/setup-go@v5.1.0", "gover"),
        ["lint/expression-property 7 gover"]
    );
}

#[test]
fn needs_are_those_of_the_job_and_have_the_outputs_they_declare() {
    let text = "on: push\njobs:\n  first:\n    runs-on: x\n    outputs: {version: 1}\n    steps: [{run: x}]\n  second:\n    needs: [first]\n    runs-on: x\n    if: needs.first.result == 'success' && needs.frist.result\n    steps:\n      - run: echo ${{ needs.first.outputs.version }} ${{ needs.first.outputs.versoin }}\n  third:\n    needs: [second]\n    runs-on: x\n    steps:\n      - run: echo ${{ needs.first.outputs.version }} ${{ needs.second.outputs.x }} ${{ contains(needs.*.result, 'x') }}\n  fourth:\n    runs-on: ${{ needs.second.result }}\n    steps: [{run: x}]\n";
    let (source, loaded) = load_text(text, GitHub);
    assert_snapshot!(shown(&source, &loaded.diagnostics));
}

#[test]
fn the_if_of_a_job_sees_what_its_needs_need_too() {
    let jobs = "on: push\njobs:\n  a: {runs-on: x, steps: [{run: x}]}\n  b: {needs: a, runs-on: x, steps: [{run: x}]}\n";
    let third = |written: &str| found(&format!("{jobs}  c:\n    needs: b\n    runs-on: x\n{written}\n"));
    let steps = "    steps: [{run: x}]";
    for (condition, count) in [
        ("needs.a.result == 'success'", 0),
        ("always() && contains(needs.*.result, 'failure')", 0),
        ("needs.a.outputs.x == 'y'", 1),
        ("needs.d.result == 'success'", 1),
    ] {
        let found = third(&format!("    if: {condition}\n{steps}"));
        assert_eq!(found.len(), count, "{condition}: {found:?}");
    }
    for elsewhere in [
        "    steps: [{run: x, if: needs.a.result == 'success'}]".to_owned(),
        format!("    env: {{A: '${{{{ needs.a.result }}}}'}}\n{steps}"),
        format!("    name: ${{{{ needs.a.result }}}}\n{steps}"),
    ] {
        assert_eq!(third(&elsewhere).len(), 1, "{elsewhere}");
    }
}

#[test]
fn what_few_combinations_have_may_be_asked_for_with_a_default() {
    let in_matrix = |expression: &str| {
        let keys = "    strategy: {matrix: {a: [{x: 1}, {x: 2}]}}\n";
        found(&steps(
            keys,
            &format!("      - run: echo ${{{{ {expression} }}}}\n"),
        ))
        .len()
    };
    for (expression, count) in [
        ("matrix.a.y || 'default'", 0),
        ("matrix.b || matrix.a.x", 0),
        ("matrix.b && 'yes' || 'no'", 0),
        ("matrix.b", 1),
        ("matrix.a.x || matrix.b", 1),
        ("matrix.b == 'x' || 'y'", 1),
    ] {
        assert_eq!(in_matrix(expression), count, "{expression}");
    }
    // A job that has no matrix at all gets the default as well.
    for (expression, count) in [
        ("matrix.a || 'default'", 0),
        ("matrix.a && 'yes' || 'no'", 0),
        ("matrix.a", 1),
        ("'' || matrix.a", 1),
    ] {
        let run = format!("      - run: echo ${{{{ {expression} }}}}\n");
        assert_eq!(found(&steps("", &run)).len(), count, "{expression}");
    }
}

#[test]
fn a_matrix_is_what_its_combinations_hold() {
    let matrix = |matrix: &str, expression: &str| {
        let keys = format!("    strategy: {matrix}\n");
        found(&steps(
            &keys,
            &format!("      - run: echo ${{{{ {expression} }}}}\n"),
        ))
    };
    for (written, expression) in [
        ("{matrix: '${{ fromJSON(vars.X) }}'}", "matrix.anything"),
        ("'${{ fromJSON(vars.X) }}'", "matrix.anything"),
        (
            "{matrix: {a: [1], include: '${{ fromJSON(vars.X) }}'}}",
            "matrix.b",
        ),
        (
            "{matrix: {a: [1], include: ['${{ fromJSON(vars.X) }}']}}",
            "matrix.b",
        ),
        ("{matrix: {a: '${{ fromJSON(vars.X) }}'}}", "matrix.a.b.c"),
        ("{matrix: {a: ['${{ fromJSON(vars.X) }}']}}", "matrix.a.b.c"),
        ("{matrix: {a: [1], include: [{b: 2}, {c: {d: 1}}]}}", "matrix.c.d"),
        ("{matrix: {a: [{x: 1}], include: [{a: {y: 1}}]}}", "matrix.a.y"),
        ("{matrix: {'${{ vars.X }}': [1]}}", "matrix.a"),
    ] {
        assert_eq!(matrix(written, expression), [""; 0], "{written} {expression}");
    }
    for (written, expression) in [
        ("{fail-fast: true}", "matrix.a"),
        ("{matrix: {a: [1, 2], exclude: [{a: 1}]}}", "matrix.b"),
        ("{matrix: {include: [{a: 1}]}}", "matrix.b"),
        ("{matrix: {a: [{x: 1}]}}", "matrix.a.b"),
        ("{matrix: {a: \"${{ fromJSON('[{}]') }}\"}}", "matrix.a.b"),
        (
            "{matrix: {a: [1], include: \"${{ fromJSON('[{}]') }}\"}}",
            "matrix.b",
        ),
    ] {
        let found = matrix(written, expression);
        assert_eq!(found.len(), 1, "{written} {expression}: {found:?}");
        assert!(found[0].starts_with("lint/expression-property"), "{found:?}");
    }
}

#[test]
fn inputs_and_secrets_are_those_that_are_declared() {
    let inputs = |on: &str, expression: &str| {
        found(&job(
            on,
            "",
            &format!("      - run: echo ${{{{ {expression} }}}}\n"),
        ))
        .len()
    };
    let call = "on: {workflow_call: {inputs: {a: {type: boolean}}, secrets: {s: }}}";
    let both = "on: {workflow_call: {inputs: {a: {type: boolean}}, secrets: {s: }}, workflow_dispatch: {inputs: {A: {}, b: }}}";
    for (on, expression, count) in [
        ("on: push", "inputs.a", 1),
        ("on: push", "github.event.inputs.a", 0),
        ("on: push", "secrets.ANY", 0),
        ("on: [push, workflow_dispatch]", "github.event.inputs.a", 1),
        (call, "inputs.A || secrets.S || secrets.github_token", 0),
        (call, "inputs.b", 1),
        (call, "secrets.t", 1),
        (call, "github.event.inputs.b", 0),
        (both, "inputs.b || secrets.t || github.event.inputs.x", 0),
        (both, "inputs.a == 'true'", 0),
        ("on: {workflow_call: {secrets: {}}}", "secrets.X", 1),
        ("on: workflow_call", "secrets.X", 0),
        ("on: [workflow_call, push]", "secrets.my-secret", 0),
    ] {
        assert_eq!(inputs(on, expression), count, "{on} {expression}");
    }
    let (_, loaded) = load_text("jobs: {a: {steps: [{run: 'echo ${{ inputs.x }}'}]}}\n", Loom);
    assert!(loaded.diagnostics.is_empty());
}

#[test]
fn defaults_of_inputs_use_those_before_them() {
    let text = "on:\n  workflow_call:\n    inputs:\n      one: {type: string, default: '${{ inputs.two }}'}\n      two: {type: boolean, default: '${{ inputs.one }}'}\n      three: {type: boolean, default: '${{ inputs.two }}'}\n      four: {type: number, default: '1${{ inputs.two }}'}\n    outputs: {o: {value: '${{ jobs.a.outputs.x }} ${{ jobs.b.result }}'}}\njobs: {a: {runs-on: x, outputs: {y: x}, steps: [{run: x}]}}\n";
    let (source, loaded) = load_text(text, GitHub);
    assert_snapshot!(shown(&source, &loaded.diagnostics));
}

struct Called;

impl References for Called {
    fn workflow(&self, _: &str) -> Reference {
        Reference::Found(Source::new(
            "called.yml",
            "on: {workflow_call: {inputs: {flag: {type: boolean}, count: {type: number}, text: {type: string}}, outputs: {version: {value: x}}}}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n",
        ))
    }
}

#[test]
fn called_workflows_have_inputs_and_outputs_of_their_own() {
    let text = "on: push\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n    with: {flag: '${{ github.ref }}', count: '${{ true }}', text: '${{ 1 }}'}\n  fine:\n    uses: ./.github/workflows/called.yml\n    with: {flag: \"${{ github.ref == 'x' }}\", count: '${{ fromJSON(vars.X) }}', text: '${{ github.event }}'}\n  after:\n    needs: [call]\n    runs-on: x\n    steps: [{run: 'echo ${{ needs.call.outputs.version }} ${{ needs.call.outputs.vresion }}'}]\n";
    let source = Source::new("w.yml", text);
    let loaded = load_with(&source, GitHub, &Called);
    assert_snapshot!(shown(&source, &loaded.diagnostics));
}

#[test]
fn conditions_can_go_both_ways() {
    let condition = |written: &str| {
        found(&steps("", &format!("      - run: x\n        if: {written}\n")))
            .first()
            .map(|line| line.split(' ').next().unwrap().to_owned())
    };
    for fine in [
        "always()",
        "${{ success() }}",
        "'${{ github.ref }}'",
        "github.ref == 'x'",
        "|\n          github.ref == 'x'",
        ">-\n          ${{ github.ref == 'x' }}",
        "${{ github.ref\n          == 'x' }}",
        "",
        "hashFiles('x') != ''",
        "cancelled() && false",
        "true",
        "'false'",
        "${{ false }}",
    ] {
        assert_eq!(condition(fine), None, "{fine}");
    }
    for wrong in [
        "${{ github.ref }} == 'x'",
        "'!${{ github.ref }}'",
        "${{ github.ref }} && ${{ github.sha }}",
        "|\n          ${{ github.ref == 'x' }}",
        "' ${{ github.ref }}'",
    ] {
        assert_eq!(
            condition(wrong).as_deref(),
            Some("lint/condition-text"),
            "{wrong}"
        );
    }
    for wrong in ["${{ 1 }}", "1", "\"'x' == 'x'\"", "true && 42 || !null"] {
        assert_eq!(
            condition(wrong).as_deref(),
            Some("lint/condition-constant"),
            "{wrong}"
        );
    }
}

#[test]
fn what_strangers_write_stays_out_of_scripts() {
    let untrusted = |expression: &str| of(expression).len();
    for (expression, count) in [
        ("github.event.issue.title", 1),
        ("GITHUB.Event['issue'].TITLE", 1),
        ("github.head_ref", 1),
        ("github.head_ref || github.ref_name", 1),
        ("github.event.pull_request.head.repo.default_branch", 1),
        ("github.event.commits[0].message", 1),
        ("join(github.event.commits.*.author.name)", 1),
        ("github.event.commits[github.run_number].author.email", 1),
        ("toJSON(github.event.*.body)", 1),
        ("format('{0}', github.event.review.body)", 1),
        ("join(github.event.commits.*.message, ' ')", 1),
        ("case(true, github.event.comment.body, github.head_ref)", 2),
        ("true && github.head_ref || 'x'", 1),
        ("github.event.pages[github.event.issue.title].page_name", 2),
        ("github.event.workflow_run.head_branch", 1),
        ("github.event.issue.number", 0),
        ("github.event.pull_request.head.sha", 0),
        ("contains(github.event.issue.title, 'x')", 0),
        ("github.event.issue.title == 'x'", 0),
        ("!github.head_ref", 0),
        ("startsWith(github.head_ref, 'x') && 'a' || 'b'", 0),
        ("github.head_ref && 'a' || 'b'", 0),
        ("case(github.head_ref == 'x', 'a', 'b')", 0),
        ("hashFiles(github.head_ref)", 0),
        ("env.TITLE", 0),
    ] {
        assert_eq!(untrusted(expression), count, "{expression}");
    }
    let text = steps(
        "",
        "      - uses: actions/github-script@v7\n        with: {script: 'log(`${{ github.head_ref }}`)', user-agent: '${{ github.head_ref }}'}\n      - uses: other/github-script@v7\n        with: {script: '${{ github.head_ref }}'}\n      - {run: x, name: '${{ github.head_ref }}', env: {A: '${{ github.head_ref }}'}}\n",
    );
    assert_eq!(found(&text), ["lint/script-injection 7 github.head_ref"]);
}

#[test]
fn messages_say_what_is_there() {
    let text = "on: {workflow_dispatch: {inputs: {release: {type: boolean}}}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - if: inputs.release == 'true'\n        run: echo ${{ github.repository.name }} ${{ github.ref_nme }} ${{ inputs.relase }}\n      - run: echo ${{ github.event.commits.*.message }} ${{ github.event }}\n      - run: echo ${{ format('{0}{2}', 1, 2) }} ${{ fromJSON('[1') }} ${{ contains(github.event, 'x') }}\n      - run: echo ${{ matrix.os }} ${{ env[github.retention_days] }} ${{ github.ref.* }}\n      - uses: actions/github-script@v7\n        with: {script: \"x(`${{ toJSON(github.event.*.body) }}\\t`)\"}\n";
    let (source, loaded) = load_text(text, GitHub);
    assert_snapshot!(shown(&source, &loaded.diagnostics));
}

#[test]
fn expressions_of_an_action_see_its_inputs_and_steps() {
    let text = "name: x\ndescription: x\ninputs: {who: {description: x}}\noutputs: {o: {value: '${{ steps.two.outputs.x }} ${{ steps.three.outputs.x }}'}}\nruns:\n  using: composite\n  steps:\n    - {id: one, run: 'echo ${{ inputs.who }} ${{ inputs.hwo }} ${{ steps.two.outputs.x }}', shell: sh}\n    - {id: two, run: 'echo ${{ github.head_ref }} ${{ steps.one.outputs.x }} ${{ matrix.any.x }}', shell: sh, if: \"${{ true }} && x\"}\n    - {uses: actions/github-script@v7, with: {script: '${{ github.event.issue.body }}', user-agent: '${{ github.event }}'}}\n";
    let source = Source::new("action.yml", text);
    let loaded = crate::load_action(&source);
    assert_snapshot!(shown(&source, &loaded.diagnostics));
    let none = "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - {run: 'echo ${{ inputs.who }} ${{ steps.x.outcome }}', shell: sh}\n";
    let loaded = crate::load_action(&Source::new("action.yml", none));
    assert_eq!(loaded.diagnostics.len(), 2);
}

/// An expression of any shape, over everything that there is.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "github",
        "env",
        "vars",
        "secrets",
        "inputs",
        "steps",
        "needs",
        "matrix",
        "job",
        "runner",
        "strategy",
        "null",
        "true",
        "1",
        "-0.5",
        "NaN",
        "''",
        "'x'",
        "'true'",
        "'{0} {1}'",
        "'{\"a\": [1, {\"b\": null}]}'",
        "'['",
        "nothing",
    ]);
    let name = proptest::sample::select(vec![
        "event", "issue", "title", "body", "commits", "outputs", "outcome", "early", "a", "b", "os", "list",
        "result", "x",
    ]);
    let function = proptest::sample::select(vec![
        "contains",
        "startsWith",
        "endsWith",
        "format",
        "join",
        "toJSON",
        "fromJSON",
        "case",
        "hashFiles",
        "success",
        "none",
    ]);
    let operator = proptest::sample::select(vec!["==", "!=", "<", ">=", "&&", "||"]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(8, 48, 4, move |inner| {
            prop_oneof![
                (inner.clone(), name.clone()).prop_map(|(of, name)| format!("({of}).{name}")),
                (inner.clone(), inner.clone()).prop_map(|(of, index)| format!("({of})[{index}]")),
                inner.clone().prop_map(|of| format!("({of}).*")),
                inner.clone().prop_map(|of| format!("!({of})")),
                (inner.clone(), operator.clone(), inner.clone())
                    .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
                (function.clone(), proptest::collection::vec(inner, 0..4))
                    .prop_map(|(function, arguments)| format!("{function}({})", arguments.join(", "))),
            ]
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// Whatever is written: no panic, an end, and marks that are in the file.
    #[test]
    fn no_expression_is_too_strange(one in expressions(), other in expressions()) {
        let quoted = |text: &str| text.replace('\'', "''");
        let text = format!(
            "on: {{workflow_dispatch: {{inputs: {{a: {{type: boolean}}}}}}, workflow_call: {{inputs: {{b: {{type: number, default: '${{{{ {one} }}}}'}}}}}}}}\njobs:\n  n: {{runs-on: x, outputs: {{x: '${{{{ {other} }}}}'}}, steps: [{{run: x}}]}}\n  a:\n    needs: n\n    if: '{other}'\n    strategy: {{matrix: {{os: ['${{{{ {one} }}}}', a], list: '${{{{ {other} }}}}', include: [{{a: '${{{{ {one} }}}}'}}]}}}}\n    runs-on: '${{{{ {one} }}}}'\n    services: '${{{{ {other} }}}}'\n    steps:\n      - {{id: early, run: x}}\n      - {{if: '{one}', run: 'x ${{{{ {other} }}}} ${{{{ {one} }}}}', env: '${{{{ {one} }}}}', timeout-minutes: '${{{{ {other} }}}}'}}\n      - {{uses: actions/github-script@v7, with: {{script: '${{{{ {one} }}}}'}}}}\n",
            one = quoted(&one),
            other = quoted(&other),
        );
        let (source, loaded) = load_text(&text, GitHub);
        for found in &loaded.diagnostics {
            for label in &found.labels {
                prop_assert!(text.get(label.span.range()).is_some(), "{found:?}");
            }
        }
        drop(shown(&source, &loaded.diagnostics));
    }
}
