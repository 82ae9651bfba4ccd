//! The runtime's lists: their two forms, their pages, what they refuse, and what of them is told live.

use serde_json::{Value, json};

use super::{ENDLESS, project};
use crate::harness::{Studio, until};

#[test]
fn what_a_list_does_not_know_is_refused_and_the_known_is_named() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("quick");
    assert_eq!(studio.end_of(&run), "success");
    for base in ["/api", "/api/v1"] {
        for (path, query, word) in [
            (
                "/runs",
                "stat=success",
                "`workflow`, `state`, `branch`, `event`, `actor`, `since`, `until`, `text`, `limit`, `cursor`",
            ),
            ("/runs", "limit=0", "from 1 to 10000"),
            ("/runs", "limit=many", "invalid digit"),
            ("/runs", "state=done", "queued, running, paused, success"),
            ("/runs", "since=soon", "`yesterday`"),
            ("/runs", "since=today&until=yesterday", "is not before"),
            ("/runs", "cursor=nobody", "without one"),
            ("/workflows", "sort=name", "`state`, `limit`, `cursor`"),
            ("/workflows", "limit=0", "from 1 to 10000"),
            ("/workflows", "state=queued", "idle, running, invalid"),
            (
                "/jobs/first/logs",
                "line=1",
                "`run`, `attempt`, `limit`, `cursor`",
            ),
            ("/jobs/first/logs", "limit=0", "from 1 to 10000"),
            ("/jobs/first/logs", "cursor=x", "without one"),
            (
                &format!("/runs/{run}/jobs/first/logs"),
                "limit=0",
                "from 1 to 10000",
            ),
            (&format!("/runs/{run}/jobs/first/logs"), "start=1", "`from`"),
        ] {
            let answer = studio.get(&format!("{base}{path}?{query}")).send().is(400);
            let detail = answer.value()["detail"].as_str().unwrap_or_default().to_owned();
            assert!(detail.contains(word), "{path}?{query}: {detail}");
        }
    }
}

#[test]
fn pages_of_runs_and_lines_follow_one_another_in_both_forms() {
    let studio = Studio::of(project());
    let mut runs: Vec<String> = (0..3)
        .map(|_| {
            let run = studio.start_workflow("quick");
            assert_eq!(studio.end_of(&run), "success");
            run
        })
        .collect();
    runs.reverse();
    let ids = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list");
        list.iter()
            .filter_map(|run| run["runId"].as_str().map(str::to_owned))
            .collect()
    };
    let first = studio
        .get("/api/runs?workflow=quick&state=success&limit=2")
        .send()
        .is(200);
    assert_eq!(first.header("x-total-count"), Some("3"));
    assert_eq!(ids(&first.value()), runs[..2]);
    let next = first.header("link").expect("a link").to_owned();
    let next = next
        .trim_start_matches('<')
        .split('>')
        .next()
        .expect("an address");
    assert!(
        next.contains("workflow=quick&state=success&limit=2&cursor="),
        "{next}"
    );
    // Relative, so that it holds behind a proxy with a path of its own, too (RFC 8288, 3.1).
    let last = studio.get(&format!("/api/runs{next}")).send().is(200);
    assert_eq!(
        (ids(&last.value()), last.header("link")),
        (runs[2..].to_vec(), None)
    );

    let page = studio.value("/api/v1/runs?limit=2");
    assert_eq!(ids(&page["items"]), runs[..2]);
    assert_eq!((&page["total"], &page["truncated"]), (&json!(3), &json!(true)));
    let next = page["next"].as_str().expect("a cursor");
    let rest = studio.value(&format!("/api/v1/runs?limit=2&cursor={next}"));
    assert_eq!(
        (ids(&rest["items"]), &rest["total"]),
        (runs[2..].to_vec(), &json!(3))
    );
    let all = studio.value("/api/v1/runs");
    assert_eq!((&all["truncated"], all.get("next")), (&json!(false), None));

    let workflows = studio.value("/api/v1/workflows?limit=1");
    assert_eq!(
        (&workflows["total"], &workflows["truncated"]),
        (&json!(2), &json!(true))
    );

    let run = &runs[0];
    let log = studio.value(&format!("/api/jobs/first/logs?run={run}"));
    let page = studio.value(&format!("/api/v1/jobs/first/logs?run={run}"));
    assert_eq!(
        page,
        json!({"items": log, "total": log.as_array().expect("lines").len(), "truncated": false})
    );
    for path in [
        "/status",
        &format!("/runs/{run}"),
        &format!("/runs/{run}/jobs/first/logs"),
    ] {
        let version = studio.value(&format!("/api/v1{path}"));
        assert!(version.is_object(), "{path}: {version}");
    }
}

#[test]
fn lines_come_in_pages() {
    let project = project();
    project.file(
        ".github/workflows/count.yml",
        "name: count\non: push\njobs:\n  count:\n    runs-on: ubuntu-latest\n    steps: [{ run: seq 1 5 }]\n",
    );
    let studio = Studio::of(project);
    let run = studio.start_workflow("count");
    assert_eq!(studio.end_of(&run), "success");
    let total = studio
        .value("/api/jobs/count/logs")
        .as_array()
        .expect("lines")
        .len();
    let mut path = "/api/jobs/count/logs?limit=2".to_owned();
    let mut lines = Vec::new();
    loop {
        let page = studio.get(&path).send().is(200);
        assert_eq!(page.header("x-total-count"), Some(total.to_string().as_str()));
        let items = page.value().as_array().expect("lines").clone();
        assert!((1..=2).contains(&items.len()), "{items:?}");
        lines.extend(items.iter().filter_map(|line| line["line"].as_u64()));
        match page.header("link") {
            Some(link) => {
                let next = link.trim_start_matches('<').split('>').next();
                path = format!("/api/jobs/count/logs{}", next.unwrap_or_default());
            }
            None => break,
        }
    }
    assert_eq!(lines, (1..=total as u64).collect::<Vec<_>>());
    let page = studio.value("/api/v1/jobs/count/logs?limit=2&cursor=2");
    assert_eq!(
        (&page["items"][0]["line"], &page["next"]),
        (&json!(3), &json!("4"))
    );
}

#[test]
fn what_has_ended_can_not_be_cancelled() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("quick");
    assert_eq!(studio.end_of(&run), "success");
    let answer = studio
        .post(&format!("/api/runs/{run}/cancel"))
        .send()
        .is(409)
        .value();
    assert_eq!(answer["code"], "run_ended", "{answer}");
    studio.post("/api/runs/nobody/cancel").send().is(404);
}

#[test]
fn stopping_a_workflow_leaves_one_alone_whose_name_is_its_file() {
    let project = project();
    project.file(
        ".github/workflows/trap.yml",
        &ENDLESS.replace("name: endless", "name: .loom.yml"),
    );
    let studio = Studio::of(project);
    let run = studio.start_workflow("trap");
    until("it runs", || {
        (studio.value("/api/status")["jobs"]["running"] == 1).then_some(())
    });
    let stopped = studio.post("/api/workflows/quick/stop").send().is(202).value();
    assert_eq!(stopped, json!({"runIds": []}));
    let quick = studio.value("/api/runs?workflow=quick");
    assert_eq!(quick, json!([]));
    let stopped = studio.post("/api/workflows/trap/stop").send().is(202).value();
    assert_eq!(stopped, json!({"runIds": [run]}));
    assert_eq!(studio.end_of(&run), "cancelled");
}

#[test]
fn only_the_workflow_whose_run_changed_is_told() {
    let studio = Studio::of(project());
    let mut socket = studio.socket("/ws");
    socket.until("hello", |event| (event["type"] == "hello").then_some(()));
    let mut said = Vec::new();
    let run = studio.start_workflow("quick");
    socket.until("its end", |event| {
        let update = event["type"] == "workflow:update";
        if update {
            said.push(event["data"].clone());
        }
        (update && event["data"]["lastRun"]["runId"] == run && event["data"]["lastRun"]["state"] == "success")
            .then_some(())
    });
    // When the files were read all workflows are told, which may be only now; since then there is nothing new of the other.
    let of = |name: &str| -> Vec<&Value> { said.iter().filter(|view| view["name"] == name).collect() };
    assert!(of("endless").len() <= 1, "{said:?}");
    assert!(of("quick").len() >= 2, "{said:?}");
    assert!(
        of("quick").windows(2).all(|pair| pair[0] != pair[1]),
        "nothing twice: {said:?}"
    );
}

#[test]
fn the_logs_and_steps_of_earlier_attempts_can_be_had() {
    let project = crate::harness::Project::with(
        "name: again
jobs:
  flaky:
    retry: { max-attempts: 2, delay: 10ms }
    outputs: { word: \"${{ steps.b.outputs.word }}\" }
    steps:
      - run: |
          echo x >> tries
          echo \"this is try $(wc -l < tries)\"
          test \"$(wc -l < tries)\" = 2 || exit 5
      - { id: b, background: true, run: 'echo word=done >> \"$GITHUB_OUTPUT\"' }
      - { name: inner, retry: { max-attempts: 2, delay: 10ms }, run: 'test -e there || { touch there; exit 6; }' }
",
    );
    let studio = Studio::of(project);
    let run = studio.start_workflow("again");
    assert_eq!(studio.end_of(&run), "success");
    let job = &studio.value(&format!("/api/runs/{run}"))["jobs"][0];
    assert_eq!(
        (
            &job["attempt"],
            &job["earlier"][0]["attempt"],
            &job["earlier"][0]["state"]
        ),
        (&json!(2), &json!(1), &json!("failure"))
    );
    assert_eq!(job["outputs"], json!({"word": "done"}));
    assert_eq!(job["steps"][1]["background"], true);
    assert_eq!(job["steps"][2]["earlier"][0]["exitCode"], 6);
    let first = studio.value(&format!("/api/runs/{run}/jobs/flaky/attempts/1"));
    assert_eq!(
        (
            &first["attempt"],
            &first["steps"][0]["exitCode"],
            &first["steps"][1]["state"]
        ),
        (&json!(1), &json!(5), &json!("skipped"))
    );
    for (query, said) in [
        ("?attempt=1", "this is try 1"),
        ("?attempt=2", "this is try 2"),
        ("", "this is try 2"),
    ] {
        let window = studio.value(&format!("/api/runs/{run}/jobs/flaky/logs{query}"));
        assert_eq!(window["complete"], true, "{query}");
        let all = studio.value(&format!("/api/jobs/flaky/logs{query}"));
        for lines in [&window["lines"], &all] {
            let tries: Vec<&str> = lines
                .as_array()
                .expect("lines")
                .iter()
                .filter_map(|line| {
                    line["message"]
                        .as_str()
                        .filter(|text| text.starts_with("this is"))
                })
                .collect();
            assert_eq!(tries, [said], "{query}");
        }
    }
    for path in ["attempts/2", "attempts/3", "logs?attempt=3", "logs?attempt=0"] {
        let answer = studio
            .get(&format!("/api/runs/{run}/jobs/flaky/{path}"))
            .send()
            .is(404);
        assert_eq!(answer.value()["code"], "unknown_attempt", "{path}");
    }
}

#[test]
fn runs_are_found_by_what_people_know_of_them() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("quick");
    assert_eq!(studio.end_of(&run), "success");
    let other = studio.start_workflow("quick");
    assert_eq!(studio.end_of(&other), "success");
    let shown = studio.value(&format!("/api/runs/{run}"));
    assert_eq!(shown["number"], json!(1));
    let actor = shown["actor"].as_str().expect("somebody");
    let branch = shown["branch"].as_str().expect("a branch");
    let found = |query: &str| -> Vec<String> {
        let list = studio.value(&format!("/api/runs?{query}"));
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|run| run["runId"].as_str().map(str::to_owned))
            .collect()
    };
    let both = [other.clone(), run.clone()];
    assert_eq!(
        found(&format!("actor={actor}&branch={branch}&event=push&since=1h")),
        both
    );
    assert_eq!(found("since=today&until=today&state=success"), both);
    assert_eq!(found("text=%231"), std::slice::from_ref(&run));
    assert_eq!(found(&format!("text={other}")), [other]);
    for query in [
        "until=yesterday",
        "branch=none",
        "actor=nobody",
        "event=schedule",
        "text=%239",
    ] {
        assert_eq!(found(query), Vec::<String>::new(), "{query}");
    }
}
