//! Places that `run --keep` keeps: who is told, what a shell in one sees, and how they end.

use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Loom, Project};

const SECRET: &str = "hunter2-in-no-file";

const TEXT: &str = "name: kept
on: push
jobs:
  good:
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
  bad:
    runs-on: ubuntu-latest
    steps:
      - name: prepare
        env: { TOKEN: '${{ secrets.TOKEN }}', OF: prepare }
        run: |
          echo mine > \"$RUNNER_TEMP/mine\"
          echo TOLD=before >> \"$GITHUB_ENV\"
          echo \"LATER=${{ secrets.TOKEN }}\" >> \"$GITHUB_ENV\"
          test \"$TOKEN\" = '${{ secrets.TOKEN }}'
      - name: check
        env: { OF: check, TOKEN: '${{ secrets.TOKEN }}' }
        run: exit 3
      - name: behind
        if: always()
        env: { OF: behind }
        run: 'true'
";

fn run(project: &Project, keep: &str) -> Loom {
    let secret = format!("TOKEN={SECRET}");
    project.loom(&["run", "--executor", "host", "--keep", keep, "-s", &secret])
}

/// What is below the jobs' directories.
fn jobs(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.state().join("jobs"));
    let names = entries.into_iter().flatten().flatten();
    let mut names: Vec<String> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The files below a directory that hold a text.
pub(crate) fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
    found
}

#[test]
fn a_failed_job_is_kept_and_a_shell_sees_what_its_step_saw() {
    let project = Project::with(TEXT);
    let ended = run(&project, "failed").run().exits(1);
    let id = project.newest_run();
    for command in [
        format!("loom-runtime shell {id} bad"),
        format!("loom-runtime runs clean {id} bad"),
    ] {
        assert_eq!(ended.stderr.matches(&command).count(), 1, "{command}\n{ended}");
    }
    assert!(!ended.stderr.contains("job good is kept"), "{ended}");
    // It is said again by who asks.
    project
        .loom(&["runs", "list"])
        .run()
        .exits(0)
        .prints("(kept: bad)");
    project.loom(&["runs", "show"]).run().exits(0).says("runs clean");
    let shown = project.loom(&["runs", "show", "--format", "json"]).run().exits(0);
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(shown["kept"], serde_json::json!(["bad"]));
    project
        .loom(&["doctor"])
        .run()
        .prints("kept places")
        .prints("1, of one run");

    let script = "echo \"$TOLD $OF [$TOKEN] [$LATER] $GITHUB_JOB\"; cat \"$RUNNER_TEMP/mine\"; pwd; exit 4\n";
    let shell = project.loom(&["shell", "latest"]).run_with(script).exits(1);
    assert!(
        shell.stdout.contains("before check [] [] bad\nmine\n")
            && shell.stdout.contains(&*project.path().to_string_lossy()),
        "{shell}"
    );
    assert!(shell.stderr.contains("LATER, TOKEN"), "{shell}");
    let other = |step: &str| project.loom(&["shell", "latest", "bad", "--step", step]);
    other("1").run_with("echo $OF\n").exits(0).prints("prepare\n");
    other("behind").run_with("echo $OF\n").exits(0).prints("behind\n");
    other("7").run().exits(2).says("1/3 (prepare)");
    project
        .loom(&["shell", "latest", "good"])
        .run()
        .exits(2)
        .says("kept are those of: bad");
    assert_eq!(files_with(&project.state(), SECRET), [""; 0]);

    // No other run takes it.
    project.file("other.loom.yml", "jobs:\n  a:\n    steps: [{ run: 'true' }]\n");
    project
        .loom(&["run", "--executor", "host", "other.loom.yml"])
        .run()
        .exits(0);
    project.loom(&["shell", &id]).run_with("exit 0\n").exits(0);
    let clean = |words: &[&str]| project.loom(&[&["runs", "clean", &id], words].concat()).run();
    // It is the same whatever else is kept.
    clean(&["good"]).exits(0).says("the place of job good");
    clean(&["none"]).exits(2).says("has no job `none`");
    clean(&["bad"]).exits(0).says("removed");
    assert_eq!(jobs(&project), [""; 0]);
    for job in ["good", "bad"] {
        clean(&[job]).exits(0).says("is not kept");
    }
    clean(&["none"]).exits(2).says("has no job `none`");
    clean(&[]).exits(0).says("no place of run");
    project
        .loom(&["shell", &id])
        .run()
        .exits(2)
        .says("paused or kept");
    let listed = project.loom(&["runs", "list"]).run().exits(0);
    assert!(!listed.stdout.contains("(kept"), "{listed}");
}

#[test]
fn all_are_kept_or_none_as_it_is_asked_for() {
    let project = Project::with(TEXT);
    run(&project, "never").run().exits(1).never_says("is kept");
    assert_eq!(jobs(&project), [""; 0]);
    run(&project, "always").run().exits(1).says("job good is kept");
    project
        .loom(&["shell", "latest"])
        .run()
        .exits(2)
        .says("the places of several jobs are kept: bad, good");
    project.file("loom.toml", "[run]\nkeep = 'failed'\n");
    let secret = format!("TOKEN={SECRET}");
    project
        .loom(&["run", "--executor", "host", "-s", &secret])
        .run()
        .exits(1)
        .says("job bad is kept");
    project.loom(&["doctor"]).run().prints("3, of 2 runs");
    project.loom(&["runs", "clean", "--all"]).run().exits(0);
    assert_eq!(jobs(&project), [""; 0]);
    project.loom(&["runs", "clean"]).run().exits(2);
    project
        .loom(&["runs", "clean", "--all"])
        .run()
        .exits(0)
        .says("no place is kept");
}

#[test]
fn a_shell_ends_with_who_opened_it() {
    let project = Project::with(TEXT);
    run(&project, "failed").run().exits(1);
    for signal in [Signal::TERM, Signal::HUP] {
        let mut shell = project
            .loom(&["shell", "latest"])
            .started_with("echo ready; read line; echo more\n");
        shell.until_stdout("ready");
        shell.signal(signal);
        let ended = shell.end().exits(130);
        assert!(!ended.stdout.contains("more"), "{ended}");
    }
    project.loom(&["runs", "clean", "--all"]).run().exits(0);
    assert_eq!(jobs(&project), [""; 0]);
}

#[test]
fn a_cancelled_job_has_not_failed_and_a_killed_run_keeps_what_it_kept() {
    let long = "on: push\njobs:\n  bad:\n    runs-on: x\n    steps: [{ run: exit 1 }]\n  long:\n    runs-on: x\n    steps:\n      - run: |\n          until test -e go; do sleep 0.05; done; echo it-runs; sleep 600\n";
    for (keep, kept) in [("failed", "job bad is kept"), ("always", "job long is kept")] {
        let project = Project::with(long);
        let mut running = run(&project, keep).start();
        running.until("the bad job is kept", || {
            jobs(&project)
                .iter()
                .any(|name| name.ends_with(".kept"))
                .then_some(())
        });
        project.file("go", "");
        running.until_stdout("it-runs");
        running.signal(Signal::INT);
        let ended = running.end().exits(130).says(kept);
        assert_eq!(
            ended.stderr.contains("job long is kept"),
            keep == "always",
            "{ended}"
        );
    }
    let project = Project::with(long);
    let mut running = run(&project, "always").start();
    running.until("the bad job is kept", || {
        jobs(&project)
            .iter()
            .any(|name| name.ends_with(".kept"))
            .then_some(())
    });
    project.file("go", "");
    running.until_stdout("it-runs");
    running.signal(Signal::KILL);
    drop(running);
    project.file("other.loom.yml", "jobs:\n  a:\n    steps: [{ run: 'true' }]\n");
    project
        .loom(&["run", "--executor", "host", "other.loom.yml"])
        .run()
        .exits(0);
    let left = jobs(&project);
    assert!(
        left.iter().all(|name| name.contains("-bad-1")) && left.len() == 2,
        "the one is kept and the other swept: {left:?}"
    );
    project.loom(&["runs", "clean", "--all"]).run().exits(0);
    assert_eq!(jobs(&project), [""; 0]);
}

#[test]
fn a_copy_of_the_project_stays_with_its_job() {
    let project = Project::with(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: 'echo new > new; exit 1' }]\n",
    );
    run(&project, "failed")
        .args(&["--workspace-mode", "copy"])
        .run()
        .exits(1);
    assert!(!project.path().join("new").exists());
    project
        .loom(&["shell", "latest"])
        .run_with("cat new\n")
        .exits(0)
        .prints("new");
    project.loom(&["runs", "clean", "latest"]).run().exits(0);
    assert_eq!(jobs(&project), [""; 0]);
}

#[test]
fn a_round_of_a_watch_takes_the_place_of_the_one_before() {
    let project = Project::with("on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: 'exit 1' }]\n");
    let mut watching = project
        .loom(&["watch", "--executor", "host", "--keep", "failed"])
        .start();
    watching.until_stderr("job a is kept");
    let first = project.newest_run();
    project.file(
        ".loom.yml",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: 'exit 2' }]\n",
    );
    watching.until("the next round", || {
        let kept = jobs(&project);
        let is_second = kept.len() == 2 && !kept.iter().any(|name| name.contains(&first));
        is_second.then_some(())
    });
    watching.signal(Signal::INT);
    drop(watching.end());
    project.loom(&["runs", "clean", "--all"]).run().exits(0);
    assert_eq!(jobs(&project), [""; 0]);
}
