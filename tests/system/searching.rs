//! The logs of runs: search by the command and by the API, windows, and following them.

use serde_json::Value;

use crate::harness::{Project, Studio, until};

/// Says what it found twice, hides a secret, and fails once.
const TEXT: &str = "name: Say
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - name: First
        run: echo 'Needle (one)'
      - name: Second
        run: |
          echo hay
          echo 'needle two'
          echo \"a secret is ${{ secrets.WORD }}\"
  test:
    needs: build
    runs-on: ubuntu-latest
    strategy: { matrix: { part: [a, b] } }
    steps:
      - run: echo 'needle in ${{ matrix.part }}'
";

fn project() -> Project {
    Project::with(TEXT)
}

fn run_it(project: &Project) -> String {
    project
        .loom(&["run", "--executor", "host", "-s", "WORD=xylophone"])
        .run()
        .exits(0);
    project.newest_run()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn a_run_is_searched_and_the_exit_code_says_what_came_of_it() {
    let project = project();
    let run = run_it(&project);
    let search = |args: &[&str]| {
        let all = [&["runs", "search"], args].concat();
        project.loom(&all).run()
    };
    let found = search(&["needle", &run]).exits(0);
    let found = lines(&found.stdout);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(
        found[0].starts_with("build:") && found[0].ends_with(": Needle (one)"),
        "{found:?}"
    );
    assert!(
        found[2].starts_with("test#0:") && found[2].ends_with("needle in a"),
        "{found:?}"
    );
    for (args, count) in [
        (&["-s", "needle", "latest"][..], 3),
        (&["-i", "NEEDLE", "latest"], 4),
        (&["needle", "latest", "--job", "test"], 2),
        (&["needle", "latest", "--step", "Second"], 1),
        (&["(one)", "latest"], 1),
        (&["--regex", r"needle (two|in \w)$", "latest"], 3),
        (&["needle"], 4),
        (&["needle", "--workflow", "Say", "--state", "success"], 4),
    ] {
        let found = search(args).exits(0);
        assert_eq!(lines(&found.stdout).len(), count, "{args:?}: {}", found.stdout);
    }
    for args in [
        &["haystack", "latest"][..],
        &["needle", "--state", "failure"],
        &["needle", "--workflow", "Other"],
        // What is masked is nowhere.
        &["xylophone"],
    ] {
        assert_eq!(search(args).exits(1).stdout, "", "{args:?}");
    }
    search(&["needle", "--limit", "1"])
        .exits(0)
        .says("there may be more");
    for (args, says) in [
        (
            &["--regex", "a(b", "latest"][..],
            "unclosed group, at character 2",
        ),
        (&["needle", "latest", "--job", "nobody"], "its jobs: build"),
        (&["needle", "latest", "--step", "nobody"], "no step `nobody`"),
        (&["needle", "nothing"], "no run has `nothing`"),
        (&["needle", "--state", "done"], "queued, running"),
        (&["", "latest"], "the pattern is empty"),
    ] {
        search(args).exits(2).says(says);
    }
    let json = search(&["needle", "--format", "json"]).exits(0);
    let hits: Vec<Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(hits[0]["runId"], run);
    assert_eq!(
        (&hits[0]["match"], &hits[0]["after"]),
        (&"Needle".into(), &" (one)".into())
    );
    assert_eq!(
        (&hits[0]["workflow"], &hits[0]["attempt"]),
        (&"Say".into(), &1.into())
    );
}

#[test]
fn the_api_searches_a_run_and_all_runs_page_by_page_and_gives_a_log_as_text() {
    let studio = Studio::of(project());
    let first = studio.start_workflow("loom");
    studio.end_of(&first);
    let second = studio.start_workflow("loom");
    studio.end_of(&second);
    let places = |answer: &Value| -> Vec<String> {
        let hits = answer["hits"].as_array().expect("hits");
        let place = |hit: &Value| format!("{}/{}:{}", hit["runId"], hit["job"], hit["line"]);
        hits.iter().map(place).collect()
    };
    let of_run = studio.value(&format!("/api/runs/{first}/logs/search?q=needle"));
    assert_eq!(of_run["hits"].as_array().map(Vec::len), Some(4), "{of_run}");
    assert_eq!(of_run["truncated"], false);
    assert_eq!(of_run["logs"], 3);
    let all = studio.value("/api/logs/search?q=needle");
    let all = places(&all);
    assert_eq!(all.len(), 8);
    assert!(all[0].contains(&second), "the newest run first: {all:?}");
    let mut found = Vec::new();
    let mut path = "/api/v1/logs/search?q=needle&limit=3".to_owned();
    loop {
        let page = studio.value(&path);
        found.extend(places(&page));
        let Some(next) = page["next"].as_str() else { break };
        let next = next.replace('/', "%2F").replace('#', "%23");
        path = format!("/api/v1/logs/search?q=needle&limit=3&cursor={next}");
    }
    assert_eq!(found, all);
    for (query, count) in [
        ("q=needle&case=sensitive", 3),
        ("q=needle&job=test", 2),
        ("q=needle&step=Second", 1),
        ("q=needle%20%28t%7Ci%29&regex=true", 3),
        ("q=needle&job=build&from=1000", 0),
    ] {
        let path = format!("/api/runs/{first}/logs/search?{query}");
        let found = studio.value(&path);
        assert_eq!(places(&found).len(), count, "{query}: {found}");
    }
    let path = format!("/api/runs/{first}/jobs/build/logs/raw");
    let answer = studio.get(&path).send().is(200);
    let (text, file) = (
        answer.text(),
        answer.header("content-disposition").unwrap_or_default(),
    );
    assert!(text.contains("\nneedle two\n"), "{text}");
    assert!(file.contains("filename=\"Say-build.log\""), "{file}");
    studio
        .get(&format!("/api/runs/{first}/jobs/nobody/logs/raw"))
        .send()
        .is(404);
    studio.get(&format!("{path}?attempt=9")).send().is(404);
    for (path, status, word) in [
        (
            format!("/api/runs/{first}/logs/search?q=%28a&regex=true"),
            400,
            "unclosed group, at character 1",
        ),
        (format!("/api/runs/{first}/logs/search"), 400, "`q`"),
        (format!("/api/runs/{first}/logs/search?q="), 400, "empty"),
        (
            format!("/api/runs/{first}/logs/search?q=a&case=loud"),
            400,
            "smart, sensitive",
        ),
        (
            format!("/api/runs/{first}/logs/search?q=a&job=nobody"),
            404,
            "no job `nobody`",
        ),
        (
            format!("/api/runs/{first}/logs/search?q=a&step=nobody"),
            404,
            "no step `nobody`",
        ),
        ("/api/runs/nobody/logs/search?q=a".to_owned(), 404, "no run"),
        (
            "/api/logs/search?q=a&state=done".to_owned(),
            400,
            "queued, running",
        ),
        ("/api/logs/search?q=a&cursor=9".to_owned(), 400, "without one"),
        ("/api/logs/search?q=a&limit=0".to_owned(), 400, "from 1 to 10000"),
    ] {
        let answer = studio.get(&path).send().is(status);
        let detail = answer.value()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(word), "{path}: {detail}");
    }
}

/// Prints a line, waits until a file is there, prints another and fails.
const SLOW: &str = "name: Slow
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - name: First
        run: for n in 1 2 3 4 5; do echo \"line $n\"; done
      - name: Wait
        run: until [ -f go ]; do sleep 0.05; done; echo after
  two:
    needs: one
    runs-on: ubuntu-latest
    steps: [{ run: 'echo last; exit 7' }]
";

#[test]
fn the_log_of_a_run_of_another_process_is_followed_to_its_end_and_ends_as_it_did() {
    let project = Project::with(SLOW);
    let running = project.loom(&["run", "--executor", "host", "-q"]).start();
    until("the run to print", || {
        let shown = project.loom(&["runs", "logs", "--job", "one"]).run();
        shown.stdout.contains("line 5").then_some(())
    });
    let following = project.loom(&["runs", "logs", "--follow", "--tail", "2"]).start();
    // What follows is written once somebody listens, or before: either way it is printed.
    project.file("go", "");
    let followed = following.end().exits(1);
    running.end().exits(1);
    let said: Vec<&str> = followed
        .stdout
        .lines()
        .filter_map(|line| line.split(" | ").nth(1))
        .collect();
    assert!(said.contains(&"after") && said.contains(&"last"), "{said:?}");
    assert!(!said.contains(&"line 1"), "{said:?}");
    project.loom(&["runs", "logs", "--follow"]).run().exits(1);
}

#[test]
fn windows_of_a_log_are_by_step_by_its_end_and_by_time() {
    let project = Project::with(SLOW);
    project.file("go", "");
    project.loom(&["run", "--executor", "host", "-q"]).run().exits(1);
    let logs = |args: &[&str]| {
        let all = [&["runs", "logs", "latest", "--job", "one"], args].concat();
        project.loom(&all).run().exits(0).stdout
    };
    assert_eq!(logs(&["--step", "First", "--tail", "2"]), "line 4\nline 5\n");
    assert_eq!(logs(&["--step", "Wait"]), "after\n");
    assert_eq!(logs(&["--tail", "0"]), "");
    assert_eq!(logs(&["--since", "1h"]), logs(&[]));
    assert_eq!(logs(&["--since", "2100-01-01T00:00:00Z"]), "");
    let wrong = |args: &[&str], says: &str| {
        let all = [&["runs", "logs", "latest"], args].concat();
        project.loom(&all).run().exits(2).says(says);
    };
    wrong(&["--step", "Nobody"], "no step `Nobody`");
    wrong(&["--since", "yesterday"], "like 10m");
}
