//! The cases of the page of compatibility: each a small workflow that shows what a key does, run on this machine.

use super::case::{Case, cases};

/// A workflow of one job `a` on a label, with these steps.
fn steps(steps: &str) -> Case {
    let steps: String = steps.lines().map(|line| format!("      {line}\n")).collect();
    Case::of(&format!(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
    ))
}

/// A workflow of these jobs.
fn jobs(jobs: &str) -> Case {
    let jobs: String = jobs.lines().map(|line| format!("  {line}\n")).collect();
    Case::of(&format!("on: push\njobs:\n{jobs}"))
}

cases! {
    names_and_run_name => Case::of(
        "name: my workflow
run-name: by ${{ github.actor }}
on: push
jobs:
  a:
    name: the first
    runs-on: ubuntu-latest
    steps:
      - name: a step of ${{ github.event_name }}
        run: echo \"$GITHUB_WORKFLOW $GITHUB_JOB\"
",
    )
    .says("a step of push")
    .says("my workflow a"),

    on_filters_choose => Case::of("on: { push: { branches: [main] } }\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: echo ran-$((6*7)) }] } }\n")
        .given(&["--ref", "main"])
        .says("| ran-42"),

    on_filters_warn_of_a_named_file => Case::of("on: { push: { branches: [main] } }\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: echo ran-$((6*7)) }] } }\n")
        .given(&["--ref", "other"])
        .says("| ran-42")
        .warns("GitHub would not start"),

    dispatch_inputs => Case::of(
        "on: { workflow_dispatch: { inputs: { count: { type: number, default: 3 }, sure: { type: boolean, default: true } } } }
jobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'echo ${{ inputs.count == 4 }} ${{ inputs.sure && 1 }} ${{ github.event.inputs.count }}' }] } }
",
    )
    .given(&["--event", "workflow_dispatch", "--input", "count=4"])
    .says("| true 1 4"),

    env_levels => Case::of(
        "on: push
env: { ONE: workflow, TWO: workflow, THREE: workflow }
jobs:
  a:
    runs-on: ubuntu-latest
    env: { TWO: job, THREE: job }
    steps:
      - env: { THREE: step }
        run: echo \"$ONE $TWO $THREE ${{ env.THREE }}\"
",
    )
    .says("| workflow job step step"),

    defaults_run => Case::of(
        "on: push
defaults: { run: { shell: sh } }
jobs:
  a:
    runs-on: ubuntu-latest
    defaults: { run: { working-directory: below } }
    steps:
      - { run: mkdir below, working-directory: . }
      - run: echo \"${PWD##*/} ${BASH_VERSION:-no bash}\"
",
    )
    .says("| below"),

    permissions_are_named => Case::of(
        "on: push
permissions: { contents: read }
jobs: { a: { runs-on: ubuntu-latest, permissions: { contents: read }, environment: production, steps: [{ run: echo ran-$((6*7)) }] } }
",
    )
    .says("| ran-42")
    .warns("`permissions` has no effect here (2 places)")
    .warns("`environment` has no effect here"),

    concurrency_one_at_a_time => jobs(
        "a:
  runs-on: ubuntu-latest
  concurrency: one
  steps: [{ run: mkdir lock && sleep 0.3 && rmdir lock && echo free-$((6*7)) }]
b:
  runs-on: ubuntu-latest
  concurrency: { group: one, queue: max }
  steps: [{ run: mkdir lock && sleep 0.3 && rmdir lock && echo free-$((6*7)) }]",
    )
    .says("a | free-42")
    .says("b | free-42"),

    concurrency_cancels => jobs(
        "a:
  runs-on: ubuntu-latest
  concurrency: { group: one, cancel-in-progress: true }
  steps: [{ run: touch a-runs; sleep 60 }]
b:
  runs-on: ubuntu-latest
  steps: [{ run: 'until [ -e a-runs ]; do sleep 0.05; done' }]
c:
  needs: b
  runs-on: ubuntu-latest
  concurrency: { group: one, cancel-in-progress: true }
  steps: [{ run: echo last-$((6*7)) }]",
    )
    .says("c | last-42")
    .says("a = cancelled")
    .ends(1),

    needs_and_outputs => jobs(
        "a:
  runs-on: ubuntu-latest
  outputs: { word: \"${{ steps.s.outputs.word }}\" }
  steps: [{ id: s, run: echo word=yes >> \"$GITHUB_OUTPUT\" }]
b:
  needs: a
  runs-on: ubuntu-latest
  steps: [{ run: 'echo ${{ needs.a.outputs.word }} ${{ needs.a.result }}' }]",
    )
    .says("b | yes success"),

    job_if => jobs(
        "a:
  runs-on: ubuntu-latest
  steps: [{ run: exit 1 }]
b:
  needs: a
  runs-on: ubuntu-latest
  steps: [{ run: echo b-$((6*7)) }]
c:
  needs: [a, b]
  if: always() && needs.a.result == 'failure' && needs.b.result == 'skipped'
  runs-on: ubuntu-latest
  steps: [{ run: echo c-$((6*7)) }]",
    )
    .says("c | c-42")
    .lacks("b | b-42")
    .ends(1),

    matrix_include_exclude => jobs(
        "a:
  runs-on: ubuntu-latest
  strategy:
    matrix:
      one: [1, 2]
      two: [x, y]
      exclude: [{ one: 2, two: y }]
      include: [{ one: 1, extra: more }, { one: 3, two: z }]
  steps: [{ run: 'echo \"${{ matrix.one }}${{ matrix.two }}[${{ matrix.extra }}] of ${{ strategy.job-total }}\"' }]",
    )
    .says("| 1x[more] of 4")
    .says("| 1y[more] of 4")
    .says("| 2x[] of 4")
    .says("| 3z[] of 4")
    .lacks("| 2y"),

    matrix_of_outputs => jobs(
        "a:
  runs-on: ubuntu-latest
  outputs: { list: \"${{ steps.s.outputs.list }}\" }
  steps: [{ id: s, run: 'echo \"list=[4, 5]\" >> \"$GITHUB_OUTPUT\"' }]
b:
  needs: a
  runs-on: ubuntu-latest
  strategy: { matrix: { n: \"${{ fromJSON(needs.a.outputs.list) }}\" } }
  steps: [{ run: 'echo n=${{ matrix.n }}' }]",
    )
    .says("| n=4")
    .says("| n=5"),

    matrix_fail_fast => jobs(
        "a:
  runs-on: ubuntu-latest
  strategy: { fail-fast: true, matrix: { n: [fails, waits] } }
  steps:
    - if: matrix.n == 'fails'
      run: until [ -e waiting ]; do sleep 0.05; done; exit 1
    - run: touch waiting; sleep 60",
    )
    .says("= cancelled")
    .ends(1),

    matrix_max_parallel => jobs(
        "a:
  runs-on: ubuntu-latest
  strategy: { max-parallel: 1, fail-fast: false, matrix: { n: [1, 2, 3] } }
  steps: [{ run: 'mkdir lock && sleep 0.2 && rmdir lock && echo alone-${{ matrix.n }}' }]",
    )
    .says("| alone-1")
    .says("| alone-3"),

    job_continue_on_error => jobs(
        "a:
  runs-on: ubuntu-latest
  continue-on-error: true
  steps: [{ run: exit 1 }]
b:
  needs: a
  runs-on: ubuntu-latest
  steps: [{ run: 'echo ${{ needs.a.result }}' }]",
    )
    .says("b | success"),

    job_timeout => jobs(
        "a:
  runs-on: ubuntu-latest
  timeout-minutes: 0.01
  cancel-timeout-minutes: 1
  steps: [{ run: sleep 60 }, { if: cancelled(), run: echo after-$((6*7)) }]",
    )
    .says("a | after-42")
    .says("a = cancelled")
    .ends(1),

    step_timeout => steps(
        "- { timeout-minutes: 0.01, run: sleep 60 }
- { if: failure(), run: echo after-$((6*7)) }",
    )
    .says("| after-42")
    .ends(1),

    step_if => steps(
        "- { id: one, if: \"github.event_name == 'push'\", run: echo one-$((6*7)) }
- { if: \"${{ github.event_name == 'release' }}\", run: echo two-$((6*7)) }
- { run: exit 1 }
- { run: echo three-$((6*7)) }
- { if: \"failure() && steps.one.outcome == 'success'\", run: echo four-$((6*7)) }
- { if: success(), run: echo five-$((6*7)) }
- { if: always(), run: echo six-$((6*7)) }",
    )
    .says("| one-42")
    .lacks("| two-42")
    .lacks("| three-42")
    .says("| four-42")
    .lacks("| five-42")
    .says("| six-42")
    .ends(1),

    step_continue_on_error => steps(
        "- { id: s, continue-on-error: true, run: exit 3 }
- run: echo ${{ steps.s.outcome }} ${{ steps.s.conclusion }} ${{ job.status }}",
    )
    .says("| failure success success"),

    shells => steps(
        "- { shell: bash, run: 'false | true; echo not-here' }
- { if: always(), shell: sh, run: 'echo sh-$((6*7))' }
- { if: always(), shell: python, run: 'print(\"python-\" + str(6*7))' }
- { if: always(), shell: 'bash -eu {0}', run: 'echo own-$((6*7))' }",
    )
    .lacks("| not-here")
    .says("| sh-42")
    .says("| python-42")
    .says("| own-42")
    .ends(1),

    working_directory => steps("- run: mkdir -p one/two\n- { working-directory: one/two, run: 'echo \"${PWD##*/}\"' }")
        .says("| two"),

    background_and_wait => steps(
        "- { id: slow, background: true, run: 'until [ -e go ]; do sleep 0.05; done; echo slow-$((6*7)); echo word=kept >> \"$GITHUB_OUTPUT\"' }
- { run: touch go; echo first-$((6*7)) }
- { wait: [slow] }
- run: echo ${{ steps.slow.outputs.word }}",
    )
    .says("| slow-42")
    .says("| first-42")
    .says("| kept"),

    background_wait_all => steps(
        "- { background: true, run: echo one-$((6*7)) }
- { background: true, run: echo two-$((6*7)); exit 1 }
- wait-all:
- run: echo not-here",
    )
    .says("| one-42")
    .says("| two-42")
    .lacks("| not-here")
    .ends(1),

    background_cancel => steps(
        "- { id: server, background: true, run: sleep 60 }
- cancel: server
- run: echo after-$((6*7))",
    )
    .says("| after-42"),

    parallel_steps => steps(
        "- parallel:
    - run: touch one; until [ -e two ]; do sleep 0.05; done; echo one-$((6*7))
    - run: touch two; until [ -e one ]; do sleep 0.05; done; echo two-$((6*7))
- run: echo both-$((6*7))",
    )
    .says("| one-42")
    .says("| two-42")
    .says("| both-42"),

    contexts => steps(
        "- id: s
  run: echo out=put >> \"$GITHUB_OUTPUT\"
- env: { HERE: env }
  run: |
    echo 1 ${{ github.repository }} ${{ env.HERE }} ${{ vars.PLACE }} ${{ steps.s.outputs.out }}
    echo 2 ${{ runner.os }} ${{ job.status }} ${{ strategy.job-index }} ${{ github.event.after != '' }}",
    )
    .given(&["--repository", "me/project", "--var", "PLACE=here"])
    .says("| 1 me/project env here put")
    .says("| 2 Linux success 0 true"),

    functions => steps(
        "- run: |
    echo 1 ${{ contains('Hello', 'ell') }} ${{ startsWith('Hello', 'he') }} ${{ endsWith('Hello', 'x') }}
    echo 2 ${{ format('{0}-{1}', 'a', 'b') }} ${{ join(fromJSON('[1,2]'), '+') }} ${{ toJSON('x') }}
    echo 3 ${{ hashFiles('*.txt') != '' }} ${{ case(1 == 2, 'one', 'other') }}",
    )
    .with("a.txt", "a")
    .says("| 1 true true false")
    .says("| 2 a-b 1+2")
    .says("| 3 true other"),

    secrets_are_masked => steps("- run: echo \"<${{ secrets.TOKEN }}>\" \"<$(printf %s \"${{ secrets.TOKEN }}\" | base64)>\" \"[${{ secrets.none }}]\"")
        .given(&["-s", "TOKEN=open-sesame"])
        .says("| <***> <***> []")
        .lacks("open-sesame"),

    github_token => steps("- run: echo \"[${{ github.token == secrets.GITHUB_TOKEN }}] <${{ github.token }}>\"")
        .given(&["-s", "GITHUB_TOKEN=ghs-of-mine"])
        .says("| [true] <***>"),

    file_commands => steps(
        "- id: s
  run: |
    echo A=env >> \"$GITHUB_ENV\"
    printf 'LONG<<END\\none\\ntwo\\nEND\\n' >> \"$GITHUB_ENV\"
    echo out=put >> \"$GITHUB_OUTPUT\"
    echo \"$PWD/bin\" >> \"$GITHUB_PATH\"
    echo '# summary' >> \"$GITHUB_STEP_SUMMARY\"
    mkdir bin && printf '#!/bin/sh\\necho tool-$((6*7))\\n' > bin/my-tool && chmod +x bin/my-tool
- run: my-tool; echo \"$A ${{ steps.s.outputs.out }}\"; echo \"$LONG\"",
    )
    .says("| tool-42")
    .says("| env put")
    .says("| two"),

    workflow_commands => steps(
        "- run: |
    echo '::add-mask::hide-this'
    echo 'now hide-this'
    echo '::group::a group'
    echo '::endgroup::'
    echo '::warning file=a.rs,line=3::take care'
    echo '::stop-commands::pause'
    echo '::add-mask::plain'
    echo '::pause::'
    echo plain-$((6*7))",
    )
    .says("| now ***")
    .says("take care")
    .says("| plain-42"),

    problem_matchers => steps(
        "- run: |
    echo '::add-matcher::matcher.json'
    echo 'bad: main.c:7 it is wrong'",
    )
    .with(
        "matcher.json",
        r#"{"problemMatcher":[{"owner":"mine","pattern":[{"regexp":"^bad: (.+):(\\d+) (.+)$","file":1,"line":2,"message":3}]}]}"#,
    )
    .says("it is wrong"),

    retry_of_a_step => steps("- { retry: { max-attempts: 3 }, run: 'echo x >> tries; exit 1' }\n- { if: always(), run: 'echo \"tries: $(wc -l < tries)\"' }")
        .in_loom_file()
        .says("| tries: 3")
        .says("attempt 3 of 3 in 0 s")
        .ends(1),

    retry_forgets_what_failed => steps("- { id: s, retry: { delay: 10ms }, run: 'echo x >> tries; n=$(wc -l < tries); echo \"A$n=set\" >> \"$GITHUB_ENV\"; echo \"o$n=set\" >> \"$GITHUB_OUTPUT\"; test $n = 2' }\n- { run: 'echo \"env:$A1,$A2 out:${{ steps.s.outputs.o1 }},${{ steps.s.outputs.o2 }} ${{ steps.s.outcome }}\"' }")
        .in_loom_file()
        .says("attempt 2 of 2 in 0.01 s")
        .says("| env:,set out:,set success"),

    retry_beside_others => steps("- { id: b, background: true, retry: { max-attempts: 2, delay: 10ms }, uses: ./act }
- { run: 'until [ -e failing ]; do sleep 0.02; done; echo \"BESIDE=kept\" >> \"$GITHUB_ENV\"; echo /beside >> \"$GITHUB_PATH\"' }
- { run: touch go }
- wait: b
- { run: 'echo \"env:$BESIDE,$FIRST,$SECOND path:${PATH%%:*}\"' }")
        .in_loom_file()
        .with(
            "act/action.yml",
            "name: n
description: d
runs:
  using: composite
  steps:
    - { shell: bash, run: 'if [ -e failing ]; then echo SECOND=set >> \"$GITHUB_ENV\"; else echo FIRST=set >> \"$GITHUB_ENV\"; fi' }
    - { shell: bash, run: 'if [ -e failing ]; then exit 0; fi; touch failing; until [ -e go ]; do sleep 0.02; done; exit 1' }
",
        )
        .says("| env:kept,,set path:/beside"),

    retry_of_a_job => jobs(
        "a:
  runs-on: ubuntu-latest
  retry: { max-attempts: 2, delay: 10ms }
  steps: [{ run: 'echo x >> tries; [ \"$(wc -l < tries)\" = 2 ] && echo second-$((6*7))' }]",
    )
    .in_loom_file()
    .says("| second-42"),

    checkout_of_the_project => steps("- uses: actions/checkout@v4\n- run: cat a.txt")
        .with("a.txt", "not committed")
        .says("| not committed"),

    local_composite_action => steps("- { id: s, uses: ./act, with: { word: hi } }\n- run: echo ${{ steps.s.outputs.said }}")
        .with(
            "act/action.yml",
            "name: n
description: d
inputs: { word: { description: w }, other: { description: o, default: there } }
outputs: { said: { description: s, value: \"${{ steps.s.outputs.said }}\" } }
runs:
  using: composite
  steps:
    - { if: \"inputs.word == 'no'\", shell: bash, run: echo not-here }
    - { id: s, shell: bash, run: 'echo \"said=${{ inputs.word }} ${{ inputs.other }}\" >> \"$GITHUB_OUTPUT\"' }
",
        )
        .lacks("| not-here")
        .says("| hi there"),

    local_javascript_action => steps("- uses: ./act\n  with: { word: hi }\n- run: echo ${{ env.FROM }}")
        .with(
            "act/action.yml",
            "name: n
description: d
inputs: { word: { description: w } }
runs: { using: node20, main: main.js, post: post.js }
",
        )
        .with(
            "act/main.js",
            "const fs = require('fs');
console.log('main ' + process.env.INPUT_WORD);
fs.appendFileSync(process.env.GITHUB_ENV, 'FROM=main\\n');
fs.appendFileSync(process.env.GITHUB_STATE, 'kept=state\\n');
",
        )
        .with("act/post.js", "console.log('post ' + process.env.STATE_kept);")
        .says("| main hi")
        .says("| main\n")
        .says("| post state"),

    action_override => steps("- uses: some/where@v1")
        .with("there/action.yml", "name: n\ndescription: d\nruns: { using: composite, steps: [{ shell: bash, run: 'echo there-$((6*7))' }] }\n")
        .given(&["--action-override", "some/where=there"])
        .says("| there-42"),

    offline_needs_the_cache => steps("- uses: some/where@v1")
        .given(&["--offline"])
        .ends(1)
        .anywhere("offline"),

    frozen_needs_the_lock => steps("- uses: some/where@v1")
        .given(&["--frozen"])
        .ends(1)
        .anywhere("lock"),

    cache_and_artifacts_fail => steps(
        "- { continue-on-error: true, uses: actions/cache@v4, with: { path: x, key: y } }
- { uses: actions/upload-artifact@v4, with: { name: x, path: y } }
- run: echo not-here",
    )
    .warns("1 step (`actions/cache`) needs a cache service, which Loom does not have yet; it fails")
    .warns("1 step (`actions/upload-artifact`) needs an artifact service")
    .says("needs a cache service, which Loom does not have yet")
    .says("needs an artifact service, which Loom does not have yet")
    .lacks("| not-here")
    .ends(1),

    called_workflow => jobs(
        "a:
  uses: ./.github/workflows/called.yml
  with: { word: hi }
  secrets: inherit
b:
  needs: a
  runs-on: ubuntu-latest
  steps: [{ run: 'echo ${{ needs.a.outputs.said }}' }]
c:
  strategy: { matrix: { word: [x, y] } }
  uses: ./.github/workflows/called.yml
  with: { word: \"${{ matrix.word }}\" }
  secrets: { TOKEN: \"${{ secrets.OTHER }}\" }",
    )
    .with(
        ".github/workflows/called.yml",
        "on:
  workflow_call:
    inputs: { word: { type: string, required: true } }
    outputs: { said: { value: \"${{ jobs.one.outputs.said }}\" } }
    secrets: { TOKEN: { required: true } }
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: { said: \"${{ steps.s.outputs.said }}\" }
    steps: [{ id: s, run: 'echo \"${{ inputs.word }} ${{ secrets.TOKEN }}\"; echo \"said=${{ inputs.word }}!\" >> \"$GITHUB_OUTPUT\"' }]
",
    )
    .given(&["-s", "TOKEN=open-sesame", "-s", "OTHER=open-wheat"])
    .says("| hi ***")
    .says("| x ***")
    .says("| y ***")
    .says("| hi!"),

    unmapped_labels => jobs(
        "a:
  runs-on: some-machine
  steps: [{ run: echo not-here }]
b:
  runs-on: ubuntu-latest
  steps: [{ run: echo here-$((6*7)) }]",
    )
    .says("b | here-42"),

    matrix_chosen_from_outside => jobs(
        "a:
  runs-on: ubuntu-latest
  strategy: { matrix: { n: [1, 2, 3] } }
  steps: [{ run: 'echo n=${{ matrix.n }}' }]",
    )
    .given(&["--matrix", "n:2"])
    .says("| n=2")
    .lacks("| n=3"),

    on_lost_runs_the_job_again => steps("- { shell: bash, on-lost: retry, run: 'if [ -e begun ]; then echo again-$((6*7)); else touch begun; kill -9 $PPID; sleep 30; fi' }")
        .in_loom_file()
        .says("| again-42"),

    tty_is_taken => steps("- { tty: true, run: 'test -t 1 || echo no-tty-$((6*7))' }").in_loom_file().says("| no-tty-42").warns("`tty` has no effect here"),

    no_effect_is_said_once => Case::of(
        "on: push
cache-mode: read
jobs: { a: { runs-on: ubuntu-latest, cache-mode: none, snapshot: { image-name: mine }, steps: [{ run: echo ran-$((6*7)) }] } }
",
    )
    .says("| ran-42")
    .warns("`cache-mode` has no effect here")
    .warns("`snapshot` has no effect here"),

    services_of_github => jobs(
        "a:
  runs-on: ubuntu-latest
  permissions: { id-token: write }
  steps:
    - run: 'echo \"[$ACTIONS_ID_TOKEN_REQUEST_URL]\"'
    - { continue-on-error: true, uses: github/codeql-action/init@v3 }",
    )
    .says("| []")
    .says("needs GitHub's code scanning, which exists on GitHub only")
    .warns("1 step (`github/codeql-action/init`) needs GitHub's code scanning")
    .warns("`id-token` has no effect here"),

    loom_files_need_no_label => Case::of("jobs: { a: { steps: [{ run: echo here-$((6*7)) }] } }\n").in_loom_file().says("a | here-42"),
}
