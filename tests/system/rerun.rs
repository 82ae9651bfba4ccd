//! Runs that have ended, run again: which of their jobs run, which are reused, and what is refused.

use serde_json::{Value, json};

use crate::harness::{Outcome, Project, Studio};

/// Fails as long as there is no file `good` in the project, after a step that leaves a mark each time.
pub(crate) const TEXT: &str = "name: again
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: { told: '${{ steps.say.outputs.told }}' }
    steps:
      - run: echo built | tee -a built
      - { id: say, run: echo told=from-build >> $GITHUB_OUTPUT }
  test:
    needs: build
    runs-on: ubuntu-latest
    strategy: { fail-fast: false, matrix: { part: [one, two] } }
    steps:
      - run: echo ${{ matrix.part }} >> tested
      - run: '[ -f good ] || [ ${{ matrix.part }} = one ]'
  ship:
    needs: [build, test]
    runs-on: ubuntu-latest
    steps:
      - run: echo \"ship ${{ needs.build.outputs.told }} ${{ needs.test.result }} attempt $GITHUB_RUN_ATTEMPT number ${{ github.run_number }} id $GITHUB_RUN_ID\"
  sorry:
    needs: test
    if: failure()
    runs-on: ubuntu-latest
    steps: [{ run: echo sorry >> sorries }]
";

fn first(project: &Project) -> Outcome {
    project.loom(&["run", "--executor", "host"]).run().exits(1)
}

fn shown(project: &Project, run: &str) -> Value {
    let shown = project
        .loom(&["runs", "show", run, "--format", "json"])
        .run()
        .exits(0);
    serde_json::from_str(&shown.stdout).expect("JSON")
}

fn job<'a>(run: &'a Value, id: &str) -> &'a Value {
    let jobs = run["jobs"].as_array().expect("jobs");
    jobs.iter().find(|job| job["id"] == id).expect(id)
}

/// What of it is on any executor: what failed runs again with what needs it, no step that had ended well does.
pub(crate) fn what_failed_runs_again(project: &Project, first: &str, again: Outcome) {
    let second = project.newest_run();
    assert_ne!(first, second);
    again
        .prints("ship from-build success attempt 2 number 1 id ")
        .prints("reused from attempt 1 of the run")
        .says("attempt 2 of again")
        .says("the texts that the run was made from");
    assert_eq!(project.read("built").lines().count(), 1);
    let mut tested: Vec<String> = project.read("tested").lines().map(str::to_owned).collect();
    tested.sort();
    assert_eq!(tested, ["one", "two", "two"]);
    assert_eq!(project.read("sorries").lines().count(), 1);
    let run = shown(project, &second);
    assert_eq!(run["rerun"]["attempt"], 2);
    assert_eq!(run["rerun"]["of"], first);
    assert_eq!(run["rerun"]["again"], "failed");
    assert_eq!(run["rerun"]["sources"], "stored");
    for (id, state, reused) in [
        ("build", "success", true),
        ("test#0", "success", true),
        ("test#1", "success", false),
        ("ship", "success", false),
        ("sorry", "skipped", false),
    ] {
        let job = job(&run, id);
        assert_eq!(job["state"], state, "{id}");
        assert_eq!(job.get("reused").is_some(), reused, "{id}: {job}");
    }
    assert_eq!(job(&run, "build")["reused"]["run"], first);
    assert_eq!(job(&run, "build")["outputs"]["told"], "from-build");
}

#[test]
fn what_failed_runs_again_and_the_others_are_reused_with_what_they_gave() {
    let project = Project::with(TEXT);
    first(&project);
    let id = project.newest_run();
    project.file("good", "");
    // Its file is another one by now; the run is made from the text that it has.
    project.file(
        ".loom.yml",
        "on: push\njobs: {other: {runs-on: x, steps: [{run: exit 9}]}}\n",
    );
    let again = project
        .loom(&["runs", "rerun", "latest", "--failed"])
        .run()
        .exits(0);
    what_failed_runs_again(&project, &id, again);
    // The log of a reused job is where it ran.
    project
        .loom(&["runs", "logs", "latest", "-j", "test#0"])
        .run()
        .exits(0);
    let listed = project.loom(&["runs", "list"]).run().exits(0);
    assert!(listed.stdout.contains("again #1 (attempt 2)"), "{listed}");
    // A number is that of the run; its newest attempt is shown.
    for name in ["1", "#1", "again#1"] {
        let shown = project.loom(&["runs", "show", name]).run().exits(0);
        assert!(shown.stdout.contains("again #1: success"), "{name}: {shown}");
    }
    let none = project.loom(&["runs", "show", "again#9"]).run().exits(2);
    assert!(
        none.stderr.contains("no run of `again` has the number 9"),
        "{none}"
    );
    let failed = project
        .loom(&["runs", "list", "--state", "failure", "--since", "1h"])
        .run();
    let failed = failed.exits(0);
    assert_eq!(failed.stdout.lines().count(), 1, "{failed}");
    let wrong = project.loom(&["runs", "list", "--since", "soon"]).run().exits(2);
    assert!(
        wrong.stderr.contains("`since` is `soon`; it must be a day"),
        "{wrong}"
    );
    // Nothing is left to do.
    project
        .loom(&["runs", "rerun", "latest", "--failed"])
        .run()
        .exits(0)
        .says("nothing of run");
    assert_eq!(shown(&project, "latest")["rerun"]["attempt"], 2);
}

#[test]
fn one_job_runs_again_with_what_needs_it_and_what_failed_elsewhere_stays_so() {
    let project = Project::with(TEXT);
    first(&project);
    project
        .loom(&["runs", "rerun", "latest", "--job", "nothing"])
        .run()
        .exits(2)
        .says("has no job `nothing`; its jobs: build, test, ship, sorry");
    let again = project
        .loom(&["runs", "rerun", "latest", "-j", "sorry"])
        .run()
        .exits(1);
    assert!(again.stdout.contains("test#1 failure"), "{again}");
    assert_eq!(project.read("sorries").lines().count(), 2);
    assert_eq!(project.read("tested").lines().count(), 2);
    // From the files as they are now.
    project.file("good", "");
    project.file(".loom.yml", &TEXT.replace("echo built", "echo anew"));
    let all = project.loom(&["runs", "rerun", "latest", "--current-files"]);
    all.run()
        .exits(0)
        .prints("attempt 3 number 1")
        .says("as they are now");
    assert!(project.read("built").contains("anew"));
    assert_eq!(shown(&project, "latest")["rerun"]["sources"], "current");
}

#[test]
fn secrets_are_given_again_and_a_missing_one_is_named() {
    let text = "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    env: { KEY: '${{ secrets.KEY }}' }
    steps: [{ run: '[ ${#KEY} = 11 ]' }]
";
    let project = Project::with(text);
    project
        .loom(&["run", "--executor", "host", "-s", "KEY=bad"])
        .run()
        .exits(1);
    let refused = project.loom(&["runs", "rerun", "latest"]).run_with("").exits(2);
    refused.says("had the secret `KEY`").never_says("bad");
    project
        .loom(&["runs", "rerun", "latest", "-s", "KEY=good-enough"])
        .run()
        .exits(0)
        .never_says("good-enough");
    project
        .loom(&["runs", "rerun", "latest"])
        .env("KEY", "good-enough")
        .run()
        .exits(0);
    project.file(".secrets", "KEY=good-enough\n");
    project.loom(&["runs", "rerun", "latest"]).run().exits(0);
}

#[test]
fn one_that_goes_on_is_not_run_again_until_it_is_cancelled() {
    let text = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo begun; sleep 60'}]}}\n";
    let project = Project::with(text);
    let mut running = project.loom(&["run", "--executor", "host"]).start();
    running.until_stdout("| begun");
    project
        .loom(&["runs", "rerun", "latest"])
        .run()
        .exits(2)
        .says("has not ended yet");
    project
        .loom(&["runs", "cancel", "latest"])
        .run()
        .exits(0)
        .says("is being cancelled");
    running.end().exits(130);
    project
        .loom(&["runs", "cancel", "latest"])
        .run()
        .exits(2)
        .says("has ended already, as cancelled");
    // What was cancelled has not ended well: it runs again.
    let mut again = project.loom(&["runs", "rerun", "latest", "--failed"]).start();
    again.until_stdout("| begun");
    project.loom(&["runs", "cancel", "latest"]).run().exits(0);
    again.end().exits(130);
}

#[test]
fn a_studio_runs_a_run_again() {
    let project = Project::with(TEXT);
    first(&project);
    let id = project.newest_run();
    project.file("good", "");
    let studio = Studio::of(project);
    let path = format!("/api/runs/{id}/rerun");
    let refused = |body: &Value, status: u16| studio.post(&path).json(body).send().is(status).value();
    assert_eq!(refused(&json!({"job": "nothing"}), 404)["code"], "unknown_job");
    assert_eq!(
        refused(&json!({"failed": true, "job": "test"}), 400)["code"],
        "invalid_body"
    );
    studio.post("/api/runs/nobody/rerun").send().is(404);
    let answer = studio
        .post(&path)
        .json(&json!({"failed": true}))
        .send()
        .is(202)
        .value();
    let second = answer["runId"].as_str().expect("an id").to_owned();
    assert_eq!(studio.end_of(&second), "success");
    let run = studio.value(&format!("/api/runs/{second}"));
    assert_eq!(run["rerun"]["of"], id.as_str());
    assert_eq!(job(&run, "test#0")["reused"]["attempt"], 1);
    let log = studio.value(&format!("/api/runs/{second}/jobs/build/logs"));
    assert!(log["total"].as_u64().is_some_and(|total| total > 0), "{log}");
    assert_eq!(log["complete"], true);
    let same = studio.value(&format!("/api/runs/{second}/jobs/build/logs?attempt=1"));
    assert_eq!(same, log);
    let nothing = studio
        .post(&format!("/api/runs/{second}/rerun"))
        .json(&json!({"failed": true}));
    assert_eq!(nothing.send().is(409).value()["code"], "nothing_failed");
    drop(studio.stop());
}

#[test]
fn old_runs_are_removed_with_their_logs_and_numbers_go_on() {
    let project = Project::new();
    project.file(
        ".github/workflows/ci.yml",
        "on: push\njobs: {a: {runs-on: x, steps: [{run: echo said}]}}\n",
    );
    let run = || {
        project.loom(&["run", "--executor", "host"]).run().exits(0);
        project.newest_run()
    };
    let runs = [run(), run(), run()];
    let logs = |run: &str| project.state().join("logs").join(run).exists();
    let none = project.loom(&["runs", "prune"]).run().exits(2);
    assert!(none.stderr.contains("--older-than"), "{none}");
    let would = project
        .loom(&["runs", "prune", "--keep", "1", "--dry-run"])
        .run()
        .exits(0);
    assert_eq!(
        would.stdout.lines().collect::<Vec<_>>(),
        [&runs[0], &runs[1]],
        "{would}"
    );
    assert!(logs(&runs[0]), "nothing has gone yet");
    project
        .loom(&["runs", "prune", "--older-than", "1d"])
        .run()
        .exits(0)
        .says("removed 0 runs");
    let removed = project.loom(&["runs", "prune", "--keep", "1"]).run().exits(0);
    removed.says("removed 2 runs");
    assert_eq!(runs.each_ref().map(|run| logs(run)), [false, false, true]);
    // The last of a workflow stays, so that no number comes a second time.
    project.loom(&["runs", "prune", "--max-size", "0"]).run().exits(0);
    run();
    let shown = project.loom(&["runs", "list"]).run().exits(0);
    assert_eq!(shown.stdout.lines().count(), 2, "{shown}");
    assert!(
        shown.stdout.contains("ci #4") && shown.stdout.contains("ci #3"),
        "{shown}"
    );
}
