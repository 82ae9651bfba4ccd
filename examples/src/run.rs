//! Runs the examples as they are built, against a studio that keeps what it is sent.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside of test functions"
)]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing here takes longer unless it is broken.
const LONG: Duration = Duration::from_secs(30);

/// A studio of two dozen lines: takes batches, says that all is well, and hands them on.
struct Studio {
    url: String,
    batches: Receiver<Value>,
    seen: Vec<Value>,
}

impl Studio {
    fn open() -> Self {
        Self::ordering(&Value::Array(Vec::new()))
    }

    /// One that orders the same with every answer.
    fn ordering(orders: &Value) -> Self {
        let answer = format!(r#"{{"accepted":0,"rejected":[],"orders":{orders}}}"#);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, batches) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, sender, answer) = (stream.unwrap(), sender.clone(), answer.clone());
                // A test that has seen enough takes no more.
                std::thread::spawn(move || serve(stream, &answer, |batch| drop(sender.send(batch))));
            }
        });
        Self {
            url,
            batches,
            seen: Vec::new(),
        }
    }

    /// Waits for a batch of which the question is true, and keeps all.
    fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + LONG;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.batches.recv_timeout(left) {
                Ok(batch) => {
                    let found = is_it(&batch);
                    self.seen.push(batch);
                    if found {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("waited {LONG:?} for {what}; came: {:#?}", self.seen)
                }
            }
        }
    }

    /// The last known value of an actor's field.
    fn last(&self, id: &str, field: &str) -> Option<&Value> {
        self.seen.iter().rev().find_map(|batch| {
            let named = |entry: &&Value| entry["id"] == id && !entry[field].is_null();
            let newest = entries(batch, "update").find(named);
            newest
                .or_else(|| entries(batch, "register").find(named))
                .map(|entry| &entry[field])
        })
    }
}

fn entries<'a>(batch: &'a Value, part: &str) -> impl Iterator<Item = &'a Value> {
    batch[part].as_array().into_iter().flatten()
}

fn serve(mut stream: TcpStream, answer: &str, keep: impl Fn(Value)) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        bytes.extend(chunk.iter().take(count));
        if let Some(body) = whole_body(&bytes) {
            keep(serde_json::from_slice(body).unwrap());
            bytes.clear();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
            if stream.write_all(format!("{head}{answer}").as_bytes()).is_err() {
                return;
            }
        }
    }
}

fn whole_body(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let (head, body) = bytes.split_at_checked(end)?;
    let head = String::from_utf8_lossy(head).to_lowercase();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?
        .parse()
        .ok()?;
    (body.len() == length).then_some(body)
}

/// An example that `cargo test -p loom-examples` has built, beside the folder of this test.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let built: PathBuf = test
        .parent()
        .and_then(|deps| deps.parent())
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        built.is_file(),
        "`{}` is not built; run `cargo test -p loom-examples`",
        built.display()
    );
    let mut command = Command::new(built);
    for name in [
        "STUDIO_ENABLED",
        "STUDIO_URL",
        "STUDIO_TOKEN",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ] {
        command.env_remove(name);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// An example that runs, and does not outlive its test.
struct Running(Option<Child>);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(mut self) -> Output {
        let child = self.0.take().unwrap();
        assert!(
            Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        child.wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn the_actor_demo_shows_three_actors_of_two_types_that_work() {
    let mut studio = Studio::open();
    let demo = Running::start(
        example("actors_demo")
            .args(["--for", "60"])
            .env("STUDIO_URL", &studio.url),
    );
    let mut actors = BTreeSet::new();
    while actors.len() < 3 {
        studio.wait_for("the first actors", |batch| entries(batch, "register").count() > 0);
        let new = entries(studio.seen.last().unwrap(), "register");
        actors.extend(new.map(|actor| (actor["id"].to_string(), actor["type"].to_string())));
    }
    let expected = [
        ("aggregator-1", "AggregatorActor"),
        ("counter-1", "CounterActor"),
        ("counter-2", "CounterActor"),
    ];
    assert_eq!(
        actors,
        expected
            .map(|(id, kind)| (format!("{id:?}"), format!("{kind:?}")))
            .into()
    );
    assert_eq!(studio.last("counter-2", "metadata").unwrap()["initialValue"], 100);

    studio.wait_for("the aggregator to wait", |batch| {
        entries(batch, "update").any(|actor| actor["id"] == "aggregator-1" && actor["status"] == "waiting")
    });
    assert!(
        studio
            .last("aggregator-1", "messageCount")
            .unwrap()
            .as_u64()
            .unwrap()
            >= 5
    );
    let logs = |batch: &Value| {
        entries(batch, "events").any(|event| {
            event["actor"] == "aggregator-1"
                && event["kind"] == "log"
                && event["message"] == "takes its time"
                && event["data"]["level"] == "debug"
                && event["data"]["fields"]["sums"].is_u64()
        })
    };
    if !studio.seen.iter().any(logs) {
        studio.wait_for("what the aggregator logs", logs);
    }
    let ended = demo.interrupt();
    assert!(ended.status.success(), "{ended:?}");
    assert!(!String::from_utf8_lossy(&ended.stderr).contains("takes its time"));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("Discovered actor"));
    studio.wait_for("the farewell", |batch| entries(batch, "unregister").count() == 3);
}

#[test]
fn a_collector_gets_spans_of_the_demos_messages() {
    let (studio, mut collector) = (Studio::open(), Studio::open());
    let demo = Running::start(
        example("actors_demo")
            .args(["--for", "60"])
            .env("STUDIO_URL", &studio.url)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
            .env("OTEL_TRACES_SAMPLER_ARG", "1"),
    );
    let spans = |request: &Value| -> Vec<Value> {
        let spans = request.pointer("/resourceSpans/0/scopeSpans/0/spans");
        spans.and_then(Value::as_array).cloned().unwrap_or_default()
    };
    // What a counter sends is below what had it count.
    collector.wait_for("a count below what caused it", |request| {
        let all = spans(request);
        let is_below = |span: &Value| {
            span["name"] == "process Counted"
                && all
                    .iter()
                    .any(|other| other["name"] == "process Count" && other["spanId"] == span["parentSpanId"])
        };
        all.iter().any(is_below)
    });
    let ended = demo.interrupt();
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn the_demo_refuses_what_it_does_not_know() {
    let refused = example("actors_demo").args(["--for", "ever"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--for SECONDS"));
}

#[test]
fn the_embedding_example_is_seen_when_it_is_asked_to() {
    let mut studio = Studio::open();
    let mut command = example("embed_bridge");
    let child = Running::start(
        command
            .env("STUDIO_ENABLED", "true")
            .env("STUDIO_URL", &studio.url),
    );
    studio.wait_for("a clock that ticks", |batch| {
        entries(batch, "update").any(|actor| {
            actor["id"].as_str().is_some_and(|id| id.starts_with("Clock-"))
                && actor["messageCount"]
                    .as_u64()
                    .is_some_and(|messages| messages > 0)
        })
    });
    let ended = child.interrupt();
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn the_shop_is_seen_breaks_is_mended_and_takes_orders() {
    let orders = json!([
        {"id": "o1", "actor": "stock", "order": "message", "message": "Restock",
            "body": {"article": "coffee", "count": 7}, "by": "ana"},
        {"id": "o2", "actor": "stock", "order": "snapshot", "by": "ana"},
        {"id": "o3", "actor": "stock", "order": "kill", "by": "ana"},
    ]);
    let mut studio = Studio::ordering(&orders);
    let mut command = example("shop");
    let child = Running::start(
        command
            .env("STUDIO_ENABLED", "true")
            .env("STUDIO_URL", &studio.url),
    );
    for order in ["o1", "o2", "o3"] {
        studio.wait_for(order, |batch| {
            entries(batch, "answers").any(|answer| answer["id"] == order)
        });
    }
    for (actor, kind, says) in [
        ("stock", "note", "sold the last tea"),
        ("stock", "error", "`Take` was answered with an error"),
        ("clumsy", "panicked", "dropped the teapot"),
        ("clumsy", "restarted", "started again after a pause"),
    ] {
        let tells = |batch: &Value| {
            entries(batch, "events").any(|event| {
                event["actor"] == actor
                    && event["kind"] == kind
                    && event["message"]
                        .as_str()
                        .is_some_and(|text| text.starts_with(says))
            })
        };
        if !studio.seen.iter().any(tells) {
            studio.wait_for(says, tells);
        }
    }
    let answer = |id: &str| {
        let mut answers = studio.seen.iter().flat_map(|batch| entries(batch, "answers"));
        answers
            .find(|answer| answer["id"] == id)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(answer("o1"), json!({"id": "o1", "outcome": "done", "value": 7}));
    assert!(answer("o2")["value"]["articles"]["tea"].is_u64());
    assert_eq!(answer("o3")["outcome"], "refused", "it allows no such thing");
    let ended = child.interrupt();
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn tokio_tasks_are_seen_as_their_page_says() {
    let page = include_str!("../../docs/other-systems.md");
    let program = include_str!("../tokio_tasks.rs");
    let on_page = page
        .split_once("```rust,no_run\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .unwrap()
        .0;
    assert!(program.ends_with(on_page), "the page has the program as it is");
    let mut studio = Studio::open();
    let tasks = Running::start(
        example("tokio_tasks")
            .env("STUDIO_ENABLED", "1")
            .env("STUDIO_URL", &studio.url),
    );
    studio.wait_for("the note", |batch| {
        entries(batch, "events")
            .any(|event| event["kind"] == "note" && event["message"] == "ten loaves by now")
    });
    assert_eq!(studio.last("oven-1", "type").unwrap(), "Oven");
    let of_oven = |message: &str| {
        studio.seen.iter().rev().find_map(|batch| {
            let oven = entries(batch, "types").find(|kind| kind["type"] == "Oven")?;
            entries(oven, "messages").find(|of| of["type"] == message)?["handled"].as_u64()
        })
    };
    assert!(of_oven("Bread").unwrap() >= 5 && of_oven("Stock").unwrap() >= 5);
    let ended = tasks.interrupt();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    studio.wait_for("the farewell", |batch| {
        let is_gone = |start: &str| {
            let mut gone = entries(batch, "unregister");
            gone.any(|id| id.as_str().is_some_and(|id| id.starts_with(start)))
        };
        is_gone("oven-1") && is_gone("Customer-")
    });
}
