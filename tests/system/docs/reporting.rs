//! `docs/reporting.md`.

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::{example, examples, page};
use crate::harness::{Project, Studio, until};

/// A program that reads its example from the command line.
fn start(studio: &Studio, program: &str, arguments: &[&str], text: &str) -> Child {
    Command::new(program)
        .args(arguments)
        .arg(text)
        .env("STUDIO_URL", studio.url())
        .env_remove("STUDIO_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

#[track_caller]
fn end(child: Child) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(
        status.success() && err.trim().is_empty(),
        "{status}\n{out}\n{err}"
    );
    out.into_owned()
}

fn of_type(studio: &Studio, kind: &str) -> Vec<Value> {
    let found = studio.value(&format!("/api/actors/type/{kind}"));
    found.as_array().cloned().unwrap_or_default()
}

/// Node.js, with sockets also before version 22.
fn node() -> Vec<&'static str> {
    let version = Command::new("node").arg("--version").output().expect("Node.js");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let major = version.trim_start_matches('v').split('.').next();
    let major: u32 = major.and_then(|text| text.parse().ok()).expect("a version");
    match major {
        ..22 => vec![
            "--no-warnings",
            "--experimental-websocket",
            "--input-type=module",
            "--eval",
        ],
        22.. => vec!["--no-warnings", "--input-type=module", "--eval"],
    }
}

#[test]
fn curl_registers_updates_and_unregisters() {
    let studio = Studio::of(Project::new());
    let script = example(&page("reporting.md"), "sh")
        .replace("localhost:9090", &format!("127.0.0.1:{}", studio.port))
        .replace("curl ", "curl --silent --show-error --fail ");
    let said = end(start(&studio, "bash", &["-euc"], &script));
    assert!(said.contains(r#""messageCount":5"#), "{said}");
    studio.get("/api/actors/mailer-1").send().is(404);
}

#[test]
fn python_is_seen_while_it_works_and_gone_afterwards() {
    let studio = Studio::of(Project::new());
    let program = start(
        &studio,
        "python3",
        &["-c"],
        examples(&page("reporting.md"), "python")
            .first()
            .expect("an example"),
    );
    until("the worker's second message", || {
        let workers = of_type(&studio, "Worker");
        workers
            .iter()
            .any(|worker| worker["messageCount"] == 2)
            .then_some(())
    });
    end(program);
    assert_eq!(of_type(&studio, "Worker"), Vec::<Value>::new());
}

#[test]
fn node_reports_in_batches_and_listens_to_both_sockets() {
    let studio = Studio::of(Project::new());
    let page = page("reporting.md");
    let [batches, live, phoenix]: [String; 3] = examples(&page, "js").try_into().expect("three examples");
    let node = node();
    let reporting = start(&studio, "node", &node, &batches);
    until("three lanes at their second message", || {
        let lanes = of_type(&studio, "Lane");
        (lanes.len() == 3 && lanes.iter().all(|lane| lane["messageCount"] == 2)).then_some(())
    });
    let heard = end(start(&studio, "node", &node, &live));
    assert!(heard.contains(" hello") && heard.contains(" metrics"), "{heard}");
    let joined = end(start(&studio, "node", &node, &phoenix));
    assert!(joined.contains("logs:all phx_reply ok"), "{joined}");
    end(reporting);
    assert_eq!(of_type(&studio, "Lane"), Vec::<Value>::new());
}

#[test]
fn the_batch_of_the_page_is_taken() {
    let studio = Studio::of(Project::new());
    let batch: Value = serde_json::from_str(&example(&page("reporting.md"), "json")).expect("JSON");
    let outcome = studio
        .post("/api/actor/batch")
        .json(&batch)
        .send()
        .is(200)
        .value();
    assert_eq!(outcome["accepted"], 1, "{outcome}");
    studio.get("/api/actors/cart-1").send().is(200);
}

#[test]
fn the_page_names_calls_that_there_are() {
    let studio = Studio::of(Project::new());
    let document = studio.value("/api/openapi.json");
    for path in ["register", "update", "unregister", "batch"] {
        assert!(
            document["paths"][format!("/api/actor/{path}")]["post"].is_object(),
            "{path}"
        );
    }
    let fields = &document["components"]["schemas"]["ActorRecord"]["properties"];
    let page = page("reporting.md");
    for field in fields
        .as_object()
        .expect("fields")
        .keys()
        .filter(|field| *field != "lastHeartbeat")
    {
        assert!(
            page.contains(&format!("`{field}`")),
            "`{field}` is not on the page"
        );
    }
}
