//! The cases of the page of compatibility that need an engine; see `tests/system/compatibility`.

use super::loom;
use crate::compatibility::Case;
use crate::harness::Engine;

/// Runs a case in containers, `ubuntu-latest` being a small image; nothing may be left of it.
#[track_caller]
fn check(case: &Case) {
    check_with(
        case,
        &["--executor", "docker", "-P", "ubuntu-latest=alpine:latest"],
    );
}

#[track_caller]
fn check_with(case: &Case, place: &[&'static str]) {
    let engine = Engine::mine();
    let project = case.project();
    case.holds(loom(&engine, &project, &case.arguments(place)).run());
    engine.holds_nothing_new();
}

const WEB: &str = "    services:
      web:
        image: alpine:latest
        ports: ['80']
        env: { WORD: hello }
        entrypoint: sh
        command: -c \"mkdir /tmp/w; echo $WORD-from-web > /tmp/w/index.html; exec httpd -f -p 80 -h /tmp/w\"
        options: --health-cmd \"wget -qO- http://127.0.0.1/index.html\" --health-interval 1s --health-retries 60
";

#[test]
fn label_to_image() {
    check(
        &Case::of("on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'test -e .github && echo here-$((6*7))' }] } }\n")
            .says("| here-42"),
    );
}

#[test]
fn container_of_a_job() {
    check(
        &Case::of(
            "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container: { image: 'alpine:latest', env: { WHERE: inside } }
    steps: [{ run: 'echo \"$WHERE-$((6*7))\"' }]
",
        )
        .says("| inside-42"),
    );
}

#[test]
fn container_with_options() {
    check(
        &Case::of(
            "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container: { image: 'alpine:latest', options: '--hostname elsewhere --tmpfs /here', volumes: ['/etc:/outside:ro'], ports: ['80'] }
    steps: [{ run: 'echo \"$(hostname)-$((6*7))\"; test -d /here && test -e /outside/passwd && echo there-$((6*7))' }]
",
        )
        .says("| elsewhere-42")
        .says("| there-42"),
    );
}

#[test]
fn services_by_name() {
    check(
        &Case::of(&format!(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n{WEB}    steps: [{{ run: wget -qO- http://web/index.html }}]\n"
        ))
        .says("| hello-from-web"),
    );
}

#[test]
fn services_on_localhost() {
    let web = WEB.replace("ports: ['80']", "ports: ['8099:80', '81']");
    check(
        &Case::of(&format!(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    strategy: {{ matrix: {{ n: [1, 2] }} }}\n{web}    steps:
      - run: wget -qO- http://localhost:8099/index.html
      - run: test ${{{{ job.services.web.ports['80'] }}}} = 8099 && test ${{{{ job.services.web.ports['81'] }}}} -gt 32767
"
        ))
        .says("| hello-from-web"),
    );
}

#[test]
fn services_of_host_jobs() {
    let case = Case::of(&format!(
        "on: push
jobs:
  a:
    runs-on: ubuntu-latest
{WEB}    steps:
      - shell: bash
        run: |
          exec 3<>/dev/tcp/localhost/${{{{ job.services.web.ports['80'] }}}}
          printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' >&3
          cat <&3
"
    ))
    .says("| hello-from-web");
    check_with(&case, &["--executor", "docker", "-P", "ubuntu-latest=host"]);
}

#[test]
fn image_as_a_step() {
    check(
        &Case::of(
            "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{ uses: 'docker://alpine:latest', with: { entrypoint: /bin/echo, args: from an image } }]
",
        )
        .says("| from an image"),
    );
}

#[test]
fn dockerfile_action() {
    check(
        &Case::of(
            "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - { id: d, uses: ./act, with: { word: hi } }
      - run: echo ${{ steps.d.outputs.said }}
",
        )
        .with(
            "act/action.yml",
            "name: n
description: d
inputs: { word: { description: w } }
outputs: { said: { description: s } }
runs: { using: docker, image: Dockerfile, args: ['${{ inputs.word }}'] }
",
        )
        .with(
            "act/Dockerfile",
            "FROM alpine:latest\nCOPY say.sh /say.sh\nENTRYPOINT [\"sh\", \"/say.sh\"]\n",
        )
        .with(
            "act/say.sh",
            "echo \"said=$1-$INPUT_WORD\" >> \"$GITHUB_OUTPUT\"\n",
        )
        .says("| hi-hi"),
    );
}
