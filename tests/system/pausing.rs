//! Jobs that pause at a step that fails: who is asked, what the answers do, and what is left.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::harness::{Loom, Project, Studio, until};

const TEXT: &str = "name: paused
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo $PPID > pid
          echo TOLD=before >> \"$GITHUB_ENV\"
      - name: check
        run: |
          echo \"told $TOLD\"
          exit 3
      - run: echo behind
";

fn run(project: &Project) -> Loom {
    project.loom(&["run", "--executor", "host", "--pause-on-failure"])
}

fn mend(project: &Project) {
    project.file(".loom.yml", &TEXT.replace("exit 3", "echo mended"));
}

/// Whether the process of a step's agent is still there.
fn is_there(project: &Project) -> bool {
    Path::new("/proc").join(project.read("pid").trim()).exists()
}

/// Who owns the newest run of a project.
fn owner(project: &Project) -> Pid {
    let shown = project.loom(&["runs", "list", "--format", "json"]).run().exits(0);
    let runs: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(runs[0]["state"], "running", "{shown}");
    let mine = project.path().to_owned();
    let all = std::fs::read_dir("/proc").expect("processes");
    let found = all.filter_map(Result::ok).find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let words = std::fs::read(entry.path().join("cmdline")).ok()?;
        let words = String::from_utf8_lossy(&words).into_owned();
        let there = std::fs::read_link(entry.path().join("cwd")).ok()? == mine;
        (there && words.contains("--pause-on-failure")).then_some(pid)
    });
    found.and_then(Pid::from_raw).expect("the owner of the run")
}

#[test]
fn nobody_can_be_asked_and_a_retry_takes_the_file_as_it_is_now() {
    let project = Project::with(TEXT);
    let paused = run(&project).run().exits(77).prints("told before");
    assert!(paused.stderr.contains("loom-runtime retry"), "{paused}");
    assert!(!paused.stdout.contains("behind"), "{paused}");
    mend(&project);
    let again = project.loom(&["retry", "latest"]).run().exits(0);
    assert!(
        again.stdout.contains("told before")
            && again.stdout.contains("mended")
            && again.stdout.contains("behind"),
        "{again}"
    );
    // It is over: there is nothing to answer any more.
    project
        .loom(&["retry", "latest"])
        .run()
        .exits(2)
        .says("has ended");
    until("no process of the job", || (!is_there(&project)).then_some(()));
}

#[test]
fn a_skip_goes_on_and_an_end_fails() {
    let project = Project::with(TEXT);
    run(&project).run().exits(77);
    project
        .loom(&["skip", "latest", "nobody"])
        .run()
        .exits(2)
        .says("those that are: build");
    project
        .loom(&["skip", "latest", "build"])
        .run()
        .exits(0)
        .prints("| behind");
    run(&project).run().exits(77);
    project
        .loom(&["end", "latest"])
        .run()
        .exits(1)
        .never_says("| behind");
}

#[test]
fn a_program_gets_one_line_that_says_what_waits() {
    let project = Project::with(TEXT);
    let paused = run(&project).args(&["--format", "json"]).run().exits(77);
    let last: Value = serde_json::from_str(paused.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (
            &last["type"],
            &last["waiting"][0]["job"],
            &last["waiting"][0]["exitCode"]
        ),
        (&"paused".into(), &"build".into(), &3.into()),
        "{last}"
    );
    let command = last["commands"]["end"].as_str().expect("a command");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    project.loom(&words).run().exits(1);
}

#[test]
fn a_step_is_tried_as_often_as_it_says_before_its_job_pauses() {
    let text = TEXT.replace(
        "      - name: check\n",
        "      - name: check\n        retry: { max-attempts: 2, delay: 10ms }\n",
    );
    let project = Project::with(&text);
    let paused = run(&project).run().exits(77);
    assert_eq!(paused.stdout.matches("told before").count(), 2, "{paused}");
    project.file(".loom.yml", &text.replace("exit 3", "echo mended"));
    project.loom(&["retry", "latest"]).run().exits(0).prints("mended");
}

#[test]
fn a_composite_step_is_done_again_as_a_whole() {
    let project = Project::with(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: ./act\n      - run: echo behind\n",
    );
    let action = "name: act\ndescription: d\nruns:\n  using: composite\n  steps:\n    - { shell: sh, run: echo first }\n    - { shell: sh, run: exit 4 }\n";
    project.file("act/action.yml", action);
    run(&project).run().exits(77);
    project.file("act/action.yml", &action.replace("exit 4", "echo mended"));
    let again = project.loom(&["retry", "latest"]).run().exits(0);
    for text in ["| first", "| mended", "| behind"] {
        assert!(again.stdout.contains(text), "{text}\n{again}");
    }
}

#[test]
fn a_shell_sees_what_the_step_saw() {
    let project = Project::with(&TEXT.replace(
        "      - name: check\n",
        "      - name: check\n        env: { OWN: mine }\n",
    ));
    project
        .loom(&["shell", "latest"])
        .run()
        .exits(2)
        .says("nothing has run here");
    run(&project).run().exits(77);
    let script = "echo \"$TOLD $OWN $GITHUB_JOB\"; pwd; touch by-hand; exit 4\n";
    let shell = project
        .loom(&["shell", "latest", "build"])
        .run_with(script)
        .exits(4);
    assert!(
        shell.stdout.contains("before mine build")
            && shell.stdout.contains(&*project.path().to_string_lossy()),
        "{shell}"
    );
    assert!(project.path().join("by-hand").exists());
    project
        .loom(&["shell", "latest", "build", "--step", "3"])
        .run()
        .exits(2)
        .says("step 2/3");
    project
        .loom(&["shell", "latest", "--step", "2"])
        .run_with("exit 0\n")
        .exits(0);
    project.loom(&["end", "latest"]).run().exits(1);
    project
        .loom(&["shell", "latest"])
        .run()
        .exits(2)
        .says("nothing of run");
}

#[test]
fn a_signal_ends_a_run_that_is_paused() {
    let project = Project::with(TEXT);
    run(&project).run().exits(77);
    kill_process(owner(&project), Signal::TERM).expect("it is there");
    until("the end of the run", || {
        let shown = project.loom(&["runs", "list"]).run().exits(0);
        shown.stdout.contains("cancelled").then_some(())
    });
    until("no process of the job", || (!is_there(&project)).then_some(()));
}

#[test]
fn a_killed_owner_leaves_nothing_after_the_next_start() {
    let project = Project::with(TEXT);
    run(&project).run().exits(77);
    kill_process(owner(&project), Signal::KILL).expect("it is there");
    until("its end is known", || {
        let retry = project.loom(&["retry", "latest"]).run();
        (retry.status.code() == Some(2) && retry.stderr.contains("lost")).then_some(())
    });
    project.file("other.loom.yml", "jobs:\n  a:\n    steps: [{ run: 'true' }]\n");
    project
        .loom(&["run", "--executor", "host", "other.loom.yml"])
        .run()
        .exits(0);
    assert!(!is_there(&project), "the job's agent is left");
}

#[test]
fn a_person_is_asked_at_the_terminal() {
    let project = Project::with(TEXT);
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("ours");
    unlockpt(&terminal).expect("ours");
    let name = ptsname(&terminal, Vec::new()).expect("a name");
    let other_end = || {
        let path = name.to_str().expect("a path");
        File::options()
            .read(true)
            .write(true)
            .open(path)
            .expect("a terminal")
    };
    let mut child = run(&project)
        .env("TERM", "xterm")
        .at_terminal([other_end(), other_end(), other_end()]);
    let (mut screen, mut keys) = (
        File::from(terminal.try_clone().expect("a copy")),
        File::from(terminal),
    );
    let mut said = String::new();
    let mut until_said = |text: &str| {
        let mut piece = [0; 4096];
        while !said.contains(text) {
            let length = screen.read(&mut piece).unwrap_or(0);
            assert!(length > 0, "no `{text}` in\n{said}");
            said.push_str(&String::from_utf8_lossy(&piece[..length]));
        }
        said.clear();
    };
    until_said("cancels the run");
    keys.write_all(b"what?\n").expect("typed");
    until_said("cancels the run");
    keys.write_all(b"c\n").expect("typed");
    // The shell has the terminal from then on.
    until_said("leaves it as it is");
    keys.write_all(b"echo in-$((40+2)) $TOLD; exit\n").expect("typed");
    until_said("in-42 before");
    until_said("cancels the run");
    mend(&project);
    keys.write_all(b"r\n").expect("typed");
    until_said("mended");
    until_said("behind");
    let status = until("the end of the run", || child.try_wait().expect("ours"));
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_studio_shows_a_pause_of_another_process_and_answers_it() {
    let project = Project::with(TEXT);
    run(&project).run().exits(77);
    let id = project.newest_run();
    mend(&project);
    let studio = Studio::of(project);
    let path = format!("/api/runs/{id}");
    let shown = studio.value(&path);
    assert_eq!(shown["jobs"][0]["pauses"][0]["exitCode"], 3, "{shown}");
    let answer = |body: Value| studio.post(&format!("{path}/answer")).json(&body).send();
    answer(json!({ "answer": "perhaps" })).is(400);
    answer(json!({ "answer": "retry", "job": "nobody" })).is(409);
    answer(json!({ "answer": "retry", "job": "build" })).is(202);
    assert_eq!(studio.end_of(&id), "success");
    answer(json!({ "answer": "end" })).is(409);
    studio.stop();
}
