//! The sockets: what pages hear without asking.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::project;
use crate::harness::{Project, Studio, until};
use crate::schema::{messages, misfits};

/// 60 MB in lines of 4 kB: more than the buffers of a connection and what may wait for one hold together.
const FLOOD: &str = "name: flood
on: push
jobs:
  flood:
    runs-on: ubuntu-latest
    steps:
      - run: |
          line=$(head -c 4000 /dev/zero | tr '\\0' x)
          yes $line | head -n 10000
";

#[test]
fn an_actor_is_told_when_it_comes_changes_and_goes() {
    let studio = Studio::of(Project::new());
    let mut socket = studio.socket("/ws");
    studio
        .post("/api/actor/register")
        .json(&json!({"id": "seen", "type": "T", "status": "idle"}))
        .send()
        .is(201);
    let about = |kind: &'static str| {
        move |event: &serde_json::Value| {
            (event["type"] == kind && event["data"]["id"] == "seen").then(|| event.clone())
        }
    };
    let came = socket.until("actor:update", about("actor:update"));
    assert_eq!(came["data"]["type"], "T");
    assert_eq!(came["data"]["status"], "idle");
    studio
        .post("/api/actor/update")
        .json(&json!({"id": "seen", "status": "active"}))
        .send()
        .is(200);
    let changed = socket.until("the change", |event| {
        about("actor:update")(event).filter(|event| event["data"]["status"] == "active")
    });
    studio
        .post("/api/actor/unregister")
        .json(&json!({"id": "seen"}))
        .send()
        .is(204);
    let gone = socket.until("actor:removed", about("actor:removed"));
    for event in [&came, &changed, &gone] {
        assert!(
            !event["epoch"].is_null() && event["seq"].is_u64(),
            "every envelope has its place: {event}"
        );
    }
    let places: Vec<u64> = [&came, &changed, &gone]
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(came["epoch"], gone["epoch"]);
}

#[test]
fn what_is_said_of_sockets_is_true_of_runs() {
    let studio = Studio::of(project());
    let document = studio.get("/api/asyncapi.json").send().value();
    let fits = |channel: &str, kind: &str, frame: &Value| {
        let described = messages(&document, channel, "sends");
        let found = described.iter().find(|(name, _)| *name == kind);
        let (_, schema) = found.unwrap_or_else(|| panic!("`{kind}` is not described"));
        assert_eq!(misfits(frame, schema, &document), Vec::<String>::new(), "{frame}");
    };
    let mut socket = studio.socket("/ws");
    let mut phoenix = studio.socket("/socket/websocket");
    for topic in ["logs:all", "workflow:quick"] {
        phoenix.send(&json!({"topic": topic, "event": "phx_join", "payload": {}, "ref": topic}));
    }
    let run = studio.start_workflow("quick");
    let mut missing = BTreeSet::from(["run:update", "workflow:update", "log:grown"]);
    let mut ended = false;
    socket.until("the end of the run", |frame| {
        let kind = frame["type"].as_str().unwrap();
        fits("live", kind, frame);
        missing.remove(kind);
        let data = &frame["data"];
        ended |= kind == "run:update" && data["runId"] == run && data["state"] == "success";
        (ended && missing.is_empty()).then_some(())
    });
    let mut missing = BTreeSet::from(["phx_reply", "new_log", "job_status"]);
    phoenix.until("a line, a state, a reply", |frame| {
        let event = frame["event"].as_str().unwrap();
        fits("phoenix", event, frame);
        missing.remove(event);
        missing.is_empty().then_some(())
    });
}

#[test]
fn metrics_come_by_themselves() {
    let studio = Studio::of(Project::new());
    let mut socket = studio.socket("/ws");
    let metrics = socket.until("metrics", |event| {
        (event["type"] == "metrics").then(|| event["data"].clone())
    });
    assert!(metrics["actorPools"]["totalActors"].is_u64(), "{metrics}");
}

#[test]
fn a_bare_phoenix_join_hears_every_line() {
    let studio = Studio::of(project());
    let mut socket = studio.socket("/socket/websocket");
    // As the first document has it: no ref, no version.
    socket.send(&json!({"topic": "logs:all", "event": "phx_join", "payload": {}}));
    socket.until("the reply to the join", |frame| {
        (frame["event"] == "phx_reply" && frame["payload"]["status"] == "ok").then_some(())
    });
    let run = studio.start_workflow("quick");
    for line in ["first-line", "second-line"] {
        let log = socket.until(line, |frame| {
            (frame["event"] == "new_log" && frame["payload"]["message"] == line)
                .then(|| frame["payload"].clone())
        });
        assert_eq!(log["runId"], run);
        assert!(
            log["timestamp"].is_string() && log["job"].is_string() && log["stream"] == "stdout",
            "{log}"
        );
    }
}

#[test]
fn a_phoenix_client_of_version_two_hears_one_job_and_the_states_of_a_workflow() {
    let studio = Studio::of(project());
    let mut socket = studio.socket("/socket/websocket?vsn=2.0.0");
    for (reference, topic) in [("1", "logs:second"), ("2", "workflow:quick")] {
        socket.send(&json!([reference, reference, topic, "phx_join", {}]));
        socket.until("the reply to the join", |frame| {
            (frame[1] == reference && frame[3] == "phx_reply" && frame[4]["status"] == "ok").then_some(())
        });
    }
    socket.send(&json!([null, "3", "phoenix", "heartbeat", {}]));
    socket.until("the reply to the heartbeat", |frame| {
        (frame[1] == "3" && frame[4]["status"] == "ok").then_some(())
    });
    let run = studio.start_workflow("quick");
    let mut logged = Vec::new();
    socket.until("the end of the second job", |frame| {
        if frame[3] == "new_log" {
            logged.push(frame[4]["job"].as_str().unwrap_or_default().to_owned());
        }
        let status = &frame[4];
        (frame[3] == "job_status"
            && status["runId"] == run
            && status["job"] == "second"
            && status["state"] == "success")
            .then_some(())
    });
    assert!(
        logged.iter().all(|job| job == "second"),
        "only what was joined: {logged:?}"
    );
}

#[test]
fn a_workflow_that_is_joined_by_its_file_is_heard() {
    let studio = Studio::of(project());
    let all = studio.value("/api/workflows");
    let mut listed = all.as_array().expect("a list").iter();
    let quick = listed.find(|workflow| workflow["name"] == "quick");
    let file = quick
        .and_then(|workflow| workflow["file"].as_str())
        .expect("its file");
    let topic = format!("workflow:{file}");
    let mut socket = studio.socket("/socket/websocket?vsn=2.0.0");
    socket.send(&json!(["1", "1", topic, "phx_join", {}]));
    socket.until("the reply to the join", |frame| {
        (frame[3] == "phx_reply" && frame[4]["status"] == "ok").then_some(())
    });
    let run = studio.start_workflow("quick");
    socket.until("the end of the second job", |frame| {
        let status = &frame[4];
        (frame[2] == topic.as_str()
            && status["runId"] == run
            && status["job"] == "second"
            && status["state"] == "success")
            .then_some(())
    });
}

#[test]
fn a_join_of_a_workflow_that_there_is_not_is_refused_with_the_reason() {
    let studio = Studio::of(project());
    let mut socket = studio.socket("/socket/websocket?vsn=2.0.0");
    socket.send(&json!(["1", "1", "workflow:nobody", "phx_join", {}]));
    let reply = socket.until("the reply", |frame| {
        (frame[3] == "phx_reply").then(|| frame[4].clone())
    });
    assert_eq!(reply["status"], "error", "{reply}");
    let reason = reply["response"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("unknown workflow `nobody`"), "{reply}");
}

#[test]
fn a_phoenix_socket_that_breaks_the_protocol_is_told_how() {
    let studio = Studio::of(project());
    let masked = |head: u8, text: &[u8]| {
        let length = u8::try_from(text.len()).expect("short");
        [&[head, 0x80 | length, 0, 0, 0, 0], text].concat()
    };
    for (bytes, code, word) in [
        (masked(0x81, b"{}"), 1007, "no Phoenix frame"),
        (masked(0x82, b"{}"), 1003, "text"),
        (masked(0x01, b"{}"), 1003, "whole"),
        (vec![0x81, 0x02, b'{', b'}'], 1002, "no WebSocket frame"),
        (
            vec![0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            1009,
            "65536",
        ),
    ] {
        let mut socket = studio.socket("/socket/websocket");
        socket.send_bytes(&bytes);
        let (said, reason) = socket.closing();
        assert!(said == code && reason.contains(word), "{said} {reason}");
    }
    // And none of them stays in the list of actors.
    until("their ends", || {
        let left = studio.value("/api/actors/type/PhoenixSocket");
        left.as_array().is_some_and(Vec::is_empty).then_some(())
    });
}

#[test]
fn a_phoenix_socket_that_reads_too_slowly_is_closed_and_told_why() {
    let project = Project::new();
    project.file(".github/workflows/flood.yml", FLOOD);
    let studio = Studio::of(project);
    let [mut slow, mut fast] = [(), ()].map(|()| {
        let mut socket = studio.socket("/socket/websocket?vsn=2.0.0");
        socket.send(&json!(["1", "1", "logs:all", "phx_join", {}]));
        socket.until("the reply to the join", |frame| {
            (frame[3] == "phx_reply").then_some(())
        });
        socket
    });
    studio.start_workflow("flood");
    let mut lines = 0;
    fast.until("every line", |frame| {
        lines += u64::from(frame[3] == "new_log");
        (frame[4]["line"] == 10_000).then_some(())
    });
    assert_eq!(lines, 10_000, "who reads misses nothing");
    let (code, reason) = slow.closing();
    assert!(code == 1013 && reason.contains("too slow"), "{code} {reason}");
}

#[test]
fn a_run_whose_history_is_damaged_keeps_no_other_from_being_shown() {
    let studio = Studio::of(project());
    studio.start_workflow("endless");
    let running = |count: u64| {
        until(&format!("{count} running"), || {
            (studio.value("/api/status")["runs"]["running"] == count).then_some(())
        });
    };
    running(1);
    let journal = studio.project.journal();
    // As the disk may do it: the next event is there, and nobody can read it.
    journal
        .execute_batch(
            "INSERT INTO event SELECT run, max(seq) + 1, 0, '{}' FROM event GROUP BY run;
             UPDATE run SET last = last + 1, change = change + 1;",
        )
        .expect("it is written");
    running(0);
    let run = studio.start_workflow("quick");
    assert_eq!(studio.end_of(&run), "success");
    assert_eq!(studio.value("/api/health")["status"], "ok");
    running(0);
}
