//! Places in containers that are kept.

use rustix::process::Signal;

use super::{loom, run};
use crate::harness::{Engine, Project};
use crate::keeping::files_with;

const SECRET: &str = "hunter2-in-no-engine";

const TEXT: &str = "name: kept
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: alpine:latest
    steps:
      - run: |
          echo in-it > /kept
          echo TOLD=before >> \"$GITHUB_ENV\"
      - name: check
        run: exit 3
";

fn containers(engine: &Engine) -> Vec<String> {
    engine.new_containers().into_iter().collect()
}

fn runs(engine: &Engine, container: &str) -> bool {
    engine.inspect(container)["State"]["Running"] == true
}

fn clean(engine: &Engine, project: &Project) {
    loom(engine, project, &["runs", "clean", "--all"]).run().exits(0);
    engine.holds_nothing_new();
    let left: Vec<_> = std::fs::read_dir(project.state().join("jobs"))
        .expect("jobs")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_kept_container_is_stopped_and_runs_for_as_long_as_a_shell_does() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    run(&engine, &project, &["--keep", "failed"])
        .run()
        .exits(1)
        .says("job build is kept");
    let kept = containers(&engine);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(!runs(&engine, &kept[0]), "it costs nothing");
    // Neither the next start nor another run takes it.
    project.file(
        "other.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    run(&engine, &project, &["other.loom.yml"]).run().exits(0);
    let id = loom(&engine, &project, &["runs", "list"]).run().exits(0);
    let id = id
        .stdout
        .lines()
        .find(|line| line.contains("kept: build"))
        .expect("it")
        .to_owned();
    let id = id.split(' ').next().expect("an id");
    for (script, code) in [("exit 0", 0), ("exit 4", 1)] {
        let script = format!("echo \"$TOLD $(cat /kept) $HOME $GITHUB_JOB\"; pwd; {script}\n");
        let shell = loom(&engine, &project, &["shell", id])
            .run_with(&script)
            .exits(code);
        assert!(
            shell
                .stdout
                .contains("before in-it /github/home build\n/workspace\n"),
            "{shell}"
        );
        assert!(!runs(&engine, &kept[0]), "it rests again");
    }
    // Two at once: the first that ends leaves it to the other.
    let mut first =
        loom(&engine, &project, &["shell", id]).started_with("echo ready; read line; echo \"got $line\"\n");
    first.until_stdout("ready");
    loom(&engine, &project, &["runs", "clean", id])
        .run()
        .exits(3)
        .says("a shell is open");
    loom(&engine, &project, &["shell", id])
        .run_with("echo second\n")
        .exits(0);
    assert!(runs(&engine, &kept[0]), "the first is in it still");
    first.type_in("more\n");
    first.until_stdout("got more");
    first.end_input();
    first.end().exits(0);
    assert!(!runs(&engine, &kept[0]));
    clean(&engine, &project);
}

#[test]
fn what_is_cancelled_or_good_is_not_kept_as_failed() {
    let long = TEXT.replace("exit 3", "echo it-runs; sleep 600");
    let (engine, project) = (Engine::mine(), Project::with(&long));
    let mut running = run(&engine, &project, &["--keep", "failed"]).start();
    running.until_stdout("it-runs");
    running.signal(Signal::INT);
    running.end().exits(130).never_says("is kept");
    engine.holds_nothing_new();
    project.file(".loom.yml", &TEXT.replace("exit 3", "'true'"));
    run(&engine, &project, &["--keep", "failed"]).run().exits(0);
    engine.holds_nothing_new();
    run(&engine, &project, &["--keep", "always"])
        .run()
        .exits(0)
        .says("job build is kept");
    assert_eq!(containers(&engine).len(), 1);
    clean(&engine, &project);
}

/// Its services end when they are told to.
const SERVED: &str = "on: push
jobs:
  a:
    runs-on: alpine:latest
    services:
      web:
        image: loom-test/busybox
        ports: ['8099:80']
        command: sh -c \"mkdir -p /www && echo from-web >> /www/index.html && exec httpd -f -p 80 -h /www\"
        options: --init --health-cmd \"wget -q -O - http://127.0.0.1/\" --health-interval 200ms --health-retries 50
      hidden:
        image: loom-test/busybox
        env: { PASSWORD: '${{ secrets.TOKEN }}' }
        command: sleep 600
        options: --init
    steps:
      - env: { TOKEN: '${{ secrets.TOKEN }}' }
        run: wget -qO- http://localhost:8099/index.html && exit 1
";

#[test]
fn services_are_kept_with_their_ports_but_for_those_that_hold_a_secret() {
    let (engine, project) = (Engine::mine(), Project::with(SERVED));
    let secret = format!("TOKEN={SECRET}");
    run(&engine, &project, &["--keep", "failed", "-s", &secret])
        .run()
        .exits(1)
        .says("job a is kept")
        .prints("from-web");
    let kept = containers(&engine);
    assert_eq!(kept.len(), 2, "the job's and the one service: {kept:?}");
    for container in &kept {
        assert!(!runs(&engine, container), "{container}");
        let shown = engine.inspect(container).to_string();
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let log = loom(&engine, &project, &["runs", "logs", "latest"])
        .run()
        .exits(0);
    assert!(log.stdout.contains("the service `hidden` is not kept"), "{log}");
    let script = "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://localhost:8099/index.html && exit 0; sleep 0.3; done; exit 1\n";
    let shell = loom(&engine, &project, &["shell", "latest"])
        .run_with(script)
        .exits(0);
    assert!(
        shell.stdout.contains("from-web") && shell.stderr.contains("TOKEN"),
        "{shell}"
    );
    assert!(
        kept.iter().all(|container| !runs(&engine, container)),
        "all rest again"
    );
    assert_eq!(files_with(&project.state(), SECRET), [""; 0]);
    clean(&engine, &project);
}

#[test]
fn services_rest_again_when_the_container_of_the_job_cannot_start() {
    let (engine, project) = (Engine::mine(), Project::with(SERVED));
    let secret = format!("TOKEN={SECRET}");
    run(&engine, &project, &["--keep", "failed", "-s", &secret])
        .run()
        .exits(1);
    let kept = containers(&engine);
    assert_eq!(kept.len(), 2, "{kept:?}");
    // What is left of it is where it is written down.
    for entry in std::fs::read_dir(project.state().join("jobs")).expect("jobs") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a kind").is_dir() {
            std::fs::remove_dir_all(entry.path()).expect("it is ours");
        }
    }
    loom(&engine, &project, &["shell", "latest"])
        .run()
        .exits(3)
        .says("runs clean");
    assert!(
        kept.iter().all(|container| !runs(&engine, container)),
        "all rest again"
    );
    clean(&engine, &project);
}

#[test]
fn the_services_of_a_job_on_this_machine_are_kept_beside_it() {
    let text = SERVED.replace("wget -qO- http://localhost:8099/index.html && exit 1", "exit 1");
    let (engine, project) = (Engine::mine(), Project::with(&text.replace("8099:80", "80")));
    let secret = format!("TOKEN={SECRET}");
    let words = ["--keep", "failed", "-s", &secret, "-P", "alpine:latest=host"];
    run(&engine, &project, &words)
        .run()
        .exits(1)
        .says("job a is kept");
    let kept = containers(&engine);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(!runs(&engine, &kept[0]));
    loom(&engine, &project, &["shell", "latest"])
        .run_with("exit 0\n")
        .exits(0)
        .says(": 80 -> 127.0.0.1:");
    assert!(!runs(&engine, &kept[0]), "it rests again");
    let mut shell =
        loom(&engine, &project, &["shell", "latest"]).started_with("echo ready; read line; echo more\n");
    shell.until_stdout("ready");
    assert!(runs(&engine, &kept[0]));
    shell.signal(Signal::TERM);
    shell.end().exits(130);
    assert!(
        !runs(&engine, &kept[0]),
        "it rests also when the shell was told to end"
    );
    clean(&engine, &project);
}

#[test]
fn shells_that_come_at_the_same_time_all_get_in() {
    let (engine, project) = (Engine::mine(), Project::with(SERVED));
    let secret = format!("TOKEN={SECRET}");
    run(&engine, &project, &["--keep", "failed", "-s", &secret])
        .run()
        .exits(1);
    let kept = containers(&engine);
    let script = "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://localhost:8099/index.html && break; sleep 0.3; done; read line\n";
    let mut shells: Vec<_> = (0..3)
        .map(|_| loom(&engine, &project, &["shell", "latest"]).started_with(script))
        .collect();
    for shell in &mut shells {
        shell.until_stdout("from-web");
    }
    for mut shell in shells {
        assert!(kept.iter().all(|container| runs(&engine, container)));
        shell.type_in("\n");
        shell.end_input();
        shell.end().exits(0);
    }
    assert!(kept.iter().all(|container| !runs(&engine, container)));
    clean(&engine, &project);
}

#[test]
fn what_a_killed_shell_has_left_running_rests_after_the_next_start() {
    let (engine, project) = (Engine::mine(), Project::with(SERVED));
    let secret = format!("TOKEN={SECRET}");
    run(&engine, &project, &["--keep", "failed", "-s", &secret])
        .run()
        .exits(1);
    let kept = containers(&engine);
    let mut killed =
        loom(&engine, &project, &["shell", "latest"]).started_with("echo ready; read line; sleep 600\n");
    let mut other =
        loom(&engine, &project, &["shell", "latest"]).started_with("echo ready; read line; echo on\n");
    killed.until_stdout("ready");
    other.until_stdout("ready");
    killed.signal(Signal::KILL);
    drop(killed);
    let next = "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n";
    project.file("other.loom.yml", next);
    run(&engine, &project, &["other.loom.yml"]).run().exits(0);
    assert!(
        kept.iter().all(|container| runs(&engine, container)),
        "somebody is there still"
    );
    other.signal(Signal::KILL);
    drop(other);
    run(&engine, &project, &["other.loom.yml"]).run().exits(0);
    assert!(
        kept.iter().all(|container| !runs(&engine, container)),
        "nobody is there any more"
    );
    clean(&engine, &project);
}

#[test]
fn variables_of_a_container_that_are_secret_are_not_shown_by_the_engine() {
    let text = TEXT
        .replace(
            "container: alpine:latest",
            "container: { image: 'alpine:latest', env: { TOKEN: '${{ secrets.TOKEN }}', OPEN: seen } }",
        )
        .replace("run: exit 3", "run: echo \"${#TOKEN} $OPEN\"; exit 3");
    let (engine, project) = (Engine::mine(), Project::with(&text));
    let secret = format!("TOKEN={SECRET}");
    run(&engine, &project, &["--keep", "failed", "-s", &secret])
        .run()
        .exits(1)
        .prints(&format!("{} seen", SECRET.len()));
    let kept = containers(&engine);
    let shown = engine.inspect(&kept[0]).to_string();
    assert!(shown.contains("OPEN=seen") && !shown.contains(SECRET), "{shown}");
    loom(&engine, &project, &["shell", "latest"])
        .run_with("echo \"[$TOKEN] $OPEN\"\n")
        .exits(0)
        .prints("[] seen");
    assert_eq!(files_with(&project.state(), SECRET), [""; 0]);
    clean(&engine, &project);
}

#[test]
fn a_kept_container_that_somebody_removed_is_told_of_and_the_rest_goes() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    run(&engine, &project, &["--keep", "failed"]).run().exits(1);
    engine.remove_container(&containers(&engine)[0]);
    loom(&engine, &project, &["shell", "latest"])
        .run()
        .exits(3)
        .says("runs clean");
    clean(&engine, &project);
}

#[test]
fn a_killed_run_keeps_what_it_kept_and_leaves_nothing_else() {
    let text = "on: push\njobs:\n  bad:\n    runs-on: alpine:latest\n    steps: [{ run: exit 1 }]\n  long:\n    runs-on: alpine:latest\n    steps:\n      - run: |\n          until test -e go; do sleep 0.05; done; echo it-runs; sleep 600\n";
    let (engine, project) = (Engine::mine(), Project::with(text));
    let mut running = run(&engine, &project, &["--keep", "failed", "--format", "json"]).start();
    running.until_stdout("\"jobKept\"");
    project.file("go", "");
    running.until("the other job", || (containers(&engine).len() == 2).then_some(()));
    running.signal(Signal::KILL);
    drop(running);
    project.file(
        "other.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    run(&engine, &project, &["other.loom.yml"]).run().exits(0);
    let kept = containers(&engine);
    assert!(kept.len() == 1 && kept[0].contains("-bad-1"), "{kept:?}");
    clean(&engine, &project);
}

#[test]
fn a_layer_over_the_project_stays_with_its_job() {
    let text = TEXT.replace("exit 3", "echo new > new; exit 3");
    let (engine, project) = (Engine::mine(), Project::with(&text));
    run(
        &engine,
        &project,
        &["--keep", "failed", "--workspace-mode", "overlay"],
    )
    .run()
    .exits(1);
    assert!(!project.path().join("new").exists());
    loom(&engine, &project, &["shell", "latest"])
        .run_with("cat new\n")
        .exits(0)
        .prints("new");
    clean(&engine, &project);
}

#[test]
fn a_place_on_another_machine_is_kept_there() {
    let Some(engine) = Engine::apart() else { return };
    let project = Project::with(TEXT);
    run(&engine, &project, &["--keep", "failed"]).run().exits(1);
    loom(&engine, &project, &["shell", "latest"])
        .run_with("cat /kept; pwd\n")
        .exits(0)
        .prints("in-it\n/workspace");
    clean(&engine, &project);
}
