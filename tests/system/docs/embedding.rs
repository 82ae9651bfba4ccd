//! `docs/embedding.md`: the first program, in a project of its own beside Loom, and what the compiler says to those who
//! forgot something.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{example, page};
use crate::guide::root;
use crate::harness::{Project, Studio, required, until};

/// A project as the page says, with this program; its dependencies are those of Loom's lock.
fn newcomer(program: &str) -> Project {
    let project = Project::new();
    let bridge = root().join("bridge");
    let dependencies =
        example(&page("embedding.md"), "toml").replace("../loom/bridge", &bridge.to_string_lossy());
    // The last lines have it built with what `make test` built.
    let manifest = format!(
        "[package]\nname = \"newcomer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{dependencies}\n[workspace]\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n"
    );
    project.file("Cargo.toml", &manifest);
    project.file("src/main.rs", program);
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock");
    project.file("Cargo.lock", &lock);
    project
}

fn target() -> PathBuf {
    let binaries = PathBuf::from(required("LOOM_TEST_BIN_DIR"));
    binaries.parent().expect("a target directory").to_owned()
}

fn cargo(project: &Project, verb: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args([verb, "--offline", "--color=never"])
        .current_dir(project.path())
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null());
    cargo
}

#[test]
fn the_first_program_is_built_as_the_page_says_and_seen() {
    let project = newcomer(&example(&page("embedding.md"), "rust"));
    let built = cargo(&project, "build").output().expect("cargo starts");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let studio = Studio::of(Project::new());
    let mut program = Command::new(target().join("debug/newcomer"))
        .env("STUDIO_ENABLED", "1")
        .env("STUDIO_URL", studio.url())
        .env_remove("STUDIO_TOKEN")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    until("the counter counts in the studio", || {
        let counters = studio.value("/api/actors/type/Counter");
        let counter = counters.as_array()?.first()?.clone();
        (counter["messageCount"].as_u64()? > 0 && counter["work"]["turns"].as_u64()? > 0).then_some(())
    });
    program.kill().expect("it runs");
    let said = program.wait_with_output().expect("it ends").stderr;
    assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// What stands in for a studio: gives these orders and prints what it is told, until all are answered and there is no news.
const STUDIO: &str = r#"
struct Studio(std::sync::Mutex<Vec<loom_bridge::protocol::Order>>);

impl loom_bridge::StudioSink for Studio {
    fn deliver(&self, batch: loom_bridge::protocol::ActorBatch) -> loom_bridge::discovery::Delivery<'_> {
        let mut orders = self.0.lock().unwrap();
        for event in &batch.events {
            println!("event {}", serde_json::to_string(event).unwrap());
        }
        for answer in &batch.answers {
            println!("answer {}", serde_json::to_string(answer).unwrap());
        }
        orders.retain(|order| batch.answers.iter().all(|answer| answer.id != order.id));
        if batch.seq > 1 && orders.is_empty() && batch.events.is_empty() && batch.answers.is_empty() {
            std::process::exit(0);
        }
        let outcome = loom_bridge::protocol::BatchOutcome { orders: orders.clone(), ..Default::default() };
        Box::pin(async move { Ok(outcome) })
    }

    fn name(&self) -> String {
        "the test".to_owned()
    }
}

async fn show(orders: &str) {
    let bridge = loom_bridge::DiscoveryBridge::new(loom_bridge::Options::default());
    bridge.deliver_to(Studio(std::sync::Mutex::new(serde_json::from_str(orders).unwrap())));
    bridge.connect(&loom_bridge::ActorRegistry::process_wide()).unwrap();
    std::future::pending::<()>().await;
}
"#;

/// What an example of the page prints, with these lines to start it.
fn shown(name: &str, main: &str) -> String {
    shown_with(name, main, &[])
}

/// The same with some of the environment.
fn shown_with(name: &str, main: &str, environment: &[(&str, &str)]) -> String {
    let page = page("embedding.md");
    let program = format!("{}{STUDIO}\n{main}\n", example(&page, &format!("rust,{name}")));
    let project = newcomer("fn main() {}\n");
    let manifest = std::fs::read_to_string(project.path().join("Cargo.toml")).expect("a manifest");
    let more = "[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\nactix-rt = \"2\"\n\
                tracing = \"0.1\"\ntracing-subscriber = { version = \"0.3\", default-features = false, features = [\"registry\"] }\n";
    let manifest = manifest.replace("[dependencies]\n", more);
    let manifest = manifest.replace("/bridge\" }", "/bridge\", features = [\"otlp\", \"tracing\"] }");
    assert!(manifest.contains("features = [\"otlp\""), "{manifest}");
    project.file("Cargo.toml", &manifest);
    project.file(&format!("src/bin/{name}.rs"), &program);
    let ran = cargo(&project, "run")
        .args(["--bin", name])
        .envs(environment.iter().copied())
        .output()
        .expect("cargo starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
fn the_journal_has_what_the_page_has_noted() {
    let shown = shown(
        "journal",
        "#[actix::main]\nasync fn main() { let _importer = Importer.start(); show(\"[]\").await; }",
    );
    for line in [
        "\"kind\":\"started\"",
        "reads the catalogue",
        "\"data\":{\"articles\":1200}",
    ] {
        assert!(shown.contains(line), "lacks {line}:\n{shown}");
    }
}

#[test]
fn what_the_actor_of_the_page_logs_is_a_line_of_its_journal() {
    let shown = shown(
        "log",
        "#[actix::main]\nasync fn main() { log(); let _oven = Oven.start(); show(\"[]\").await; }",
    );
    let line = r#""kind":"log","message":"heats up","data":{"fields":{"degrees":220},"level":"info","target":"log"}"#;
    assert!(shown.contains(line), "lacks {line}:\n{shown}");
}

#[test]
fn what_follows_from_a_request_of_the_page_has_its_trace_id() {
    let shown = shown(
        "chain",
        "#[actix::main]\nasync fn main() {\n    let shop = Shop.start();\n    let header = \"00-4bf92f3577b34da6a3ce929d0e0e4736-\
         00f067aa0ba902b7-01\";\n    println!(\"passed on {:?}\", order(Some(header), None, &shop).await.unwrap());\n    \
         show(\"[]\").await;\n}",
    );
    let passed_on = "passed on Some(\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\")";
    assert!(shown.contains(passed_on), "lacks {passed_on}:\n{shown}");
    for text in ["an order comes", "packed"] {
        let line = format!(r#""message":"{text}","correlationId":"4bf92f3577b34da6a3ce929d0e0e4736""#);
        assert!(shown.contains(&line), "lacks {line}:\n{shown}");
    }
}

/// Runs the page's example, with a message of a request that is recorded, for a collector at `url`.
pub(super) fn send_a_span(url: &str) {
    let main = r#"
struct Shop;
#[loom_bridge::actor]
impl actix::Actor for Shop {
    type Context = loom_bridge::Context<Self>;
}
#[derive(actix::Message)]
#[rtype(result = "()")]
struct Order;
impl actix::Handler<Order> for Shop {
    type Result = ();
    fn handle(&mut self, _: Order, _: &mut Self::Context) {}
}
#[actix::main]
async fn main() {
    let traces = traces().unwrap();
    let shop = Shop.start();
    let header = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    loom_bridge::Cause::of_request(header).run(|| shop.send(Order)).await.unwrap();
    traces.close().await;
    show("[]").await;
}"#;
    shown_with(
        "otlp",
        main,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
            ("OTEL_SERVICE_NAME", "shop"),
        ],
    );
}

#[test]
fn a_collector_gets_the_spans_of_the_page() {
    let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", collector.local_addr().expect("an address"));
    let got = std::thread::spawn(move || {
        let (mut stream, _) = collector.accept().expect("somebody comes");
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4_096]);
        while !String::from_utf8_lossy(&bytes).contains("process Order") {
            let count = stream.read(&mut chunk).expect("it is readable");
            assert!(count > 0, "{}", String::from_utf8_lossy(&bytes));
            bytes.extend(chunk.iter().take(count));
        }
        let answer = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        answer.expect("it is writable");
        String::from_utf8_lossy(&bytes).into_owned()
    });
    send_a_span(&url);
    let got = got.join().expect("the collector");
    for part in [
        "POST /v1/traces",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "{\"stringValue\":\"shop\"}",
    ] {
        assert!(got.contains(part), "lacks {part}:\n{got}");
    }
}

#[test]
fn the_levers_of_the_page_are_pulled() {
    let orders = r##"[
        {"id": "o1", "actor": "c", "order": "config", "body": {"step": 3}, "by": "ana"},
        {"id": "o2", "actor": "c", "order": "message", "message": "Add", "body": {"by": 2}, "by": "ana"},
        {"id": "o3", "actor": "c", "order": "snapshot", "by": "ana"},
        {"id": "o4", "actor": "c", "order": "config", "body": {"step": 0}, "by": "ana"},
        {"id": "o5", "actor": "c", "order": "stop", "by": "ana"}
    ]"##;
    let main = format!(
        "#[actix::main]\nasync fn main() {{\n    let _counter = loom_bridge::spawn(\n        \
         loom_bridge::ActorSpec::of::<Counter>().id(\"c\"), |_| Counter {{ count: 0, step: 1 }});\n    \
         show(r##\"{orders}\"##).await;\n}}"
    );
    let shown = shown("levers", &main);
    for line in [
        r#"answer {"id":"o1","outcome":"done"}"#,
        r#"answer {"id":"o2","outcome":"done","value":6}"#,
        r#""step":3"#,
        "it does not take these settings: a step of zero counts nothing",
        r#"answer {"id":"o5","outcome":"done"}"#,
    ] {
        assert!(shown.contains(line), "lacks {line}:\n{shown}");
    }
}

#[test]
fn who_forgot_something_is_told_by_the_compiler_what() {
    let project = newcomer("fn main() {}\n");
    for (name, program, hints) in [
        (
            "attribute",
            "use actix::prelude::*; use loom_bridge::Context; struct A;
             impl Actor for A { type Context = Context<Self>; }
             impl actix::Supervised for A {}
             fn main() { A.start(); actix::Supervisor::start(|_| A); }",
            [
                "HINT: `#[loom_bridge::actor]` on `impl Actor` gives `start`",
                "Loom's `Supervisor`",
            ],
        ),
        (
            "context",
            "use actix::prelude::*; struct A;
             #[loom_bridge::actor] impl Actor for A { type Context = Context<Self>; }
             fn main() {}",
            [
                "is not a context that Loom sees",
                "write `use loom_bridge::Context;`",
            ],
        ),
        (
            "arbiter",
            "use actix::prelude::*; use loom_bridge::SyncContext; struct A;
             #[loom_bridge::actor] impl Actor for A { type Context = SyncContext<Self>; }
             fn main() { SyncArbiter::start(1, || A); }",
            [
                "HINT: `use loom_bridge::{SyncArbiter, SyncContext}`",
                "both of Loom",
            ],
        ),
        (
            "sync-context",
            "use actix::prelude::*; struct A;
             #[loom_bridge::actor] impl Actor for A { type Context = SyncContext<Self>; }
             fn main() {}",
            [
                "is not a context that Loom sees",
                "`use loom_bridge::{SyncArbiter, SyncContext};`",
            ],
        ),
    ] {
        project.file(&format!("src/bin/{name}.rs"), program);
        let checked = cargo(&project, "check")
            .args(["--bin", name])
            .output()
            .expect("cargo starts");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(!checked.status.success(), "{name} was taken");
        for hint in hints {
            assert!(said.contains(hint), "{name} lacks {hint:?}:\n{said}");
        }
    }
}
