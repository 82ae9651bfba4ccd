//! Jobs that pause at a step that fails: who is asked, what the answers do, and what is left.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::{Loom, Project, Studio, Terminal, until};

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
pub(crate) fn owner(project: &Project) -> Pid {
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
    // What it says this time stands below its new headline.
    let places = ["done again", "> step 2/3: check", "| mended"].map(|text| again.stdout.find(text));
    assert!(places.is_sorted() && !places.contains(&None), "{again}");
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
    let words = |word: &str| -> Vec<String> {
        let command = last["commands"][word].as_str().expect("a command");
        command.split(' ').skip(1).map(str::to_owned).collect()
    };
    let shell = words("shell");
    let shell: Vec<&str> = shell.iter().map(String::as_str).collect();
    project
        .loom(&shell)
        .run_with("echo in-$TOLD\n")
        .exits(0)
        .prints("in-before");
    let end = words("end");
    let end: Vec<&str> = end.iter().map(String::as_str).collect();
    project.loom(&end).run().exits(1);
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
    let terminal = Terminal::new();
    let mut child = run(&project).env("TERM", "xterm").at_terminal([
        terminal.other_end(),
        terminal.other_end(),
        terminal.other_end(),
    ]);
    let mut terminal = terminal;
    terminal.until_said("cancels the run");
    terminal.types(b"what?\n");
    terminal.until_said("cancels the run");
    terminal.types(b"c\n");
    // The shell has the terminal from then on.
    terminal.until_said("leaves it as it is");
    terminal.types(b"echo in-$((40+2)) $TOLD; exit\n");
    terminal.until_said("in-42 before");
    terminal.until_said("cancels the run");
    mend(&project);
    terminal.types(b"r\n");
    terminal.until_said("mended");
    terminal.until_said("behind");
    let status = until("the end of the run", || child.try_wait().expect("ours"));
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_secret_is_typed_though_the_run_has_a_process_and_a_session_of_its_own() {
    let project = Project::with(
        &TEXT
            .replace("echo \"told $TOLD\"", "echo \"${#TOKEN} characters\"")
            .replace(
                "      - name: check\n",
                "      - name: check\n        env: { TOKEN: '${{ secrets.TOKEN }}' }\n",
            ),
    );
    let mut terminal = Terminal::new();
    // Who reads JSON cannot be asked how a step goes on, so that the run gets a process of its own.
    let mut child = run(&project)
        .args(&["--format", "json", "--secret", "TOKEN"])
        .at_terminal([terminal.other_end(), terminal.other_end(), terminal.other_end()]);
    terminal.until_said("the secret TOKEN:");
    terminal.types(b"swordfish\n");
    terminal.until_said("\"type\":\"paused\"");
    let status = until("the end of what was started", || child.try_wait().expect("ours"));
    assert_eq!(status.code(), Some(77));
    let id = project.newest_run();
    project
        .loom(&["runs", "logs", &id])
        .run()
        .exits(0)
        .prints("9 characters");
    project.loom(&["end", "latest"]).run().exits(1);
}

#[test]
fn an_answer_is_for_one_pause_and_for_no_other() {
    let text = "on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - parallel:
          - { name: one, run: exit 3 }
          - { name: two, run: exit 4 }
      - run: echo behind
";
    let project = Project::with(text);
    run(&project).run().exits(77);
    let id = project.newest_run();
    project
        .loom(&["skip", "latest", "--step", "three"])
        .run()
        .exits(2)
        .says("that step is not paused");
    let studio = Studio::of(project);
    let path = format!("/api/runs/{id}");
    let pauses = || {
        studio.value(&path)["jobs"][0]["pauses"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let both = until("both are paused", || Some(pauses()).filter(|all| all.len() == 2));
    let answer = |answer: &str, pause: &Value, number: &Value| {
        let body = json!({ "answer": answer, "job": "build", "step": pause["step"], "pause": number });
        studio.post(&format!("{path}/answer")).json(&body).send()
    };
    answer("retry", &both[0], &both[0]["pause"]).is(202);
    let again = until("the first is paused anew", || {
        let of = |pause: &Value| pause["step"] == both[0]["step"] && pause["pause"] != both[0]["pause"];
        pauses().into_iter().find(of)
    });
    let stale = answer("skip", &both[0], &both[0]["pause"]).is(409);
    assert!(
        stale.text().contains("look at the run as it is"),
        "{}",
        stale.text()
    );
    assert_eq!(pauses().len(), 2, "nothing was answered");
    studio
        .post(&format!("{path}/answer"))
        .json(&json!({ "answer": "skip", "step": both[0]["step"] }))
        .send()
        .is(400);
    answer("skip", &again, &again["pause"]).is(202);
    until("one is left", || (pauses().len() == 1).then_some(()));
    answer("skip", &both[1], &both[1]["pause"]).is(202);
    assert_eq!(studio.end_of(&id), "success");
    studio.stop();
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
