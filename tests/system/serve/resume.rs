//! `kill -9` of a `serve` in the middle of a run: the next one goes on with it, and with its steps where they outlive it.

use rustix::process::Signal;

use crate::harness::{Project, Studio, until};

/// The second job stands still the first time, at a step that may run again; what it prints is the same each time.
const DURABLE: &str = "name: durable
jobs:
  first:
    outputs:
      word: ${{ steps.say.outputs.word }}
    steps:
      - id: say
        run: |
          echo once >> first-ran
          echo line-of-first
          echo word=kept >> $GITHUB_OUTPUT
  twice:
    needs: first
    strategy:
      matrix:
        n: [1, 2]
    steps:
      - run: |
          echo once >> twice-${{ matrix.n }}
          echo line-of-${{ matrix.n }}
  second:
    needs: twice
    outputs:
      word: ${{ steps.say.outputs.word }}
    steps:
      - id: say
        on-lost: retry
        run: |
          echo $$ > pid
          echo line-of-second
          if [ ! -e passed ]; then touch held; sleep 600; fi
          echo word=second >> $GITHUB_OUTPUT
  third:
    needs: [first, second]
    steps:
      - run: echo '${{ needs.first.outputs.word }} ${{ needs.second.outputs.word }}'
";

fn wait_for_file(project: &Project, name: &str) {
    let path = project.path().join(name);
    until(name, || path.exists().then_some(()));
}

/// Without a grace for what outlives its process: its steps are lost.
fn without_grace() -> Project {
    let project = Project::with(DURABLE);
    project.file("loom.toml", "[run]\norphan-grace = 0\n");
    project
}

/// Kills a studio, and gives what it served.
fn killed(studio: Studio) -> Project {
    studio.kill();
    let (project, _) = studio.end();
    project
}

/// Jobs with their states and outputs, and their logs.
fn told(studio: &Studio, run: &str) -> (serde_json::Value, String) {
    let detail = studio.value(&format!("/api/runs/{run}"));
    let jobs = detail["jobs"].as_array().expect("jobs");
    let jobs = jobs
        .iter()
        .map(|job| serde_json::json!([job["id"], job["state"], job["outputs"]]));
    let logs = studio.project.loom(&["runs", "logs", run]).run().exits(0).stdout;
    (jobs.collect(), logs)
}

#[test]
fn a_run_of_a_killed_studio_goes_on_and_ends_as_one_that_nothing_disturbed() {
    let studio = Studio::of(without_grace());
    let run = studio.start_workflow("durable");
    wait_for_file(&studio.project, "held");
    let project = killed(studio);
    let pid = project.read("pid");
    // Who looks at it meanwhile ends nothing.
    let standing = project.loom(&["runs", "show", &run]).run().exits(0);
    standing.prints("running").says("runs resume");
    project.file("passed", "");
    let studio = Studio::of(project);
    assert_eq!(studio.end_of(&run), "success");
    let detail = studio.value(&format!("/api/runs/{run}"));
    assert_eq!(detail["resumedAt"].as_array().map(Vec::len), Some(1), "{detail}");
    for file in ["first-ran", "twice-1", "twice-2"] {
        assert_eq!(
            studio.project.read(file),
            "once\n",
            "{file}: a job that had ended ran again"
        );
    }
    until("the dead studio's step is gone", || {
        (!std::path::Path::new("/proc").join(pid.trim()).exists()).then_some(())
    });
    let shown = studio.project.loom(&["runs", "show", &run]).run().exits(0);
    shown.prints("resumed at");
    let undisturbed = studio.start_workflow("durable");
    assert_eq!(studio.end_of(&undisturbed), "success");
    assert_eq!(told(&studio, &run), told(&studio, &undisturbed));
}

#[test]
fn a_run_whose_secrets_are_not_given_again_ends_as_lost_and_says_which() {
    let project = Project::with(
        "name: sealed\njobs:\n  a:\n    steps:\n      - on-lost: retry\n        run: |\n          touch held\n          sleep 600\n",
    );
    project.file(".secrets", "DEPLOY_KEY=a-secret-word\n");
    let studio = Studio::of(project);
    let run = studio.start_workflow("sealed");
    wait_for_file(&studio.project, "held");
    let project = killed(studio);
    std::fs::remove_file(project.path().join(".secrets")).expect("it was there");
    let studio = Studio::of(project);
    assert_eq!(studio.end_of(&run), "lost");
    let detail = studio.value(&format!("/api/runs/{run}"));
    assert_eq!(detail["reason"]["code"], "not-resumed", "{detail}");
    let message = detail["reason"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("DEPLOY_KEY"), "{message}");
}

#[test]
fn a_run_that_stands_still_can_be_cancelled() {
    let studio = Studio::of(without_grace());
    let run = studio.start_workflow("durable");
    wait_for_file(&studio.project, "held");
    let project = killed(studio);
    let cancelled = project.loom(&["runs", "cancel", &run]).run().exits(0);
    cancelled.says("no process ran it");
    let shown = project.loom(&["runs", "show", &run]).run().exits(0);
    shown.prints("cancelled");
    project
        .loom(&["runs", "resume", &run])
        .run()
        .exits(2)
        .says("has ended, as cancelled");
}

#[test]
fn who_asks_for_it_goes_on_with_a_run_of_the_command_line() {
    let project = without_grace();
    let running = project.loom(&["run", "--executor", "host"]).start();
    wait_for_file(&project, "held");
    let early = project.loom(&["runs", "resume", "latest"]).run().exits(2);
    early.says("goes on already");
    running.signal(Signal::KILL);
    drop(running);
    project.file("passed", "");
    let resumed = project.loom(&["runs", "resume", "latest"]).run().exits(0);
    resumed.says("goes on").prints("kept second");
    assert_eq!(project.read("first-ran"), "once\n");
}

/// Its long step says a third of its lines before its studio is killed, a third while nobody is there, and the rest after.
const LASTING: &str = "name: lasting
jobs:
  job:
    outputs:
      sum: ${{ steps.long.outputs.sum }}
    steps:
      - uses: actions/checkout@v4
      - id: early
        run: |
          echo once >> early-ran
          echo ::add-mask::hidden-word
          echo FROM_EARLY=of-early >> $GITHUB_ENV
          echo word=early-word >> $GITHUB_OUTPUT
      - id: long
        run: |
          echo once >> long-ran
          echo ::add-mask::second-word
          echo ::group::numbers
          n=0
          say() { while [ $n -lt $1 ]; do n=$((n + 1)); echo \"line $n of hidden-word and second-word\"; done; }
          say 1000
          touch said-some
          until [ -e killed ]; do sleep 0.02; done
          say 2000
          touch said-more
          until [ -e passed ]; do sleep 0.02; done
          say 3000
          echo ::endgroup::
          echo ::warning::careful
          echo sum=$n >> $GITHUB_OUTPUT
      - run: echo \"$FROM_EARLY ${{ steps.early.outputs.word }} ${{ steps.long.outcome }} ${{ steps.long.outputs.sum }} hidden-word\"
  after:
    needs: job
    steps:
      - run: echo '${{ needs.job.outputs.sum }}'
";

#[test]
fn a_step_that_outlives_its_studio_is_gone_on_with_and_each_line_is_there_once() {
    let studio = Studio::of(Project::with(LASTING));
    let run = studio.start_workflow("lasting");
    wait_for_file(&studio.project, "said-some");
    let project = killed(studio);
    project.file("killed", "");
    wait_for_file(&project, "said-more");
    let studio = Studio::of(project);
    until("the run is gone on with", || {
        let detail = studio.value(&format!("/api/runs/{run}"));
        (detail["resumedAt"].as_array().map(Vec::len) == Some(1)).then_some(())
    });
    studio.project.file("passed", "");
    assert_eq!(studio.end_of(&run), "success");
    for file in ["early-ran", "long-ran"] {
        assert_eq!(studio.project.read(file), "once\n", "{file}: a step ran again");
    }
    let detail = studio.value(&format!("/api/runs/{run}"));
    assert!(
        detail["jobs"][0]["attempt"].is_null(),
        "another attempt: {detail}"
    );
    let undisturbed = studio.start_workflow("lasting");
    assert_eq!(studio.end_of(&undisturbed), "success");
    let (jobs, logs) = told(&studio, &run);
    let numbers: Vec<&str> = logs.lines().filter(|line| line.contains("line ")).collect();
    assert_eq!(numbers.len(), 3000);
    assert!(
        !logs.contains("hidden-word") && !logs.contains("second-word"),
        "a mask is lost"
    );
    assert!(
        (jobs, logs) == told(&studio, &undisturbed),
        "it is not as one that nothing disturbed"
    );
}

#[test]
fn a_step_that_ended_while_nobody_was_there_has_its_outcome() {
    let text = "name: ends
jobs:
  job:
    steps:
      - id: short
        continue-on-error: true
        run: |
          echo line-before
          touch held
          until [ -e killed ]; do sleep 0.02; done
          echo word=from-the-end >> $GITHUB_OUTPUT
          echo line-after
          touch ended
          exit 3
      - if: steps.short.outcome == 'failure'
        run: echo 'heard ${{ steps.short.outputs.word }}'
";
    let project = Project::with(text);
    let running = project.loom(&["run", "--executor", "host"]).start();
    wait_for_file(&project, "held");
    running.signal(Signal::KILL);
    drop(running);
    project.file("killed", "");
    wait_for_file(&project, "ended");
    let resumed = project.loom(&["runs", "resume", "latest"]).run().exits(0);
    resumed.prints("heard from-the-end");
    let logs = project.loom(&["runs", "logs", "latest"]).run().exits(0).stdout;
    for line in ["line-before", "line-after"] {
        assert_eq!(logs.matches(line).count(), 1, "{line}: {logs}");
    }
    let left = std::fs::read_dir(project.state().join("jobs")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "the job's place is gone with it");
}
