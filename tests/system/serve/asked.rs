//! `loom-runtime actors`: a studio is asked from the command line.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::{Loom, Project, Studio, Terminal, binary, until};

fn studio() -> Studio {
    let studio = Studio::of(Project::new());
    for (id, kind, status, queue) in [
        ("order-1", "Order", "active", 2),
        ("order-2", "Order", "failed", 7),
        ("till-1", "Till", "idle", 0),
    ] {
        let record =
            json!({"id": id, "type": kind, "status": status, "queueDepth": queue, "messageCount": 40});
        studio.post("/api/actor/register").json(&record).send().is(201);
    }
    studio
}

#[test]
fn actors_are_listed_as_the_filter_says() {
    let studio = studio();
    let url = studio.url();
    let asked = |words: &[&str]| {
        let words = [&["actors", "--studio", &url], words].concat();
        studio.project.loom(&words).run()
    };
    let outcome = asked(&["type:Order", "--sort=-queueDepth"]).exits(0);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{outcome}");
    let starts = ["ID", "order-2", "order-1"];
    let is_so = lines
        .iter()
        .zip(starts)
        .all(|(line, start)| line.starts_with(start));
    assert!(is_so, "{outcome}");
    assert!(
        lines[1].contains("failed") && lines[1].contains(" 7 "),
        "{outcome}"
    );
    let outcome = asked(&["state:failed", "order", "--format", "json"]).exits(0);
    let actors: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(actors[0]["id"], "order-2", "{outcome}");
    assert_eq!(actors.as_array().map(Vec::len), Some(1), "{outcome}");
    asked(&["type:Order", "--limit", "1"]).exits(0).says("1 of 2");
    asked(&["type:Nobody"]).exits(0).says("no such actor");
    // What serves is plumbing.
    let plain = asked(&[]).exits(0);
    assert!(!plain.stdout.contains("watcher"), "{plain}");
}

#[test]
fn what_cannot_be_asked_is_said_with_what_to_do() {
    let studio = studio();
    let url = studio.url();
    let asked = |words: &[&str]| {
        let words = [&["actors", "--studio", &url], words].concat();
        studio.project.loom(&words).run()
    };
    asked(&["wait:>soon"]).exits(2).says("^");
    asked(&["--sort", "beauty"]).exits(2).says("sort");
    let elsewhere = |url: &str| studio.project.loom(&["actors", "--studio", url]).run();
    elsewhere("http://127.0.0.1:9")
        .exits(3)
        .says("loom-runtime serve");
    elsewhere("ftp://studio").exits(2).says("has to look like http");
    elsewhere(&format!("{url}/elsewhere")).exits(3).says("version");
}

#[test]
fn a_studio_with_a_token_wants_it_and_nobody_sees_it() {
    let studio = Studio::with(Project::new(), |serve| serve.env("STUDIO_TOKEN", "open-sesame-1"));
    let url = studio.url();
    let asked = |token: &str| {
        let loom = studio.project.loom(&["actors", "--studio", &url]);
        loom.env("STUDIO_TOKEN", token).run()
    };
    asked("wrong-word-2")
        .exits(2)
        .says("STUDIO_TOKEN")
        .never_says("wrong-word-2");
    asked("open-sesame-1").exits(0);
}

#[test]
fn a_token_shows_its_workspaces_and_runs_are_of_main() {
    let project = Project::new();
    let file = project.path().join("tokens.json");
    let file = file.to_str().expect("a path").to_owned();
    let token = |name: &str, workspaces: &[&str]| {
        let add = ["token", "add", name, "--role", "operate", "--tokens", &file];
        let of = workspaces.iter().flat_map(|name| ["--workspace", name]);
        let words: Vec<&str> = add.into_iter().chain(of).collect();
        let made = Loom::program(&binary("loom-studio")).args(&words).run().exits(0);
        made.stdout.lines().next().expect("a token").to_owned()
    };
    let (shop, both) = (token("shop", &["shop"]), token("both", &["shop", "main"]));
    let studio = Studio::with(project, |serve| serve.env("STUDIO_TOKENS", &file));
    let till = json!({"id": "till-1", "type": "Till"});
    let bearer = format!("Bearer {shop}");
    let report = studio
        .post("/api/actor/register")
        .header("authorization", &bearer);
    report.json(&till).send().is(201);
    let url = studio.url();
    let seen = |token: &str, workspace: &str| {
        let loom = studio.project.loom(&["actors", "--studio", &url]);
        let loom = loom.env("STUDIO_TOKEN", token).env("STUDIO_WORKSPACE", workspace);
        loom.run()
    };
    seen(&shop, "").exits(0).prints("till-1");
    seen(&both, "").exits(0).prints("till-1");
    seen(&both, "main").exits(0).never_says("till-1");
    for hidden in ["main", "bank"] {
        seen(&shop, hidden).exits(2).says("STUDIO_WORKSPACE");
    }
    for path in [
        "/api/v1/runs",
        "/api/workflows",
        "/api/status",
        "/socket/websocket",
    ] {
        studio.get(path).header("authorization", &bearer).send().is(404);
    }
    let of_main = format!("Bearer {both}");
    let runs = studio.get("/api/v1/runs").header("authorization", &of_main);
    runs.header("loom-workspace", "main").send().is(200);
}

#[test]
fn one_actor_is_shown_with_all_that_is_known_of_it() {
    let studio = studio();
    let child = json!({"id": "line-1", "type": "Line", "parentId": "order-1", "status": "idle"});
    studio.post("/api/actor/register").json(&child).send().is(201);
    let update = json!({"id": "order-1", "rates": {"messages": 12.5}, "latency": {"handleMs": 3.5}, "metadata": {"shop": "north"},
        "controls": {"orders": ["pause", "message"], "messages": [
            {"type": "Add", "schema": {"type": "object", "properties": {"by": {"type": "integer"}}, "required": ["by"]}}]}});
    studio.post("/api/actor/update").json(&update).send().is(200);
    let url = studio.url();
    let asked = |words: &[&str]| {
        let words = [&["actors", "show"], words, &["--studio", &url]].concat();
        studio.project.loom(&words).run()
    };
    asked(&["order-1"])
        .exits(0)
        .prints("12.5 messages/s")
        .prints("3.5 ms a message")
        .prints("north")
        .prints("pause, message")
        .prints("Add {by}")
        .prints("line-1")
        .prints("registered");
    asked(&["line-1"]).exits(0).prints("no orders").prints("order-1");
    let outcome = asked(&["order-1", "--format", "json"]).exits(0);
    let shown: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(shown["actor"]["id"], "order-1", "{shown}");
    assert_eq!(shown["children"][0]["id"], "line-1", "{shown}");
    assert_eq!(shown["journal"][0]["kind"], "registered", "{shown}");
    asked(&["order 9/&?"])
        .exits(2)
        .says("no actor `order 9/&?`")
        .says("loom-runtime actors");
}

#[test]
fn watched_actors_are_drawn_anew_until_ctrl_c() {
    let studio = studio();
    let url = studio.url();
    let watch = || {
        let loom = studio
            .project
            .loom(&["actors", "type:Order", "--watch", "--studio", &url]);
        loom.env("TERM", "xterm")
    };
    // A program that reads it would get what is meant for a screen.
    watch().run().exits(2).says("terminal").says("--format json");
    let mut terminal = Terminal::new();
    let mut child = watch().at_terminal([terminal.other_end(), terminal.other_end(), terminal.other_end()]);
    terminal.until_said("order-2");
    let another = json!({"id": "order-3", "type": "Order", "status": "active"});
    studio.post("/api/actor/register").json(&another).send().is(201);
    terminal.until_said("order-3");
    terminal.until_said("3 in all");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    terminal.until_said("\u{1b}[?1049l");
    let status = until("its end", || child.try_wait().expect("ours"));
    assert_eq!(status.code(), Some(0));
}

/// What answers each look with the next of these, and the last one from then on.
fn answering(answers: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for n in 0.. {
            let Ok((stream, _)) = listener.accept() else {
                return;
            };
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            if lines.find(String::is_empty).is_none() {
                continue;
            }
            let (status, body) = answers[n.min(answers.len() - 1)];
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _gone = (&stream).write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

#[test]
fn what_goes_wrong_while_actors_are_watched_is_said_where_it_stays() {
    let seen = r#"[{"id":"order-1","type":"Order"}]"#;
    for (second, said, code) in [
        (("200 OK", r#"[{"id":"order-1"}]"#), "cannot be read", 3),
        (("403 Forbidden", "{}"), "does not let us in", 2),
        (
            ("500 Internal Server Error", "{}"),
            "does not answer as a studio",
            3,
        ),
    ] {
        let answers = Vec::leak(vec![("200 OK", seen), second]);
        let url = answering(answers);
        let project = Project::new();
        let loom = project.loom(&["actors", "--watch", "--studio", &url]);
        let mut terminal = Terminal::new();
        let ends = [terminal.other_end(), terminal.other_end(), terminal.other_end()];
        let mut child = loom.env("TERM", "xterm").at_terminal(ends);
        terminal.until_said("order-1");
        terminal.until_said("\u{1b}[?1049l");
        terminal.until_said(said);
        let status = until("its end", || child.try_wait().expect("ours"));
        assert_eq!(status.code(), Some(code), "{said}");
    }
}
