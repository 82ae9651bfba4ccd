//! Search in the logs of runs: by the command and by the API.

use serde_json::Value;

use crate::harness::{Project, Studio};

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
fn the_api_searches_a_run_and_all_runs_page_by_page() {
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
