//! `examples/clients`: small programs that report with them, and are ordered about.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::super::guide::root;
use super::{examples, page};
use crate::harness::{Project, Studio, until};

const PYTHON: &str = r#"
import threading
from loom_client import Studio

total, over = 0, threading.Event()
with Studio(app="shop", period=0.2) as studio:
    adder = studio.actor("adder", "Adder", metadata={"language": "python"})

    def add(body):
        global total
        total += body["by"]
        adder.handled(ms=1.5)
        return {"total": total}

    def fail(body):
        adder.handled(error="too much")
        raise ValueError("too much")

    adder.message("Add", add, {"type": "object", "required": ["by"]})
    adder.message("Fail", fail)
    adder.order("snapshot", lambda: {"total": total})
    adder.order("config", lambda settings: adder.set(metadata=settings))
    adder.order("stop", over.set)
    over.wait(60)
"#;

const NODE: &str = r#"
import { pathToFileURL } from "node:url";
const { Studio } = await import(pathToFileURL(process.env.CLIENT));

let total = 0;
const studio = new Studio({ app: "shop", period: 200 });
const adder = studio.actor("adder", "Adder", { metadata: { language: "node" } });
adder.message("Add", async (body) => {
  total += body.by;
  adder.handled({ ms: 1.5 });
  return { total };
}, { type: "object", required: ["by"] });
adder.message("Fail", () => {
  adder.handled({ error: "too much" });
  throw new Error("too much");
});
adder.order("snapshot", () => ({ total }));
adder.order("config", (settings) => adder.set({ metadata: settings }));
await new Promise((stop) => {
  adder.order("stop", () => stop());
  setTimeout(stop, 60_000);
});
await studio.close();
process.exit();
"#;

fn clients() -> std::path::PathBuf {
    root().join("examples").join("clients")
}

pub(super) fn python(studio: &str, program: &str) -> Child {
    let mut command = Command::new("python3");
    command
        .args(["-B", "-c", program])
        .env("PYTHONPATH", clients().join("python"));
    start(studio, command)
}

pub(super) fn node(studio: &str, program: &str) -> Child {
    let mut command = Command::new("node");
    command
        .args(["--input-type=module", "--eval", program])
        .env("CLIENT", clients().join("typescript/loom-client.mjs"));
    start(studio, command)
}

fn start(studio: &str, mut command: Command) -> Child {
    command
        .env("STUDIO_URL", studio)
        .env_remove("STUDIO_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[track_caller]
fn end(child: Child) {
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    // What fails on purpose is in the log; that the studio did not take something must not be.
    assert!(
        output.status.success() && !said.concat().contains("the studio"),
        "{}\n{}",
        output.status,
        said.concat()
    );
}

/// The actor once it says that it takes orders.
fn seen(studio: &Studio, id: &str, orders: usize) {
    until(&format!("{id} takes orders"), || {
        let answer = studio.get(&format!("/api/actors/{id}")).try_send().ok()?;
        let taken = answer.value()["controls"]["orders"].as_array().map(Vec::len);
        (taken == Some(orders)).then_some(())
    });
}

#[track_caller]
fn order(studio: &Studio, path: &str, body: Value) -> Value {
    studio
        .post(&format!("/api/actors/{path}"))
        .json(&body)
        .send()
        .is(200)
        .value()
}

fn is_ordered_about(studio: &Studio, program: Child) {
    seen(studio, "adder", 4);
    for (by, total) in [(2, 2), (3, 5)] {
        let said = order(
            studio,
            "adder/message",
            json!({"message": "Add", "body": {"by": by}}),
        );
        assert_eq!(
            (&said["outcome"], &said["value"]),
            (&json!("done"), &json!({"total": total})),
            "{said}"
        );
    }
    let failed = order(studio, "adder/message", json!({"message": "Fail"}));
    assert_eq!(failed["outcome"], "failed");
    assert!(
        failed["problem"]
            .as_str()
            .is_some_and(|why| why.contains("too much")),
        "{failed}"
    );
    assert_eq!(
        order(studio, "adder/snapshot", json!({}))["value"],
        json!({"total": 5})
    );
    assert_eq!(
        order(studio, "adder/config", json!({"body": {"loud": true}}))["outcome"],
        "done"
    );
    studio.post("/api/actors/adder/pause").send().is(409);
    let unknown = json!({"message": "Subtract"});
    studio
        .post("/api/actors/adder/message")
        .json(&unknown)
        .send()
        .is(409);
    until("its counts", || {
        let record = studio.value("/api/actors/adder");
        let counts = (
            &record["messageCount"],
            &record["errorCount"],
            &record["work"]["handled"],
        );
        (counts == (&json!(3), &json!(1), &json!(2)) && record["metadata"] == json!({"loud": true}))
            .then_some(())
    });
    assert_eq!(order(studio, "adder/stop", json!({}))["outcome"], "done");
    end(program);
    studio.get("/api/actors/adder").send().is(404);
    let audit = studio.value("/api/orders");
    let outcomes: Vec<_> = audit
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| line["outcome"].as_str())
        .collect();
    assert_eq!(
        outcomes,
        ["done", "done", "done", "failed", "done", "done"].map(Some)
    );
}

#[test]
fn a_python_program_reports_and_carries_out_orders() {
    let studio = Studio::of(Project::new());
    let program = python(&studio.url(), PYTHON);
    is_ordered_about(&studio, program);
}

#[test]
fn a_node_program_reports_and_carries_out_orders() {
    let studio = Studio::of(Project::new());
    let program = node(&studio.url(), NODE);
    is_ordered_about(&studio, program);
}

#[test]
fn the_example_of_the_page_is_a_cart_that_can_be_filled() {
    let studio = Studio::of(Project::new());
    let [_, example]: [String; 2] = examples(&page("reporting.md"), "python")
        .try_into()
        .expect("two examples");
    let program = python(&studio.url(), &example);
    seen(&studio, "cart-1", 2);
    for (name, count) in [("tea", 1), ("cup", 2)] {
        let said = order(
            &studio,
            "cart-1/message",
            json!({"message": "Add", "body": {"name": name}}),
        );
        assert_eq!(said["value"], count, "{said}");
    }
    end(program);
}

#[test]
fn the_clients_are_small_and_need_nothing() {
    for (file, imports) in [
        ("python/loom_client.py", &["import ", "from "][..]),
        ("typescript/loom-client.mjs", &["import "]),
    ] {
        let text = std::fs::read_to_string(clients().join(file)).expect("it is there");
        assert!(text.lines().count() < 340, "{file}");
        for line in text
            .lines()
            .filter(|line| imports.iter().any(|word| line.starts_with(word)))
        {
            let known = [
                "http.client",
                "json",
                "logging",
                "os",
                "queue",
                "socket",
                "sys",
                "threading",
                "time",
                "urllib.error",
                "urllib.request",
                "uuid",
                "collections",
                "datetime",
            ];
            let is_own =
                line.contains("\"node:") || line.split(' ').nth(1).is_some_and(|name| known.contains(&name));
            assert!(is_own, "{file}: {line}");
        }
    }
}
